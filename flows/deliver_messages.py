"""Deliver messages: send what was queued together with the moves it tells of."""

from collections.abc import Callable, Sequence
from datetime import datetime

from tasks.delivering import send
from tasks.recording import recorded_flow


@recorded_flow("deliver-messages", "{label}")
def deliver_messages(messages: Sequence[int], label: str, now: datetime, enough: Callable[[], bool]) -> int:
    """Send claimed messages.

    Args:
        messages: Ids of queued messages, claimed by this engine.
        label: What an administrator reads in the run list.
        now: The instant to act at, aware UTC.
        enough: Asked after each message: whether the rest is to be given back unsent.

    Returns:
        How many their channels took.
    """
    return send(messages, len(messages), now, enough)
