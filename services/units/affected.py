"""What a change of a unit touches: everything that names it, for the dry run and for the order in which cases are moved."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select, union
from sqlalchemy.orm import Session

from models import (
    Affair,
    AffairPart,
    Case,
    Clock,
    DutyRoster,
    Handover,
    RemitRow,
    Request,
    RouteRow,
    RoutingVersion,
    SlaPolicy,
    SlaRow,
    SupervisionOrder,
    WorkOrder,
    connection_of,
    table,
)
from rules.facts import FINAL, OPEN_SUPERVISION, OrderState, RequestState, State
from services.catalogue import Catalogue

_case, _order, _clock, _request = table(Case), table(WorkOrder), table(Clock), table(Request)
_affair, _part = table(Affair), table(AffairPart)
_supervision, _roster, _handover = table(SupervisionOrder), table(DutyRoster), table(Handover)
_route, _remit, _routing, _policy, _row = table(RouteRow), table(RemitRow), table(RoutingVersion), table(SlaPolicy), table(SlaRow)
_FINAL: Final = [state.value for state in FINAL]
_APART: Final = [*_FINAL, State.BESIDE.value]
_OPEN_SUPERVISION: Final = [state.value for state in OPEN_SUPERVISION]
_PRESENT: Final = ("draft", "published")  #: states of a version that still counts, or will


@dataclass(frozen=True, slots=True)
class Affected:
    """What names a unit now.

    Attributes:
        orders: Its work orders in cases that are open, as (case, number).
        held: Cases that it holds in step ③.
        desk: Other cases with a clock that is its own: a check, a ruling, a signature.
        requests: Requests of its that wait.
        supervision: Supervision orders to it that are open.
        area: Open cases that lie directly in its area.
        staff: User names of its people.
        below: Codes of the units that lie in it.
        supervised: Codes of the units whose escalations it hears.
        rosters: Stretches of duty to come.
        handovers: Shift lists that are not signed by both.
        affairs: Affairs of its own that have not ended, by number (topics, campaigns, whistles, …).
        routes: Lines of the routing catalogue that name it, as version:line.
        remits: Categories on its duty list.
        policy_rows: Rows of limits that name its area, as version:line.
    """

    orders: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    desk: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    supervision: list[str] = field(default_factory=list)
    area: int = 0
    staff: list[str] = field(default_factory=list)
    below: list[str] = field(default_factory=list)
    supervised: list[str] = field(default_factory=list)
    rosters: int = 0
    handovers: list[int] = field(default_factory=list)
    affairs: list[str] = field(default_factory=list)
    routes: list[str] = field(default_factory=list)
    remits: list[str] = field(default_factory=list)
    policy_rows: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """As JSON says it."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def affected(session: Session, known: Catalogue, unit_id: int, now: datetime) -> Affected:
    """Everything that names a unit. Changes nothing.

    Args:
        session: The unit of work.
        known: The reference data.
        unit_id: The unit.
        now: The moment from which rosters count.
    """
    run = connection_of(session).execute

    def numbers(wanted: Select[Any]) -> list[str]:
        return [row[0] if len(row) == 1 else f"{row[0]}/{row[1]}" for row in run(wanted)]

    code = known.units[unit_id].code
    ours = _order.join(_case, _case.c.id == _order.c.case_id)
    with_clock = select(_clock.c.case_id).where(_clock.c.unit_id == unit_id, _clock.c.stopped_at.is_(None), _clock.c.order_no.is_(None))
    return Affected(
        orders=numbers(select(_case.c.no, _order.c.no).select_from(ours).where(*_ours(unit_id)).order_by(_case.c.id, _order.c.no)),
        held=numbers(select(_case.c.no).where(_case.c.holder_unit_id == unit_id).order_by(_case.c.id)),
        desk=numbers(select(_case.c.no).where(_case.c.id.in_(with_clock), _not_held(unit_id)).order_by(_case.c.id)),
        requests=numbers(_of_case(_request, _request.c.unit_id == unit_id, _request.c.state == RequestState.ASKED)),
        supervision=numbers(_of_case(_supervision, _supervision.c.unit_id == unit_id, _supervision.c.state.in_(_OPEN_SUPERVISION))),
        area=int(run(select(func.count()).where(_case.c.area_unit_id == unit_id, _case.c.state.not_in(_APART))).scalar_one()),
        staff=sorted(p.name for p in known.by_unit.get(unit_id, ())),
        below=[u.code for u in known.units.values() if u.parent_id == unit_id and not u.retired],
        supervised=[u.code for u in known.units.values() if u.supervising_id == unit_id and not u.retired],
        rosters=int(run(select(func.count()).where(_roster.c.unit_id == unit_id, _roster.c.until > now)).scalar_one()),
        handovers=list(run(select(_handover.c.id).where(*open_handovers(_handover.c.unit_id == unit_id))).scalars()),
        affairs=numbers(select(_affair.c.no).where(_affair.c.unit_id == unit_id, _affair.c.ended_at.is_(None)).order_by(_affair.c.no)),
        **_named(session, code),
    )


def _ours(unit_id: int) -> tuple[ColumnElement[bool], ...]:
    """Work orders that go along: also those that are done, as long as the case may come back to them."""
    its = or_(_order.c.unit_id == unit_id, _order.c.assigned_unit_id == unit_id)
    return its, _order.c.state != OrderState.RECALLED.value, _case.c.state.not_in(_FINAL)


def _not_held(unit_id: int) -> ColumnElement[bool]:
    return or_(_case.c.holder_unit_id.is_(None), _case.c.holder_unit_id != unit_id)


def _of_case(things: Any, *which: ColumnElement[bool]) -> Select[Any]:  # noqa: ANN401 - a table
    """Numbers of the cases of some rows, once each."""
    ids = select(things.c.case_id).where(*which)
    return select(_case.c.no).where(_case.c.id.in_(ids)).order_by(_case.c.id)


def open_handovers(*which: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    """Shift lists that are neither signed by both nor cancelled."""
    return (*which, or_(_handover.c.given_at.is_(None), _handover.c.taken_at.is_(None)), _handover.c.cancelled_at.is_(None))


def _named(session: Session, code: str) -> Mapping[str, list[str]]:
    """Rows of the newest routing catalogue and of versions of the limits that name the unit by its code."""
    run = connection_of(session).execute
    newest = select(func.max(_routing.c.version)).where(_routing.c.state == "published").scalar_subquery()
    routes = [
        f"{row.version}:{row.line}"
        for row in run(select(_route).where(_route.c.version == newest).order_by(_route.c.line))
        if code in (row.lead, row.area, *row.co)
    ]
    remits = run(select(_remit.c.category).where(_remit.c.version == newest, _remit.c.unit == code).order_by(_remit.c.category))
    joined = _row.join(_policy, _policy.c.version == _row.c.version)
    rows = select(_row.c.version, _row.c.line).select_from(joined).where(_row.c.area == code, _policy.c.state.in_(_PRESENT))
    limits = [f"{row.version}:{row.line}" for row in run(rows.order_by(_row.c.version, _row.c.line))]
    return {"routes": routes, "remits": list(remits.scalars()), "policy_rows": limits}


def cases_of(unit_id: int, after: int, most: int) -> Select[tuple[int]]:
    """Cases in which anything waits for a unit, in the order in which they are moved.

    Args:
        unit_id: The unit.
        after: Only those with a greater id.
        most: How many.
    """
    orders = select(_order.c.case_id).select_from(_order.join(_case, _case.c.id == _order.c.case_id)).where(*_ours(unit_id))
    held = select(_case.c.id.label("case_id")).where(_case.c.holder_unit_id == unit_id)
    clocks = select(_clock.c.case_id).where(_clock.c.unit_id == unit_id, _clock.c.stopped_at.is_(None))
    requests = select(_request.c.case_id).where(_request.c.unit_id == unit_id, _request.c.state == RequestState.ASKED.value)
    orders_to_it = select(_supervision.c.case_id).where(_supervision.c.unit_id == unit_id, _supervision.c.state.in_(_OPEN_SUPERVISION))
    affairs = select(_affair.c.case_id).where(_affair.c.unit_id == unit_id, _affair.c.ended_at.is_(None))
    same = (_affair.c.case_id == _part.c.case_id) & (_affair.c.seq == _part.c.seq)
    parts = select(_part.c.case_id).join(_affair, same).where(_part.c.unit_id == unit_id, _affair.c.ended_at.is_(None))
    every = union(orders, held, clocks, requests, orders_to_it, affairs, parts).subquery()
    column = every.c.case_id
    return select(column).where(column > after).order_by(column).limit(most)
