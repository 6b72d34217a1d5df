"""Cases for those who work on them, the soonest due first, each line as its viewer may see it. Changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Subquery, and_, func, or_, select
from sqlalchemy.orm import Session

from models import Affair, AffairPart, Case, Clock, SupervisionOrder, WorkOrder, connection_of, table
from rules.clocks import ClockKind
from rules.facts import FINAL, STEP_OF, Actor, Refused, State
from services.catalogue import Catalogue, catalogue
from services.moves import Row
from services.moves.filing import URGENCIES
from services.privacy.masking import masked
from services.privacy.seeing import PATROL, may_open, view_of
from services.reading import is_overdue, plain, unit_id_of

_case, _clock, _order, _supervision = table(Case), table(Clock), table(WorkOrder), table(SupervisionOrder)
_affair, _part = table(Affair), table(AffairPart)
#: Clocks under which no unit has anything to do: they count along with another, or wait for the resident.
NOBODYS: Final = (ClockKind.OVERALL.value, ClockKind.HOLD_CAP.value, ClockKind.EVALUATE.value)
_ENDED: Final = sorted(state.value for state in FINAL)
#: A clock that runs: neither stopped nor paused.
RUNNING: Final = (_clock.c.stopped_at.is_(None), _clock.c.running_since.is_not(None))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases a list is to show; None: any.

    Attributes:
        open_only: Whether cases that have ended are left out.
        mine: Only those in which something waits for the viewer or his unit, each with the clock of that.
    """

    state: str | None = None
    urgency: str | None = None
    unit: str | None = None
    open_only: bool = False
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list: the case, and the clock of it that is due first, with the number of its supervision order or affair.

    Attributes:
        opened: Whether the viewer may see more than the number, and that it is a sensitive case.
    """

    case: Row
    clock: Row = field(default_factory=dict)
    opened: bool = True


def list_cases(session: Session, wanted: Wanted, limit: int, viewer: Actor | None, now: datetime) -> list[Listed]:
    """Cases with the soonest due first; those without a running clock come last, and those that have ended, supervised or not.

    Files of affairs that belong to no case are listed where they are asked for by their state, or something in them waits for the viewer.

    Of a sensitive case that the viewer may not see only the number is listed, and nothing at all where state, urgency or unit were
    asked for: being listed would tell what it is like.

    Args:
        session: The unit of work.
        wanted: Which.
        limit: At most so many.
        viewer: Who looks; None: the administrator of the machine.
        now: The instant, aware UTC.

    Raises:
        Refused: `unknown_state`, `unknown_urgency`, `unknown_unit`; `mine_needs_person`.
    """
    own = _waits_for(viewer) if wanted.mine else None
    known, conditions = catalogue(session), _conditions(session, wanted)
    hidden = _hidden(session, viewer, known)
    if (wanted.state, wanted.urgency, wanted.unit, own) != (None, None, None, None):
        conditions.append(_case.c.id.not_in(hidden))
    if own is not None:
        conditions.append(_case.c.id.in_(select(own.c.case_id)))
    running = (*RUNNING, *_among(own))
    own_of_case = and_(_clock.c.supervision_seq.is_(None), _clock.c.affair_seq.is_(None))
    counts = (*running, or_(own_of_case, _case.c.state.not_in(_ENDED)))
    soonest = select(_clock.c.case_id, func.min(_clock.c.due_at).label("due"))
    due = soonest.select_from(_clock.join(_case, _case.c.id == _clock.c.case_id)).where(*counts).group_by(_clock.c.case_id).subquery()
    columns = [c for c in _case.c if c.name != "body"]
    query = select(*columns, due.c.due).select_from(_case.outerjoin(due, due.c.case_id == _case.c.id))
    query = query.where(*conditions).order_by(due.c.due.is_(None), due.c.due, _case.c.id).limit(limit)
    found = _rows(session, query)
    first = _first_clocks(session, [row["id"] for row in found], own)
    orders = _orders(session, [row["id"] for row in found])
    return [_as_seen(row, orders[row["id"]], first.get(row["id"], {}), viewer, known, now) for row in found]


def _orders(session: Session, case_ids: list[int]) -> dict[int, list[Row]]:
    """The work orders of the listed cases: who handles one may not learn where a concealed report came from."""
    columns = (_order.c[name] for name in ("case_id", "unit_id", "state", "contacted_at"))
    by_case: dict[int, list[Row]] = {case_id: [] for case_id in case_ids}
    for row in _rows(session, select(*columns).where(_order.c.case_id.in_(case_ids))):
        by_case[row["case_id"]].append(row)
    return by_case


def _rows(session: Session, wanted: Any) -> list[Row]:  # noqa: ANN401 - any question
    return [dict(row) for row in connection_of(session).execute(wanted).mappings()]


def _waits_for(viewer: Actor | None) -> Subquery:
    """The open clocks under which something waits for a person: of his unit, of a work order that he or his section does, of his part."""
    if viewer is None:
        raise Refused("mine_needs_person")
    order = (_order.c.case_id == _clock.c.case_id) & (_order.c.no == _clock.c.order_no)
    part = (_part.c.case_id == _clock.c.case_id) & (_part.c.no == _clock.c.part_no)
    persons = (_order.c.handler_id == viewer.user_id, _part.c.staff_id == viewer.user_id)
    theirs = or_(_clock.c.unit_id == viewer.unit_id, _order.c.assigned_unit_id == viewer.unit_id, *persons)
    wanted = select(_clock.c.id, _clock.c.case_id).select_from(_clock.outerjoin(_order, order).outerjoin(_part, part))
    return wanted.where(_clock.c.stopped_at.is_(None), _clock.c.kind.not_in(NOBODYS), theirs).subquery()


def _among(own: Subquery | None) -> tuple[Any, ...]:
    return () if own is None else (_clock.c.id.in_(select(own.c.id)),)


def _first_clocks(session: Session, case_ids: Sequence[int], among: Subquery | None) -> dict[int, Row]:
    """The running clock of each case that is due first, among all or these."""
    own = (_supervision.c.case_id == _clock.c.case_id) & (_supervision.c.seq == _clock.c.supervision_seq)
    beside = (_affair.c.case_id == _clock.c.case_id) & (_affair.c.seq == _clock.c.affair_seq)
    numbers = (_supervision.c.number.label("supervision_no"), _affair.c.no.label("affair_no"))
    clocks = select(_clock, *numbers).select_from(_clock.outerjoin(_supervision, own).outerjoin(_affair, beside))
    running = (*RUNNING, *_among(among))
    found: dict[int, Row] = {}
    for clock in _rows(session, clocks.where(_clock.c.case_id.in_(case_ids), *running).order_by(_clock.c.due_at, _clock.c.id)):
        found.setdefault(clock["case_id"], clock)
    return found


def _hidden(session: Session, viewer: Actor | None, known: Catalogue) -> list[int]:
    """Ids of the sensitive cases that the viewer may not see; there are never many."""
    names = ("id", "sensitive", "readers", "area_unit_id", "requester_id")
    rows = _rows(session, select(*(_case.c[name] for name in names)).where(_case.c.sensitive.is_not(None)))
    return [row["id"] for row in rows if not may_open(row, viewer, known)]


def _as_seen(row: Row, orders: list[Row], clock: Row, viewer: Actor | None, known: Catalogue, now: datetime) -> Listed:
    seen = view_of(row, orders, viewer, known, None, now)
    if not seen.opened:
        return Listed({"no": row["no"]}, opened=False)
    source = row["source"] if seen.source else PATROL
    words = {} if seen.words else {name: masked(row[name]) for name in ("subject", "place")}
    return Listed(row | {"source": source} | words, clock)


def _conditions(session: Session, wanted: Wanted) -> list[Any]:
    conditions: list[Any] = []
    if wanted.state is None and not wanted.mine:
        conditions.append(_case.c.state != State.BESIDE.value)
    if wanted.state is not None:
        if wanted.state not in list(State):
            raise Refused("unknown_state", given=wanted.state, known=", ".join(State))
        conditions.append(_case.c.state == wanted.state)
    if wanted.open_only:
        conditions.append(_case.c.state.not_in(_ENDED))
    if wanted.urgency is not None:
        if wanted.urgency.upper() not in URGENCIES:
            raise Refused("unknown_urgency", urgency=wanted.urgency)
        conditions.append(_case.c.urgency == wanted.urgency.upper())
    if wanted.unit is not None:
        unit_id = unit_id_of(catalogue(session), wanted.unit)
        conditions.append(_case.c.id.in_(select(_clock.c.case_id).where(_clock.c.unit_id == unit_id, _clock.c.stopped_at.is_(None))))
    return conditions


def listed_json(listed: Listed, known: Catalogue, now: datetime) -> dict[str, Any]:
    """One line of a list as plain data; the keys are stable, and of a sensitive case that may not be seen all but three are missing."""
    case, clock = listed.case, listed.clock
    if not listed.opened:
        return {"no": case["no"], "sensitive": True, "subject": None}
    names = ("no", "state", "urgency", "category", "subject", "place", "source", "submitted_at", "version", "area_unit_id")
    soonest = {"clock": clock.get("kind"), "unit_id": clock.get("unit_id"), "due_at": clock.get("due_at")}
    soonest |= {"order": clock.get("order_no"), "affair": clock.get("affair_no"), "part": clock.get("part_no")}
    soonest["provisional"] = bool(clock.get("provisional"))
    return {
        **plain({name: case[name] for name in names} | soonest, known),
        "step": STEP_OF[State(case["state"])],
        "sensitive": case["sensitive"] is not None,
        "overdue": bool(clock) and is_overdue(clock, now),
    }
