"""The working calendar, made fast to ask: adding working time and measuring it are binary searches.

From days and daily windows one table of opening hours is made with running totals. Local wall time is turned into UTC once, when the table
is made. Outside the known days Monday to Friday are worked; the table grows by a year whenever somebody asks so far. Moments are whole
seconds since 1970 UTC. A closing moment belongs to the hours it ends, and, at midnight, to the day it ends.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from typing import Final

from rules.workdays import MIDNIGHT, ONE_DAY, Mark, Window, every_day, windows_of

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
ONE_YEAR: Final = timedelta(days=366)


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970 UTC of an aware instant; a fraction of a second is dropped."""
    return int(moment.timestamp())


def instant(stamp: int) -> datetime:
    """The aware UTC instant of so many seconds since 1970."""
    return EPOCH + timedelta(seconds=stamp)


@dataclass(frozen=True, slots=True)
class Segment:
    """One local day of a stretch of time, and what of it was counted: a line of an explanation.

    Attributes:
        day: The local day.
        counted: Whether it counts as a working day.
        stretches: Opening hours inside the stretch, as (from, to); none on a day that was skipped.
        seconds: Working seconds of these.
        mark: Why the day differs from its weekday, if it does.
        provisional: The day still awaits the official notice.
    """

    day: date
    counted: bool
    stretches: tuple[tuple[int, int], ...]
    seconds: int
    mark: Mark | None
    provisional: bool


@dataclass(frozen=True, slots=True)
class _Table:
    """Opening hours of consecutive days; never changed, only replaced by a longer one, so that threads may share it.

    Attributes:
        first: First day looked at.
        last: Last day looked at.
        starts: Opening of each window.
        ends: Closing of each window.
        totals: Working seconds before each window, counted from the calendar's first day, and after the last.
        working: The days that count as working days.
        midnights: When each of them begins.
        closes: Close of business of each of them.
    """

    first: date
    last: date
    starts: list[int]
    ends: list[int]
    totals: list[int]
    working: list[date]
    midnights: list[int]
    closes: list[int]

    def followed_by(self, later: "_Table") -> "_Table":
        """This table and a later one, whose totals go on from this one's, in one."""
        return _Table(
            self.first,
            later.last,
            self.starts + later.starts,
            self.ends + later.ends,
            self.totals[:-1] + later.totals,
            self.working + later.working,
            self.midnights + later.midnights,
            self.closes + later.closes,
        )

    def moved(self, by: int) -> "_Table":
        """The same hours with all totals raised."""
        return replace(self, totals=[total + by for total in self.totals])

    def worked_until(self, stamp: int) -> int:
        """Working seconds from the calendar's first day to `stamp`, which the table reaches."""
        i = bisect_right(self.starts, stamp) - 1
        end = self.ends[i]
        return self.totals[i] + (stamp if stamp < end else end) - self.starts[i]

    def closes_at(self, stamp: int) -> bool:
        """Whether a window closes at this moment."""
        i = bisect_left(self.ends, stamp)
        return i < len(self.ends) and self.ends[i] == stamp


@dataclass(frozen=True, repr=False)
class Calendar:
    """A working calendar. It never changes; a new state of its days is another object with a higher version.

    Attributes:
        code: What the calendar is called, e.g. `cn`.
        version: Which state of its days this is; stamped on every clock.
        zone: Local zone of the days and windows.
        days: Every day that is known: True where people work. Before and after, Monday to Friday with the nearest known windows.
        windows: Its own daily business hours, not overlapping on any day.
        provisional: Known days that still await the official notice.
        marks: Why a day differs from its weekday, for explanations.
        inherited: Business hours of the calendars above it, the nearest first; used on days for which it has none itself.
    """

    code: str
    version: int
    zone: tzinfo
    days: Mapping[date, bool]
    windows: Sequence[Window]
    provisional: frozenset[date] = frozenset()
    marks: Mapping[date, Mark] = field(default_factory=dict)
    inherited: Sequence[Sequence[Window]] = ()

    def __repr__(self) -> str:
        """Its name and version; its days would fill pages."""
        return f"Calendar({self.code} v{self.version})"

    @cached_property
    def _table(self) -> _Table:
        """The table as far as anybody has asked; made when somebody asks first, because a district has many calendars."""
        return self._laid({day: self.days[day] for day in sorted(self.days)}, {})

    def _keep(self, table: _Table) -> _Table:
        vars(self)["_table"] = table
        return table

    def _laid(self, days: Mapping[date, bool], otherwise: Mapping[bool, Sequence[Window]]) -> _Table:
        """A table of these days, in order; a day on which no window is in force has the hours `otherwise` of its kind."""
        order = list(days)
        table, total = _Table(order[0], order[-1], [], [], [0], [], [], []), 0
        for day, working in days.items():
            windows = self._windows(day, working=working) or otherwise.get(working, ())
            for window in windows:
                start, end = self._hours(day, window)
                total += end - start
                table.starts.append(start)
                table.ends.append(end)
                table.totals.append(total)
            if windows and (working or any(window.days == "every" for window in windows)):
                table.working.append(day)
                table.midnights.append(self._stamp(day, MIDNIGHT))
                table.closes.append(table.ends[-1])
        return table

    def _windows(self, day: date, *, working: bool) -> list[Window]:
        return windows_of((self.windows, *self.inherited), day, working=working)

    def _hours(self, day: date, window: Window) -> tuple[int, int]:
        closing_day = day + ONE_DAY if window.closes == MIDNIGHT else day
        return self._stamp(day, window.opens), self._stamp(closing_day, window.closes)

    def _stamp(self, day: date, at: time) -> int:
        return seconds(datetime.combine(day, at, self.zone))

    def _day(self, stamp: int) -> date:
        return instant(stamp).astimezone(self.zone).date()

    def _day_of_end(self, stamp: int) -> date:
        """The day of a moment at which something ends: a closing at midnight belongs to the day before."""
        return self._day(stamp - 1 if self._table.closes_at(stamp) else stamp)

    def _grown(self, table: _Table, *, later: bool) -> _Table:
        """The table and a year more, Monday to Friday with the hours of the known days next to it."""
        near = self._beside(later=later)
        if later:
            more = self._laid(every_day(table.last + ONE_DAY, table.last + ONE_YEAR, {}), near)
        else:
            more = self._laid(every_day(table.first - ONE_YEAR, table.first - ONE_DAY, {}), near)
        if not more.working:
            msg = f"calendar {self.code} has no working hours"
            raise ValueError(msg)
        if later:
            return self._keep(table.followed_by(more.moved(table.totals[-1])))
        return self._keep(more.moved(table.totals[0] - more.totals[-1]).followed_by(table))

    def _beside(self, *, later: bool) -> dict[bool, list[Window]]:
        """Hours for unknown days by kind: of the nearest working day that has any, and of the nearest rest day."""
        order = sorted(self.days, reverse=later)
        worked = (self._windows(day, working=True) for day in order if self.days[day])
        rested = (self._windows(day, working=False) for day in order if not self.days[day])
        return {True: next(filter(None, worked), []), False: next(rested, [])}

    def _reaching(self, low: int, high: int) -> _Table:
        """The table, grown until it covers the moments from `low` to `high`."""
        table = self._table
        while not table.ends or high > table.ends[-1]:
            table = self._grown(table, later=True)
        while low < table.starts[0]:
            table = self._grown(table, later=False)
        return table

    def add(self, start: int, amount: int) -> int:
        """The earliest second at which `amount` working seconds have passed since `start`; `start` for nothing or less.

        A deadline that falls on a closing time stays there: 11:00 + 1wh is 12:00, not 14:30.
        """
        if amount <= 0:
            return start
        table = self._reaching(start, start)
        target = table.worked_until(start) + amount
        while table.totals[-1] < target:
            table = self._grown(table, later=True)
        i = bisect_left(table.totals, target) - 1
        return table.starts[i] + target - table.totals[i]

    def subtract(self, stamp: int, amount: int) -> int:
        """The latest second from which `amount` working seconds lead to `stamp`; `stamp` for nothing or less."""
        if amount <= 0:
            return stamp
        table = self._reaching(stamp, stamp)
        target = table.worked_until(stamp) - amount
        while target < table.totals[0]:
            table = self._grown(table, later=False)
        i = bisect_right(table.totals, target) - 1
        return table.starts[i] + target - table.totals[i]

    def between(self, start: int, end: int) -> int:
        """Working seconds between two moments; negative when `end` is earlier."""
        table = self._reaching(start, end) if start <= end else self._reaching(end, start)
        return table.worked_until(end) - table.worked_until(start)

    def next_open(self, stamp: int) -> int:
        """The moment itself if it lies in business hours, the closing moment included; else the next opening."""
        table = self._reaching(stamp, stamp)
        return max(stamp, table.starts[bisect_left(table.ends, stamp)])

    def close_of(self, start: int, working_days: int) -> int:
        """Close of business of the n-th working day after the day of `start`, which is not counted (Civil Code art. 201, 203)."""
        table = self._reaching(start, start)
        i = bisect_right(table.midnights, start) + working_days - 1
        while i >= len(table.closes):
            table = self._grown(table, later=True)
        return table.closes[i]

    def neighbour(self, stamp: int, working_days: int) -> int:
        """The same local time of day on a neighbouring working day, `working_days` on (or back, if negative)."""
        table = self._reaching(stamp, stamp)
        local, day = instant(stamp).astimezone(self.zone), self._day_of_end(stamp)
        find = bisect_right if working_days >= 0 else bisect_left
        while not 0 <= (i := find(table.working, day) - (working_days >= 0) + working_days) < len(table.working):
            table = self._grown(table, later=i >= 0)
        return self._stamp(table.working[i] + (local.date() - day), local.timetz().replace(tzinfo=None))

    def working_days_between(self, start: int, end: int) -> int:
        """How many working days lie after the day of `start`, up to and including the day of `end`."""
        table = self._reaching(min(start, end), max(start, end))
        return bisect_right(table.working, self._day_of_end(end)) - bisect_right(table.working, self._day(start))

    def is_provisional(self, stamp: int) -> bool:
        """Whether the day of this deadline still awaits the official notice, or lies outside the known days."""
        return self._unsure(self._day_of_end(stamp))

    def _unsure(self, day: date) -> bool:
        return day in self.provisional or day not in self.days

    def segments(self, start: int, end: int) -> list[Segment]:
        """Every local day from `start` to `end` with the working time counted on it, which adds up to `between(start, end)`.

        Days on which nothing was counted are there too, with their mark if they have one. None when `end` is not later.
        """
        if end <= start:
            return []
        table = self._reaching(start, end)
        found: dict[date, list[tuple[int, int]]] = {}
        for i in range(bisect_right(table.ends, start), bisect_left(table.starts, end)):
            stretch = max(table.starts[i], start), min(table.ends[i], end)
            found.setdefault(self._day(table.starts[i]), []).append(stretch)
        return [self._segment(table, day, found.get(day, [])) for day in every_day(self._day(start), self._day(end - 1), {})]

    def _segment(self, table: _Table, day: date, stretches: Sequence[tuple[int, int]]) -> Segment:
        i = bisect_left(table.working, day)
        counted = i < len(table.working) and table.working[i] == day
        worked = sum(closes - opens for opens, closes in stretches)
        return Segment(day, counted, tuple(stretches), worked, self.marks.get(day), self._unsure(day))
