"""Receipts: what a provider says later became of a message. The same one twice is one; one that comes too early waits for its message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Message, Receipt, begin_write, connection_of, table, wake
from notifications.outcome import Confirmation
from rules.delivery import State
from services.deliveries import digests, failing_numbers

_message, _receipt = table(Message), table(Receipt)
_INSERTS: Final = {
    "sqlite": sqlite.insert(_receipt).on_conflict_do_nothing(index_elements=["channel", "provider_id", "status"]),
    "postgresql": postgresql.insert(_receipt).on_conflict_do_nothing(index_elements=["channel", "provider_id", "status"]),
}
_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_PROVIDER_IDS: Final[BindParameter[Any]] = bindparam("provider_ids", expanding=True)
_NEW: Final = (
    select(_receipt)
    .where(_receipt.c.channel == bindparam("channel"), _receipt.c.applied_at.is_(None), _receipt.c.provider_id.in_(_PROVIDER_IDS))
    .order_by(_receipt.c.at, _receipt.c.id)
)
_EARLY: Final = (
    select(_receipt)
    .where(_receipt.c.applied_at.is_(None), or_(_receipt.c.provider_id.in_(_PROVIDER_IDS), _receipt.c.message_id.in_(_IDS)))
    .order_by(_receipt.c.at, _receipt.c.id)
)
_NAMES: Final = ("id", "channel", "recipient", "notice", "state", "provider_id", "sent_at", "tried_at", "claimed_until")
_COLUMNS: Final = tuple(_message.c[n] for n in _NAMES)
#: Locked, so that the lane that is sending one of them cannot finish in between; all at once, in the order in which all lock.
_MEANT: Final = (
    select(*_COLUMNS)
    .where(or_(_message.c.provider_id.in_(_PROVIDER_IDS), _message.c.id.in_(_IDS)))
    .order_by(_message.c.id)
    .with_for_update()
)
#: Whoever held it so long that the claim ran out records nothing any more: that would go over what is written here.
_NOBODYS: Final[dict[str, Any]] = {"claimed_by": None, "claimed_until": None}
_ONE: Final[ColumnElement[bool]] = _message.c.id == bindparam("key_id")
_DELIVERED: Final = (
    update(_message)
    .where(_ONE)
    .values({c: bindparam(f"new_{c}") for c in ("provider_id", "sent_at", "delivered_at")})
    .values(state=State.DELIVERED.value, attend_at=None, error=None, **_NOBODYS)
)
_FAILED: Final = (
    update(_message)
    .where(_ONE)
    .values({c: bindparam(f"new_{c}") for c in ("attend_at", "error")})
    .values(state=State.FAILED_PERM.value, **_NOBODYS)
)
_APPLIED: Final = (
    update(_receipt).where(_receipt.c.id == bindparam("key_id")).values(applied_at=bindparam("now"), message_id=bindparam("found"))
)
#: States in which a message counts as sent, so that a receipt can say that it did not arrive after all.
_OUT: Final = frozenset({State.ACCEPTED, State.UNKNOWN, State.SENDING})


@dataclass
class _Applying:
    """What receipts make of messages; gathered, then written."""

    now: datetime
    delivered: dict[int, dict[str, Any]] = field(default_factory=dict)
    failed: dict[int, dict[str, Any]] = field(default_factory=dict)
    bad_numbers: dict[str, str] = field(default_factory=dict)
    applied: list[dict[str, Any]] = field(default_factory=list)

    @property
    def states(self) -> dict[int, State]:
        """What each message has become."""
        return dict.fromkeys(self.failed, State.FAILED_PERM) | dict.fromkeys(self.delivered, State.DELIVERED)


def take(session: Session, channel: str, confirmations: Sequence[Confirmation], now: datetime) -> int:
    """Take what a provider says became of messages; each is applied once, whoever brings it and however often.

    A message that arrived is delivered, whatever we thought of it. One that did not is failed, and handed back to its channel's engine
    (`attend_at`), which takes the next way of the chain. A number that is none is flagged.

    Args:
        session: The unit of work; nothing may have been written in it before, or it holds the write lock.
        channel: Code of the channel.
        confirmations: What the provider says.
        now: When it came, aware UTC.

    Returns:
        How many found their message now; the others were known already, or wait.
    """
    if not confirmations:
        return 0
    begin_write(session)
    connection = connection_of(session)
    connection.execute(_INSERTS[connection.dialect.name], [_row(channel, each, now) for each in confirmations])
    asked = {"channel": channel, "provider_ids": sorted({each.provider_id for each in confirmations})}
    return _apply(session, list(connection.execute(_NEW, asked)), now)


def settle_early(session: Session, recorded: Mapping[int, str | None], now: datetime) -> int:
    """Apply receipts that came while an engine was still at work on their messages.

    To be called by whoever holds the write lock, after what became of the attempts was written down, or before it is decided whether
    messages of which that was never written down are asked about, or sent again. May run twice.

    Args:
        session: The unit of work.
        recorded: What the provider calls each of these messages; None: nobody knows.
        now: The instant, aware UTC.

    Returns:
        How many found their message.
    """
    if recorded:
        asked = {"provider_ids": sorted({name for name in recorded.values() if name}), "ids": sorted(recorded)}
        return _apply(session, list(connection_of(session).execute(_EARLY, asked)), now)
    return 0


def _row(channel: str, told: Confirmation, now: datetime) -> dict[str, Any]:
    return {
        "channel": channel,
        "provider_id": told.provider_id,
        "message_id": told.message_id,
        "status": told.status,
        "delivered": told.delivered,
        "bad_number": told.bad_number,
        "at": told.at or now,
        "received_at": now,
    }


def _apply(session: Session, receipts: Sequence[Any], now: datetime) -> int:
    """Apply receipts to those of their messages that nobody is at work on; the others wait."""
    if not receipts:
        return 0
    messages = _Messages(session, receipts)
    book = _Applying(now)
    for receipt in receipts:
        message = messages.of(receipt)
        if message is not None and not _busy(message, now):
            book.applied.append({"key_id": receipt.id, "now": now, "found": message.id})
            _enter(book, message, receipt)
    _write(session, book)
    return len(book.applied)


class _Messages:
    """The messages that receipts may speak of: by the provider's name for them, else by ours."""

    def __init__(self, session: Session, receipts: Sequence[Any]) -> None:
        run = connection_of(session).execute
        ids = sorted({r.message_id for r in receipts if r.message_id is not None})
        found = run(_MEANT, {"provider_ids": sorted({r.provider_id for r in receipts}), "ids": ids}).all()
        self._by_name = {(row.channel, row.provider_id): row for row in found if row.provider_id is not None}
        self._by_id = {row.id: row for row in found}

    def of(self, receipt: Any) -> Any:  # noqa: ANN401 - result rows
        """Our message, of the channel that the receipt came by; None: not known yet."""
        found = self._by_name.get((receipt.channel, receipt.provider_id))
        if found is None and receipt.message_id is not None:
            found = self._by_id.get(receipt.message_id)
        return found if found is not None and found.channel == receipt.channel else None


def _busy(message: Any, now: datetime) -> bool:  # noqa: ANN401 - a result row
    """Whether an engine is at work on a message: what it records would go over what is written here, so the receipt waits for it."""
    return message.claimed_until is not None and bool(message.claimed_until >= now)


def _enter(book: _Applying, message: Any, receipt: Any) -> None:  # noqa: ANN401 - result rows
    """What one receipt makes of its message; having arrived outweighs everything, whatever the order in which they came."""
    if receipt.bad_number and not receipt.delivered:
        book.bad_numbers.setdefault(message.recipient, receipt.status)
    if message.state == State.DELIVERED or message.id in book.delivered:
        return
    if receipt.delivered:
        book.failed.pop(message.id, None)
        book.delivered[message.id] = {
            "key_id": message.id,
            "new_provider_id": message.provider_id or receipt.provider_id,
            "new_sent_at": message.sent_at or message.tried_at or receipt.at,
            "new_delivered_at": receipt.at,
        }
    elif message.state in _OUT and message.provider_id in (None, receipt.provider_id):
        again = None if message.notice == digests.DIGEST else book.now  # what a digest carries is queued again instead
        book.failed.setdefault(message.id, {"key_id": message.id, "new_attend_at": again, "new_error": receipt.status})


def _write(session: Session, book: _Applying) -> None:
    run = connection_of(session).execute
    for statement, rows in ((_DELIVERED, book.delivered.values()), (_FAILED, book.failed.values()), (_APPLIED, book.applied)):
        if rows:
            run(statement, list(rows))
    digests.settle(session, book.states, book.now)
    for recipient, status in book.bad_numbers.items():
        failing_numbers.flag(session, recipient, "phone", failing_numbers.Why.EMPTY, status, book.now)
    if book.failed:
        wake(session)
