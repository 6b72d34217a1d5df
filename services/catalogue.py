"""The reference data in memory: units, people, categories, limits, ladders, calendars. Read once per revision."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models import (
    Base,
    CalendarDay,
    CalendarInfo,
    Category,
    LadderVersion,
    SlaPolicy,
    SlaRow,
    Source,
    Staff,
    System,
    TriageRule,
    Unit,
    UnitKind,
    UrgentRule,
    WorkingWindow,
    table,
)
from rules import triage
from rules.facts import Actor, Level, Refused
from rules.ladder import Ladder, Rung
from rules.routing import UnitFacts, holder_at, line_of
from rules.worktime import Calendar, Limit, Window, every_day

ANY = ""  #: category of a row that holds for any category


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


@dataclass(frozen=True, slots=True)
class Person:
    """A person who works for a unit."""

    id: int
    name: str
    title: Named
    unit_id: int
    role: str


@dataclass(frozen=True)
class Catalogue:
    """All reference data of one revision; never changed, only replaced."""

    revision: int
    events_on: bool
    units: Mapping[int, UnitFacts]
    names: Mapping[int, Named]
    calendars_of: Mapping[int, str]
    gentle: frozenset[int]
    people: Mapping[str, Person]
    by_unit: Mapping[int, tuple[Person, ...]]
    categories: Mapping[str, CategoryFacts]
    sources: Mapping[str, str]
    source_names: Mapping[str, Named]
    policies: tuple[tuple[datetime, int], ...]
    limits: Mapping[tuple[int, str, str], Mapping[str, Limit]]
    ladders_of: Mapping[int, Mapping[str, str]]
    ladders: Mapping[tuple[str, int], Ladder]
    newest: Mapping[str, int]
    calendars: Mapping[str, Calendar]
    triage_rules: tuple[triage.Rule, ...]
    urgent_rules: tuple[triage.Urgent, ...]

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
        return frozenset(u.code for u in self.units.values() if u.kind in ("GRID", "COMMUNITY", "SUBDISTRICT", "DISTRICT"))

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

    def limit(self, version: int, category: str | None, urgency: str, kind: str) -> Limit | None:
        """The limit of a clock kind: the category's row for this urgency if it names one, else the urgency's."""
        for code in (category or ANY, ANY):
            found = self.limits.get((version, code, urgency), {}).get(kind)
            if found is not None:
                return found
            if code != ANY and (version, code, urgency) in self.limits and kind == "control":
                return None  # the category has its own row, and that row has no control milestone
        return None

    def policy_at(self, now: datetime) -> int:
        """The version of the limits in force at this moment; before the first one, the first."""
        past = [version for since, version in self.policies if since <= now]
        return past[-1] if past else self.policies[0][1]

    def actor(self, name: str) -> Actor:
        """The person with this user name, as the rules see him or her.

        Raises:
            Refused: `unknown_user`.
        """
        person = self.people.get(name)
        if person is None:
            raise Refused("unknown_user", user=name)
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
            roles=frozenset({person.role}),
            covers=unit.parent_id if unit.kind == "GRID_CENTRE" else None,
        )

    def staff(self, unit_id: int | None, roles: Sequence[str]) -> list[Person]:
        """People of a unit who have one of these roles; the first role that anybody has decides."""
        people = self.by_unit.get(unit_id, ()) if unit_id is not None else ()
        return next((found for role in roles if (found := [p for p in people if p.role == role])), [])


_cache: "WeakKeyDictionary[Engine, Catalogue]" = WeakKeyDictionary()


def catalogue(session: Session, revision: int | None = None) -> Catalogue:
    """The reference data as this unit of work must see it; read anew only when its revision has changed.

    Args:
        session: The unit of work.
        revision: The present revision, if it was read along with something else already.
    """
    engine = session.get_bind()
    if not isinstance(engine, Engine):
        raise TypeError(engine)
    if revision is None:
        revision = session.scalar(select(System.revision))
    known = _cache.get(engine)
    if known is None or known.revision != revision:
        known = _cache[engine] = _read(session)
    return known


def _all(session: Session, model: type[Base]) -> list[Any]:
    return list(session.connection().execute(select(table(model))).all())


def _read(session: Session) -> Catalogue:
    system = session.connection().execute(select(table(System))).one_or_none()
    if system is None:
        raise Refused("no_district")
    kinds = {k.code: k for k in _all(session, UnitKind)}
    rows = sorted(_all(session, Unit), key=lambda u: u.id)
    posts = session.connection().execute(select(*(table(Staff).c[n] for n in ("id", "name", "zh", "en", "unit_id", "role"))))
    people = [Person(p.id, p.name, Named(p.zh, p.en), p.unit_id, p.role) for p in posts]
    by_unit: dict[int, list[Person]] = defaultdict(list)
    for person in people:
        by_unit[person.unit_id].append(person)
    policies = _all(session, SlaPolicy)
    ladders = [Ladder(row.code, row.version, tuple(Rung.parse(r) for r in row.rungs)) for row in _all(session, LadderVersion)]
    calendars = {c.code: _calendar(session, c) for c in _all(session, CalendarInfo)}
    zone = next(iter(calendars.values())).zone
    sources = _all(session, Source)
    return Catalogue(
        revision=system.revision,
        events_on=system.events_on,
        units={
            u.id: UnitFacts(u.id, u.code, u.kind, u.parent_id, u.supervising_id, kinds[u.kind].territorial, kinds[u.kind].level)
            for u in rows
        },
        names={u.id: Named(u.zh, u.en) for u in rows},
        calendars_of={u.id: u.calendar for u in rows},
        gentle=frozenset(u.id for u in rows if not kinds[u.kind].penalties),
        people={p.name: p for p in people},
        by_unit={unit: tuple(found) for unit, found in by_unit.items()},
        categories={c.code: _category(c) for c in _all(session, Category)},
        sources={s.code: s.entry for s in sources},
        source_names={s.code: Named(s.zh, s.en) for s in sources},
        policies=tuple(sorted((datetime.combine(p.effective_from, datetime.min.time(), zone), p.version) for p in policies)),
        limits={(r.version, r.category or ANY, r.urgency): {k: Limit.parse(v) for k, v in r.limits.items()} for r in _all(session, SlaRow)},
        ladders_of={p.version: p.ladders for p in policies},
        ladders={(ladder.code, ladder.version): ladder for ladder in ladders},
        newest={ladder.code: max(x.version for x in ladders if x.code == ladder.code) for ladder in ladders},
        calendars=calendars,
        triage_rules=tuple(triage.Rule(r.category, tuple(r.words), tuple(r.needs), tuple(r.excludes)) for r in _all(session, TriageRule)),
        urgent_rules=tuple(triage.Urgent(r.urgency, tuple(r.words)) for r in _all(session, UrgentRule)),
    )


def _category(row: Any) -> CategoryFacts:  # noqa: ANN401 - a result row
    return CategoryFacts(row.code, Named(row.zh, row.en), row.kind, row.urgency, row.lead, tuple(row.co), Level(row.authority), row.verify)


def _calendar(session: Session, info: Any) -> Calendar:  # noqa: ANN401 - a result row
    days, windows = table(CalendarDay), table(WorkingWindow)
    run = session.connection().execute
    exceptions = run(select(days).where(days.c.calendar == info.code)).all()
    hours = run(select(windows).where(windows.c.calendar == info.code)).all()
    provisional_years = {e.day.year for e in exceptions if e.provisional}
    every = every_day(info.first, info.last, {e.day: e.working for e in exceptions})
    return Calendar(
        info.code,
        info.version,
        ZoneInfo(info.zone),
        every,
        [Window(w.opens, w.closes, w.first, w.last) for w in hours],
        frozenset(d for d in every if d.year in provisional_years),
    )
