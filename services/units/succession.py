"""One unit goes on with what another had begun in a case: work orders, the hold of step ③, requests, supervision orders, clocks.

Whose they are changes, and nothing else: no clock is started, stopped or computed anew. Only where a unit now has two parts of an affair
that are one (it was called twice to the same place) these are joined, and the clock of the one that goes on in the other stops.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from models import Clock, Request, SupervisionOrder, WorkOrder, connection_of, table
from rules.clocks import ClockKind, key_of, of_supervision
from rules.facts import FINAL, OPEN_ORDER, OPEN_SUPERVISION, STEP_OF, Actor, OrderState, SupervisionState, Thing
from services.moves import Draft, Row
from services.moves.affair_clocks import demands_of, follow_affair
from services.moves.affairs import UNITED
from services.moves.affairs.base import touch_affair, touch_part
from services.moves.clockwork import demands
from services.moves.messages import tell
from services.moves.supervising import check_unit

_order, _clock, _request, _supervision = table(WorkOrder), table(Clock), table(Request), table(SupervisionOrder)
ENTRY: Final = "unit_succeeded"  #: what the journal of each case says


@dataclass(frozen=True, slots=True)
class Succession:
    """Who goes on with whose work.

    Attributes:
        change: Number of the change of which it is a part.
        before: The unit whose it was.
        after: The unit whose it is now.
        whole: The first unit is no more: all of its clocks go along, not only those of what it handles.
        by: Who asked for it.
        now: The instant.
    """

    change: int
    before: int
    after: int
    whole: bool
    by: Actor
    now: datetime


@dataclass(slots=True)
class Taken:
    """What of one case went along, as rows to be written besides the draft; affairs are written with it, by the entry that opened them."""

    case_id: int
    orders: list[Row]
    clocks: list[Row]
    requests: list[tuple[int, int]]
    supervision: list[int]
    held: bool
    affairs: list[int]

    @property
    def empty(self) -> bool:
        """Whether nothing did."""
        return not (self.orders or self.clocks or self.requests or self.supervision or self.held or self.affairs)


def succeed(draft: Draft, of: Succession) -> Taken:
    """Let one unit go on with another's part of a case; in the draft, with a journal entry and word to the unit.

    Done again, it finds nothing.

    Args:
        draft: The case with its supervision orders, read after the units were changed; changed in place.
        of: Who goes on with whose work.

    Returns:
        What is to be written with `write_taken` along with the draft.
    """
    held = draft.case["holder_unit_id"] == of.before
    if held:
        draft.case["holder_unit_id"] = of.after
    orders = [] if draft.state in FINAL else [o for o in draft.orders.values() if _take_order(draft, o, of)]
    requests = _take_requests(draft, of)
    supervision = [seq for seq, row in draft.supervision.items() if _take_supervision(row, of)]
    affairs = _take_affairs(draft, of)
    clocks = _take_clocks(draft, of, {o["no"] for o in orders}, held=held)
    taken = Taken(draft.case["id"], orders, clocks, [(draft.case["id"], no) for no in requests], supervision, held, affairs)
    if not taken.empty:
        _enter(draft, of, taken)
        _unite(draft, of, affairs)
    return taken


def _unite(draft: Draft, of: Succession, affairs: Iterable[int]) -> None:
    """Parts that have become one unit's are joined, where that makes them one; what that stops or starts follows at once."""
    for seq in affairs:
        united = UNITED.get(Thing(draft.affairs[seq]["thing"]))
        if united is not None:
            united(draft, seq, of.after, of.now)
            follow_affair(draft, seq, of.now)


def _take_order(draft: Draft, order: Row, of: Succession) -> bool:
    """Whether a work order went along: its unit's, or only the section inside it that did the work."""
    if order["state"] == OrderState.RECALLED or of.before not in (order["unit_id"], order["assigned_unit_id"]):
        return False
    known = draft.catalogue
    if order["unit_id"] == of.before:
        order["unit_id"] = of.after
    if order["assigned_unit_id"] == of.before:
        order["assigned_unit_id"] = of.after
    section = order["assigned_unit_id"]
    if section is not None and (section == order["unit_id"] or order["unit_id"] not in known.line(section)):
        order["assigned_unit_id"] = None
    person = known.by_id.get(order["handler_id"])
    if person is not None and order["unit_id"] not in known.line(person.unit_id):
        order["handler_id"] = None
    return True


def _take_requests(draft: Draft, of: Succession) -> list[int]:
    """Requests that wait; the case's own list of them is what the hot path reads."""
    waiting = [no for no, _, _, unit, _ in draft.case["asks"] if unit == of.before]
    if waiting:
        asks = [[no, kind, order, of.after if no in waiting else unit, by] for no, kind, order, unit, by in draft.case["asks"]]
        draft.change(asks=asks)
    return waiting


def _take_supervision(row: Row, of: Succession) -> bool:
    if row["unit_id"] != of.before or SupervisionState(row["state"]) not in OPEN_SUPERVISION:
        return False
    row["unit_id"] = of.after
    return True


def _take_affairs(draft: Draft, of: Succession) -> list[int]:
    """Affairs under way that were the unit's, or in which it has a part: theirs are the draft's own rows, written with it."""
    taken = []
    for seq, row in draft.affairs.items():
        if row["ended_at"] is not None:
            continue
        parts = [p["no"] for p in draft.parts_of(seq) if p["unit_id"] == of.before]
        for no in parts:
            touch_part(draft, no, unit_id=of.after)
        if row["unit_id"] == of.before:
            touch_affair(draft, seq, unit_id=of.after)
        if parts or seq in draft.touched_affairs:
            taken.append(seq)
    return taken


def _take_clocks(draft: Draft, of: Succession, orders: Collection[int], *, held: bool) -> list[Row]:
    """Open clocks, each of the unit that the state demands now; of all their columns only the unit changes."""
    before = {id(c): c["unit_id"] for c in draft.clocks}
    for clock in draft.clocks:
        decides = held and clock["kind"] == ClockKind.DECIDE
        if clock["unit_id"] == of.before and (of.whole or decides or clock["order_no"] in orders):
            clock["unit_id"] = of.after
    wanted = {d.key: d.unit_id for d in demands(draft)}
    for clock in draft.clocks:
        seq = clock["supervision_seq"]
        if seq is not None:
            clock["unit_id"] = _supervised_by(draft, seq, clock["unit_id"])
        elif clock["affair_seq"] is not None:
            same = (d for d in demands_of(draft, clock["affair_seq"]) if (d.kind.value, d.part_no) == (clock["kind"], clock["part_no"]))
            clock["unit_id"] = next((d.unit_id for d in same), clock["unit_id"])
        else:
            key = key_of(clock["kind"], clock["order_no"], clock["unit_id"], clock["stage"])
            clock["unit_id"] = wanted.get(key, clock["unit_id"])
    return [c for c in draft.clocks if before[id(c)] != c["unit_id"]]


def _supervised_by(draft: Draft, seq: int, unit_id: int | None) -> int | None:
    row = draft.supervision.get(seq)
    if row is None:
        return unit_id
    known = draft.catalogue
    demand = of_supervision(SupervisionState(row["state"]), seq, row["unit_id"], known.desk_id, check_unit(known, row["unit_id"]))
    return unit_id if demand is None else demand.unit_id


def _enter(draft: Draft, of: Succession, taken: Taken) -> None:
    """Say so in the journal, and tell the unit what is due when; deemed nothing, promised nothing new."""
    nos = [o["no"] for o in taken.orders if o["unit_id"] == of.after]
    data: dict[str, Any] = {"from": of.before, "to": of.after, "change": of.change, "orders": nos, "held": taken.held}
    data |= {"requests": [no for _, no in taken.requests], "supervision": taken.supervision}
    beside = [[c["affair_seq"], c["part_no"], c["kind"]] for c in taken.clocks if c["affair_seq"] is not None]
    data |= {"affairs": taken.affairs, "beside": beside} if taken.affairs else {}
    draft.enter(of.now, of.by, step=STEP_OF[draft.state].value, thing="case", action=ENTRY, data=data)
    due = sorted((c for c in taken.clocks if _to_be_met(draft, c, of.after)), key=_first_due)
    if due:
        clock = due[0]
        order = draft.orders.get(clock["order_no"])
        about = {"clock": clock["kind"], "limit": clock["limit"], "due": clock["due_at"].isoformat()}
        section = order["assigned_unit_id"] if order else None
        provisional = clock["provisional"] or None
        tell(draft, "taken_over", of.now, unit_id=of.after, section_id=section, shown_unit_id=of.before, provisional=provisional, **about)


def _to_be_met(draft: Draft, clock: Row, unit_id: int) -> bool:
    """A clock that the unit has to meet: of work that is not done, or of its own desk."""
    order = draft.orders.get(clock["order_no"])
    return clock["unit_id"] == unit_id and (order is None or order["state"] in OPEN_ORDER)


def _first_due(clock: Row) -> tuple[bool, datetime]:
    """The handling limit first: it is the one that on-time is measured by."""
    return clock["kind"] != ClockKind.HANDLE, clock["due_at"]


_ORDERS: Final = (
    update(_order)
    .where(_order.c.case_id == bindparam("key_case"), _order.c.no == bindparam("key_no"))
    .values({name: bindparam(f"new_{name}") for name in ("unit_id", "assigned_unit_id", "handler_id")})
)
_CLOCKS: Final = update(_clock).where(_clock.c.id == bindparam("key_id")).values(unit_id=bindparam("new_unit"))
_REQUESTS: Final = (
    update(_request)
    .where(_request.c.case_id == bindparam("key_case"), _request.c.no == bindparam("key_no"))
    .values(unit_id=bindparam("new_unit"))
)
_SUPERVISION: Final = (
    update(_supervision)
    .where(_supervision.c.case_id == bindparam("key_case"), _supervision.c.seq == bindparam("key_no"))
    .values(unit_id=bindparam("new_unit"))
)


def write_taken(session: Session, taken: Iterable[tuple[Taken, int]]) -> None:
    """Write whose things are now, one statement a table; in the commit that writes the drafts.

    Args:
        session: The unit of work, which holds the cases.
        taken: What went along, and to which unit.
    """
    every, run = list(taken), connection_of(session).execute
    columns = ("unit_id", "assigned_unit_id", "handler_id")
    orders = [
        {"key_case": t.case_id, "key_no": o["no"], **{f"new_{name}": o[name] for name in columns}} for t, _ in every for o in t.orders
    ]
    clocks = [{"key_id": c["id"], "new_unit": c["unit_id"]} for t, _ in every for c in t.clocks]
    requests = [{"key_case": case, "key_no": no, "new_unit": unit} for t, unit in every for case, no in t.requests]
    supervision = [{"key_case": t.case_id, "key_no": seq, "new_unit": unit} for t, unit in every for seq in t.supervision]
    for statement, rows in ((_ORDERS, orders), (_CLOCKS, clocks), (_REQUESTS, requests), (_SUPERVISION, supervision)):
        if rows:
            run(statement, rows)
