"""Working time: what a limit means, and when it ends, on a Chinese working calendar.

A calendar is days (working or not, 调休 included) and daily windows. From them one table of working windows is made with running totals, so
that adding working time or measuring it is a binary search. Local wall time is turned into UTC once, when the table is made.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_DAY = timedelta(days=1)


class Unit(StrEnum):
    """The four units a limit may be written in (docs/glossary.md: 自然时, 工作时, 工作日)."""

    MINUTE = "m"  #: natural minute, never stops
    HOUR = "h"  #: natural hour, never stops
    WORK_HOUR = "wh"  #: working hour
    WORK_DAY = "wd"  #: working day: start day not counted, ends at the close of business


class BeyondHorizonError(ValueError):
    """The calendar has no days so far ahead (or back); load more before promising anything."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A time limit as people write it: `30m`, `24h`, `4wh`, `15wd`."""

    amount: int
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Read `30m`, `24h`, `4wh` or `15wd`.

        Raises:
            ValueError: anything else; fractions of a unit are not accepted.
        """
        found = re.fullmatch(r"(\d+)(m|h|wh|wd)", text.strip())
        if not found or int(found[1]) == 0:
            msg = f"not a time limit: {text!r} (write 30m, 24h, 4wh or 15wd)"
            raise ValueError(msg)
        return cls(int(found[1]), Unit(found[2]))

    @property
    def natural(self) -> bool:
        """Whether the limit runs through nights and holidays."""
        return self.unit in (Unit.MINUTE, Unit.HOUR)

    def half(self) -> "Limit":
        """Half the limit, rounded up to whole units: the limit of a rework (domain rule 返工)."""
        return Limit((self.amount + 1) // 2, self.unit)

    def __str__(self) -> str:
        """Give back the text that `parse` reads."""
        return f"{self.amount}{self.unit}"


@dataclass(frozen=True, slots=True)
class Window:
    """One daily stretch of business hours in local time, from `first` to `last` day inclusive (None: open-ended)."""

    opens: time
    closes: time
    first: date | None = None
    last: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether this window is in force on that day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970 UTC of an aware instant; a fraction of a second is dropped."""
    return int((moment - EPOCH).total_seconds())


def instant(stamp: int) -> datetime:
    """The aware UTC instant of so many seconds since 1970."""
    return EPOCH + timedelta(seconds=stamp)


@dataclass(frozen=True)
class Calendar:
    """A working calendar between two days, made fast to ask.

    Attributes:
        code: What the calendar is called, e.g. `cn`.
        version: Which state of its days this is; stamped on every clock.
        zone: Local zone of the days and windows.
        days: Every day of the horizon: True where people work.
        windows: Daily business hours, not overlapping on any day.
    """

    code: str
    version: int
    zone: tzinfo
    days: Mapping[date, bool]
    windows: Sequence[Window]
    provisional: frozenset[date] = frozenset()
    _starts: list[int] = field(init=False, repr=False, default_factory=list)
    _ends: list[int] = field(init=False, repr=False, default_factory=list)
    _totals: list[int] = field(init=False, repr=False, default_factory=list)
    _closes: dict[date, int] = field(init=False, repr=False, default_factory=dict)
    _working: list[date] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        total = 0
        for day in sorted(self.days):
            if not self.days[day]:
                continue
            hours = sorted((w.opens, w.closes) for w in self.windows if w.holds_on(day))
            for opens, closes in hours:
                start, end = self._stamp(day, opens), self._stamp(day, closes)
                self._starts.append(start)
                self._ends.append(end)
                self._totals.append(total)
                total += end - start
            if hours:
                self._working.append(day)
                self._closes[day] = self._ends[-1]

    def _stamp(self, day: date, at: time) -> int:
        return seconds(datetime.combine(day, at, self.zone))

    def _worked_until(self, stamp: int) -> int:
        """Working seconds from the beginning of the table to `stamp`."""
        i = bisect_right(self._starts, stamp) - 1
        if i < 0 or not self._covers(stamp):
            raise BeyondHorizonError(instant(stamp).isoformat())
        return self._totals[i] + min(stamp, self._ends[i]) - self._starts[i]

    def _covers(self, stamp: int) -> bool:
        return bool(self._starts) and self._starts[0] <= stamp <= self._ends[-1]

    def add(self, start: int, amount: int) -> int:
        """The earliest second at which `amount` working seconds have passed since `start`.

        A deadline that falls on a closing time stays there: 11:00 + 1wh is 12:00, not 14:30.

        Raises:
            BeyondHorizonError: the calendar ends before.
        """
        if amount <= 0:
            return start
        target = self._worked_until(start) + amount
        i = bisect_left(self._totals, target) - 1
        end = self._starts[i] + target - self._totals[i]
        if end > self._ends[i]:
            raise BeyondHorizonError(instant(end).isoformat())
        return end

    def between(self, start: int, end: int) -> int:
        """Working seconds between two moments (seconds since 1970); negative when `end` is earlier."""
        return self._worked_until(end) - self._worked_until(start)

    def close_of(self, start: int, working_days: int) -> int:
        """Close of business of the n-th working day after the day of `start`, which is not counted (Civil Code art. 201, 203)."""
        day = instant(start).astimezone(self.zone).date()
        i = bisect_right(self._working, day) + working_days - 1
        if day not in self.days or i >= len(self._working):
            raise BeyondHorizonError(day.isoformat())
        return self._closes[self._working[i]]

    def neighbour(self, stamp: int, working_days: int) -> int:
        """The same local time of day on a neighbouring working day, `working_days` on (or back, if negative)."""
        local = instant(stamp).astimezone(self.zone)
        here = bisect_right(self._working, local.date()) - 1 if working_days >= 0 else bisect_left(self._working, local.date())
        i = here + working_days
        if not 0 <= i < len(self._working):
            raise BeyondHorizonError(local.date().isoformat())
        return seconds(datetime.combine(self._working[i], local.timetz().replace(tzinfo=None), self.zone))

    def working_days_between(self, start: int, end: int) -> int:
        """How many working days lie after the day of `start`, up to and including the day of `end`."""
        first, last = (instant(s).astimezone(self.zone).date() for s in (start, end))
        return bisect_right(self._working, last) - bisect_right(self._working, first)

    def is_provisional(self, stamp: int) -> bool:
        """Whether the day of this moment still awaits the official notice."""
        return instant(stamp).astimezone(self.zone).date() in self.provisional


def budget_of(limit: Limit, start: int, calendar: Calendar) -> int:
    """Turn a limit into seconds at its start: natural seconds for m and h, working seconds for wh and wd.

    A `wd` limit becomes the working seconds from the start to the close of the n-th working day after the start day.
    """
    if limit.unit is Unit.MINUTE:
        return limit.amount * 60
    if limit.unit is Unit.HOUR or limit.unit is Unit.WORK_HOUR:
        return limit.amount * 3600
    return calendar.between(start, calendar.close_of(start, limit.amount))


def after(start: int, amount: int, calendar: Calendar | None) -> int:
    """The moment when `amount` seconds have run since `start`: working seconds on a calendar, natural ones without."""
    return start + amount if calendar is None else calendar.add(start, amount)


def elapsed(start: int, end: int, calendar: Calendar | None) -> int:
    """Seconds that run between two moments: working seconds on a calendar, natural ones without."""
    return end - start if calendar is None else calendar.between(start, end)


def every_day(first: date, last: date, exceptions: Mapping[date, bool]) -> dict[date, bool]:
    """Days from first to last: Monday to Friday are working days, except where told otherwise."""
    count = (last - first).days + 1
    return {d: exceptions.get(d, d.weekday() < 5) for d in (first + ONE_DAY * i for i in range(count))}


def windows_overlap(windows: Iterable[Window], day: date) -> bool:
    """Whether two windows of one day overlap; such a calendar would count time twice and is refused at the door."""
    hours = sorted((w.opens, w.closes) for w in windows if w.holds_on(day))
    return any(a[1] > b[0] for a, b in pairwise(hours))
