"""The list as people page through it, newest first: who holds the ball, and how the clock that matters most stands."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import Session

from models import Case, Clock, Journal, table
from rules.facts import STEP_OF, Actor, State
from rules.ladder import Ladder
from rules.worktime import seconds
from services.catalogue import Catalogue, catalogue
from services.moves.clockwork import course_of
from services.privacy.masking import masked
from services.visibility import visible_cases

_case, _clock, _journal = table(Case), table(Clock), table(Journal)


class Light(StrEnum):
    """How a clock stands, as a traffic light; always shown as icon, word and colour together."""

    OK = "ok"  #: time left
    WARN = "warn"  #: the yellow share of the limit is used up, or a gentle clock is past due
    LATE = "late"  #: past due
    HOLD = "hold"  #: paused


_GRAVITY: Final = (Light.HOLD, Light.OK, Light.WARN, Light.LATE)
_YELLOW: Final = 800  #: thousandths of the limit
_WHOLE_NO: Final = re.compile(r"BH-\d{8}-\d{4,8}", re.ASCII | re.IGNORECASE)
_DIGITS: Final = re.compile(r"\d{4}")
_LOOKED_THROUGH: Final = 1000  #: cases a page, where a light is asked for
_AT_ONCE: Final = 250  #: of these


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases to list, newest first; None: any.

    Attributes:
        after: The `next` of the page before; None for the first page.
        limit: At most so many.
        viewer: Who looks, and so which cases there are; None: a program with the one token, which sees all but the sensitive ones.
        category: Code of the category.
        area: Code of a unit; cases that lie in its area.
        light: Light of the clock that matters most.
        search: A number or a part of one, or words of the subject or the place.
    """

    state: State | None = None
    urgency: str | None = None
    after: int | None = None
    limit: int = 50
    viewer: Actor | None = None
    category: str | None = None
    area: str | None = None
    light: Light | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One clock of a case, and how it stands now."""

    kind: str
    order_no: int | None
    stage: str | None
    unit_id: int | None
    limit: str
    round: int
    started_at: datetime
    due_at: datetime
    provisional: bool
    stopped_at: datetime | None
    light: Light | None
    """None: stopped."""


#: What tells which of several open clocks matters most.
_WEIGHED_BY: Final = select(
    *(_clock.c[name] for name in ("id", "case_id", "due_at", "running_since", "ladder", "ladder_version", "budget_s", "consumed_s")),
    *(_clock.c[name] for name in ("calendar", "limit", "bound_by", "bound_at")),
)
_OF_CLOCK: Final = tuple(f.name for f in fields(ClockLine) if f.name != "light")


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One line of the list."""

    id: int
    no: str
    subject: str
    place: str
    category: str | None
    urgency: str
    sensitive: bool
    state: str
    step: str
    area_unit_id: int
    submitted_at: datetime
    held_by: int | None
    """Unit that holds the ball; None: the resident's, or nobody's."""
    clock: ClockLine | None
    """The open clock that matters most; None: none is open."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list.

    Attributes:
        next: The `after` of the page that follows, None at the end.
        clocks: Rows of the clocks that the lines show, by id of the case.
    """

    cases: tuple[CaseLine, ...]
    next: int | None
    clocks: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


def list_cases(session: Session, wanted: Wanted, now: datetime) -> Page:
    """A page of the list by keyset: no offset, so a page costs the same however far back it is.

    Without a viewer sensitive cases are never on it; files of affairs never are, nor clocks of those.
    Lights are asked, not stored: for one of them cases are looked through, so many a page; a page may then be short, and another follow.
    """
    known = catalogue(session)
    conditions, looked, after = conditions_of(session, wanted, known, now), 0, wanted.after
    found: list[CaseLine] = []
    shown: dict[int, Mapping[str, Any]] = {}
    chunk = wanted.limit + 1 if wanted.light is None else max(_AT_ONCE, wanted.limit + 1)
    while True:
        rows = _rows(session, conditions, after, chunk)
        clocks = _weightiest_clocks(session, [r["id"] for r in rows], known, now)
        shown |= {case_id: row for case_id, (_, row) in clocks.items()}
        lines = [_line(row, clocks.get(row["id"])) for row in rows]
        found += [line for line in lines if wanted.light is None or (line.clock is not None and line.clock.light is wanted.light)]
        looked, after = looked + len(rows), rows[-1]["id"] if rows else None
        if len(rows) < chunk or len(found) > wanted.limit or looked >= _LOOKED_THROUGH:
            break
    if len(found) > wanted.limit:
        return Page(tuple(found[: wanted.limit]), found[wanted.limit - 1].id, shown)
    return Page(tuple(found), after if len(rows) == chunk else None, shown)


def _rows(session: Session, conditions: Sequence[ColumnElement[bool]], after: int | None, limit: int) -> list[dict[str, Any]]:
    older = [] if after is None else [_case.c.id < after]
    query = _lines().where(*conditions, *older).order_by(_case.c.id.desc()).limit(limit)
    return [dict(row) for row in session.connection().execute(query).mappings()]


def _lines() -> Select[Any]:
    """Cases with who holds the ball: the newest journal entry says it."""
    names = ("id", "no", "subject", "place", "category", "urgency", "state", "area_unit_id", "submitted_at", "sensitive")
    newest = (_journal.c.case_id == _case.c.id) & (_journal.c.seq == _case.c.seq)
    columns = [_case.c[name] for name in names]
    return select(*columns, _journal.c.ball_unit_id.label("held_by")).select_from(_case.outerjoin(_journal, newest))


_Weighed = tuple[ClockLine, Mapping[str, Any]]


def _line(row: Mapping[str, Any], clock: _Weighed | None) -> CaseLine:
    words = {name: masked(row[name]) for name in ("subject", "place")}
    values = {**row, **words, "sensitive": row["sensitive"] is not None, "step": STEP_OF[State(row["state"])].value}
    return CaseLine(**values, clock=clock[0] if clock is not None else None)


def conditions_of(session: Session, wanted: Wanted, known: Catalogue, now: datetime) -> list[ColumnElement[bool]]:
    """What a case has to be to be on the list; of a light only what the database can tell, which every case with that light meets."""
    if wanted.viewer is None:
        found = [_case.c.sensitive.is_(None), _case.c.state != State.BESIDE.value]
    else:
        found = [visible_cases(session, wanted.viewer)]
    columns = {"state": wanted.state and wanted.state.value, "urgency": wanted.urgency, "category": wanted.category}
    found += [_case.c[name] == value for name, value in columns.items() if value]
    if wanted.area:
        top = known.unit_ids.get(wanted.area)
        found.append(_case.c.area_unit_id.in_([unit for unit in known.units if top in known.line(unit)]))
    if wanted.light is not None:
        found.append(_may_shine(wanted.light, now))
    if wanted.search:
        found.append(_named_so(wanted.search))
    return found


def _may_shine(light: Light, now: datetime) -> ColumnElement[bool]:
    """Whether an open clock of the case could have this light: what is late is past due, what is on hold does not run."""
    late, paused = _clock.c.due_at <= now, _clock.c.running_since.is_(None)
    of_light = {Light.LATE: ~paused & late, Light.WARN: ~paused, Light.OK: ~paused & ~late, Light.HOLD: paused}[light]
    return exists().where(_clock.c.case_id == _case.c.id, _clock.c.stopped_at.is_(None), _clock.c.affair_seq.is_(None), of_light)


def _named_so(search: str) -> ColumnElement[bool]:
    """A whole number is looked up; rows of digits are looked for in numbers alone: subjects may have phones in them, which are masked."""
    words = search.strip()
    if is_number(words):
        return _case.c.no == words.upper()
    by_number = _case.c.no.icontains(words, autoescape=True)
    if _DIGITS.search(words):
        return by_number
    return or_(by_number, _case.c.subject.icontains(words, autoescape=True), _case.c.place.icontains(words, autoescape=True))


def weightiest(clocks: Iterable[ClockLine]) -> ClockLine | None:
    """The open clock that matters most: the worst light, then the earliest due."""
    return max((clock for clock in clocks if clock.light is not None), key=_weight, default=None)


def _weight(clock: ClockLine) -> tuple[int, float]:
    return _GRAVITY.index(clock.light or Light.HOLD), -clock.due_at.timestamp()


def is_number(search: str) -> bool:
    """Whether this is a whole number of a case, in letters of either case."""
    return _WHOLE_NO.fullmatch(search.strip()) is not None


def _weightiest_clocks(session: Session, case_ids: list[int], known: Catalogue, now: datetime) -> dict[int, _Weighed]:
    """Of each case the open clock that matters most, with its row; a line is made of no other.

    A case has eight open clocks or so: of all of them only what they are weighed by is read, and the rest of one of each case.
    """
    if not case_ids:
        return {}
    best: dict[int, tuple[tuple[int, float], Light, int]] = {}
    open_ones = _clock.c.case_id.in_(case_ids), _clock.c.stopped_at.is_(None), _clock.c.affair_seq.is_(None)
    run = session.connection().execute
    for row in cast(Sequence[Mapping[str, Any]], run(_WEIGHED_BY.where(*open_ones)).mappings().all()):
        light = light_of(row, known, now)
        weight = (_GRAVITY.index(light), -row["due_at"].timestamp())
        if row["case_id"] not in best or weight > best[row["case_id"]][0]:
            best[row["case_id"]] = weight, light, row["id"]
    lights = {clock_id: light for _, light, clock_id in best.values()}
    rows = [dict(row) for row in run(select(_clock).where(_clock.c.id.in_(lights))).mappings()]
    return {row["case_id"]: (_clock_line(row, lights[row["id"]]), row) for row in rows}


def clock_line(clock: Mapping[str, Any], known: Catalogue, now: datetime) -> ClockLine:
    """A clock's row, and how it stands at this moment."""
    return _clock_line(clock, light_of(clock, known, now) if clock["stopped_at"] is None else None)


def _clock_line(clock: Mapping[str, Any], light: Light | None) -> ClockLine:
    return ClockLine(**{name: clock[name] for name in _OF_CLOCK}, light=light)


def light_of(clock: Mapping[str, Any], known: Catalogue, now: datetime) -> Light:
    """How an open clock stands at this moment, by the ladder stamped on it; asked, never stored."""
    if clock["running_since"] is None:
        return Light.HOLD
    rungs = known.ladders[clock["ladder"], clock["ladder_version"]]
    if now >= clock["due_at"]:
        return Light.LATE if any(rung.red for rung in rungs.rungs) else Light.WARN
    return Light.WARN if _is_yellow(clock, rungs, known, now) else Light.OK


def _is_yellow(clock: Mapping[str, Any], ladder: Ladder, known: Catalogue, now: datetime) -> bool:
    if not any(rung.permille == _YELLOW for rung in ladder.rungs):
        return False
    left = -(-clock["budget_s"] * _YELLOW // 1000) - clock["consumed_s"]
    if seconds(now) < seconds(clock["running_since"]) + left:  # not even if no night and no holiday had been in between
        return False
    course = course_of(dict(clock), known.calendars[clock["calendar"]])
    return course.reaches(-(-clock["budget_s"] * _YELLOW // 1000)) <= seconds(now)
