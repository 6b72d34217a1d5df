"""Messages that speak of no single case: a channel is down, a number fails. Queued like all others, told once for each cause."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Message, connection_of, table, wake
from notifications.notices import NOTICES
from rules.delivery import NOW, SOON, State
from rules.facts import SYSTEM
from rules.ladder import Post
from services.catalogue import catalogue
from services.people.rights import on_record
from services.recipients import Addressee, Roll, recipient_of

_INSERTS: Final = {
    "sqlite": sqlite.insert(table(Message)).on_conflict_do_nothing(index_elements=["dedupe_key"]),
    "postgresql": postgresql.insert(table(Message)).on_conflict_do_nothing(index_elements=["dedupe_key"]),
}


def alarm(
    session: Session,
    code: str,
    now: datetime,
    *,
    key: str,
    unit_id: int | None = None,
    to: Sequence[Post] = (),
    **about: Any,  # noqa: ANN401 - template values
) -> int:
    """Queue a notice without a case to everybody it is for; who is away is replaced, and finding nobody is put on record.

    To be called by whoever holds the write lock. May run twice: the same cause is told to the same recipient once.

    Args:
        session: The unit of work.
        code: The notice.
        now: When it is queued, aware UTC.
        key: What the cause is called, at most 60 characters, e.g. `breaker:sms:7`; a cause that comes back needs another key.
        unit_id: The unit it is about; audiences are found relative to it.
        to: Posts instead of the notice's own.
        about: Values for the words; empty ones are left out.

    Returns:
        To how many recipients it goes.
    """
    filled = Roll(catalogue(session), now).addressees(code, unit_id, to=to)
    values = {name: value for name, value in {"unit_id": unit_id, **about}.items() if value is not None}
    rows = [_row(code, now, key, each, values) for _, people in filled for each in people if each.person is not None]
    if rows:
        connection = connection_of(session)
        connection.execute(_INSERTS[connection.dialect.name], rows)
        wake(session)
    missed = [f"{post.role}+{post.up}" if post.up else post.role for post, people in filled if not people]
    if missed:
        on_record(session, SYSTEM.name, "nobody_to_tell", key, {"notice": code, "audiences": missed, "unit_id": unit_id}, now)
    return len(rows)


def key_of(key: str, code: str) -> str:
    """What the keys begin with of all messages that tell of one cause."""
    return f"alarm:{key}:{code}:"


def _row(code: str, now: datetime, key: str, to: Addressee, about: dict[str, Any]) -> dict[str, Any]:
    who, instead = recipient_of(to.who, None), {} if to.instead_of is None else {"instead_of": to.instead_of.name}
    return {
        "dedupe_key": f"{key_of(key, code)}{who}:{to.channel}",
        "case_id": None,
        "seq": None,
        "notice": code,
        "channel": to.channel,
        "staff_id": to.who,
        "requester_id": None,
        "recipient": who,
        "haste": NOW if NOTICES[code].urgent else SOON,
        "reminder": False,
        "useful_until": None,
        "about": {**about, **instead},
        "state": State.QUEUED.value,
        "queued_at": now,
        "attend_at": now,
    }
