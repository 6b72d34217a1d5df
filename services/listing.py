"""The list as people page through it, newest first: who holds the ball, and how the clock that matters most stands."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from models import Case, Clock, Journal, table
from rules.facts import STEP_OF, State
from rules.ladder import Ladder
from rules.worktime import seconds
from services.catalogue import Catalogue, catalogue
from services.moves.clockwork import course_of
from services.privacy.masking import masked

_case, _clock, _journal = table(Case), table(Clock), table(Journal)


class Light(StrEnum):
    """How a clock stands, as a traffic light; always shown as icon, word and colour together."""

    OK = "ok"  #: time left
    WARN = "warn"  #: the yellow share of the limit is used up, or a gentle clock is past due
    LATE = "late"  #: past due
    HOLD = "hold"  #: paused


_GRAVITY: Final = (Light.HOLD, Light.OK, Light.WARN, Light.LATE)
_YELLOW: Final = 800  #: thousandths of the limit


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


_OF_CLOCK: Final = tuple(f.name for f in fields(ClockLine) if f.name != "light")


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
    """The open clock that matters most; None: none is open."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list; `next` is the `after` of the one that follows, None at the end."""

    cases: tuple[CaseLine, ...]
    next: int | None


def list_cases(session: Session, wanted: Wanted, now: datetime) -> Page:
    """A page of the list by keyset: no offset, so a page costs the same however far back it is.

    Sensitive cases are never on it, nor files of affairs, nor clocks of those.
    """
    known = catalogue(session)
    conditions: list[ColumnElement[bool]] = [_case.c.sensitive.is_(None), _case.c.state != State.BESIDE.value]
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


def _lines() -> Select[Any]:
    """Cases with who holds the ball: the newest journal entry says it."""
    names = ("id", "no", "subject", "category", "urgency", "state", "area_unit_id", "submitted_at")
    newest = (_journal.c.case_id == _case.c.id) & (_journal.c.seq == _case.c.seq)
    columns = [_case.c[name] for name in names]
    return select(*columns, _journal.c.ball_unit_id.label("held_by")).select_from(_case.outerjoin(_journal, newest))


def _line(row: Mapping[str, Any], clocks: Iterable[ClockLine]) -> CaseLine:
    values = {**row, "subject": masked(row["subject"]), "step": STEP_OF[State(row["state"])].value}
    return CaseLine(**values, clock=weightiest(clocks))


def weightiest(clocks: Iterable[ClockLine]) -> ClockLine | None:
    """The open clock that matters most: the worst light, then the earliest due."""
    still_open = (clock for clock in clocks if clock.light is not None)
    return max(still_open, key=lambda c: (_GRAVITY.index(c.light or Light.HOLD), -c.due_at.timestamp()), default=None)


def _open_clocks(session: Session, case_ids: list[int], known: Catalogue, now: datetime) -> Mapping[int, list[ClockLine]]:
    found: dict[int, list[ClockLine]] = defaultdict(list)
    query = select(_clock).where(_clock.c.case_id.in_(case_ids), _clock.c.stopped_at.is_(None), _clock.c.affair_seq.is_(None))
    for row in session.connection().execute(query).mappings() if case_ids else ():
        found[row["case_id"]].append(clock_line(dict(row), known, now))
    return found


def clock_line(clock: Mapping[str, Any], known: Catalogue, now: datetime) -> ClockLine:
    """A clock's row, and how it stands at this moment."""
    light = light_of(clock, known, now) if clock["stopped_at"] is None else None
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
    course = course_of(dict(clock), known.calendars[clock["calendar"]])
    return course.reaches(-(-clock["budget_s"] * _YELLOW // 1000)) <= seconds(now)
