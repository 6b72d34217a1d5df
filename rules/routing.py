"""Routing: from a category and a place to the units that must answer, and from a source to the level that holds the case first."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rules.facts import Level
from rules.remits import RouteRow, Routing


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What routing knows of a unit.

    Attributes:
        retired: It was merged or dissolved: nothing is sent to it any more.
        successor_id: Unit that goes on with its work.
    """

    id: int
    code: str
    kind: str
    parent_id: int | None
    supervising_id: int | None
    territorial: bool
    level: str
    retired: bool = False
    successor_id: int | None = None


Units = Mapping[int, UnitFacts]

LEVEL_KINDS: Final[Mapping[Level, str]] = {
    Level.GRID: "GRID",
    Level.COMMUNITY: "COMMUNITY",
    Level.STREET: "SUBDISTRICT",
    Level.DISTRICT: "GRID_CENTRE",
}
#: Kinds of unit to which nothing off the community's list may be pushed down.
PROTECTED: Final = frozenset({"GRID", "COMMUNITY"})
OUTSIDE: Final = "outside_duty_list"
OFF_COMMUNITY: Final = "off_community_list"


# who is where ---------------------------------------------------------------------------------------------------------


def line_of(unit_id: int | None, units: Units) -> tuple[int, ...]:
    """The unit and all above it by territory, nearest first; where one was merged, its successor's line."""
    line: list[int] = []
    while unit_id is not None:
        here = standing(unit_id, units)
        here = unit_id if here is None else here
        if here in line:
            break
        line.append(here)
        unit_id = units[here].parent_id
    return tuple(line)


def standing(unit_id: int, units: Units) -> int | None:
    """The unit, or whoever goes on with its work if it is retired; None when nobody does."""
    seen: set[int] = set()
    found: int | None = unit_id
    while found is not None and found not in seen and units[found].retired:
        seen.add(found)
        found = units[found].successor_id
    return None if found in seen else found


def serving(kind: str, area_line: Sequence[int], units: Units) -> int | None:
    """The unit of this kind that serves a place: the nearest along the area's line, in it or directly below one of it.

    Territorial kinds belong to their area; departments sit below the district and so are found last. A retired unit is never
    chosen; where none of the kind is left, its successor is.
    """
    for place in area_line:
        if units[place].kind == kind:
            found = standing(place, units)
            if found is not None:
                return found
        below = [u for u in units.values() if u.parent_id == place and u.kind == kind]
        alive = [u.id for u in below if not u.retired]
        after = [heir for u in below if (heir := standing(u.id, units)) is not None]
        if alive or after:
            return min(alive or after)
    return None


def holder_at(level: Level, area_line: Sequence[int], units: Units) -> int | None:
    """The unit that holds a case at this level for a place; the district's holder is its 网格中心."""
    if level is Level.DISTRICT:
        return serving("GRID_CENTRE", area_line[-1:], units)
    return next((standing(u, units) for u in area_line if units[u].kind == LEVEL_KINDS[level]), None)


def level_of(unit: UnitFacts) -> Level | None:
    """The level at which a unit can hold a case in ③, or None for units that only handle."""
    return next((level for level, kind in LEVEL_KINDS.items() if unit.kind == kind), None)


# the climb ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """Where a case is held.

    Attributes:
        passed: Levels that have a unit there but may not hold such a case.
    """

    level: Level
    holder: int
    passed: tuple[Level, ...]


def held_at_first_of(levels: Iterable[Level], area_line: Sequence[int], units: Units, may_hold: Callable[[Level], bool]) -> Held | None:
    """The first of these levels that has a unit for the place and may hold the case."""
    passed: list[Level] = []
    for level in levels:
        holder = holder_at(level, area_line, units)
        if holder is None:
            continue
        if may_hold(level):
            return Held(level, holder, tuple(passed))
        passed.append(level)
    return None


def upwards(level: Level) -> list[Level]:
    """This level and all above it, from below."""
    return list(Level)[level.height :]


def downwards(level: Level) -> list[Level]:
    """This level and all below it, from above."""
    return list(Level)[level.height :: -1]


# duty lists -----------------------------------------------------------------------------------------------------------


def duty_list(unit_id: int, routing: Routing, units: Units) -> frozenset[str] | None:
    """The categories that a unit answers for; None: any.

    Its own list, else that of its kind, a grid's else its community's; and those of the retired units whose work it goes on with.
    """
    own = _listed(unit_id, routing, units)
    if own is None:
        return None
    before = (_listed(u.id, routing, units) for u in units.values() if u.retired and standing(u.id, units) == unit_id)
    return own.union(*(listed for listed in before if listed is not None))


def _listed(unit_id: int, routing: Routing, units: Units) -> frozenset[str] | None:
    unit = units[unit_id]
    own = routing.remits.get(unit.code, routing.remits.get(unit.kind))
    if own is None and unit.kind == LEVEL_KINDS[Level.GRID] and unit.parent_id is not None:
        return _listed(unit.parent_id, routing, units)
    return own


def breach(unit_id: int, category: str | None, routing: Routing, units: Units) -> str | None:
    """Which rule sending a category to a unit would break: `outside_duty_list`, for a community or grid `off_community_list`."""
    listed = duty_list(unit_id, routing, units)
    if listed is None or category in listed:
        return None
    return OFF_COMMUNITY if units[unit_id].kind in PROTECTED else OUTSIDE


# the route ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a category says of itself where no row says more: its kind, and the kinds of units that answer for it."""

    category: str
    kind: str
    lead: str
    co: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a case goes and why.

    Attributes:
        lead: Unit that leads, None when none of the name serves the place (the centre's desk decides).
        named: Code or kind of unit that was looked for as the lead.
        code: Code of the lead.
        missing: Co-handlers that serve the place nowhere; told in the reason, never silently dropped.
        left_out: Codes of co-handlers off whose duty list the category is.
        refused: The lead's duty list that the route would break, as `breach`; the centre's desk decides.
        instead_of: Code of the retired unit that `lead` stands in for.
        version: Version of the catalogue.
        row: The row that decided; None: the category's own kinds.
        passed: Lines of rows that named a lead nobody is, nearest first.
    """

    lead: int | None
    co: tuple[int, ...]
    named: str
    reason: str
    code: str | None = None
    missing: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    refused: str | None = None
    instead_of: str | None = None
    version: int = 0
    row: RouteRow | None = None
    passed: tuple[int, ...] = ()

    def told(self) -> dict[str, object]:
        """Why it goes there, as the journal keeps it; what does not apply is left out."""
        row = self.row
        said: dict[str, object] = {"version": self.version, "by": row.owner if row else "kind", "named": self.named, "lead": self.code}
        if row is not None:
            said |= {"line": row.line, "area": row.area, "basis": row.basis}
        more = {"missing": self.missing, "left_out": self.left_out, "passed": self.passed}
        said |= {name: list(values) for name, values in more.items()} | {"instead_of": self.instead_of, "refused": self.refused}
        return {name: value for name, value in said.items() if value not in (None, "", [])}


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every look-up for one place goes by."""

    routing: Routing
    area_line: Sequence[int]
    units: Units

    def resolved(self, name: str) -> tuple[int | None, str | None]:
        """The unit with this code or of this kind that serves the place, and the retired unit that it stands in for."""
        named = next((u.id for u in self.units.values() if u.code == name), None)
        if named is None:
            return serving(name, self.area_line, self.units), None
        found = standing(named, self.units)
        return found, None if found in (None, named) else name

    def breach(self, unit_id: int, category: str) -> str | None:
        """Which duty list sending the category there would break."""
        return breach(unit_id, category, self.routing, self.units)


def find_route(routing: Routing, wanted: Wanted, area_line: Sequence[int], units: Units) -> Route:
    """Find lead and co-handling units for a category at a place.

    Components go by owner first, then by area; everything else by area first. Within each, the row of the nearest area decides; a
    row whose lead is nowhere is passed over. Without a row the category's own kinds are looked for.
    """
    ground, passed = _Ground(routing, area_line, units), list[int]()
    for row in routing.rows_for(wanted.category, wanted.kind, [units[i].code for i in area_line]):
        found = _route(ground, replace(wanted, lead=row.lead, co=row.co), row, passed)
        if found.lead is not None:
            return found
        passed.append(row.line)
    return _route(ground, wanted, None, passed)


def _route(ground: _Ground, wanted: Wanted, row: RouteRow | None, passed: Sequence[int]) -> Route:
    lead, instead_of = ground.resolved(wanted.lead)
    resolved = [(name, ground.resolved(name)[0]) for name in wanted.co]
    there = dict.fromkeys(unit for _, unit in resolved if unit is not None and unit != lead)
    co = tuple(unit for unit in there if ground.breach(unit, wanted.category) is None)
    return Route(
        lead,
        co,
        wanted.lead,
        f"{wanted.lead} + {', '.join(name for name, unit in resolved if unit is not None) or '-'}",
        code=None if lead is None else ground.units[lead].code,
        missing=tuple(name for name, unit in resolved if unit is None),
        left_out=tuple(ground.units[unit].code for unit in there if unit not in co),
        refused=None if lead is None else ground.breach(lead, wanted.category),
        instead_of=instead_of,
        version=ground.routing.version,
        row=row,
        passed=tuple(passed),
    )
