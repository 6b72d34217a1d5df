"""Delivery without limits, where nobody is rung: replays and demonstrations write down what would be told, each message singly."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from models import DeliveryPolicy, begin_write, connection_of, table
from rules.delivery import Numbers
from services.catalogue import reference_changed
from services.deliveries.numbers import in_force

ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)  #: a replay goes back in time
_NO_LIMIT: Final = 1_000_000
WITHOUT_LIMITS: Final = Numbers(
    per_minute=_NO_LIMIT,
    per_quarter_hour=_NO_LIMIT,
    per_day=_NO_LIMIT,
    per_notice_day=_NO_LIMIT,
    digest_from=_NO_LIMIT,
    quiet_until=Numbers().quiet_from,
    reminder_gap_minutes=0,
    jitter_percent=0,
)


def heed_no_limits(session: Session) -> None:
    """Put numbers into force that hold back nothing, at all times, unless some were set already; never where people are reached."""
    begin_write(session)
    if in_force(session, ALWAYS).version:
        return
    row = {"version": 1, "numbers": WITHOUT_LIMITS.stored(), "since": ALWAYS, "changed_by": "system"}
    connection_of(session).execute(insert(table(DeliveryPolicy)).values(row))
    reference_changed(session)
