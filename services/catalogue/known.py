"""The reference data in memory: units, people, categories, limits, ladders, calendars. Never changed, only replaced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any, Final

from rules import triage
from rules.facts import Actor, Level, Refused
from rules.ladder import Ladder
from rules.remits import Routing
from rules.routing import UnitFacts, holder_at, line_of, standing
from rules.sla import Matter, Policy
from rules.worktime import Calendar

AREA_KINDS: Final = ("GRID", "COMMUNITY", "SUBDISTRICT", "DISTRICT")  #: kinds of unit in whose area a case may lie
BESIDE: Final = "beside"  #: the ladder of clocks of affairs that have none of their own


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a name in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class CategoryFacts:
    """A category as the rules use it."""

    code: str
    name: Named
    kind: str
    urgency: str
    lead: str
    co: tuple[str, ...]
    authority: Level
    verify: bool
    closing: tuple[str, ...] = ()
    retired: bool = False


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """A source as the rules use it: where it begins its climb, whether staff write it down, whether handlers may know it."""

    entry: str
    by_staff: bool = False
    concealed: bool = False


@dataclass(frozen=True, slots=True)
class SensitiveFacts:
    """A kind of sensitive case: the kind of unit that the law wants told, and the words that give it away."""

    name: Named
    report_to: str | None
    words: tuple[str, ...]
    needs: tuple[str, ...]
    excludes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A person who works for a unit."""

    id: int
    name: str
    title: Named
    unit_id: int
    role: str
    deputy_id: int | None = None
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FormerName:
    """What a unit was called until a moment."""

    until: datetime
    name: Named


@dataclass(frozen=True, slots=True)
class Reordering:
    """A merge or split that is in force.

    Attributes:
        at: Since when units lie where they lie now.
        merged_id: The unit that was retired by it; None: none was.
        parents: What each unit that was moved by it had lain in before.
    """

    at: datetime
    merged_id: int | None
    parents: Mapping[int, int | None]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A person from when to when (None: until further notice): away, or on duty for a unit."""

    person_id: int
    since: datetime
    until: datetime | None
    unit_id: int | None = None

    def covers(self, now: datetime) -> bool:
        """Whether it holds at this moment."""
        return self.since <= now and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class InForce:
    """A published version of the limits, and from when on it holds."""

    since: datetime
    version: int


@dataclass(frozen=True)
class Catalogue:
    """All reference data of one revision; never changed, only replaced."""

    revision: int
    events_on: bool
    units: Mapping[int, UnitFacts]
    names: Mapping[int, Named]
    calendars_of: Mapping[int, str]
    gentle: frozenset[int]
    vertical: frozenset[int]
    people: Mapping[str, Person]
    absences: tuple[Stretch, ...]
    duties: tuple[Stretch, ...]
    by_unit: Mapping[int, tuple[Person, ...]]
    categories: Mapping[str, CategoryFacts]
    offered: Mapping[str, CategoryFacts]  #: those that a case may be filed under: all but the retired
    sources: Mapping[str, str]
    source_names: Mapping[str, Named]
    groups: Mapping[str, Named]
    in_force: tuple[InForce, ...]
    policies: Mapping[int, Policy]
    ladders_of: Mapping[int, Mapping[str, tuple[str, int]]]
    ladders: Mapping[tuple[str, int], Ladder]
    calendars: Mapping[str, Calendar]
    calendar_above: Mapping[str, str | None]
    source_facts: Mapping[str, SourceFacts]
    diversions: Mapping[str, Named]
    sensitive: Mapping[str, SensitiveFacts]
    routing: Routing
    triage_rules: tuple[triage.Rule, ...]
    urgent_rules: tuple[triage.Urgent, ...]
    former_names: Mapping[int, tuple[FormerName, ...]] = field(default_factory=dict)
    reorderings: tuple[Reordering, ...] = ()
    kind_names: Mapping[str, Named] = field(default_factory=dict)

    @cached_property
    def district_id(self) -> int:
        """The district itself.

        Raises:
            Refused: `no_district`, nothing has been seeded.
        """
        found = next((u.id for u in self.units.values() if u.kind == "DISTRICT"), None)
        if found is None:
            raise Refused("no_district")
        return found

    @cached_property
    def desk_id(self) -> int | None:
        """The district's 网格中心: the desk where everything falls that nobody else holds."""
        return holder_at(Level.DISTRICT, (self.district_id,), self.units)

    @cached_property
    def unit_ids(self) -> Mapping[str, int]:
        """Unit ids by code."""
        return {u.code: u.id for u in self.units.values()}

    @cached_property
    def areas(self) -> frozenset[str]:
        """Codes of the units whose area a case may lie in: grids, communities, streets, the district."""
        return frozenset(u.code for u in self.units.values() if u.kind in AREA_KINDS)

    @cached_property
    def zone(self) -> tzinfo:
        """The district's local zone."""
        return next(iter(self.calendars.values())).zone

    @cached_property
    def _lines(self) -> dict[int, tuple[int, ...]]:
        return {unit: line_of(unit, self.units) for unit in self.units}

    def line(self, unit_id: int) -> tuple[int, ...]:
        """The unit and all above it by territory, nearest first."""
        return self._lines[unit_id]

    def ladder(self, version: int, *names: str) -> Ladder:
        """The ladder that a version of the limits gives to the first of these names that it knows, e.g. a clock kind.

        A kind of which it knows nothing has the first version of the ladder with its own name, or else `beside`.
        """
        chosen = self.ladders_of[version]
        found = next((chosen[name] for name in names if name in chosen), None)
        if found is None:  # an affair's clock, of which limits that were written before know nothing
            found = next(((name, 1) for name in names if (name, 1) in self.ladders), (BESIDE, 1))
        return self.ladders[found]

    def matter(self, category: str | None, urgency: str, source: str, area_unit_id: int, special_group: str | None) -> Matter:
        """What the rows of a policy look at, for a case."""
        return Matter(category, urgency, source, self._codes[area_unit_id], special_group)

    @cached_property
    def grid_centres(self) -> tuple[UnitFacts, ...]:
        """Every 网格中心 at work."""
        return tuple(u for u in self.units.values() if u.kind == "GRID_CENTRE" and not u.retired)

    @cached_property
    def _codes(self) -> dict[int, tuple[str, ...]]:
        return {unit: tuple(self.units[i].code for i in line) for unit, line in self._lines.items()}

    def policy_at(self, now: datetime) -> int:
        """The version of the limits in force at this moment; before the first one, the first."""
        past = [each.version for each in self.in_force if each.since <= now]
        return past[-1] if past else self.in_force[0].version

    def precedes(self, version: int, other: int) -> bool:
        """Whether a version came into force before another; a draft, which is tried, comes after all of them."""
        order = [each.version for each in self.in_force]
        return version != other and (other not in order or (version in order and order.index(version) < order.index(other)))

    @cached_property
    def by_id(self) -> Mapping[int, Person]:
        """People by their id."""
        return {p.id: p for p in self.people.values()}

    def calendar_of(self, unit_id: int | None) -> Calendar:
        """The working calendar of a unit; of the district where no unit is named."""
        return self.calendars[self.calendars_of[unit_id if unit_id is not None else self.district_id]]

    def calendar_by(self, clock: Mapping[str, Any]) -> Calendar:
        """The calendar that a clock is measured by: the one it was started with, also where another unit has taken it over since."""
        return self.calendars[clock["calendar"]]

    def present(self, unit_id: int) -> int:
        """The unit, or who goes on with its work if it was merged."""
        return standing(unit_id, self.units) or unit_id

    def check_present(self, unit_id: int) -> None:
        """See to it that work can be sent to a unit.

        Raises:
            Refused: `unknown_unit`; `unit_retired`, it was merged, with the code of who goes on with its work.
        """
        unit = self.units.get(unit_id)
        if unit is None:
            raise Refused("unknown_unit", unit=unit_id)
        if unit.retired:
            raise Refused("unit_retired", unit=unit.code, successor=self.units[self.present(unit_id)].code)

    def actor(self, name: str) -> Actor:
        """The person with this user name, as the rules see him or her.

        Raises:
            Refused: `unknown_user`; `left`, the person works here no more.
        """
        person = self.people.get(name)
        if person is None:
            raise Refused("unknown_user", user=name)
        if person.left_at is not None:
            raise Refused("left", user=name)
        return self._actors[name]

    @cached_property
    def _actors(self) -> dict[str, Actor]:
        return {name: self._as_actor(person) for name, person in self.people.items()}

    def _as_actor(self, person: Person) -> Actor:
        unit = self.units[person.unit_id]
        return Actor(
            name=person.name,
            user_id=person.id,
            unit_id=unit.id,
            unit_line=self._lines[unit.id],
            body=self._body(unit.id),
            roles=frozenset({person.role}),
            covers=unit.parent_id if unit.kind == "GRID_CENTRE" else None,
        )

    def _body(self, unit_id: int) -> tuple[int, ...]:
        """The unit, and those above it as long as they are of its own kind: then it is a section of theirs."""
        line = self._lines[unit_id]
        own = next((i for i, unit in enumerate(line) if self.units[unit].kind != self.units[unit_id].kind), len(line))
        return line[:own]

    def staff(self, unit_id: int | None, roles: Sequence[str]) -> list[Person]:
        """People of a unit who have one of these roles; the first role that anybody has decides."""
        people = self.by_unit.get(unit_id, ()) if unit_id is not None else ()
        return next((found for role in roles if (found := [p for p in people if p.role == role])), [])
