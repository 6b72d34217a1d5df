"""Reading what planning and wording have to know of queued messages: one statement for all of a portion."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Integer, LargeBinary, bindparam, or_, select, type_coerce
from sqlalchemy.orm import Session

from models import Affair, Case, Message, Requester, Sealed, Staff, SupervisionOrder, Unit, connection_of, table
from notifications.channels.schemes import AddressKind

_message, _case, _staff, _requester, _unit = table(Message), table(Case), table(Staff), table(Requester), table(Unit)
_supervision = table(SupervisionOrder)
_IDS: BindParameter[list[int]] = bindparam("ids", expanding=True)
_PHONE, _EMAIL, _IM = AddressKind.PHONE, AddressKind.EMAIL, AddressKind.IM
_CASE: Final = ("no", "subject", "category", "urgency", "place", "area_unit_id", "result", "sensitive", "readers", "submitted_at")
#: Still sealed: one that no key opens must not stop the others.
_ADDRESSES: Final = (
    *(type_coerce(_staff.c[n], LargeBinary).label(f"staff_{n}") for n in ("phone", "email", "im")),
    type_coerce(_requester.c.phone, LargeBinary).label("requester_phone"),
    type_coerce(_unit.c.duty_phone, LargeBinary).label("duty_phone"),
)
_LOAD: Final = (
    select(
        _message,
        *_ADDRESSES,
        _staff.c.unit_id.label("staff_unit_id"),
        _staff.c.left_at.label("staff_left_at"),
        _requester.c.unsubscribed_at,
        *(_case.c[n] for n in _CASE),
        _case.c.state.label("case_state"),
    )
    .select_from(
        _message.outerjoin(_case, _case.c.id == _message.c.case_id)
        .outerjoin(_staff, _staff.c.id == _message.c.staff_id)
        .outerjoin(_requester, _requester.c.id == _message.c.requester_id)
        .outerjoin(_unit, _unit.c.id == _message.c.unit_id)
    )
    .where(_message.c.id.in_(_IDS))
    .order_by(_message.c.haste, _message.c.attend_at, _message.c.id)
)
_AFFAIRS: Final = select(*(table(Affair).c[n] for n in ("case_id", "seq", "no", "thing", "title", "place", "at"))).where(
    table(Affair).c.case_id.in_(_IDS)
)
_ORDERS: Final = select(*(_supervision.c[n] for n in ("case_id", "seq", "number", "demand"))).where(_supervision.c.case_id.in_(_IDS))
_FREE: Final = or_(_message.c.claimed_until.is_(None), _message.c.claimed_until < bindparam("now"))
_DUE: Final = (
    select(_message.c.id)
    .where(_message.c.channel == bindparam("channel"), _message.c.attend_at <= bindparam("now"), _FREE)
    .order_by(_message.c.haste, _message.c.attend_at, _message.c.id)
    .limit(bindparam("most", type_=Integer))
)
_DUE_LOCKED: Final = _DUE.with_for_update(skip_locked=True)


def is_due(session: Session, channel: str, now: datetime) -> bool:
    """Whether a channel has anything that is due and claimed by nobody; takes no lock."""
    return connection_of(session).execute(_DUE, {"channel": channel, "now": now, "most": 1}).first() is not None


def due(session: Session, channel: str, now: datetime, limit: int) -> list[Any]:
    """The next messages of a channel, what waits for nothing first, locked until the end of this unit of work.

    To be called by whoever holds the write lock.
    """
    run = connection_of(session).execute
    ids = list(run(_DUE_LOCKED, {"channel": channel, "now": now, "most": limit}).scalars())
    return list(run(_LOAD, {"ids": ids})) if ids else []


def loaded(session: Session, ids: Collection[int]) -> list[Any]:
    """The same for messages that are known by their ids."""
    return list(connection_of(session).execute(_LOAD, {"ids": sorted(ids)})) if ids else []


def orders(session: Session, rows: Sequence[Any]) -> Mapping[tuple[int, int], Any]:
    """The supervision orders that messages speak of, by case and the journal entry that opened them."""
    ids = sorted({row.case_id for row in rows if row.about.get("supervision")})
    found = connection_of(session).execute(_ORDERS, {"ids": ids}) if ids else ()
    return {(order.case_id, order.seq): order for order in found}


def affairs(session: Session, rows: Sequence[Any]) -> Mapping[tuple[int, int], Any]:
    """The affairs that messages speak of, by case file and the journal entry that opened them."""
    ids = sorted({row.case_id for row in rows if row.about.get("affair")})
    found = connection_of(session).execute(_AFFAIRS, {"ids": ids}) if ids else ()
    return {(row.case_id, row.seq): row for row in found}


def sealed_address(row: Any, kind: AddressKind) -> bytes | None:  # noqa: ANN401 - a result row
    """Where a message goes, still sealed; None: that is not known, or the channel needs to know nothing."""
    if row.requester_id is not None:
        return row.requester_phone if kind is _PHONE else None
    if row.unit_id is not None:
        return row.duty_phone if kind is _PHONE else None
    found: bytes | None = {_PHONE: row.staff_phone, _EMAIL: row.staff_email, _IM: row.staff_im}.get(kind)
    return found


def address(row: Any, kind: AddressKind) -> str:  # noqa: ANN401 - a result row
    """Where a message goes; empty: that is not known, or the channel needs to know nothing.

    Raises:
        InvalidToken: no key opens it.
    """
    sealed = sealed_address(row, kind)
    return "" if sealed is None else Sealed.unseal(bytes(sealed))
