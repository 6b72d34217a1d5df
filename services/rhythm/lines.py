"""What stands on a list: due, overdue, blocked or new at one moment. Set-based; what is due is what `services.due_list` says it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, Subquery, exists, func, literal, null, select
from sqlalchemy.orm import Session

from models import Affair, Case, Clock, SetAside, WorkOrder, connection_of, table
from rules.clocks import BY_REQUEST, ClockKind
from rules.facts import OrderState, State
from services.due_list import NOBODYS, RUNNING
from services.engine.set_aside import STILL_OPEN

_case, _clock, _order, _aside, _affair = table(Case), table(Clock), table(WorkOrder), table(SetAside), table(Affair)
DUE, OVERDUE, BLOCKED, NEW = "due", "overdue", "blocked", "new"
PARTS: Final = (OVERDUE, DUE, BLOCKED, NEW)
#: Why a case is blocked, besides a request that waits, which is called by its clock.
ON_HOLD, ASIDE, PROVISIONAL = "on_hold", "set_aside", "provisional"
#: Clocks under which somebody waits for a decision: of a return, a hold, an end, an appeal, more time.
DECISIONS: Final = tuple(sorted({kind.value for kind in BY_REQUEST.values()} | {ClockKind.EXTEND.value}))
URGENT: Final = ("P0", "P1")
_OF_CASE: Final = (_case.c.id.label("case_id"), _case.c.area_unit_id, _case.c.urgency, _case.c.state)
_HELD: Final = ClockKind.HOLD_REVIEW.value
#: Of an affair that nobody but its owner may know of yet: an inspection that is to come.
_HIDDEN: Final = exists().where(_affair.c.case_id == _clock.c.case_id, _affair.c.seq == _clock.c.affair_seq, _affair.c.hidden)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a list is about: as of when, what is due before when, what is new since when."""

    now: datetime
    until: datetime
    since: datetime


def lines_at(session: Session, at: Moment, desk_id: int | None) -> list[dict[str, Any]]:
    """The lines, numbered: overdue, due, blocked, new, each part the earliest first; a case may stand in several parts.

    Args:
        session: The unit of work.
        at: The moment; only the present one can be asked for.
        desk_id: Who is waited for where no unit is: the centre.
    """
    found = [dict(row) for wanted in _questions(at) for row in connection_of(session).execute(wanted).mappings()]
    for row in found:
        row["unit_id"] = row["unit_id"] if row["unit_id"] is not None else desk_id
    found.sort(key=_order_of)
    return [{"no": no, **row} for no, row in enumerate(found, start=1)]


def _order_of(row: Mapping[str, Any]) -> tuple[int, bool, Any, int, int]:
    due = row["due_at"]
    return PARTS.index(row["part"]), due is None, due.timestamp() if due is not None else 0, row["case_id"], row["clock_id"] or 0


def _questions(at: Moment) -> Iterator[Select[Any]]:
    yield _running(at, OVERDUE).where(_clock.c.due_at < at.now)
    yield _running(at, DUE).where(_clock.c.due_at >= at.now, _clock.c.due_at < at.until)
    yield _of_clocks(BLOCKED, _clock.c.kind).where(_clock.c.stopped_at.is_(None), _clock.c.kind.in_(DECISIONS))
    yield _of_clocks(BLOCKED, literal(PROVISIONAL)).where(*RUNNING, _clock.c.provisional, _clock.c.kind.not_in(NOBODYS))
    yield _held()
    yield _set_aside()
    yield _new(at)


def _of_clocks(part: str, why: Any) -> Select[Any]:  # noqa: ANN401 - a column or a literal
    about = (_clock.c.order_no, _clock.c.id.label("clock_id"), _clock.c.unit_id, _clock.c.due_at)
    joined = _clock.join(_case, _case.c.id == _clock.c.case_id)
    return select(literal(part).label("part"), why.label("why"), *_OF_CASE, *about).select_from(joined).where(~_HIDDEN)


def _running(at: Moment, part: str) -> Select[Any]:
    return _of_clocks(part, _clock.c.kind).where(*RUNNING, _clock.c.kind.not_in(NOBODYS), _clock.c.due_at < at.until)


def leads() -> Subquery:
    """The newest work order of each case that leads and was not taken back."""
    live = (_order.c.lead, _order.c.state != OrderState.RECALLED.value)
    newest = select(_order.c.case_id, func.max(_order.c.no).label("no")).where(*live).group_by(_order.c.case_id).subquery()
    joined = _order.join(newest, (newest.c.case_id == _order.c.case_id) & (newest.c.no == _order.c.no))
    return select(_order.c.case_id, _order.c.no, _order.c.unit_id).select_from(joined).subquery()


def _of_cases(part: str, why: Any) -> tuple[Select[Any], Any]:  # noqa: ANN401 - a column or a literal
    """A question about whole cases, with who leads them; the joined tables come back for more to be joined."""
    lead = leads()
    joined = _case.outerjoin(lead, lead.c.case_id == _case.c.id)
    return select(literal(part).label("part"), why.label("why"), *_OF_CASE, lead.c.no.label("order_no")).add_columns(lead.c.unit_id), joined


def _held() -> Select[Any]:
    """On hold (挂账), with when it is looked at again."""
    wanted, joined = _of_cases(BLOCKED, literal(ON_HOLD))
    review = (_clock.c.case_id == _case.c.id) & (_clock.c.kind == _HELD) & _clock.c.stopped_at.is_(None)
    found = wanted.add_columns(_clock.c.id.label("clock_id"), _clock.c.due_at).select_from(joined.outerjoin(_clock, review))
    return found.where(_case.c.state == State.ON_HOLD.value)


def _set_aside() -> Select[Any]:
    """Cases that the engine cannot go on with because something went wrong; each once."""
    wanted, joined = _of_cases(BLOCKED, literal(ASIDE))
    broken = select(_aside.c.case_id).where(STILL_OPEN)
    return wanted.add_columns(null().label("clock_id"), null().label("due_at")).select_from(joined).where(_case.c.id.in_(broken))


def _new(at: Moment) -> Select[Any]:
    """New emergencies and urgent cases; those that were filed as such later are new when they come in."""
    wanted, joined = _of_cases(NEW, _case.c.urgency)
    fresh = (_case.c.urgency.in_(URGENT), _case.c.submitted_at > at.since, _case.c.submitted_at <= at.now)
    apart = (_case.c.state.not_in([s.value for s in (State.MERGED, State.VOIDED, State.WITHDRAWN)]),)
    return wanted.add_columns(null().label("clock_id"), null().label("due_at")).select_from(joined).where(*fresh, *apart)


def counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many lines each part has."""
    return {part: sum(row["part"] == part for row in rows) for part in PARTS}
