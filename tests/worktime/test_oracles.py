"""Second opinions on working time: another package, the notices typed by hand, and counting minute by minute."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.worktime import Calendar, Window
from tests.worktime.calendars import CN, ZONE, local

ONE_DAY = timedelta(days=1)

#: Typed from the State Council's notices: stretches of days off, and days worked instead, as month.day.
NOTICES = {
    2024: (
        ("1.1-1.1", "2.10-2.17", "4.4-4.6", "5.1-5.5", "6.10-6.10", "9.15-9.17", "10.1-10.7"),
        ("2.4", "2.18", "4.7", "4.28", "5.11", "9.14", "9.29", "10.12"),
    ),
    2025: (
        ("1.1-1.1", "1.28-2.4", "4.4-4.6", "5.1-5.5", "5.31-6.2", "10.1-10.8"),
        ("1.26", "2.8", "4.27", "9.28", "10.11"),
    ),
    2026: (
        ("1.1-1.3", "2.15-2.23", "4.4-4.6", "5.1-5.5", "6.19-6.21", "9.25-9.27", "10.1-10.7"),
        ("1.4", "2.14", "2.28", "5.9", "9.20", "10.10"),
    ),
}


def days_of(year: int) -> list[date]:
    return [date(year, 1, 1) + ONE_DAY * i for i in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]


def noticed(year: int) -> dict[date, bool]:
    """Every day of the year by the notice: worked or not."""

    def on(text: str) -> date:
        month, _, day = text.partition(".")
        return date(year, int(month), int(day))

    holidays, worked = NOTICES[year]
    off = {day for stretch in holidays for day in days_of(year) if on(stretch.split("-")[0]) <= day <= on(stretch.split("-")[1])}
    instead = {on(text) for text in worked}
    assert not off & instead
    assert all(day.weekday() >= 5 for day in instead)
    return {day: day in instead or (day.weekday() < 5 and day not in off) for day in days_of(year)}


def counted(day: date) -> bool:
    """Whether the calendar counts a day, asked as a clock asks: the working time and the working days of this day."""
    start, end = local(f"{day}T00:00"), local(f"{day}T23:59")
    worked = CN.between(start, end)
    assert worked in (0, 23400)
    assert CN.working_days_between(start - 1, end) == bool(worked)
    return bool(worked)


@pytest.mark.parametrize("year", NOTICES)
def test_the_notices_typed_by_hand_agree_on_every_day(year: int) -> None:
    expected = noticed(year)
    assert [day for day in expected if counted(day) != expected[day]] == []


@pytest.mark.parametrize("year", range(2009, 2027))
def test_chinesecalendar_agrees_on_every_day(year: int) -> None:
    assert [day for day in days_of(year) if counted(day) != chinese_calendar.is_workday(day)] == []


@dataclass(frozen=True)
class Slow:
    """A calendar that walks from minute to minute, sharing nothing with ours. Hours are (from, to, kind) in minutes of the day."""

    days: dict[date, bool]
    hours: list[tuple[int, int, str]]

    def works(self, day: date) -> bool:
        return self.days[day] if day in self.days else day.weekday() not in (5, 6)

    def is_open(self, minute: int) -> bool:
        moment = EPOCH_DAY + timedelta(minutes=minute)
        kinds = ("every", "workday") if self.works(moment.date()) else ("every", "restday")
        of_day = moment.hour * 60 + moment.minute
        return any(a <= of_day < b and kind in kinds for a, b, kind in self.hours)

    def counts(self, day: date) -> bool:
        kinds = {kind for _, _, kind in self.hours}
        return "every" in kinds or ("workday" in kinds and self.works(day))

    def add(self, start: int, amount: int) -> int:
        while amount:
            amount -= self.is_open(start)
            start += 1
        return start

    def subtract(self, end: int, amount: int) -> int:
        while amount:
            end -= 1
            amount -= self.is_open(end)
        return end

    def between(self, start: int, end: int) -> int:
        return sum(self.is_open(minute) for minute in range(start, end))

    def close_of(self, start: int, n: int) -> int:
        day = (EPOCH_DAY + timedelta(minutes=start)).date()
        while n:
            day += ONE_DAY
            n -= self.counts(day)
        end = (datetime.combine(day, time(0)) - EPOCH_DAY) // timedelta(minutes=1) + 1440
        while not self.is_open(end - 1):
            end -= 1
        return end


EPOCH_DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - local wall time, which is all that the slow one knows
EPOCH_STAMP = local("2026-01-01T00:00")


def both(draw: st.DrawFn) -> Iterator[object]:
    """Random days and random hours that do not overlap, for ours and for the slow one."""
    edges = sorted(draw(st.sets(st.integers(0, 48), min_size=2, max_size=8)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    kinds = draw(st.lists(st.sampled_from(["workday", "restday", "every"]), min_size=len(pairs), max_size=len(pairs)))
    kinds[0] = draw(st.sampled_from(["workday", "every"]))
    hours = [(a * 30, b * 30, kind) for (a, b), kind in zip(pairs, kinds, strict=True)]
    worked = draw(st.lists(st.booleans(), min_size=12, max_size=12))
    days = {date(2026, 1, 5) + ONE_DAY * i: works for i, works in enumerate(worked)}
    yield Slow(days, hours)
    windows = [Window(time(a // 60, a % 60), time(b // 60 % 24, b % 60), days=kind) for a, b, kind in hours]
    yield Calendar("random", 1, ZONE, days, draw(st.permutations(windows)))


@st.composite
def pairs_of_calendars(draw: st.DrawFn) -> tuple[Slow, Calendar]:
    slow, ours = both(draw)
    assert isinstance(slow, Slow)
    assert isinstance(ours, Calendar)
    return slow, ours


minutes = st.integers(0, 30 * 1440)


def stamp(minute: int) -> int:
    return EPOCH_STAMP + minute * 60


@settings(max_examples=60, deadline=None)
@given(pairs_of_calendars(), minutes, st.integers(1, 240))
def test_counting_minute_by_minute_adds_and_takes_away_the_same(pair: tuple[Slow, Calendar], start: int, amount: int) -> None:
    slow, ours = pair
    assert ours.add(stamp(start), amount * 60) == stamp(slow.add(start, amount))
    assert ours.subtract(stamp(start), amount * 60) == stamp(slow.subtract(start, amount))


@settings(max_examples=60, deadline=None)
@given(pairs_of_calendars(), minutes, st.integers(0, 7 * 1440))
def test_counting_minute_by_minute_finds_the_same_between(pair: tuple[Slow, Calendar], start: int, length: int) -> None:
    slow, ours = pair
    assert ours.between(stamp(start), stamp(start + length)) == 60 * slow.between(start, start + length)


@settings(max_examples=60, deadline=None)
@given(pairs_of_calendars(), minutes, st.integers(1, 8))
def test_counting_day_by_day_finds_the_same_close_of_business(pair: tuple[Slow, Calendar], start: int, days: int) -> None:
    slow, ours = pair
    assert ours.close_of(stamp(start), days) == stamp(slow.close_of(start, days))
