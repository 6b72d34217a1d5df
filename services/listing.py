"""Reading cases for people: a page of the list, and one case with all that happened to it. No names, no phones."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Case, Clock, Journal, SupervisionOrder, WorkOrder, table
from rules.facts import STEP_OF, Refused, State
from rules.ladder import Ladder
from rules.worktime import seconds
from services.catalogue import Catalogue, catalogue
from services.moves.clockwork import course_of

_case, _order, _clock, _journal, _supervision = (table(t) for t in (Case, WorkOrder, Clock, Journal, SupervisionOrder))
Row = dict[str, Any]

CASE_NO: Final = re.compile(r"BH-\d{8}-\d{4,8}")
#: What of a journal entry's data people may read; anything else (errors, ids of the machine) stays inside.
SHOWN_DATA: Final = (
    "source",
    "category",
    "urgency",
    "level",
    "reason",
    "result",
    "solved",
    "score",
    "clock",
    "limit",
    "due",
    "meant_for",
)
_NUMBERS_OF_PEOPLE: Final = re.compile(
    r"(?<!\d)(?:(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}|0\d{2,3}-\d{7,8}|\d{17}[\dXx])(?!\d)", re.ASCII
)


class Light(StrEnum):
    """How a clock stands, as a traffic light; always shown as icon, word and colour together."""

    OK = "ok"  #: time left
    WARN = "warn"  #: the yellow share of the limit is used up, or a gentle clock is past due
    LATE = "late"  #: past due
    HOLD = "hold"  #: paused


_GRAVITY: Final = (Light.HOLD, Light.OK, Light.WARN, Light.LATE)
_YELLOW: Final = 800  #: thousandths of the limit
_RED: Final = frozenset({"red", "urge"})  #: rungs by which a ladder calls a clock late; the gentle and the resident's have none


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases to list, newest first.

    Attributes:
        after: The `next` of the page before; None for the first page.
        limit: At most so many.
    """

    state: State | None = None
    urgency: str | None = None
    after: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One clock of a case, and how it stands now."""

    kind: str
    order_no: int | None
    unit_id: int | None
    limit: str
    round: int
    started_at: datetime
    due_at: datetime
    provisional: bool
    stopped_at: datetime | None
    light: Light | None
    """None: stopped."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One line of the list."""

    id: int
    no: str
    subject: str
    category: str | None
    urgency: str
    state: str
    step: str
    area_unit_id: int
    submitted_at: datetime
    held_by: int | None
    """Unit that holds the ball; None: the resident's, or nobody's."""
    clock: ClockLine | None
    """The open clock that matters most: the worst light, then the earliest due."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list; `next` is the `after` of the one that follows, None at the end."""

    cases: tuple[CaseLine, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class Holding:
    """One stretch of the held-by trail: who held the ball, from when, and till when (None: still)."""

    unit_id: int | None
    step: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case with all that people may read of it."""

    line: CaseLine
    facts: Row
    orders: tuple[Row, ...]
    supervision: tuple[Row, ...]
    clocks: tuple[ClockLine, ...]
    trail: tuple[Holding, ...]
    journal: tuple[Row, ...]


def masked(words: str) -> str:
    """Text as others may read it: phone and identity numbers that somebody wrote into it are blotted out."""
    return _NUMBERS_OF_PEOPLE.sub(lambda found: f"{found[0][:3]}****", words)


def list_cases(session: Session, wanted: Wanted, now: datetime) -> Page:
    """A page of the list by keyset: no offset, so a page costs the same however far back it is."""
    known = catalogue(session)
    conditions = []
    if wanted.state is not None:
        conditions.append(_case.c.state == wanted.state.value)
    if wanted.urgency is not None:
        conditions.append(_case.c.urgency == wanted.urgency)
    if wanted.after is not None:
        conditions.append(_case.c.id < wanted.after)
    query = _lines().where(*conditions).order_by(_case.c.id.desc()).limit(wanted.limit + 1)
    rows = [dict(row) for row in session.connection().execute(query).mappings()]
    shown = rows[: wanted.limit]
    clocks = _open_clocks(session, [r["id"] for r in shown], known, now)
    lines = tuple(_line(row, clocks[row["id"]]) for row in shown)
    return Page(lines, lines[-1].id if len(rows) > wanted.limit else None)


def read_case(session: Session, no: str, now: datetime) -> CaseFile:
    """One case by its number.

    Raises:
        Refused: `unknown_case`.
    """
    known = catalogue(session)
    run = session.connection().execute
    found = run(_lines(_case).where(_case.c.no == no)).mappings().first() if CASE_NO.fullmatch(no) else None
    if found is None:
        raise Refused("unknown_case", case=no)
    case_id = found["id"]
    orders = run(select(_order).where(_order.c.case_id == case_id).order_by(_order.c.no)).mappings()
    signed = run(select(_supervision).where(_supervision.c.case_id == case_id).order_by(_supervision.c.id)).mappings()
    rows = run(select(_clock).where(_clock.c.case_id == case_id).order_by(_clock.c.id)).mappings()
    entries = run(select(_journal).where(_journal.c.case_id == case_id).order_by(_journal.c.seq)).mappings()
    clocks = tuple(_clock_line(dict(row), known, now) for row in rows)
    journal = tuple(_entry(dict(row)) for row in entries)
    return CaseFile(
        line=_line(dict(found), [c for c in clocks if c.stopped_at is None]),
        facts=_readable(dict(found)),
        orders=tuple(_readable(dict(o)) for o in orders),
        supervision=tuple(dict(s) for s in signed),
        clocks=clocks,
        trail=_trail(journal),
        journal=journal,
    )


def _lines(*more: Any) -> Any:  # noqa: ANN401 - a Select, and tables to read in full
    """Cases with who holds the ball: the newest journal entry says it."""
    brief = (
        _case.c.id,
        _case.c.no,
        _case.c.subject,
        _case.c.category,
        _case.c.urgency,
        _case.c.state,
        _case.c.area_unit_id,
        _case.c.submitted_at,
    )
    newest = (_journal.c.case_id == _case.c.id) & (_journal.c.seq == _case.c.seq)
    return select(*(more or brief), _journal.c.ball_unit_id.label("held_by")).select_from(_case.outerjoin(_journal, newest))


def _line(row: Row, clocks: Iterable[ClockLine]) -> CaseLine:
    most = max(clocks, key=lambda c: (_GRAVITY.index(c.light or Light.HOLD), -c.due_at.timestamp()), default=None)
    return CaseLine(
        id=row["id"],
        no=row["no"],
        subject=masked(row["subject"]),
        category=row["category"],
        urgency=row["urgency"],
        state=row["state"],
        step=STEP_OF[State(row["state"])].value,
        area_unit_id=row["area_unit_id"],
        submitted_at=row["submitted_at"],
        held_by=row["held_by"],
        clock=most,
    )


def _open_clocks(session: Session, case_ids: list[int], known: Catalogue, now: datetime) -> Mapping[int, list[ClockLine]]:
    found: dict[int, list[ClockLine]] = defaultdict(list)
    query = select(_clock).where(_clock.c.case_id.in_(case_ids), _clock.c.stopped_at.is_(None))
    for row in session.connection().execute(query).mappings() if case_ids else ():
        found[row["case_id"]].append(_clock_line(dict(row), known, now))
    return found


def _clock_line(row: Row, known: Catalogue, now: datetime) -> ClockLine:
    names = ("kind", "order_no", "unit_id", "limit", "round", "started_at", "due_at", "provisional", "stopped_at")
    light = light_of(row, known, now) if row["stopped_at"] is None else None
    return ClockLine(*(row[name] for name in names), light=light)


def light_of(clock: Row, known: Catalogue, now: datetime) -> Light:
    """How an open clock stands at this moment, by the ladder stamped on it; asked, never stored."""
    if clock["running_since"] is None:
        return Light.HOLD
    rungs = known.ladders[clock["ladder"], clock["ladder_version"]]
    if now >= clock["due_at"]:
        return Light.LATE if any(rung.code in _RED for rung in rungs.rungs) else Light.WARN
    return Light.WARN if _is_yellow(clock, rungs, known, now) else Light.OK


def _is_yellow(clock: Row, ladder: Ladder, known: Catalogue, now: datetime) -> bool:
    if not any(rung.permille == _YELLOW for rung in ladder.rungs):
        return False
    course = course_of(clock, known.calendars[clock["calendar"]])
    return course.reaches(-(-clock["budget_s"] * _YELLOW // 1000)) <= seconds(now)


def _readable(row: Row) -> Row:
    """A case's or a work order's row with its free text masked."""
    texts = {name: masked(row[name]) for name in ("subject", "body", "place", "result") if row.get(name)}
    return {**row, **texts}


def _entry(row: Row) -> Row:
    data = {name: row["data"][name] for name in SHOWN_DATA if name in row["data"]}
    return {**row, "data": {k: masked(v) if isinstance(v, str) else v for k, v in data.items()}}


def _trail(journal: Iterable[Row]) -> tuple[Holding, ...]:
    """Who held the ball from when to when, from the journal; entries that passed nothing on are left out."""
    trail: list[Holding] = []
    for entry in journal:
        if trail and trail[-1].unit_id == entry["ball_unit_id"]:
            continue
        if trail:
            trail[-1] = Holding(trail[-1].unit_id, trail[-1].step, trail[-1].since, entry["at"])
        trail.append(Holding(entry["ball_unit_id"], entry["step"], entry["at"], None))
    return tuple(trail)
