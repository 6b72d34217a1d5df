"""What becomes of messages, gathered while it is decided and written in one statement."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Message, Prepared, connection_of, table, wake

Change = dict[str, Any]
_message = table(Message)
_COLUMNS: Final = (
    *("state", "attend_at", "claimed_by", "claimed_until", "attempts", "template_version", "wording", "segments"),
    *("tried_at", "sent_at", "delivered_at", "provider_id", "error"),
)
_UPDATE: Final = Prepared(update(_message).where(_message.c.id == bindparam("key_id")).values({c: bindparam(f"new_{c}") for c in _COLUMNS}))
#: Whatever two lanes do at once, the same recipient is told the same thing by the same channel once.
_INSERTS: Final = {
    "sqlite": sqlite.insert(_message).on_conflict_do_nothing(index_elements=["dedupe_key"]),
    "postgresql": postgresql.insert(_message).on_conflict_do_nothing(index_elements=["dedupe_key"]),
}
NOBODYS: Final[Change] = {"claimed_by": None, "claimed_until": None}
ERROR_LENGTH: Final = 200


def changed(row: Any, **values: Any) -> Change:  # noqa: ANN401 - a result row
    """A message as it is to be: what it was but for these values; nobody's any more unless they say so."""
    given = {**NOBODYS, **values}
    if given.get("error"):
        given["error"] = given["error"][:ERROR_LENGTH]
    return {"key_id": row.id, **{f"new_{c}": given[c] if c in given else getattr(row, c) for c in _COLUMNS}}


def write(session: Session, changes: Sequence[Change]) -> None:
    """Write them; to be called by whoever holds these messages."""
    _UPDATE.write(connection_of(session), changes)


def add(session: Session, rows: Collection[Change]) -> None:
    """Queue further messages; one that is there already stays as it is."""
    if rows:
        connection = connection_of(session)
        connection.execute(_INSERTS[connection.dialect.name], list(rows))
        wake(session)
