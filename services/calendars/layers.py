"""Edits of the working calendars: days of a notice, a single day, a new calendar, which one a unit works by (hours: `hours`).

Each edit writes its rows and says what it touched; `services.calendars.change` does the rest. An edit that changes nothing touches nothing.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.orm import Session

from models import CalendarDay, CalendarInfo, CalendarYear, Unit, connection_of, table
from rules.facts import Refused
from rules.worktime import LAYERS
from services.calendars.checks import Season, holidays_lost
from services.calendars.notice import NoticeDay
from services.catalogue import Catalogue

_info, _day, _year, _unit = table(CalendarInfo), table(CalendarDay), table(CalendarYear), table(Unit)
NATIONAL: Final = LAYERS[0]
REACH: Final = 2  #: years beyond the known ones that a day may lie in: what is farther off is a slip of the pen
_CODE: Final = re.compile(r"[a-z][a-z0-9-]{0,19}")


@dataclass(frozen=True, slots=True)
class Touched:
    """What an edit touched.

    Attributes:
        calendars: Those whose days or hours are others now.
        about: A calendar that was added, or that units now work by; empty: none.
        lost: Public holidays that a notice leaves out of the year that it publishes.
        seasons: Dates for which the hours that were set meet others with dates.
    """

    calendars: Collection[str] = ()
    about: str = ""
    lost: Sequence[str] = ()
    seasons: Sequence[Season] = ()

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.calendars or self.about)


Edit = Callable[[Session, Catalogue], Touched]


def info_of(session: Session, code: str) -> Any:  # noqa: ANN401 - a result row
    """A calendar as it is stored.

    Raises:
        Refused: `unknown_calendar`.
    """
    found = connection_of(session).execute(select(_info).where(_info.c.code == code)).one_or_none()
    if found is None:
        raise Refused("unknown_calendar", calendar=code)
    return found


def _check_layer(info: Any, layer: str) -> None:  # noqa: ANN401 - a result row
    if layer not in LAYERS:
        raise Refused("unknown_layer", layer=layer, known=", ".join(LAYERS))
    if layer == NATIONAL and info.layer != NATIONAL:
        raise Refused("layer_is_national", calendar=info.code)


# days -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Loading:
    """A notice to be loaded.

    Attributes:
        layer: Whose word it is; None: that of the calendar itself.
        source: Who said so, for days that do not say it themselves.
        year: The year that a national notice publishes; None: the one in which most of its days lie.
        now: The instant, kept with the year.
    """

    calendar: str
    days: Sequence[NoticeDay]
    source: str
    now: datetime
    layer: str | None = None
    year: int | None = None


def load(loading: Loading) -> Edit:
    """Load a notice: its days replace what was said of them; a national one publishes its year and ends its provisional days.

    Raises:
        Refused: from the edit: `unknown_calendar`, `unknown_layer`, `layer_is_national`, `day_out_of_reach`, `notice_of_other_year`.
    """

    def edit(session: Session, _: Catalogue) -> Touched:
        info = info_of(session, loading.calendar)
        layer = loading.layer or info.layer
        _check_layer(info, layer)
        rows = {d.day: _row(info.code, layer, d.day, d.working, d.name, d.source or loading.source) for d in loading.days}
        run = connection_of(session)
        changed, lost = _reach(run, info, rows), []
        if layer == NATIONAL:
            lost = _lost(run, info.code, _year_of(loading), loading.days)
            changed |= _publish(run, info.code, _year_of(loading), loading, rows)
        changed |= _put(run, info.code, layer, rows)
        return Touched((info.code,) if changed else (), lost=lost)

    return edit


def _row(calendar: str, layer: str, day: date, working: bool, reason: str, source: str) -> dict[str, Any]:
    about = {"calendar": calendar, "layer": layer, "day": day}
    return about | {"working": working, "reason": reason, "source": source, "provisional": False}


def _year_of(loading: Loading) -> int:
    years = Counter(d.day.year for d in loading.days)
    if loading.year is not None and loading.year not in years:
        raise Refused("notice_of_other_year", year=loading.year, years=", ".join(map(str, sorted(years))))
    return loading.year or min(years, key=lambda year: (-years[year], year))


def _reach(run: Connection, info: Any, days: Iterable[date]) -> bool:  # noqa: ANN401 - a result row
    """Extend the known days to the end of the last year named; years in between await their notices."""
    for day in days:
        if not info.first <= day or day.year > info.last.year + REACH:
            raise Refused("day_out_of_reach", day=day, first=info.first, last=date(info.last.year + REACH, 12, 31))
    last = max(day.year for day in days)
    if last <= info.last.year:
        return False
    run.execute(update(_info).where(_info.c.code == info.code).values(last=date(last, 12, 31)))
    known = set(run.execute(select(_year.c.year).where(_year.c.calendar == info.code)).scalars())
    more = [year for year in range(info.last.year + 1, last + 1) if year not in known]
    if info.layer == NATIONAL and more:
        run.execute(insert(_year), [{"calendar": info.code, "year": y, "published": False, "source": "", "loaded_at": None} for y in more])
    return True


def _lost(run: Connection, code: str, year: int, days: Sequence[NoticeDay]) -> list[str]:
    """Public holidays that the notice leaves out of a year that is not published yet."""
    if run.execute(select(_year.c.published).where(_year.c.calendar == code, _year.c.year == year)).scalar_one_or_none():
        return []
    span = _day.c.day.between(date(year, 1, 1), date(year, 12, 31))
    own = (_day.c.calendar == code, _day.c.layer == NATIONAL, _day.c.provisional, ~_day.c.working, span)
    expected = [(row.day, row.reason) for row in run.execute(select(_day.c.day, _day.c.reason).where(*own))]
    return holidays_lost(year, expected, {d.day for d in days if not d.working})


def _publish(run: Connection, code: str, year: int, loading: Loading, days: Collection[date]) -> bool:
    """Mark the year as published and take out its provisional days that the notice does not name."""
    own = (_day.c.calendar == code, _day.c.layer == NATIONAL, _day.c.provisional)
    span = _day.c.day.between(date(year, 1, 1), date(year, 12, 31))
    gone = run.execute(delete(_day).where(*own, span, _day.c.day.not_in(days))).rowcount
    mine = (_year.c.calendar == code, _year.c.year == year)
    found = run.execute(select(_year.c.published).where(*mine)).scalar_one_or_none()
    if found:
        return bool(gone)
    values = {"published": True, "source": loading.source, "loaded_at": loading.now}
    run.execute(insert(_year).values(calendar=code, year=year, **values) if found is None else update(_year).where(*mine).values(values))
    return True


def _put(run: Connection, code: str, layer: str, rows: Mapping[date, dict[str, Any]]) -> bool:
    """Write days; those that are there already just so are left alone."""
    mine = (_day.c.calendar == code, _day.c.layer == layer)
    there = {row["day"]: dict(row) for row in run.execute(select(_day).where(*mine, _day.c.day.in_(rows))).mappings()}
    new = [row for day, row in rows.items() if there.get(day) != row]
    if new:
        run.execute(delete(_day).where(*mine, _day.c.day.in_([row["day"] for row in new])))
        run.execute(insert(_day), new)
    return bool(new)


@dataclass(frozen=True, slots=True)
class OneDay:
    """One day of a calendar.

    Attributes:
        working: Whether it is worked; None: take back what this layer says of it.
    """

    calendar: str
    day: date
    working: bool | None
    layer: str
    reason: str
    source: str


def set_day(one: OneDay) -> Edit:
    """Say whether one day is worked (台风停工, 临时上班), or take that back.

    Raises:
        Refused: from the edit: `unknown_calendar`, `unknown_layer`, `layer_is_national`, `day_out_of_reach`.
    """

    def edit(session: Session, _: Catalogue) -> Touched:
        info = info_of(session, one.calendar)
        _check_layer(info, one.layer)
        run = connection_of(session)
        if one.working is None:
            where = (_day.c.calendar == info.code, _day.c.layer == one.layer, _day.c.day == one.day)
            changed = bool(run.execute(delete(_day).where(*where)).rowcount)
        else:
            changed = _reach(run, info, (one.day,))
            changed |= _put(run, info.code, one.layer, {one.day: _row(info.code, one.layer, one.day, one.working, one.reason, one.source)})
        return Touched((info.code,) if changed else ())

    return edit


# calendars ------------------------------------------------------------------------------------------------------------


def add_calendar(code: str, zh: str, en: str, above: str, layer: str) -> Edit:
    """Add a calendar that inherits days and hours from another.

    Args:
        code: Up to 20 of a-z, 0-9 and -, beginning with a letter.
        zh: Name in Chinese.
        en: Name in English.
        above: The calendar above it.
        layer: `area` or `unit`.

    Raises:
        Refused: from the edit: `bad_calendar_code`, `calendar_exists`, `unknown_calendar`, `unknown_layer`, `layer_not_below`.
    """

    def edit(session: Session, known: Catalogue) -> Touched:
        if not _CODE.fullmatch(code):
            raise Refused("bad_calendar_code", given=code)
        if code in known.calendars:
            raise Refused("calendar_exists", calendar=code)
        upper = info_of(session, above)
        if layer not in ("area", "unit"):
            raise Refused("unknown_layer", layer=layer, known="area, unit")
        if LAYERS.index(layer) < LAYERS.index(upper.layer):
            raise Refused("layer_not_below", layer=layer, above=above)
        span = {"zone": upper.zone, "first": upper.first, "last": upper.last}
        names = {"code": code, "zh": zh, "en": en, "layer": layer, "above": above}
        connection_of(session).execute(insert(_info).values(version=1, **names, **span))
        return Touched(about=code)

    return edit


def use(unit: str, calendar: str, *, below: bool = False) -> Edit:
    """Let a unit work by a calendar; `below`: also all units below it by territory.

    Raises:
        Refused: from the edit: `unknown_calendar`, `unknown_unit`.
    """

    def edit(session: Session, known: Catalogue) -> Touched:
        info_of(session, calendar)
        chosen = known.unit_ids.get(unit)
        if chosen is None:
            raise Refused("unknown_unit", unit=unit)
        units = [u for u in known.units if u == chosen or (below and chosen in known.line(u))]
        others = [u for u in units if known.calendars_of[u] != calendar]
        if others:
            connection_of(session).execute(update(_unit).where(_unit.c.id.in_(others)).values(calendar=calendar))
        return Touched(about=calendar if others else "")

    return edit
