"""Laws of computing an open clock anew: what was consumed stays, what was due stays due, working days end at a close of business."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from rules.worktime import Calendar, Kind, Limit, Unit, Window, after, budget_of, elapsed, every_day, instant, seconds
from services.moves.clockwork import course_of
from services.moves.replan import Basis, Granted, Stretch, counts_anew, extensions_of, is_spent, nominal_budget, replan, runs_of
from tests.worktime.calendars import OFFICE, ZONE, local, window

FIRST, LAST = date(2026, 8, 1), date(2027, 12, 31)
DAY, HOUR = 86_400, 3600
DUTY = (window("00:00-00:00", "every"),)
SEASONS = (
    *OFFICE,
    window("08:00-12:00", first="2026-12-01", last="2027-01-31"),
    window("15:00-18:00", first="2026-12-01", last="2027-01-31"),
)
EXTENDED = (*OFFICE, window("09:00-11:00", "restday"))

days = st.dates(date(2026, 11, 2), date(2027, 3, 31))
starts = st.integers(local("2026-11-02T00:00"), local("2026-12-20T00:00"))
limits = st.builds(lambda n, unit: Limit.parse(f"{n}{unit}"), st.integers(1, 25), st.sampled_from(["wd", "wh", "h"]))
working_days = st.builds(lambda n: Limit.parse(f"{n}wd"), st.integers(1, 25))
exceptions = st.dictionaries(days, st.booleans(), max_size=12)
hours = st.sampled_from([OFFICE, SEASONS, EXTENDED])


def calendar(told: dict[date, bool], windows: Sequence[Window] = OFFICE, version: int = 1) -> Calendar:
    return Calendar("c", version, ZONE, every_day(FIRST, LAST, told), windows)


@dataclass
class Life:
    """How a clock has run: started, paused and run on again, until now."""

    start: int
    pauses: list[tuple[int, int]]
    now: int

    @property
    def runs(self) -> list[Stretch]:
        edges = [self.start, *(edge for pause in self.pauses for edge in pause)]
        return [(edges[i], edges[i + 1] if i + 1 < len(edges) else None) for i in range(0, len(edges), 2)]


@st.composite
def lives(draw: st.DrawFn, pauses: int = 2) -> Life:
    start = stamp = draw(starts)
    held = []
    for _ in range(draw(st.integers(0, pauses))):
        since = stamp + draw(st.integers(1, 4 * DAY))
        stamp = since + draw(st.integers(1, 6 * DAY))
        held.append((since, stamp))
    return Life(start, held, stamp + draw(st.integers(0, 6 * DAY)))


#: Started and held for a minute on one Monday morning.
FIRST_DAY_HELD = Life(local("2026-11-02T09:00"), [(local("2026-11-02T10:00"), local("2026-11-02T10:01"))], local("2026-11-02T11:00"))


def running(limit: Limit, life: Life, known: Calendar) -> dict[str, Any]:
    """The row of a clock that has lived so under a calendar."""
    measure = None if limit.natural else known
    consumed = sum(elapsed(a, b, measure) for a, b in life.runs if b is not None)
    since, budget = life.runs[-1][0], budget_of(limit, life.start, known)
    row = {"kind": "handle", "order_no": 1, "limit": str(limit), "budget_s": budget, "consumed_s": consumed}
    moments = {
        "started_at": instant(life.start),
        "running_since": instant(since),
        "due_at": instant(after(since, budget - consumed, measure)),
    }
    return row | moments | {"bound_at": None, "bound_by": None}


def used(clock: dict[str, Any], now: int, known: Calendar) -> int:
    """What of its limit a clock has used up, as a calendar measures its last stretch."""
    measure = None if Limit.parse(clock["limit"]).natural else known
    return int(clock["consumed_s"]) + elapsed(seconds(clock["running_since"]), now, measure)


def anew(clock: dict[str, Any], life: Life, old: Calendar, new: Calendar, extensions: Sequence[Granted] = ()) -> int:
    """Compute a clock anew, and say when it is due."""
    replan(clock, Limit.parse(clock["limit"]), Basis(instant(life.now), old, new, life.runs, extensions))
    due = course_of(clock, new).due
    clock["due_at"] = instant(due)
    return due


@given(limits, lives(), exceptions, exceptions, hours, hours)
def test_a_change_never_touches_consumed_time(limit: Limit, life: Life, told: Any, later: Any, before: Any, afterwards: Any) -> None:
    old, new = calendar(told, before), calendar(later, afterwards, 2)
    clock = running(limit, life, old)
    assume(not is_spent(clock, instant(life.now)))
    consumed = used(clock, life.now, old)
    anew(clock, life, old, new)
    assert used(clock, life.now, new) == consumed


@given(working_days, lives(pauses=0), exceptions, exceptions, hours, hours)
def test_working_days_that_never_paused_end_at_a_close_of_the_new_calendar(
    limit: Limit, life: Life, told: Any, later: Any, before: Any, afterwards: Any
) -> None:
    old, new = calendar(told, before), calendar(later, afterwards, 2)
    clock = running(limit, life, old)
    assume(not is_spent(clock, instant(life.now)))
    due = anew(clock, life, old, new)
    assert due == max(new.close_of(life.start, limit.amount), life.now)


@given(working_days, starts, st.integers(1, 3 * DAY), st.integers(1, 10 * DAY), exceptions, exceptions, hours)
def test_a_pause_makes_it_later_by_the_working_time_in_it(
    limit: Limit, start: int, since: int, length: int, told: Any, later: Any, windows: Any
) -> None:
    old, new = calendar(told, windows), calendar(later, windows, 2)
    paused = Life(start, [(start + since, start + since + length)], start + since + length)
    straight = Life(start, [], paused.now)
    one, other = running(limit, paused, old), running(limit, straight, old)
    assume(not is_spent(one, instant(paused.now)))
    assume(not is_spent(other, instant(paused.now)))
    assume(new.close_of(start, limit.amount) > paused.now)
    moved = new.between(anew(other, straight, old, new), anew(one, paused, old, new))
    assert moved == new.between(start + since, start + since + length)


@given(limits, lives(), exceptions, hours)
def test_the_same_calendar_changes_nothing(limit: Limit, life: Life, told: Any, windows: Any) -> None:
    known = calendar(told, windows)
    clock = running(limit, life, known)
    was = dict(clock)
    assert not replan(clock, limit, Basis(instant(life.now), known, known, life.runs))
    assert clock == was


@given(limits, lives(), exceptions, exceptions, hours, hours)
def test_an_equal_calendar_moves_nothing(limit: Limit, life: Life, told: Any, later: Any, before: Any, afterwards: Any) -> None:
    """Once computed anew, a clock is not moved by the next state of the calendar that says the same of its days."""
    old, new, same = calendar(told, before), calendar(later, afterwards, 2), calendar(later, afterwards, 3)
    clock = running(limit, life, old)
    due = anew(clock, life, old, new)
    again = Life(life.start, life.pauses, life.now + HOUR)
    assume(not is_spent(clock, instant(again.now)))
    assert anew(clock, again, new, same) == due
    assert not counts_anew(limit, Basis(instant(again.now), new, same, again.runs))


@given(limits, lives(), exceptions, exceptions, hours, hours, st.integers(0, 30 * DAY))
def test_what_was_due_stays_due(limit: Limit, life: Life, told: Any, later: Any, before: Any, afterwards: Any, late: int) -> None:
    old, new = calendar(told, before), calendar(later, afterwards, 2)
    clock = running(limit, life, old)
    due = clock["due_at"]
    breached = Life(life.start, life.pauses, max(life.now, seconds(due)) + late)
    consumed = used(clock, breached.now, old)
    assert instant(anew(clock, breached, old, new)) == due
    assert used(clock, breached.now, new) == consumed


@given(limits, lives(), exceptions, st.sets(days, min_size=1, max_size=5))
@example(Limit.parse("1wd"), FIRST_DAY_HELD, {}, {date(2026, 11, 2)})
def test_a_stoppage_never_shortens(limit: Limit, life: Life, told: Any, stopped: Any) -> None:
    """But for pauses on the day of the start: it counts for no working day, so its hours of pause are not given back once it is off."""
    old, new = calendar(told), calendar(told | dict.fromkeys(stopped, False), version=2)
    clock = running(limit, life, old)
    was = seconds(clock["due_at"])
    first = instant(life.start).astimezone(ZONE).date()
    evening = seconds(datetime.combine(first + timedelta(days=1), time(), ZONE))
    held = sum(old.between(since, min(until, evening)) for since, until in life.pauses if since < evening)
    lost = held if limit.unit is Unit.WORK_DAY and first in stopped else 0
    due = anew(clock, life, old, new)
    assert due >= was or new.between(due, was) <= lost
    assert due >= was or lost


@given(limits, lives(pauses=0), exceptions, st.sets(days, min_size=1, max_size=5), hours)
def test_a_stoppage_never_shortens_whatever_the_hours(limit: Limit, life: Life, told: Any, stopped: Any, windows: Any) -> None:
    old, new = calendar(told, windows), calendar(told | dict.fromkeys(stopped, False), windows, 2)
    clock = running(limit, life, old)
    was = seconds(clock["due_at"])
    assert anew(clock, life, old, new) >= was


@given(limits, lives(), exceptions, exceptions, hours, hours)
def test_a_change_taken_back_at_once_gives_the_due_moment_back(
    limit: Limit, life: Life, told: Any, later: Any, before: Any, afterwards: Any
) -> None:
    old, new, again = calendar(told, before), calendar(later, afterwards, 2), calendar(told, before, 3)
    clock = running(limit, life, old)
    was = seconds(clock["due_at"])
    due = anew(clock, life, old, new)
    assume(due > life.now)  # one that became due by it has become due
    assert anew(clock, life, new, again) == was


@given(limits, lives(), exceptions, exceptions, hours)
def test_nobody_is_late_before_he_could_know(limit: Limit, life: Life, told: Any, later: Any, windows: Any) -> None:
    old, new = calendar(told, windows), calendar(later, windows, 2)
    clock = running(limit, life, old)
    assume(not is_spent(clock, instant(life.now)))
    assert anew(clock, life, old, new) >= life.now


@given(lives(pauses=1), st.integers(1, 10), st.integers(1, 5), st.integers(0, 5 * DAY), exceptions, exceptions, hours)
def test_an_extension_of_a_clock_that_paused_is_computed_as_it_was_granted(
    life: Life, first: int, more: int, later: int, told: Any, other: Any, windows: Any
) -> None:
    limit, amount, known = Limit.parse(f"{first}wd"), Limit.parse(f"{more}wd"), calendar(told, windows)
    clock, granted = running(limit, life, known), Granted(Limit.parse(f"{more}wd"), life.now)
    assume(not is_spent(clock, instant(life.now)))
    clock["budget_s"] += budget_of(amount, seconds(clock["due_at"]), known)
    now = Life(life.start, life.pauses, life.now + later)
    assert nominal_budget(limit, [granted], life.start, known, now.runs) == clock["budget_s"]
    was = course_of(clock, known).due
    clock["due_at"] = instant(was)
    assume(was > now.now)
    assert anew(clock, now, known, calendar(told, windows, 2), [granted]) == was


def test_a_paused_clock_keeps_what_it_consumed_and_waits() -> None:
    old, new = calendar({}), calendar({date(2026, 11, 25): False}, version=2)
    life = Life(local("2026-11-23T09:00"), [], local("2026-11-24T10:00"))
    clock = running(Limit.parse("3wd"), life, old)
    due = clock["due_at"]
    clock.update(consumed_s=used(clock, life.now, old), running_since=None)
    runs = [(life.start, life.now)]
    assert replan(clock, Limit.parse("3wd"), Basis(instant(local("2026-11-24T16:00")), old, new, runs))
    assert (clock["running_since"], clock["due_at"]) == (None, due)
    left = clock["budget_s"] - clock["consumed_s"]
    assert new.add(local("2026-11-24T10:00"), left) == local("2026-11-27T17:30")


def entry(at: str, action: str, thing: str = "case", no: int | None = None, **data: object) -> Any:
    return SimpleNamespace(at=instant(local(at)), thing=thing, thing_no=no, action=action, data=data)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("handle", 2), ("overall", 2), ("stage", 2), ("hold_review", 1), ("hold_cap", 1), ("rectify", 1), ("sign", 1), ("extend", 2)],
)
def test_a_hold_stops_only_the_clocks_that_pause_on_hold(kind: str, expected: int) -> None:
    clock = {"kind": kind, "started_at": instant(local("2026-11-23T09:00"))}
    journal = [entry("2026-11-20T09:00", "hold"), entry("2026-11-24T09:00", "hold"), entry("2026-11-25T09:00", "resume")]
    assert len(runs_of(clock, journal)) == expected


def test_extensions_are_those_of_the_same_clock_since_its_start() -> None:
    clock = {"kind": "handle", "order_no": 2, "started_at": instant(local("2026-11-23T09:00"))}
    journal = [
        entry("2026-11-20T09:00", "extended", "clock", 2, clock="handle", amount="1wd"),
        entry("2026-11-24T09:00", "extended", "clock", 1, clock="handle", amount="2wd"),
        entry("2026-11-24T09:00", "extended", "clock", 2, clock="handle", amount="3wd"),
    ]
    assert extensions_of(clock, journal) == [Granted(Limit.parse("3wd"), local("2026-11-24T09:00"))]


@pytest.mark.parametrize("days", ["workday", "restday", "every"])
def test_round_the_clock_is_a_kind_of_hours(days: Kind) -> None:
    told = calendar({}, (*OFFICE, window("00:00-00:00", days)) if days == "restday" else (window("00:00-00:00", days),))
    saturday = local("2026-11-28T00:00")
    assert told.between(saturday, saturday + DAY) == (0 if days == "workday" else DAY)


def test_twenty_four_hour_duty_knows_no_stoppage() -> None:
    old, new = calendar({}, DUTY), calendar({date(2026, 11, 25): False}, DUTY, 2)
    life = Life(local("2026-11-24T09:00"), [], local("2026-11-24T10:00"))
    clock = running(Limit.parse("20wh"), life, old)
    was = seconds(clock["due_at"])
    assert anew(clock, life, old, new) == was == life.start + timedelta(hours=20).seconds
