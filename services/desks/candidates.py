"""Units to which a filed case could be sent: those that the catalogue names, and those that list the category. Changes nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import WorkOrder, connection_of, table
from rules.facts import OPEN_ORDER
from rules.routing import Route, breach, duty_list
from services.catalogue import Catalogue, catalogue
from services.routing.finding import route_of

_order = table(WorkOrder)
_OPEN: Final = sorted(state.value for state in OPEN_ORDER)
_OTHERS: Final = 6  #: units told besides those that the catalogue names
_NO_UNITS: Final = frozenset({"GRID", "DISTRICT"})  #: a grid is sent to by hand only; the district itself handles nothing


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit to which a case could be sent.

    Attributes:
        part: `lead` or `co`, as the catalogue names it; empty: its duty list has the category.
        listed: Whether its duty list has the category; None: it has no list and answers for anything.
        broken: The rule that sending it there would break; None: none.
        open: Its open work orders.
    """

    unit_id: int
    part: str
    listed: bool | None
    broken: str | None
    open: int


@dataclass(frozen=True, slots=True)
class Suggested:
    """Where the catalogue sends a case, and the units that could have it."""

    route: Route
    units: tuple[Candidate, ...]


def suggested(session: Session, case: Mapping[str, Any]) -> Suggested:
    """Units for a case that has a category: the lead and the co-handling ones of the catalogue first, then those that list it.

    Args:
        session: The unit of work.
        case: Its row; `category` and `area_unit_id` are looked at.
    """
    known = catalogue(session)
    route = route_of(known, case["category"], case["area_unit_id"])
    named = {unit: "lead" for unit in (route.lead,) if unit is not None} | dict.fromkeys(route.co, "co")
    others = [unit for unit in _that_list(case, known) if unit not in named][:_OTHERS]
    units = named | dict.fromkeys(others, "")
    load = _load(session, units)
    return Suggested(route, tuple(_candidate(unit, part, case["category"], load.get(unit, 0), known) for unit, part in units.items()))


def _that_list(case: Mapping[str, Any], known: Catalogue) -> list[int]:
    """Units whose own duty list has the category, those that stand over the place first."""
    line = known.line(case["area_unit_id"])
    listing = [
        unit.id
        for unit in known.units.values()
        if not unit.retired
        and unit.kind not in _NO_UNITS
        and not _is_section(unit.id, known)
        and case["category"] in (duty_list(unit.id, known.routing, known.units) or ())
    ]
    near = {unit for unit in listing if unit in line}
    return sorted(
        (u for u in listing if u in near or not _of_another_place(u, line, known)), key=lambda u: (u not in near, known.units[u].code)
    )


def _is_section(unit_id: int, known: Catalogue) -> bool:
    """Whether a unit is a section of another: cases go to the unit, which hands them on inside."""
    line = known.line(unit_id)
    return len(line) > 1 and known.units[line[1]].kind == known.units[unit_id].kind


def _of_another_place(unit_id: int, line: Iterable[int], known: Catalogue) -> bool:
    """Whether a unit is, or belongs to, a community or street that the place does not lie in."""
    over = {known.units[u].kind: u for u in known.line(unit_id)}
    return any(over[kind] not in set(line) for kind in ("COMMUNITY", "SUBDISTRICT") if kind in over)


def _candidate(unit_id: int, part: str, category: str, count: int, known: Catalogue) -> Candidate:
    listed = duty_list(unit_id, known.routing, known.units)
    broken = breach(unit_id, category, known.routing, known.units)
    return Candidate(unit_id, part, None if listed is None else category in listed, broken, count)


def _load(session: Session, units: Iterable[int]) -> dict[int, int]:
    """Open work orders of each unit."""
    wanted = select(_order.c.unit_id, func.count()).where(_order.c.unit_id.in_(sorted(units)), _order.c.state.in_(_OPEN))
    return {row[0]: int(row[1]) for row in connection_of(session).execute(wanted.group_by(_order.c.unit_id))}
