"""Deliver messages: send what was queued together with the moves it tells of."""

from collections.abc import Callable
from datetime import datetime

from services.deliveries import Plan
from tasks.delivering import send
from tasks.recording import recorded_flow


@recorded_flow("deliver-messages", "{label}")
def deliver_messages(plan: Plan, label: str, clock: Callable[[], datetime], enough: Callable[[], bool]) -> int:
    """Send the messages of one channel that were planned and claimed.

    Args:
        plan: What is to be sent.
        label: What an administrator reads in the run list.
        clock: Asked for the instant, aware UTC; a fixed one in virtual time.
        enough: Asked after each message: whether the rest is to be given back unsent.

    Returns:
        How many their channel took.
    """
    return send(plan, len(plan.ready), clock, enough)
