"""Queueing a notice to people who are known by name, not by post: an officer of a building, the one whose letter runs out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Message, connection_of, table, wake
from notifications.notices import SMS
from rules.delivery import SOON, State
from services.recipients import recipient_of

_INSERTS: Final = {
    "sqlite": sqlite.insert(table(Message)).on_conflict_do_nothing(index_elements=["dedupe_key"]),
    "postgresql": postgresql.insert(table(Message)).on_conflict_do_nothing(index_elements=["dedupe_key"]),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One recipient of a notice.

    Attributes:
        key: What the cause is called, at most 80 characters: the same cause is told to the same recipient once.
        staff_id: One of the staff; None: a resident.
        case_id: The case it speaks of; None: none.
        seq: The journal entry there that it tells of; None: the case as a whole.
        haste: As in `rules.delivery`.
        about: Values for the words.
    """

    notice: str
    key: str
    staff_id: int | None
    requester_id: int | None = None
    case_id: int | None = None
    seq: int | None = None
    channel: str = SMS
    haste: int = SOON
    about: Mapping[str, Any] | None = None


def queue(session: Session, told: Iterable[Told], now: datetime) -> int:
    """Queue notices, one statement for all; what was queued before is not queued again.

    To be called by whoever holds the write lock.

    Returns:
        How many were given.
    """
    rows = [_row(each, now) for each in told]
    if rows:
        connection = connection_of(session)
        connection.execute(_INSERTS[connection.dialect.name], rows)
        wake(session)
    return len(rows)


def _row(told: Told, now: datetime) -> dict[str, Any]:
    who = recipient_of(told.staff_id, told.requester_id)
    return {
        "dedupe_key": f"{told.key}:{who}:{told.channel}",
        "case_id": told.case_id,
        "seq": told.seq,
        "notice": told.notice,
        "channel": told.channel,
        "staff_id": told.staff_id,
        "requester_id": told.requester_id,
        "recipient": who,
        "haste": told.haste,
        "reminder": False,
        "useful_until": None,
        "about": dict(told.about or {}),
        "state": State.QUEUED.value,
        "queued_at": now,
        "attend_at": now,
    }
