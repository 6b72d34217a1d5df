"""Home visits (入户走访): one visit, on record once, and the cases that come from it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from models import Case, Staff, Visit, connection_of, table
from rules.facts import STAFF, Actor, Refused
from services.catalogue import Catalogue, catalogue
from services.intake import LONGEST, Report, Submitted, alone, known_before, submit
from services.mechanisms import require
from services.moves import Setting
from services.moves.proof import legible
from services.privacy.seeing import may_open

_visit, _case, _staff = table(Visit), table(Case), table(Staff)
SOURCE: Final = "visit"
NOTE_MAX: Final = 2000  #: characters
MATTERS_MOST: Final = 50  #: of one visit
_SHOWN: Final = ("no", "state", "urgency", "subject")
_KEY: Final = "visit:"
_MOMENT: Final = ("staff_id", "area_unit_id", "place", "visited_at")
_INSERT: Final = insert(_visit).returning(_visit.c.id, sort_by_parameter_order=True)
Identity = tuple[Any, ...]
_JUDGED_BY: Final = ("sensitive", "readers", "area_unit_id", "requester_id")


@dataclass(frozen=True, slots=True)
class Visited:
    """A visit as it is handed in.

    Attributes:
        area: Code of the unit in whose area it was; None: that of whoever went there.
        place: Whose door, in words.
        note: What was found, apart from the matters that become cases.
        at: When, aware; None: now.
        key: Idempotency key: the same visit handed in twice is one.
    """

    area: str | None = None
    place: str = ""
    note: str = ""
    at: datetime | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A visit on record, and what became of its matters, in order."""

    visit_id: int
    cases: list[Submitted]
    known: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A visit as it is handed in, what people said there, and who went there."""

    visited: Visited
    matters: Sequence[Report]
    actor: Actor


def open_visit(session: Session, visited: Visited, matters: Sequence[Report], actor: Actor, setting: Setting) -> Opened:
    """Put a visit on record and open a case for each matter, all or nothing.

    A visit at which nothing came up is one too. With a key and a matter the same visit handed in again gives back its cases.

    Args:
        session: The unit of work.
        visited: Where and when.
        matters: What people said; source, area, place and key are those of the visit.
        actor: Who went there.
        setting: The instant.

    Raises:
        Refused: as `open_visits`.
    """
    return open_visits(session, [Entry(visited, matters, actor)], setting)[0]


def open_visits(session: Session, entries: Sequence[Entry], setting: Setting) -> list[Opened]:
    """Put many visits on record, of many people, in one statement, and open a case for each of their matters; all or nothing.

    May run twice: a visit with matters is known by its key, one at which nothing came up by who was where at which moment.

    Returns:
        What became of each, in order.

    Raises:
        Refused: `mechanism_off`; `visit_needs_staff`, `visit_in_future`, `area_missing`, `unknown_area`, `too_many_matters`,
            `text_too_long`, `text_unprintable`, and what `services.intake.submit` says of a matter.
    """
    alone(session)
    require(session, "visits")
    known = catalogue(session)
    rows = [_row(entry.visited, entry.matters, entry.actor, known, setting.now) for entry in entries]
    reports = [
        [_report(entry.visited, matter, no, known.units[row["area_unit_id"]].code) for no, matter in enumerate(entry.matters, start=1)]
        for entry, row in zip(entries, rows, strict=True)
    ]
    own = [_identity(n, entry, row) for n, (entry, row) in enumerate(zip(entries, rows, strict=True))]
    there = _of_keys(session, reports) | _of_moments(session, rows, own)
    new: dict[Identity, Mapping[str, Any]] = {}
    for each, row in zip(own, rows, strict=True):
        if each not in there:
            new.setdefault(each, row)
    ids = there | dict(zip(new, connection_of(session).execute(_INSERT, list(new.values())).scalars() if new else (), strict=True))
    cases = _submitted(session, entries, [[replace(r, visit_id=ids[o]) for r in rs] for o, rs in zip(own, reports, strict=True)], setting)
    return [Opened(ids[each], of, known=each in there) for each, of in zip(own, cases, strict=True)]


def _identity(n: int, entry: Entry, row: Mapping[str, Any]) -> Identity:
    """By what a visit is known as the same; one that says nothing of the kind is like no other."""
    if entry.matters:
        return ("key", entry.visited.key) if entry.visited.key else ("new", n)
    return ("at", *(row[name] for name in _MOMENT)) if entry.visited.at is not None else ("new", n)


def _of_keys(session: Session, reports: Sequence[Sequence[Report]]) -> dict[Identity, int]:
    """Visits that brought these matters before."""
    before = known_before(session, [each[0] for each in reports if each and each[0].key])
    cases = {case.case_id: identity[1] for identity, case in before.items()}
    found = connection_of(session).execute(select(_case.c.id, _case.c.visit_id).where(_case.c.id.in_(cases))) if cases else ()
    return {("key", cases[row.id].removeprefix(_KEY).rpartition(":")[0]): row.visit_id for row in found}


def _of_moments(session: Session, rows: Sequence[Mapping[str, Any]], own: Sequence[Identity]) -> dict[Identity, int]:
    """Visits on record of the same people at the same moments."""
    wanted = [row for row, identity in zip(rows, own, strict=True) if identity[0] == "at"]
    if not wanted:
        return {}
    moments, people = [row["visited_at"] for row in wanted], {row["staff_id"] for row in wanted}
    there = select(_visit).where(_visit.c.visited_at.between(min(moments), max(moments)), _visit.c.staff_id.in_(people))
    return {("at", *(row[name] for name in _MOMENT)): row["id"] for row in connection_of(session).execute(there).mappings()}


def _submitted(session: Session, entries: Sequence[Entry], reports: Sequence[Sequence[Report]], setting: Setting) -> list[list[Submitted]]:
    """The cases of each visit; those of one person are opened together."""
    by_person: dict[str, list[int]] = defaultdict(list)
    for n, entry in enumerate(entries):
        by_person[entry.actor.name] += [n] if reports[n] else []
    found: dict[int, list[Submitted]] = {}
    for numbers in filter(None, by_person.values()):
        done = iter(submit(session, [each for n in numbers for each in reports[n]], setting, entries[numbers[0]].actor))
        found |= {n: [next(done) for _ in reports[n]] for n in numbers}
    return [found.get(n, []) for n in range(len(entries))]


def _row(visited: Visited, matters: Sequence[Report], actor: Actor, known: Catalogue, now: datetime) -> dict[str, Any]:
    if actor.user_id is None or not actor.roles & STAFF:
        raise Refused("visit_needs_staff")
    if visited.at is not None and visited.at > now:
        raise Refused("visit_in_future")
    if len(matters) > MATTERS_MOST:
        raise Refused("too_many_matters", most=MATTERS_MOST)
    return {
        "visited_at": visited.at or now,
        "staff_id": actor.user_id,
        "area_unit_id": known.unit_ids[_area(visited, actor, known)],
        "place": legible("place", visited.place, LONGEST["place"]),
        "note": legible("note", visited.note, NOTE_MAX),
    }


def _area(visited: Visited, actor: Actor, known: Catalogue) -> str:
    """The area that was named, or the one that whoever went there works for."""
    if visited.area is not None:
        if visited.area not in known.areas:
            raise Refused("unknown_area", area=visited.area)
        return visited.area
    own = known.units[actor.unit_id].code if actor.unit_id is not None else None
    if own is None or own not in known.areas:
        raise Refused("area_missing")
    return own


def _report(visited: Visited, matter: Report, no: int, area: str) -> Report:
    key = f"{_KEY}{visited.key}:{no}" if visited.key else None
    return replace(matter, source=SOURCE, area=area, place=matter.place or visited.place, key=key)


@dataclass(frozen=True, slots=True)
class Told:
    """A visit as it stands on record, with its cases.

    Attributes:
        place: Empty, like the note, where a case came from it that the viewer may not open.
        cases: Number, state, urgency, and subject, None where the viewer may not open the case.
    """

    id: int
    visited_at: datetime
    staff: str
    area_unit_id: int
    place: str
    note: str
    cases: tuple[Mapping[str, Any], ...]


def visits(session: Session, *, user: str | None = None, viewer: Actor | None = None, limit: int = 50) -> list[Told]:
    """Visits, the newest first; of one person only, where one is named.

    Args:
        session: The unit of work.
        user: Whose visits.
        viewer: Who looks; None: the administrator of the machine, who sees nothing of a sensitive case.
        limit: How many.
    """
    wanted = _told().order_by(_visit.c.visited_at.desc(), _visit.c.id.desc()).limit(limit)
    return _with_cases(session, wanted if user is None else wanted.where(_staff.c.name == user), viewer)


def visit(session: Session, visit_id: int, viewer: Actor | None = None) -> Told:
    """One visit, as far as the viewer may see it.

    Raises:
        Refused: `unknown_visit`.
    """
    found = _with_cases(session, _told().where(_visit.c.id == visit_id), viewer)
    if not found:
        raise Refused("unknown_visit", visit=visit_id)
    return found[0]


def _told() -> Select[Any]:
    columns = (_visit.c.id, _visit.c.visited_at, _staff.c.name.label("staff"), _visit.c.area_unit_id, _visit.c.place, _visit.c.note)
    return select(*columns).select_from(_visit.join(_staff, _staff.c.id == _visit.c.staff_id))


def _with_cases(session: Session, wanted: Select[Any], viewer: Actor | None) -> list[Told]:
    run, known = connection_of(session).execute, catalogue(session)
    rows = list(run(wanted))
    cases: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    closed: set[int] = set()
    columns = (_case.c[name] for name in ("visit_id", *_SHOWN, *_JUDGED_BY))
    of_them = select(*columns).where(_case.c.visit_id.in_([row.id for row in rows])).order_by(_case.c.id)
    for case in run(of_them).mappings() if rows else ():
        opened = may_open(dict(case), viewer, known)
        closed |= set() if opened else {case["visit_id"]}
        cases[case["visit_id"]].append({name: case[name] for name in _SHOWN} | ({} if opened else {"subject": None}))
    hidden = {"place": "", "note": ""}
    return [Told(**{**row._mapping, **(hidden if row.id in closed else {})}, cases=tuple(cases[row.id])) for row in rows]
