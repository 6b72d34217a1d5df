"""The routing catalogue as plain values, as a file has it, and everything that can be wrong with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from rules.facts import Level, Refused
from rules.remits import RIGHTS, By, RouteRow, Routing
from rules.routing import Units, duty_list
from rules.sla_checks import Problem
from services.policy_files.values import SAID, worded
from wording import say

LONGEST_BASIS: Final = 120
_GRID, _COMMUNITY, _DISTRICT = "GRID", "COMMUNITY", "DISTRICT"


@dataclass(frozen=True, slots=True)
class LevelLine:
    """What a level may do with a category, or (None) with any that has no line of its own."""

    line: int
    level: str
    category: str | None
    may: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DutyList:
    """What a unit, or every unit of a kind, answers for."""

    line: int
    unit: str
    categories: tuple[str, ...]


@dataclass(frozen=True)
class RoutingFile:
    """What a catalogue says: routes, duty lists, rights of the levels. Lines are those of the file it came from, if it did."""

    routes: tuple[RouteRow, ...] = ()
    duties: tuple[DutyList, ...] = ()
    levels: tuple[LevelLine, ...] = ()
    note: str = ""

    def routing(self, version: int) -> Routing:
        """The same as the rules use it."""
        return Routing(
            version,
            self.routes,
            {duty.unit: frozenset(duty.categories) for duty in self.duties},
            {(each.level, each.category): frozenset(each.may) for each in self.levels},
        )

    def problems(self, known: "KnownCodes") -> list[Problem]:
        """Everything that is wrong with it, in the order of the file's parts."""
        return [*_Checks(self, known).all()]


@dataclass(frozen=True, slots=True)
class KnownCodes:
    """The codes that a catalogue may name."""

    categories: frozenset[str]
    areas: frozenset[str]
    kinds: frozenset[str]
    units: Units
    by_code: Mapping[str, int] = field(default_factory=dict)


class RoutingRefused(Refused):
    """A catalogue that cannot be used.

    Attributes:
        problems: All that is wrong, each with its place; `services.policy_files.values.worded` says it in words.
    """

    def __init__(self, file: str, found: list[Problem]) -> None:
        """Take the name of the file and what is wrong with it, at least one problem."""
        said = [worded(problem) for problem in found[:SAID]]
        more = [say("policy_row.more", count=len(found) - SAID)] if len(found) > SAID else []
        super().__init__("bad_routing", file=file, reason=" ".join(said + more))
        self.problems = found


@dataclass(frozen=True, slots=True)
class _Checks:
    """One look at a catalogue."""

    file: RoutingFile
    known: KnownCodes

    def all(self) -> Iterator[Problem]:
        yield from self._routes()
        yield from self._duties()
        yield from self._levels()

    def _routes(self) -> Iterator[Problem]:
        seen: dict[tuple[str, str | None, str], int] = {}
        for row in self.file.routes:
            yield from self._category(row.line, row.category)
            if row.area is not None and row.area not in self.known.areas:
                yield Problem(row.line, "area", "unknown_area", row.area)
            if row.owner not in list(By):
                yield Problem(row.line, "owner", "unknown_owner", row.owner)
            if len(row.basis) > LONGEST_BASIS:
                yield Problem(row.line, "basis", "basis_too_long", str(LONGEST_BASIS))
            if row.key in seen:
                yield Problem(row.line, "category", "same_route", str(seen[row.key]))
            seen.setdefault(row.key, row.line)
            for key, names in (("lead", (row.lead,)), ("co", row.co)):
                for name in names:
                    yield from self._answers(row, key, name)

    def _answers(self, row: RouteRow, key: str, name: str) -> Iterator[Problem]:
        """A unit or kind that is there, may handle, and has the category on its list."""
        found = list(self._named(row.line, key, name))
        yield from found
        if found:
            return
        if self._kind(name) == _DISTRICT:
            yield Problem(row.line, key, "district_never_handles", name)
        listed = self._listed(name)
        if listed is not None and row.category not in listed:
            yield Problem(row.line, key, "route_off_list", f"{name} {row.category}")
        if key == "co" and name == row.lead:
            yield Problem(row.line, key, "co_is_lead", name)

    def _named(self, line: int, key: str, name: str) -> Iterator[Problem]:
        unit = self.known.by_code.get(name)
        if unit is None and name not in self.known.kinds:
            yield Problem(line, key, "unknown_unit_or_kind", name)
        elif unit is not None and self.known.units[unit].retired:
            yield Problem(line, key, "retired_unit", name)

    def _kind(self, name: str) -> str:
        unit = self.known.by_code.get(name)
        return name if unit is None else self.known.units[unit].kind

    def _listed(self, name: str) -> frozenset[str] | None:
        """The duty list of a unit or kind in this catalogue."""
        routing, unit = self.file.routing(0), self.known.by_code.get(name)
        if unit is not None:
            return duty_list(unit, routing, self.known.units)
        return routing.remits.get(name, routing.remits.get(_COMMUNITY) if name == _GRID else None)

    def _category(self, line: int, category: str) -> Iterator[Problem]:
        if category not in self.known.categories:
            yield Problem(line, "category", "unknown_category", category)

    def _duties(self) -> Iterator[Problem]:
        for duty in self.file.duties:
            yield from self._named(duty.line, "duties", duty.unit)
            for category in duty.categories:
                yield from self._category(duty.line, category)

    def _levels(self) -> Iterator[Problem]:
        seen: dict[tuple[str, str | None], int] = {}
        for each in self.file.levels:
            key = (each.level, each.category)
            if each.level not in list(Level):
                yield Problem(each.line, "level", "unknown_level", each.level)
            if each.category is not None:
                yield from self._category(each.line, each.category)
            for right in (r for r in each.may if r not in RIGHTS):
                yield Problem(each.line, "may", "unknown_right", right)
            if key in seen:
                yield Problem(each.line, "level", "same_level", str(seen[key]))
            seen.setdefault(key, each.line)
