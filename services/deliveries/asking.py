"""What may have been taken: whether it can be cleared up, by asking the provider or by sending it again under the same reference."""

from datetime import datetime, timedelta
from typing import Any

from notifications.channels.schemes import Traits
from rules.delivery import Numbers


def is_asked(row: Any, traits: Traits | None) -> bool:  # noqa: ANN401 - a result row
    """Whether the provider is asked what became of a message, before it is sent again: it can say so, and knows which one is meant."""
    return traits is not None and traits.askable and (row.provider_id is not None or not traits.by_name)


def can_be_cleared(row: Any, traits: Traits | None, numbers: Numbers) -> bool:  # noqa: ANN401 - a result row
    """Whether anything can still be learnt of a message that may have been taken.

    A provider that can be asked is asked. One that cannot is sent the same message again, under the same reference and Message-ID, by which
    its own server or the reader tells that it is the same; but no more often than any other message.

    Args:
        row: The message.
        traits: Those of its channel; None: it is not configured any more.
        numbers: The numbers of delivery in force.
    """
    if traits is None:
        return False
    return is_asked(row, traits) or row.attempts < numbers.attempts


def in_vain(row: Any, asked: bool, now: datetime, numbers: Numbers) -> bool:  # noqa: ANN401 - a result row
    """Whether a provider was asked about a message for as long as a receipt would have taken, and still cannot say what became of it.

    Then another way is taken besides: some tell only of what a receipt has come for, and could never say that they do not know a message.

    Args:
        row: The message.
        asked: It was asked about just now, not sent.
        now: The instant, aware UTC.
        numbers: The numbers of delivery in force.
    """
    return asked and row.tried_at is not None and now - row.tried_at >= timedelta(seconds=numbers.receipt_wait_seconds)
