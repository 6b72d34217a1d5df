"""Making the keys that messages carry, in the transaction that plans them; a message that is sent again carries the same one."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, bindparam, insert, select, update
from sqlalchemy.orm import Session

from models import AnswerCode, WorkOrder, begin_write, connection_of, table
from notifications.answering import Kind, Purpose, asked_by
from rules.facts import OPEN_ORDER
from services.answers.keys import digest_of, secret_of

_answer, _order = table(AnswerCode), table(WorkOrder)
_IDS: BindParameter[list[int]] = bindparam("ids", expanding=True)
_DIGESTS: BindParameter[list[str]] = bindparam("digests", expanding=True)
_THERE = select(*(_answer.c[name] for name in ("message_id", "kind", "digest", "used_at", "expires_at"))).where(
    _answer.c.message_id.in_(_IDS)
)
_TAKEN = select(_answer.c.digest).where(_answer.c.digest.in_(_DIGESTS))
_ORDERS = (
    select(*(_order.c[name] for name in ("case_id", "no", "unit_id", "assigned_unit_id")))
    .where(_order.c.case_id.in_(_IDS), _order.c.state.in_(sorted(OPEN_ORDER)))
    .order_by(_order.c.no)
)
_RENEW = update(_answer).where(_answer.c.digest == bindparam("key_digest")).values(expires_at=bindparam("new_expires_at"))
_TURNS: Final = 16  #: codes of one message that may be another's before we give up: each is one in hundreds of millions
BOTH: Final = frozenset(Kind)


@dataclass(slots=True)
class _Wanted:
    """One key to be made."""

    row: Any
    kind: Kind
    turn: int = 0

    @property
    def secret(self) -> str:
        return secret_of(self.kind, self.row.id, self.row.queued_at, self.turn)

    @property
    def digest(self) -> str:
        return digest_of(self.kind, self.secret)


def mint(session: Session, rows: Iterable[Any], now: datetime, base_url: str, kinds: Collection[Kind] = BOTH) -> dict[int, tuple[str, str]]:
    """The code and the link that each of these messages carries; made when it has none, the same again when it is sent again.

    Args:
        session: The unit of work; committed by the caller.
        rows: Messages: id, case_id, notice, staff_id, requester_id, about, queued_at. Those of no single case, or to no person, get none.
        now: The instant, aware UTC; a key that nobody used and that has expired opens again from now on.
        base_url: Where residents and staff reach the site from outside, as `https://host`; empty: nobody is given a link.
        kinds: Which kinds the channel's words may carry (`notifications.answering.kinds_for`).

    Returns:
        By message: code and link; empty where that kind is not made.
    """
    chosen = [kind for kind in Kind if kind in kinds and (kind is Kind.CODE or base_url)]
    wanted = [_Wanted(row, kind) for row in rows if _is_for_somebody(row) for kind in chosen]
    if not wanted:
        return {}
    begin_write(session)
    there: dict[tuple[int, str], Any] = {(r.message_id, r.kind): r for r in _run(session, _THERE, ids=[w.row.id for w in wanted])}
    known = [w for w in wanted if (w.row.id, w.kind) in there]
    for want in known:
        _find_again(want, there[want.row.id, want.kind].digest)
    _renew(session, known, there, now)
    _write(session, [w for w in wanted if (w.row.id, w.kind) not in there], now)
    return _told(wanted, base_url)


def _is_for_somebody(row: Any) -> bool:  # noqa: ANN401 - a row
    return row.case_id is not None and (row.staff_id is not None or row.requester_id is not None)


def _run(session: Session, statement: Any, **values: Collection[Any]) -> Sequence[Any]:  # noqa: ANN401 - a statement
    found: Sequence[Any] = connection_of(session).execute(statement, {name: sorted(set(of)) for name, of in values.items()}).all()
    return found


def _find_again(want: _Wanted, digest: str) -> None:
    while want.digest != digest and want.turn < _TURNS:
        want.turn += 1


def _renew(session: Session, known: Sequence[_Wanted], there: Mapping[tuple[int, str], Any], now: datetime) -> None:
    """A message that goes out late, or again, must not carry what opens nothing."""
    late = []
    for want in known:
        row = there[want.row.id, want.kind]
        if row.used_at is None and row.expires_at <= now:
            late.append({"key_digest": row.digest, "new_expires_at": _expiry(want.row, now)})
    if late:
        connection_of(session).execute(_RENEW, late)


def _write(session: Session, new: Sequence[_Wanted], now: datetime) -> None:
    """Write down new keys; where a code is another message's already, the next one is taken."""
    if not new:
        return
    _tell_apart(session, new)
    orders = _orders(session, [w.row for w in new])
    connection_of(session).execute(insert(_answer), [_values(w, orders.get(w.row.id), now) for w in new])


def _tell_apart(session: Session, new: Sequence[_Wanted]) -> None:
    """Take the next code of a message where its own is another message's: a code must never open what it was not made for."""
    taken: set[str] = set()
    left = new
    while left:
        taken.update(r.digest for r in _run(session, _TAKEN, digests=[w.digest for w in left]))
        again = []
        for want in left:
            if want.digest in taken:
                want.turn += 1
                again.append(want)
            else:
                taken.add(want.digest)
        left = again


def _orders(session: Session, rows: Sequence[Any]) -> dict[int, int]:
    """The work order that each message asks to take over: the newest open one of the unit or section it was written to."""
    asking = [row for row in rows if asked_by(row.notice, row.about.get("clock")).purpose is Purpose.ACKNOWLEDGE]
    if not asking:
        return {}
    open_orders: dict[int, list[Any]] = defaultdict(list)
    for order in _run(session, _ORDERS, ids=[row.case_id for row in asking]):
        open_orders[order.case_id].append(order)
    found = {}
    for row in asking:
        own = [o.no for o in open_orders[row.case_id] if row.about.get("unit_id") in (o.unit_id, o.assigned_unit_id)]
        if own:
            found[row.id] = own[-1]
    return found


def _values(want: _Wanted, order_no: int | None, now: datetime) -> dict[str, Any]:
    row = want.row
    purpose = asked_by(row.notice, row.about.get("clock")).purpose
    if purpose is Purpose.ACKNOWLEDGE and order_no is None:
        purpose = Purpose.OPEN  # taken back, or done, before the message went out
    return {
        "digest": want.digest,
        "kind": want.kind.value,
        "purpose": purpose.value,
        "message_id": row.id,
        "case_id": row.case_id,
        "staff_id": row.staff_id,
        "requester_id": row.requester_id,
        "order_no": order_no,
        "made_at": now,
        "expires_at": _expiry(row, now),
    }


def _expiry(row: Any, now: datetime) -> datetime:  # noqa: ANN401 - a row
    """When a key ends: a rating's with its window, if that is earlier."""
    asks = asked_by(row.notice, row.about.get("clock"))
    ends, due = now + asks.lasts, row.about.get("due")
    if asks.purpose is Purpose.RATE and due:
        window = datetime.fromisoformat(due)
        return min(ends, window)
    return ends


def _told(wanted: Iterable[_Wanted], base_url: str) -> dict[int, tuple[str, str]]:
    told: dict[int, tuple[str, str]] = {}
    for want in wanted:
        code, link = told.get(want.row.id, ("", ""))
        if want.kind is Kind.CODE:
            told[want.row.id] = want.secret, link
        else:
            told[want.row.id] = code, f"{base_url.rstrip('/')}/a/{want.secret}"
    return told
