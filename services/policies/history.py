"""What a version of the policy would have made of the past: clocks that stopped in a stretch of time, measured by its limits."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from models import Case, Clock, WorkOrder, connection_of, table
from rules.worktime import Limit, after, elapsed, instant, seconds
from services.catalogue import catalogue
from services.moves import Row
from services.moves.replan import extensions_of, nominal_budget, runs_of
from services.policies.stored import Treatment, version_of
from services.policies.treating import Past, Trial, read_past

_case, _clock, _order = table(Case), table(Clock), table(WorkOrder)
_CASE: Final = ("no", "category", "urgency", "source", "area_unit_id", "special_group", "round", "policy_version")
_CLOCK: Final = (
    *("id", "case_id", "order_no", "kind", "stage", "round", "unit_id", "limit", "consumed_s", "running_since", "started_at"),
    *("stopped_at", "due_at", "calendar", "bound_at", "bound_by"),
)
BATCH: Final = 2000


@dataclass(frozen=True, slots=True)
class Judged:
    """A clock that was late under one of the two and not under the other."""

    no: str
    clock_id: int
    kind: str
    order_no: int | None
    unit_id: int | None
    stopped: datetime
    due_then: datetime
    due_under_it: datetime


@dataclass
class History:
    """What a stretch of the past would have looked like.

    Attributes:
        clocks: Clocks that stopped in it, by kind.
        late_then: Those that were late, by kind.
        late_under_it: Those that would have been late, by kind.
        appear: Breaches that were none.
        vanish: Breaches that would have been none.
    """

    since: datetime
    until: datetime
    clocks: Counter[str] = field(default_factory=Counter)
    late_then: Counter[str] = field(default_factory=Counter)
    late_under_it: Counter[str] = field(default_factory=Counter)
    appear: list[Judged] = field(default_factory=list)
    vanish: list[Judged] = field(default_factory=list)


def history(session: Session, version: int, since: datetime, until: datetime) -> History:
    """Measure the past by a version's limits; nothing is written, and what was a breach stays one on record.

    People are taken to have acted when they did: a shorter limit might have made them faster.

    Raises:
        Refused: `unknown_policy`.
    """
    version_of(session, version)
    trial = Trial(catalogue(session), version, Treatment.REPROJECT, until)
    found, last = History(since, until), 0
    while rows := [_pair(row) for row in connection_of(session).execute(_stopped(since, until, last)).all()]:
        past = read_past(session, [clock for _, clock in rows])
        for case, clock in rows:
            _judge(trial, found, case, clock, past)
        last = rows[-1][1]["id"]
    return found


def _stopped(since: datetime, until: datetime, after_id: int) -> Select[Any]:
    joined = _clock.join(_case, _case.c.id == _clock.c.case_id).outerjoin(
        _order, and_(_order.c.case_id == _clock.c.case_id, _order.c.no == _clock.c.order_no)
    )
    columns = [*(_case.c[n].label(f"case_{n}") for n in _CASE), *(_clock.c[n] for n in _CLOCK)]
    within = (
        _clock.c.stopped_at >= since,
        _clock.c.stopped_at <= until,
        _clock.c.supervision_seq.is_(None),
        _clock.c.id > after_id,
        _clock.c.affair_seq.is_(None),
    )
    return select(*columns).select_from(joined).where(*within).order_by(_clock.c.id).limit(BATCH)


def _pair(row: Any) -> tuple[Row, Row]:  # noqa: ANN401 - a result row
    values: Sequence[Any] = tuple(row)
    return dict(zip(_CASE, values, strict=False)), dict(zip(_CLOCK, values[len(_CASE) :], strict=True))


def _judge(trial: Trial, found: History, case: Row, clock: Row, past: Past) -> None:
    given = trial.allowance(case, clock["kind"], clock["stage"])
    stopped, kind = clock["stopped_at"], clock["kind"]
    due = clock["due_at"] if given is None or str(given.limit) == clock["limit"] else _due(trial, clock, given.limit, past)
    late, would_be = stopped > clock["due_at"], given is not None and stopped > due
    found.clocks[kind] += 1
    found.late_then[kind] += late
    found.late_under_it[kind] += would_be
    if late != would_be:
        judged = Judged(case["no"], clock["id"], kind, clock["order_no"], clock["unit_id"], stopped, clock["due_at"], due)
        (found.appear if would_be else found.vanish).append(judged)


def _due(trial: Trial, clock: Row, limit: Limit, past: Past) -> datetime:
    """When the clock would have been due: its budget laid over the stretches in which it ran."""
    entries = past.entries.get(clock["case_id"], ())
    calendar = trial.known.calendar_by(clock)
    runs = runs_of(clock, entries)
    budget = nominal_budget(limit, extensions_of(clock, entries), seconds(clock["started_at"]), calendar, runs)
    measure = None if limit.natural else calendar
    for since, until in runs:
        ran = None if until is None else elapsed(since, until, measure)
        if ran is None or ran >= budget:
            due = instant(after(since, budget, measure))
            return min(due, clock["bound_at"]) if clock["bound_by"] in ("upstream", "note") else due
        budget -= ran
    return instant(after(seconds(clock["stopped_at"]), budget, measure))
