"""Working days: which days people work and in which hours, resolved from the layers of a calendar and of the calendars above it.

Days: the highest layer wins (national < area < stoppage < unit), in a tie the nearest calendar. Hours: those of the nearest calendar that
has windows for that day; of its windows of one kind, those that came into force last (夏令时间 lies over the hours of the other months).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Final, Literal, get_args

LAYERS: Final = ("national", "area", "stoppage", "unit")  #: who may say whether a day is worked; a later one overrules
MIDNIGHT: Final = time(0)  #: as a closing time: midnight at the end of the day
ONE_DAY: Final = timedelta(days=1)

Kind = Literal["workday", "restday", "every"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Why a day is not what its weekday says: holiday, make-up workday (调休), stoppage (停工), a unit's own rule.

    Attributes:
        working: Whether people work.
        reason: What it is called, in Chinese as in the notice, e.g. `国庆节`.
        source: Who said so.
        layer: One of `LAYERS`.
        provisional: The official notice is not out yet.

    Raises:
        ValueError: another layer.
    """

    working: bool
    reason: str
    source: str
    layer: str
    provisional: bool = False

    def __post_init__(self) -> None:
        if self.layer not in LAYERS:
            msg = f"not a layer: {self.layer!r} (write {', '.join(LAYERS)})"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Window:
    """One daily stretch of business hours in local time, from `first` to `last` day inclusive (None: open-ended).

    Attributes:
        opens: Opening time.
        closes: Closing time, later than `opens`; 00:00 is midnight at the end of the day, so 00:00-00:00 is round the clock.
        first: First day in force.
        last: Last day in force.
        days: Where it holds: on working days, on rest days, or on `every` day, which then counts as a working day (24-hour duty).

    Raises:
        ValueError: it closes before it opens (a night shift is two windows, one to 00:00 and one from 00:00), or another kind of days.
    """

    opens: time
    closes: time
    first: date | None = None
    last: date | None = None
    days: Kind = "workday"

    def __post_init__(self) -> None:
        if self.closes != MIDNIGHT and self.closes <= self.opens:
            msg = f"window {self.opens:%H:%M}-{self.closes:%H:%M} closes before it opens"
            raise ValueError(msg)
        if self.days not in get_args(Kind):
            msg = f"not a kind of days: {self.days!r} (write workday, restday or every)"
            raise ValueError(msg)

    @property
    def begins(self) -> date:
        """From when it is in force; an open-ended one has always been."""
        return self.first or date.min

    def holds_on(self, day: date) -> bool:
        """Whether this window is in force on that day, whatever kind of day it is."""
        return self.begins <= day and (self.last is None or day <= self.last)

    def serves(self, *, working: bool) -> bool:
        """Whether it holds on working days, or on rest days."""
        return self.days == "every" or (self.days == "workday") == working


@dataclass(frozen=True, slots=True)
class Resolved:
    """The days of a calendar after its layers are put together; what `Calendar` takes.

    Attributes:
        days: Every known day: True where people work.
        marks: The days about which a layer said something, with what it said.
        provisional: The days that still await the official notice.
    """

    days: Mapping[date, bool]
    marks: Mapping[date, Mark]
    provisional: frozenset[date]


def resolve_days(first: date, last: date, rows: Iterable[tuple[int, date, Mark]], unpublished: Collection[int] = ()) -> Resolved:
    """Put the day rows of a calendar and of those above it together.

    Args:
        first: First known day.
        last: Last known day, inclusive; rows outside are left out.
        rows: In any order: how many calendars above it stands (0: the calendar itself), the day, what is said of it.
        unpublished: Years whose official notice is not out: all their days are provisional, but for those a higher layer decides.
    """
    ranked = sorted(rows, key=lambda row: (LAYERS.index(row[2].layer), -row[0]))
    marks = {day: mark for _, day, mark in ranked if first <= day <= last}
    days = every_day(first, last, {day: mark.working for day, mark in marks.items()})
    years = frozenset(unpublished)
    waiting = (day for day in days if _awaits_notice(day, marks.get(day), years))
    return Resolved(days, marks, frozenset(waiting))


def _awaits_notice(day: date, mark: Mark | None, unpublished: frozenset[int]) -> bool:
    if mark is None or mark.layer == LAYERS[0]:
        return day.year in unpublished or (mark is not None and mark.provisional)
    return mark.provisional


def every_day(first: date, last: date, exceptions: Mapping[date, bool]) -> dict[date, bool]:
    """Days from first to last: Monday to Friday are working days, except where told otherwise."""
    count = (last - first).days + 1
    return {d: exceptions.get(d, d.weekday() < 5) for d in (first + ONE_DAY * i for i in range(count))}


def windows_of(sets: Iterable[Sequence[Window]], day: date, *, working: bool) -> list[Window]:
    """The windows of a day in order of opening.

    Args:
        sets: Windows of the calendar itself, then of those above it, the nearest first. The first set that has any for this
            day gives them all: what a calendar does not say of a kind of days, it inherits.
        day: The day.
        working: Whether the day table says that people work.
    """
    for windows in sets:
        held = [w for w in windows if w.serves(working=working) and w.holds_on(day)]
        if held:
            newest: dict[str, date] = {}
            for w in held:
                newest[w.days] = max(newest.get(w.days, w.begins), w.begins)
            return sorted((w for w in held if w.begins == newest[w.days]), key=lambda w: w.opens)
    return []


def windows_overlap(windows: Sequence[Window], day: date) -> bool:
    """Whether two windows that would hold together on this day overlap, be it a working day or a rest day.

    Such a calendar would count time twice and is refused at the door. Summer hours over open-ended ones are no overlap.
    """
    return any(
        a.closes == MIDNIGHT or b.opens < a.closes
        for working in (True, False)
        for a, b in pairwise(windows_of((windows,), day, working=working))
    )
