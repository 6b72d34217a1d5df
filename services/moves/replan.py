"""Giving an open clock another limit or another calendar: what was consumed stays consumed, and what had become due stays due."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from rules.clocks import ClockKind
from rules.worktime import Calendar, Limit, Unit, after, budget_of, elapsed, seconds
from services.moves.draft import Row

#: A stretch during which a clock ran, in seconds since 1970; None: it still runs.
Stretch = tuple[int, int | None]
#: Clocks that stop while a case is on hold; desks, supervision orders and the hold itself go on.
HELD: Final = frozenset(
    {
        *(ClockKind.ACKNOWLEDGE.value, ClockKind.CONTACT.value, ClockKind.CONTROL.value, ClockKind.HANDLE.value),
        *(ClockKind.STAGE.value, ClockKind.EXTEND.value, ClockKind.OVERALL.value),
    }
)


class Granted(NamedTuple):
    """An extension on top of a limit: how much, and when it was granted (seconds since 1970)."""

    amount: Limit
    at: int


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
    extensions: Sequence[Granted] = ()


def extensions_of(clock: Row, journal: Iterable[Any]) -> list[Granted]:
    """What was granted on top of a clock's limit, from its case's journal."""
    own = (e for e in journal if e.thing == "clock" and e.action == "extended" and e.thing_no == clock["order_no"])
    found = [e for e in own if e.data["clock"] == clock["kind"] and e.at >= clock["started_at"]]
    return [Granted(Limit.parse(e.data["amount"]), seconds(e.at)) for e in found]


def nominal_budget(limit: Limit, extensions: Iterable[Granted], start: int, calendar: Calendar, runs: Sequence[Stretch] = ()) -> int:
    """The whole budget of a clock: its limit, and each extension from the moment at which it was due when that was granted.

    Args:
        limit: The limit.
        extensions: What was granted on top, in order.
        start: When the clock was started, seconds since 1970.
        calendar: The working calendar.
        runs: Stretches during which it ran; none: it never paused.
    """
    measure = None if limit.natural else calendar
    ran = runs or [(start, None)]
    budget = budget_of(limit, start, calendar)
    for amount, at in extensions:
        due = after(at, budget - _ran(ran, at, measure), measure)
        budget += budget_of(amount, due, calendar)
    return budget


def runs_of(clock: Row, journal: Iterable[Any]) -> list[Stretch]:
    """The stretches during which a clock ran, from its case's journal: only a hold stands between them.

    Args:
        clock: The clock.
        journal: Entries of its case, in order, with `at`, `thing` and `action`.
    """
    start = seconds(clock["started_at"])
    runs: list[Stretch] = [(start, None)]
    if clock["kind"] not in HELD:
        return runs
    for entry in journal:
        if entry.thing != "case":
            continue
        since, until = runs[-1]
        if entry.at < clock["started_at"]:  # one that was started during a hold stood still from the first
            runs[-1] = (start, start if entry.action == "hold" else None if entry.action == "resume" else until)
            continue
        if entry.action == "hold" and until is None:
            runs[-1] = (since, seconds(entry.at))
        elif entry.action == "resume" and until is not None:
            runs.append((seconds(entry.at), None))
    return runs


def is_spent(clock: Row, now: datetime) -> bool:
    """Whether an open clock has become due already, or had before it was paused."""
    if clock["running_since"] is None:
        return bool(clock["consumed_s"] >= clock["budget_s"])
    return bool(clock["due_at"] <= now)


def counts_anew(limit: Limit, basis: Basis) -> bool:
    """Whether the new calendar counts what the clock has run so far differently; natural time never does."""
    if limit.natural or basis.old is basis.new:
        return False
    now = seconds(basis.now)
    return _ran(basis.runs, now, basis.old) != _ran(basis.runs, now, basis.new)


def replan(clock: Row, limit: Limit, basis: Basis) -> bool:
    """Compute an open clock anew from `basis.now` on; one that was due before keeps its due moment.

    The consumed time is taken as it was measured; only a limit in another kind of time (natural, working) measures it anew. A limit
    in working days ends at the close of the n-th working day again, later by what the pauses took. A clock whose new
    limit is used up already is due now, not earlier: nobody is late before he could know.

    Args:
        clock: The clock, changed in place but for its moments, which whoever calls derives (`clockwork.bind`, `clockwork.project`).
        limit: The limit from now on.
        basis: What it is computed from.

    Returns:
        Whether anything changed that its due moment depends on, or, of one that was due, how much it had consumed.
    """
    if is_spent(clock, basis.now):
        return _keep_spent(clock, basis)
    was = Limit.parse(clock["limit"])
    consumed = _consumed(clock, was, limit, basis)
    budget = nominal_budget(limit, basis.extensions, seconds(clock["started_at"]), basis.new, basis.runs)
    if limit.unit is Unit.WORK_DAY:
        budget += consumed - _ran(basis.runs, seconds(basis.now), basis.new)
    if (limit, budget) == (was, clock["budget_s"]) and basis.old is basis.new:
        return False
    clock.update(limit=str(limit), consumed_s=consumed, budget_s=max(budget, consumed), restamped=True)
    if clock["running_since"] is not None:
        clock["running_since"] = basis.now
    if budget <= consumed:
        clock["due_at"] = basis.now
    return True


def _keep_spent(clock: Row, basis: Basis) -> bool:
    """A breach is a fact: where the new calendar counts its time differently, what was measured is written down as consumed."""
    limit, running, now = Limit.parse(clock["limit"]), clock["running_since"], seconds(basis.now)
    if limit.natural or basis.old is basis.new:
        return False
    ends = {_end(clock, calendar) for calendar in (basis.old, basis.new)} if running is not None else ()
    budgets = {nominal_budget(limit, basis.extensions, basis.runs[0][0], c, basis.runs) for c in (basis.old, basis.new)}
    if len(ends) <= 1 and len(budgets) == 1 and not counts_anew(limit, basis):
        return False
    if running is not None:
        consumed = clock["consumed_s"] + elapsed(seconds(running), now, basis.old)
        clock.update(consumed_s=max(consumed, clock["budget_s"]), running_since=basis.now, restamped=True)
    return True


def _end(clock: Row, calendar: Calendar) -> int:
    """When a running clock is used up by a calendar."""
    return after(seconds(clock["running_since"]), clock["budget_s"] - clock["consumed_s"], calendar)


def _consumed(clock: Row, was: Limit, limit: Limit, basis: Basis) -> int:
    now = seconds(basis.now)
    if was.natural != limit.natural:
        return _ran(basis.runs, now, None if limit.natural else basis.new)
    since = clock["running_since"]
    running = elapsed(seconds(since), now, None if was.natural else basis.old) if since is not None else 0
    return int(clock["consumed_s"]) + running


def _ran(runs: Sequence[Stretch], now: int, calendar: Calendar | None) -> int:
    """How much of a kind of time lies in the stretches, up to a moment."""
    return sum(elapsed(since, now if until is None else min(until, now), calendar) for since, until in runs if since < now)
