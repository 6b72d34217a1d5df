"""Which cases somebody sees at all: one condition for every list, every search and every page. What of a case: services/privacy/seeing.py.

- Whoever works for a place (grid, community, street, district, their 网格中心) sees the cases of that place.
- Whoever works for a unit sees the cases of which it or a section of it has, or once had, a work order, a supervision order, an affair
  or a part of one; whoever is in charge of an affair or has a part of it sees the case as a person too.
- Whoever wrote a report down sees that case.
- Administrators see the cases of the whole district.
- A sensitive case is seen by its readers and by who may sign for it, by nobody else; affairs' own files are no cases.
"""

from collections.abc import Collection
from functools import lru_cache
from typing import Final

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, false, or_, select, union, union_all
from sqlalchemy.orm import Session

from models import Affair, AffairCase, AffairPart, Case, SupervisionOrder, WorkOrder, connection_of, table
from rules.facts import Actor, Refused, State
from services.catalogue import Catalogue, catalogue
from services.privacy.seeing import signs

_case, _order, _supervision = table(Case), table(WorkOrder), table(SupervisionOrder)
_affair, _part, _further = table(Affair), table(AffairPart), table(AffairCase)
#: Kinds of unit that are a place themselves.
_TERRITORY: Final = frozenset({"GRID", "COMMUNITY", "SUBDISTRICT", "DISTRICT"})


def visible_cases(session: Session, viewer: Actor) -> ColumnElement[bool]:
    """The condition on `case_file` that lets through what this viewer sees; for `.where(…)` of a query on that table.

    Args:
        session: The unit of work; of sensitive cases, of which there are few, the readers are read.
        viewer: Somebody of the staff; anybody else sees nothing.
    """
    known = catalogue(session)
    if viewer.user_id is None:
        return false()
    mine = _open_cases(viewer, known)
    sensitive = readable(session, viewer, known)
    return or_(mine, _case.c.id.in_(sensitive)) if sensitive else mine


def is_visible(session: Session, viewer: Actor, no: str) -> bool:
    """Whether this viewer sees the case with this number."""
    wanted = select(_case.c.id).where(_case.c.no == no, visible_cases(session, viewer))
    return connection_of(session).execute(wanted).first() is not None


def visible_among(session: Session, viewer: Actor, numbers: Collection[str]) -> frozenset[str]:
    """Those of these cases that the viewer sees, by number, in one statement."""
    if not numbers:
        return frozenset()
    wanted = select(_case.c.no).where(_case.c.no.in_(numbers), visible_cases(session, viewer))
    return frozenset(connection_of(session).execute(wanted).scalars())


def check_visible(session: Session, viewer: Actor, no: str) -> None:
    """See to it that this viewer sees the case.

    Raises:
        Refused: `unknown_case`: whether there is one that he does not see is not told either.
    """
    if not is_visible(session, viewer, no):
        raise Refused("unknown_case", case=no)


def readable(session: Session, viewer: Actor, known: Catalogue, *, files: bool = False) -> tuple[int, ...]:
    """Ids of the sensitive cases that this viewer may open; with `files` affairs' own files among them."""
    columns = (_case.c.id, _case.c.readers, _case.c.area_unit_id)
    wanted = select(*columns).where(_case.c.sensitive.is_not(None), *(() if files else (_case.c.state != State.BESIDE.value,)))
    found = (dict(row) for row in connection_of(session).execute(wanted).mappings())
    return tuple(row["id"] for row in found if viewer.user_id in row["readers"] or signs(row, viewer, known))


def _open_cases(viewer: Actor, known: Catalogue) -> ColumnElement[bool]:
    """What the viewer sees of the cases that are open to all who are concerned."""
    return _condition(viewer, units_of(viewer, known), places_of(viewer, known))


@lru_cache(maxsize=1024)
def _condition(viewer: Actor, units: frozenset[int], places: frozenset[int]) -> ColumnElement[bool]:
    """A page asks several times, and making the condition costs more than asking it."""
    open_to_all = and_(_case.c.sensitive.is_(None), _case.c.state != State.BESIDE.value)
    if "admin" in viewer.roles:
        return open_to_all
    concerned = _case.c.id.in_(union_all(*_concerning(viewer, sorted(units))))
    return open_to_all & (concerned | _case.c.area_unit_id.in_(sorted(places)) if places else concerned)


def _concerning(viewer: Actor, units: list[int]) -> list[Select[tuple[int]]]:
    """Where it stands which cases concern somebody; each is answered from an index, however many cases there are."""
    affairs = _affairs(viewer, units).subquery()
    further = select(_further.c.case_id).join(affairs, and_(_further.c.home_id == affairs.c.case_id, _further.c.seq == affairs.c.seq))
    return [
        select(_case.c.id).where(_case.c.entered_by == viewer.name),
        select(_order.c.case_id).where(_order.c.unit_id.in_(units)),
        select(_order.c.case_id).where(_order.c.assigned_unit_id.in_(units)),
        select(_supervision.c.case_id).where(_supervision.c.unit_id.in_(units)),
        select(affairs.c.case_id),
        further,
    ]


def _affairs(viewer: Actor, units: list[int]) -> CompoundSelect[tuple[int, int]]:
    """Affairs of somebody, or of which he or his unit has a part; one that is hidden yet shows nobody a case."""
    own = select(_affair.c.case_id, _affair.c.seq)
    part = own.join(_part, and_(_part.c.case_id == _affair.c.case_id, _part.c.seq == _affair.c.seq))
    wanted = (
        own.where(_affair.c.unit_id.in_(units) | (_affair.c.staff_id == viewer.user_id)),
        part.where(_part.c.unit_id.in_(units)),
        part.where(_part.c.staff_id == viewer.user_id),
    )
    return union(*(each.where(~_affair.c.hidden) for each in wanted))


def places_of(viewer: Actor, known: Catalogue) -> frozenset[int]:
    """Units whose area the viewer works for, with everything inside them."""
    if viewer.unit_id is None:
        return frozenset()
    top = viewer.covers if viewer.covers is not None else viewer.body[-1]  # an office of a street works for the street
    return _inside(known, top) if known.units[top].kind in _TERRITORY else frozenset()


def units_of(viewer: Actor, known: Catalogue) -> frozenset[int]:
    """The viewer's unit, what it is a section of, and the sections inside it."""
    if viewer.unit_id is None:
        return frozenset()
    kind = known.units[viewer.unit_id].kind
    below = {u for u in _inside(known, viewer.unit_id) if known.units[u].kind == kind}
    return frozenset(below | set(viewer.body))


def _inside(known: Catalogue, top: int) -> frozenset[int]:
    return frozenset(unit for unit in known.units if top in known.line(unit))
