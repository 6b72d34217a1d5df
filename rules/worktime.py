"""Working time: what a limit means, and when it ends, on a Chinese working calendar.

A calendar is days (working or not, 调休 included) and daily windows. From them one table of working windows is made with running totals, so
that adding working time or measuring it is a binary search. Local wall time is turned into UTC once, when the table is made. Outside the
known days Monday to Friday are worked; the table grows by a year whenever somebody asks so far.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_DAY = timedelta(days=1)
ONE_YEAR = timedelta(days=366)


class Unit(StrEnum):
    """The four units a limit may be written in (docs/glossary.md: 自然时, 工作时, 工作日)."""

    MINUTE = "m"  #: natural minute, never stops
    HOUR = "h"  #: natural hour, never stops
    WORK_HOUR = "wh"  #: working hour
    WORK_DAY = "wd"  #: working day: start day not counted, ends at the close of business


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


@dataclass(frozen=True, slots=True)
class _Table:
    """Working windows of consecutive days; never changed, only replaced by a longer one, so that threads may share it.

    Attributes:
        first: First day looked at.
        last: Last day looked at.
        starts: Opening of each window, seconds since 1970.
        ends: Closing of each window.
        totals: Working seconds before each window, counted from the calendar's first day.
        working: The days that have windows.
        closes: Close of business of each of them.
    """

    first: date
    last: date
    starts: list[int]
    ends: list[int]
    totals: list[int]
    working: list[date]
    closes: dict[date, int]

    @property
    def total(self) -> int:
        """Working seconds up to the last closing."""
        return self.totals[-1] + self.ends[-1] - self.starts[-1] if self.totals else 0

    def followed_by(self, later: "_Table") -> "_Table":
        """This table and a later one in one; the later one's totals are taken as they are."""
        return _Table(
            self.first,
            later.last,
            self.starts + later.starts,
            self.ends + later.ends,
            self.totals + later.totals,
            self.working + later.working,
            self.closes | later.closes,
        )

    def moved(self, by: int) -> "_Table":
        """The same windows with all totals raised."""
        return replace(self, totals=[total + by for total in self.totals])

    def worked_until(self, stamp: int) -> int:
        """Working seconds from the calendar's first day to `stamp`, which the table reaches."""
        i = bisect_right(self.starts, stamp) - 1
        return self.totals[i] + min(stamp, self.ends[i]) - self.starts[i]


@dataclass(frozen=True)
class Calendar:
    """A working calendar, made fast to ask.

    Attributes:
        code: What the calendar is called, e.g. `cn`.
        version: Which state of its days this is; stamped on every clock.
        zone: Local zone of the days and windows.
        days: Every day that is known: True where people work. Before and after, Monday to Friday with the nearest known windows.
        windows: Daily business hours, not overlapping on any day.
        provisional: Known days that still await the official notice.
    """

    code: str
    version: int
    zone: tzinfo
    days: Mapping[date, bool]
    windows: Sequence[Window]
    provisional: frozenset[date] = frozenset()
    _table: _Table = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._keep(self._laid(sorted(self.days), self.days))

    def _keep(self, table: _Table) -> _Table:
        object.__setattr__(self, "_table", table)
        return table

    def _laid(self, days: Sequence[date], works: Mapping[date, bool], otherwise: Sequence[tuple[time, time]] = ()) -> _Table:
        """A table of these days; a working day on which no window is in force has the hours `otherwise`."""
        table, total = _Table(days[0], days[-1], [], [], [], [], {}), 0
        for day in days:
            hours = (self._hours(day) or otherwise) if works[day] else ()
            for opens, closes in hours:
                start, end = self._stamp(day, opens), self._stamp(day, closes)
                table.starts.append(start)
                table.ends.append(end)
                table.totals.append(total)
                total += end - start
            if hours:
                table.working.append(day)
                table.closes[day] = table.ends[-1]
        return table

    def _hours(self, day: date) -> list[tuple[time, time]]:
        return sorted((w.opens, w.closes) for w in self.windows if w.holds_on(day))

    def _stamp(self, day: date, at: time) -> int:
        return seconds(datetime.combine(day, at, self.zone))

    def _grown(self, table: _Table, *, later: bool) -> _Table:
        """The table and a year more, Monday to Friday with the hours of the working day next to it."""
        if not table.working:
            msg = f"calendar {self.code} has no working hours"
            raise ValueError(msg)
        if later:
            year = every_day(table.last + ONE_DAY, table.last + ONE_YEAR, {})
            more = self._laid(list(year), year, self._hours(table.working[-1]))
            return self._keep(table.followed_by(more.moved(table.total)))
        year = every_day(table.first - ONE_YEAR, table.first - ONE_DAY, {})
        more = self._laid(list(year), year, self._hours(table.working[0]))
        return self._keep(more.moved(table.totals[0] - more.total).followed_by(table))

    def _reaching(self, *stamps: int) -> _Table:
        """The table, grown until it covers these moments."""
        table = self._table
        for stamp in stamps:
            while not table.ends or stamp > table.ends[-1]:
                table = self._grown(table, later=True)
            while stamp < table.starts[0]:
                table = self._grown(table, later=False)
        return table

    def add(self, start: int, amount: int) -> int:
        """The earliest second at which `amount` working seconds have passed since `start`.

        A deadline that falls on a closing time stays there: 11:00 + 1wh is 12:00, not 14:30.
        """
        if amount <= 0:
            return start
        table = self._reaching(start)
        target = table.worked_until(start) + amount
        while table.total < target:
            table = self._grown(table, later=True)
        i = bisect_left(table.totals, target) - 1
        return table.starts[i] + target - table.totals[i]

    def between(self, start: int, end: int) -> int:
        """Working seconds between two moments (seconds since 1970); negative when `end` is earlier."""
        table = self._reaching(start, end)
        return table.worked_until(end) - table.worked_until(start)

    def close_of(self, start: int, working_days: int) -> int:
        """Close of business of the n-th working day after the day of `start`, which is not counted (Civil Code art. 201, 203)."""
        table = self._reaching(start)
        i = bisect_right(table.working, self._day(start)) + working_days - 1
        while i >= len(table.working):
            table = self._grown(table, later=True)
        return table.closes[table.working[i]]

    def neighbour(self, stamp: int, working_days: int) -> int:
        """The same local time of day on a neighbouring working day, `working_days` on (or back, if negative)."""
        local = instant(stamp).astimezone(self.zone)
        find = bisect_right if working_days >= 0 else bisect_left
        table = self._reaching(stamp)
        while not 0 <= (i := find(table.working, local.date()) - (working_days >= 0) + working_days) < len(table.working):
            table = self._grown(table, later=i >= 0)
        return self._stamp(table.working[i], local.timetz().replace(tzinfo=None))

    def working_days_between(self, start: int, end: int) -> int:
        """How many working days lie after the day of `start`, up to and including the day of `end`."""
        table = self._reaching(start, end)
        return bisect_right(table.working, self._day(end)) - bisect_right(table.working, self._day(start))

    def is_provisional(self, stamp: int) -> bool:
        """Whether the day of this moment still awaits the official notice, or lies outside the known days."""
        day = self._day(stamp)
        return day in self.provisional or day not in self.days

    def _day(self, stamp: int) -> date:
        return instant(stamp).astimezone(self.zone).date()


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
