"""Routing: from a category and a place to the units that must answer, and from a source to the level that holds the case first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rules.facts import Level


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What routing knows of a unit."""

    id: int
    code: str
    kind: str
    parent_id: int | None
    supervising_id: int | None
    territorial: bool
    level: str


@dataclass(frozen=True, slots=True)
class Route:
    """Where a case goes and why.

    Attributes:
        lead: Unit that leads, None when no unit of that kind serves the place (the centre's desk decides).
        missing: Kinds of co-handling units that serve the place nowhere; told in the reason, never silently dropped.
    """

    lead: int | None
    co: tuple[int, ...]
    reason: str
    missing: tuple[str, ...] = ()


LEVEL_KINDS: Final[Mapping[Level, str]] = {
    Level.GRID: "GRID",
    Level.COMMUNITY: "COMMUNITY",
    Level.STREET: "SUBDISTRICT",
    Level.DISTRICT: "GRID_CENTRE",
}


def line_of(unit_id: int | None, units: Mapping[int, UnitFacts]) -> tuple[int, ...]:
    """The unit and all above it by territory, nearest first."""
    line: list[int] = []
    while unit_id is not None and unit_id not in line:
        line.append(unit_id)
        unit_id = units[unit_id].parent_id
    return tuple(line)


def serving(kind: str, area_line: Sequence[int], units: Mapping[int, UnitFacts]) -> int | None:
    """The unit of this kind that serves a place: the nearest along the area's line, in it or directly below one of it.

    Territorial kinds belong to their area; departments sit below the district and so are found last.
    """
    for place in area_line:
        if units[place].kind == kind:
            return place
        below = [u.id for u in units.values() if u.parent_id == place and u.kind == kind]
        if below and not (units[place].kind == "GRID" and kind == "GRID"):
            return min(below)
    return None


def route(lead_kind: str, co_kinds: Iterable[str], area_line: Sequence[int], units: Mapping[int, UnitFacts]) -> Route:
    """Find lead and co-handling units for a place, each with the reason."""
    lead = serving(lead_kind, area_line, units)
    found = [(kind, serving(kind, area_line, units)) for kind in co_kinds]
    co = tuple(dict.fromkeys(unit for _, unit in found if unit is not None and unit != lead))
    missing = tuple(kind for kind, unit in found if unit is None)
    return Route(lead, co, f"{lead_kind} + {', '.join(k for k, u in found if u is not None) or '-'}", missing)


def level_of(unit: UnitFacts) -> Level | None:
    """The level at which a unit can hold a case in ③, or None for units that only handle."""
    return next((level for level, kind in LEVEL_KINDS.items() if unit.kind == kind), None)


def holder_at(level: Level, area_line: Sequence[int], units: Mapping[int, UnitFacts]) -> int | None:
    """The unit that holds a case at this level for a place; the district's holder is its 网格中心."""
    if level is Level.DISTRICT:
        return serving("GRID_CENTRE", area_line[-1:], units)
    return next((u for u in area_line if units[u].kind == LEVEL_KINDS[level]), None)


def first_level_up(level: Level, area_line: Sequence[int], units: Mapping[int, UnitFacts]) -> tuple[Level, int] | None:
    """The next level above that exists for this place, with its holder."""
    for upper in list(Level)[level.height + 1 :]:
        holder = holder_at(upper, area_line, units)
        if holder is not None:
            return upper, holder
    return None
