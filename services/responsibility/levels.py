"""五级调度 (区–部门–街道–社区–网格): what lies with whom at each of the five levels, as far as whoever looks may see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from models import Case, Clock, Journal, WorkOrder, connection_of, table
from rules.facts import FINAL, STAFF, Actor, Refused, State
from services.catalogue import Catalogue, catalogue
from services.mechanisms import require

_case, _journal, _order, _clock = table(Case), table(Journal), table(WorkOrder), table(Clock)
DISTRICT, DEPARTMENT, STREET, COMMUNITY, GRID = "district", "department", "street", "community", "grid"
#: Top to bottom, as people say them.
LEVELS: Final = (DISTRICT, DEPARTMENT, STREET, COMMUNITY, GRID)
_BY_KIND: Final[Mapping[str, str]] = {"DISTRICT": DISTRICT, "SUBDISTRICT": STREET, "COMMUNITY": COMMUNITY, "GRID": GRID}
_OVER: Final = sorted({*(state.value for state in FINAL), State.NOTED.value, State.BESIDE.value})


@dataclass(frozen=True, slots=True)
class Desk:
    """What lies with one unit.

    Attributes:
        level: One of the five.
        cases: Open cases whose next act is this unit's.
        late: Those of them in which a clock of this unit has run out.
    """

    level: str
    unit_id: int
    cases: int
    late: int


def level_of(known: Catalogue, unit_id: int) -> str:
    """At which of the five levels a unit stands; a 网格中心 at that of the area it serves, whoever is no area with the departments."""
    unit = known.units[unit_id]
    if unit.kind == "GRID_CENTRE" and unit.parent_id is not None:
        return level_of(known, unit.parent_id)
    return _BY_KIND.get(unit.kind, DEPARTMENT)


def board(session: Session, viewer: Actor, now: datetime) -> list[Desk]:
    """What lies with whom now, level by level from the top; the fullest desk of a level first.

    A unit of the territory and its 网格中心 see their own area, a department the cases that it has a work order of; sensitive cases are
    counted for nobody. One statement.

    Args:
        session: The unit of work; nothing is changed.
        viewer: Who looks: one of the staff.
        now: The moment, aware UTC.

    Raises:
        Refused: `mechanism_off`; `not_yours`.
    """
    require(session, "levels")
    if not viewer.roles & STAFF:
        raise Refused("not_yours", action="levels")
    known = catalogue(session)
    ball = _journal.c.ball_unit_id
    past = select(_clock.c.id).where(
        _clock.c.case_id == _case.c.id, _clock.c.unit_id == ball, _clock.c.stopped_at.is_(None), _clock.c.due_at <= now
    )
    counted = (
        select(ball.label("unit_id"), func.count().label("cases"), func.sum(case((past.exists(), 1), else_=0)).label("late"))
        .select_from(_case.join(_journal, (_journal.c.case_id == _case.c.id) & (_journal.c.seq == _case.c.seq)))
        .where(_case.c.state.not_in(_OVER), _case.c.sensitive.is_(None), ball.is_not(None), seen_by(viewer, known))
        .group_by(ball)
    )
    desks = [Desk(level_of(known, r.unit_id), r.unit_id, int(r.cases), int(r.late)) for r in connection_of(session).execute(counted)]
    return sorted(desks, key=lambda desk: (LEVELS.index(desk.level), -desk.cases, desk.unit_id))


def seen_by(viewer: Actor, known: Catalogue) -> ColumnElement[Any]:
    """The condition on a case that somebody of the staff sees it on the board: it lies in the own area, or the own unit works on it."""
    tops = {viewer.covers if viewer.covers is not None else viewer.unit_id}
    areas = sorted(u.id for u in known.units.values() if tops & set(known.line(u.id)) and level_of(known, u.id) in _BY_KIND.values())
    own = select(_order.c.case_id).where(_order.c.unit_id.in_(viewer.body), _order.c.state != "recalled")
    return or_(_case.c.area_unit_id.in_(areas), _case.c.id.in_(own))
