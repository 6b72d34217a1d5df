"""Sending dead letters anew: one more attempt each, on record."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import Message, begin_write, connection_of, table, wake
from rules.delivery import State
from rules.facts import Refused
from services.channels.stored import check_administrator
from services.deliveries.failing_numbers import flagged
from services.messages.lost import AT_AN_END, NO_LETTERS, dead_letters
from services.people.rights import on_record

_message = table(Message)
#: Ids kept on record of one order to send anew.
_KEPT: Final = 200
#: What the usual channels need to know of a recipient, where it is not a phone.
_KIND_OF: Final = {"email": "email", "im": "im"}


def resend(session: Session, messages: Sequence[int], by: str, now: datetime) -> int:
    """Try messages once more, after the same checks as any other; where the provider may have taken one before, under the same reference.

    All of them or none. Twice is once: what is under way is at no end, and is refused.

    Args:
        session: The unit of work.
        messages: Their ids.
        by: User name of an administrator.
        now: The instant, aware UTC.

    Returns:
        How many were queued.

    Raises:
        Refused: `channel_admins_only`, `unknown_user`, `left`; `unknown_message`, there is none of this id; `message_waits`, it is queued
            already; `message_not_lost`, it arrived, or is being sent; `message_no_letter`, it is a test or a digest; `message_too_late`, it
            would mislead by now.
    """
    begin_write(session)
    check_administrator(session, by)
    ids = sorted(set(messages))
    rows = {row.id: row for row in connection_of(session).execute(select(_message).where(_message.c.id.in_(ids)))}
    lost = set(connection_of(session).scalars(select(_message.c.id).where(_message.c.id.in_(ids), AT_AN_END)))
    for each in ids:
        _check(each, rows.get(each), now, lost=each in lost)
    _queue(session, ids, now)
    on_record(session, by, "messages_resent", f"{len(ids)}", {"messages": ids[:_KEPT], "count": len(ids)}, now)
    return len(ids)


def resend_all(session: Session, by: str, now: datetime) -> tuple[int, int]:
    """Queue anew all that reached nobody and would still be of use; at most 1000 at once, the newest.

    May run twice: the second time finds nothing.

    Returns:
        How many were queued, and how many were left because they would mislead by now.

    Raises:
        Refused: `channel_admins_only`, `unknown_user`, `left`.
    """
    begin_write(session)
    check_administrator(session, by)
    found = [letter.id for letter in dead_letters(session)]
    useful = _message.c.useful_until.is_(None) | (_message.c.useful_until > now)
    ids = sorted(connection_of(session).scalars(select(_message.c.id).where(_message.c.id.in_(found), useful)))
    if ids:
        _queue(session, ids, now)
        on_record(session, by, "messages_resent", f"{len(ids)}", {"messages": ids[:_KEPT], "count": len(ids)}, now)
    return len(ids), len(found) - len(ids)


def still_failing(session: Session, messages: Sequence[int]) -> list[int]:
    """Those of these messages whose phone or mailbox is flagged as failing: sent anew they take another way, or none."""
    rows = session.connection().execute(select(_message.c.id, _message.c.recipient, _message.c.channel).where(_message.c.id.in_(messages)))
    found = rows.all()
    failing = flagged(session, {row.recipient for row in found})
    return sorted(row.id for row in found if (row.recipient, _KIND_OF.get(row.channel, "phone")) in failing)


def _check(message: int, row: Any, now: datetime, *, lost: bool) -> None:  # noqa: ANN401 - a result row, or None
    if row is None:
        raise Refused("unknown_message", id=message)
    if row.notice in NO_LETTERS:
        raise Refused("message_no_letter", id=message)
    if not lost and row.attend_at is not None and row.state != State.SENDING:
        raise Refused("message_waits", id=message)
    if not lost:
        raise Refused("message_not_lost", id=message, delivery=row.state)
    if row.useful_until is not None and row.useful_until <= now:
        raise Refused("message_too_late", id=message)


def _queue(session: Session, ids: Sequence[int], now: datetime) -> None:
    """As one whose last attempt failed for now: its attempts are on record, and another one is made."""
    anew = {"state": State.FAILED_TEMP.value, "attend_at": now, "claimed_by": None, "claimed_until": None}
    connection_of(session).execute(update(_message).where(_message.c.id.in_(ids)).values(**anew))
    wake(session)
