"""Laws of working time, for any calendar and any moment."""

from datetime import UTC, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rules.worktime import Calendar, Limit, after, budget_of, elapsed, instant, seconds
from tests.worktime.calendars import ALL, ZONE, local

ONE_DAY = timedelta(days=1)

calendars = st.sampled_from(ALL)
moments = st.integers(local("2005-01-04T00:00"), local("2034-06-01T00:00"))
amounts = st.integers(1, 60 * 6 * 3600)
pauses = st.integers(0, 40 * 86400)


@given(calendars, moments, amounts)
def test_what_was_added_is_what_lies_between(calendar: Calendar, start: int, amount: int) -> None:
    end = calendar.add(start, amount)
    assert calendar.between(start, end) == amount
    assert calendar.between(start, end - 1) == amount - 1  # and not a second earlier
    assert calendar.between(end, start) == -amount


@given(calendars, moments, amounts, amounts)
def test_adding_in_two_goes_is_adding_at_once(calendar: Calendar, start: int, first: int, second: int) -> None:
    assert calendar.add(calendar.add(start, first), second) == calendar.add(start, first + second)


@given(calendars, moments, pauses, pauses)
def test_splitting_an_interval_changes_nothing(calendar: Calendar, start: int, first: int, second: int) -> None:
    middle, end = start + first, start + first + second
    assert calendar.between(start, middle) + calendar.between(middle, end) == calendar.between(start, end)


@given(calendars, moments, amounts, st.floats(0, 1), pauses)
def test_a_pause_moves_the_due_moment_by_the_working_time_in_it(
    calendar: Calendar, start: int, amount: int, share: float, pause: int
) -> None:
    paused_at = calendar.add(start, int(amount * share))
    resumed_at = paused_at + pause
    left = amount - calendar.between(start, paused_at)
    moved = calendar.between(calendar.add(start, amount), calendar.add(resumed_at, left))
    assert moved == calendar.between(paused_at, resumed_at)


@given(calendars, moments, amounts, st.lists(pauses, max_size=4))
def test_any_number_of_pauses_costs_no_working_time(calendar: Calendar, start: int, amount: int, held: list[int]) -> None:
    consumed, since = 0, start
    for pause in held:
        paused_at = calendar.add(since, (amount - consumed) // 2)
        consumed += calendar.between(since, paused_at)
        since = paused_at + pause
    due = calendar.add(since, amount - consumed)
    assert consumed + calendar.between(since, due) == amount


@given(calendars, moments, amounts)
def test_subtracting_undoes_adding(calendar: Calendar, start: int, amount: int) -> None:
    due = calendar.add(start, amount)
    back = calendar.subtract(due, amount)
    assert calendar.add(back, amount) == due
    assert calendar.between(start, back) == 0
    assert back >= start


@given(calendars, moments, amounts)
def test_the_moment_before_is_the_latest(calendar: Calendar, stamp: int, amount: int) -> None:
    back = calendar.subtract(stamp, amount)
    assert calendar.between(back, stamp) == amount
    assert calendar.between(back + 1, stamp) == amount - 1


@given(calendars, moments, amounts)
def test_the_next_opening_is_the_first_open_moment(calendar: Calendar, stamp: int, amount: int) -> None:
    opening = calendar.next_open(stamp)
    assert opening >= stamp
    assert calendar.between(stamp, opening) == 0
    assert calendar.next_open(opening) == opening
    assert opening == stamp or calendar.between(opening, opening + 1) == 1
    due = calendar.add(stamp, amount)
    assert calendar.next_open(due) == due  # a deadline lies in business hours


@given(calendars, moments, st.integers(0, 86400 * 20), st.integers(1, 30))
def test_the_close_of_business_never_goes_back(calendar: Calendar, start: int, later: int, days: int) -> None:
    close = calendar.close_of(start, days)
    assert close <= calendar.close_of(start + later, days)
    assert close < calendar.close_of(start, days + 1)
    assert close > start
    assert calendar.working_days_between(start, close) == days


@given(calendars, moments, st.integers(1, 30))
def test_a_limit_of_working_days_ends_at_their_close_of_business(calendar: Calendar, start: int, days: int) -> None:
    close = calendar.close_of(start, days)
    budget = budget_of(Limit.parse(f"{days}wd"), start, calendar)
    assert calendar.add(start, budget) == close


@given(calendars, moments, st.integers(-30, 30))
def test_a_neighbouring_working_day_has_the_same_time_and_leads_back(calendar: Calendar, start: int, days: int) -> None:
    due = calendar.close_of(start, 1)
    there = calendar.neighbour(due, days)
    assert calendar.neighbour(there, -days) == due or days == 0
    assert instant(there).astimezone(ZONE).time() == instant(due).astimezone(ZONE).time()
    assert calendar.working_days_between(due - 1, there) == days


@given(calendars, moments, pauses)
def test_the_segments_of_a_stretch_add_up(calendar: Calendar, start: int, length: int) -> None:
    end = start + length
    found = calendar.segments(start, end)
    edges = [stamp for segment in found for stretch in segment.stretches for stamp in stretch]
    assert sum(segment.seconds for segment in found) == calendar.between(start, end)
    assert edges == sorted(edges)
    assert all(start <= stamp <= end for stamp in edges)
    assert all(b.day - a.day == ONE_DAY for a, b in pairwise(found))


@given(moments)
def test_seconds_and_instants_are_the_same_thing(moment: int) -> None:
    assert seconds(instant(moment)) == moment
    assert instant(moment).tzinfo is UTC


@given(moments, st.integers(1, 10**6))
def test_natural_time_never_stops(start: int, amount: int) -> None:
    assert elapsed(start, after(start, amount, None), None) == amount
