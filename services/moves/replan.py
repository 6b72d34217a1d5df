"""Giving an open clock another limit or another calendar: what was consumed stays consumed, and what had become due stays due."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rules.worktime import Calendar, Limit, Unit, after, budget_of, elapsed, seconds
from services.moves.clockwork import bind, project
from services.moves.draft import Draft, Row

#: A stretch during which a clock ran, in seconds since 1970; None: it still runs.
Stretch = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a clock is computed anew from.

    Attributes:
        now: The instant of the change; time before it was consumed under `old`, time after it will be under `new`.
        old: Calendar by which the clock has been measured so far.
        new: Calendar from now on; the same when only the limit changes.
        runs: Stretches during which it ran since its start (`runs_of`).
        extensions: What was granted on top of its limit, in order (`extensions_of`).
    """

    now: datetime
    old: Calendar
    new: Calendar
    runs: Sequence[Stretch]
    extensions: Sequence[Limit] = ()


def extensions_of(clock: Row, journal: Iterable[Any]) -> list[Limit]:
    """What was granted on top of a clock's limit, from its case's journal."""
    own = (e for e in journal if e.thing == "clock" and e.action == "extended" and e.thing_no == clock["order_no"])
    return [Limit.parse(e.data["amount"]) for e in own if e.data["clock"] == clock["kind"] and e.at >= clock["started_at"]]


def nominal_budget(limit: Limit, extensions: Iterable[Limit], start: int, calendar: Calendar) -> int:
    """The whole budget of a clock that never pauses: its limit, and each extension from the moment at which it was due before."""
    budget = budget_of(limit, start, calendar)
    for amount in extensions:
        budget += budget_of(amount, after(start, budget, None if limit.natural else calendar), calendar)
    return budget


def runs_of(clock: Row, journal: Iterable[Any]) -> list[Stretch]:
    """The stretches during which a clock ran, from its case's journal: only a hold stands between them.

    Args:
        clock: The clock.
        journal: Entries of its case, in order, with `at`, `thing` and `action`.
    """
    if clock["kind"] in ("hold_review", "hold_cap"):
        return [(seconds(clock["started_at"]), None)]
    runs: list[Stretch] = [(seconds(clock["started_at"]), None)]
    for entry in journal:
        if entry.thing != "case" or entry.at < clock["started_at"]:
            continue
        since, until = runs[-1]
        if entry.action == "hold" and until is None:
            runs[-1] = (since, seconds(entry.at))
        elif entry.action == "resume" and until is not None:
            runs.append((seconds(entry.at), None))
    return runs


def replan(clock: Row, limit: Limit, basis: Basis) -> bool:
    """Compute an open clock anew from `basis.now` on; one that was due before is left as it is.

    The consumed time is taken as it was measured; only a limit in another kind of time (natural, working) measures it anew. A limit
    in working days ends at the close of the n-th working day again, later by what the pauses took. A clock whose new
    limit is used up already is due now, not earlier: nobody is late before he could know.

    Args:
        clock: The clock, changed in place but for its moments (`reprojected` derives them).
        limit: The limit from now on.
        basis: What it is computed from.

    Returns:
        Whether anything changed that its due moment depends on.
    """
    running = clock["running_since"] is not None
    if clock["due_at"] <= basis.now and running:
        return False
    was = Limit.parse(clock["limit"])
    now, before = seconds(basis.now), (clock["budget_s"], clock["due_at"])
    consumed = _consumed(clock, was, limit, basis, now)
    ran = _ran(basis.runs, now, None if limit.natural else basis.new)
    budget = nominal_budget(limit, basis.extensions, seconds(clock["started_at"]), basis.new)
    if limit.unit is Unit.WORK_DAY:
        budget = consumed + budget - ran
    recounted = consumed != ran and not limit.natural
    if (limit, budget) == (was, before[0]) and not recounted:
        return False
    clock.update(limit=str(limit), consumed_s=consumed, budget_s=max(budget, consumed), restamped=True)
    if running:
        clock["running_since"] = basis.now
    if budget <= consumed:
        clock["due_at"] = basis.now
    return True


def _consumed(clock: Row, was: Limit, limit: Limit, basis: Basis, now: int) -> int:
    if was.natural != limit.natural:
        return _ran(basis.runs, now, None if limit.natural else basis.new)
    since = clock["running_since"]
    running = elapsed(seconds(since), now, None if was.natural else basis.old) if since is not None else 0
    return int(clock["consumed_s"]) + running


def _ran(runs: Sequence[Stretch], now: int, calendar: Calendar | None) -> int:
    """How much of a kind of time lies in the stretches, up to now."""
    return sum(elapsed(since, min(now if until is None else until, now), calendar) for since, until in runs)


def _bind_again(draft: Draft, clock: Row, calendar: Calendar) -> None:
    """What bound it still binds: a limit from outside where it was, another clock where that is due now (compute that one first)."""
    lead = draft.lead()
    by = {"lead": lead["no"] if lead else None, "handle": clock["order_no"]}
    if clock["bound_by"] in by:
        other = draft.open_clock("handle", by[clock["bound_by"]])
        if other is not None:
            clock["bound_at"] = other["due_at"]
    bind(clock, calendar)


def reprojected(draft: Draft, clock: Row, calendar: Calendar, fired: frozenset[str]) -> None:
    """Derive the moments of a clock that was computed anew, and have it written with its new stamps."""
    if clock["running_since"] is not None:
        _bind_again(draft, clock, calendar)
        project(clock, draft.catalogue.ladders[clock["ladder"], clock["ladder_version"]], calendar, fired)
    clock.update(calendar_version=calendar.version, restamped=True)
    if clock["id"] is not None and not any(c is clock for c in draft.touched_clocks):
        draft.touched_clocks.append(clock)
