"""Looking at the working calendars: which there are, their hours, and a month day by day."""

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import CalendarInfo, CalendarYear, WorkingWindow, connection_of, table
from rules.facts import Refused
from rules.worktime import Calendar, Segment, instant, seconds
from services.catalogue import Catalogue, catalogue

_info, _year, _window = table(CalendarInfo), table(CalendarYear), table(WorkingWindow)


@dataclass(frozen=True, slots=True)
class Listed:
    """One calendar.

    Attributes:
        awaiting: Years that it knows and whose official notice is not loaded, its own and those of the calendars above it.
        units: How many units work by it.
        hours: Its own hours as (days, first, last, from-to), in order; what it has none of, it inherits.
    """

    code: str
    zh: str
    en: str
    layer: str
    above: str | None
    version: int
    first: date
    last: date
    awaiting: tuple[int, ...]
    units: int
    hours: tuple[tuple[str, date | None, date | None, str], ...]

    def plain(self) -> dict[str, Any]:
        """As JSON says it; the keys are stable."""
        hours = [{"days": d, "first": f and f.isoformat(), "last": x and x.isoformat(), "hours": h} for d, f, x, h in self.hours]
        about = {"code": self.code, "zh": self.zh, "en": self.en, "layer": self.layer, "above": self.above, "version": self.version}
        span = {"first": self.first.isoformat(), "last": self.last.isoformat(), "awaiting": list(self.awaiting)}
        return about | span | {"units": self.units, "hours": hours}


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a month.

    Attributes:
        working: Whether it counts as a working day.
        mark: What it is: `work`, `rest`, `holiday`, `make_up`, `stoppage`, or `changed` by an area or unit.
        hours: Opening hours in local time.
    """

    day: date
    working: bool
    mark: str
    reason: str
    source: str
    layer: str
    provisional: bool
    hours: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON says it; the keys are stable."""
        said = {"reason": self.reason, "source": self.source, "layer": self.layer}
        about = {"day": self.day.isoformat(), "weekday": self.day.isoweekday(), "working": self.working, "mark": self.mark}
        return about | said | {"provisional": self.provisional, "hours": list(self.hours)}


def list_calendars(session: Session) -> list[Listed]:
    """Every calendar, those above first."""
    known, run = catalogue(session), connection_of(session).execute
    waiting: dict[str, list[int]] = defaultdict(list)
    for row in run(select(_year).where(~_year.c.published).order_by(_year.c.year)):
        waiting[row.calendar].append(row.year)
    hours: dict[str, list[tuple[str, date | None, date | None, str]]] = defaultdict(list)
    for row in run(select(_window).order_by(_window.c.days, _window.c.first, _window.c.opens)):
        hours[row.calendar].append((row.days, row.first, row.last, f"{row.opens:%H:%M}-{row.closes:%H:%M}"))
    units = Counter(known.calendars_of.values())
    lines = {row.code: _up(row.code, known) for row in run(select(_info))}
    return [
        Listed(
            *(row.code, row.zh, row.en, row.layer, row.above, row.version, row.first, row.last),
            awaiting=tuple(sorted({year for code in lines[row.code] for year in waiting[code]})),
            units=units[row.code],
            hours=tuple(hours[row.code]),
        )
        for row in sorted(run(select(_info)), key=lambda r: (len(lines[r.code]), r.code))
    ]


def _up(code: str | None, known: Catalogue) -> list[str]:
    line: list[str] = []
    while code is not None:
        line.append(code)
        code = known.calendar_above[code]
    return line


def calendar_named(known: Catalogue, code: str) -> Calendar:
    """The calendar with this code.

    Raises:
        Refused: `unknown_calendar`.
    """
    found = known.calendars.get(code)
    if found is None:
        raise Refused("unknown_calendar", calendar=code)
    return found


def month_of(calendar: Calendar, year: int, month: int) -> list[Day]:
    """A month of a calendar, day by day; days beyond what is known are Monday to Friday and provisional."""
    first = datetime.combine(date(year, month, 1), time(), calendar.zone)
    after = datetime.combine(date(year, month, monthrange(year, month)[1]) + timedelta(days=1), time(), calendar.zone)
    return [_day(calendar, segment) for segment in calendar.segments(seconds(first), seconds(after))]


def _day(calendar: Calendar, segment: Segment) -> Day:
    mark = segment.mark
    said = (mark.reason, mark.source, mark.layer) if mark else ("", "", "")
    return Day(segment.day, segment.counted, _mark(segment), *said, segment.provisional, tuple(_hours(calendar, segment)))


#: How a day is called that a layer decides: by layer and whether people work.
_MARKS: Mapping[tuple[str, bool], str] = {
    ("national", False): "holiday",
    ("national", True): "make_up",
    ("stoppage", False): "stoppage",
}


def _mark(segment: Segment) -> str:
    if segment.mark is not None and segment.mark.working == segment.counted:
        ordinary = segment.counted and segment.day.isoweekday() <= 5 and segment.mark.layer == "national"
        return "work" if ordinary else _MARKS.get((segment.mark.layer, segment.counted), "changed")
    return "work" if segment.counted else "rest"


def _hours(calendar: Calendar, segment: Segment) -> Iterator[str]:
    for opens, closes in segment.stretches:
        begin, end = (instant(stamp).astimezone(calendar.zone) for stamp in (opens, closes))
        yield f"{begin:%H:%M}-{end:%H:%M}"
