"""延时服务: business hours of a unit beyond those of its calendar; every open clock of the unit follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import CalendarInfo, connection_of, table
from rules.facts import Refused
from rules.workdays import Window, windows_of
from services.calendars import Done, add_calendar, change_calendars, set_hours, use
from services.calendars.layers import Edit, Touched
from services.catalogue import Catalogue, catalogue
from services.mechanisms import require

_info = table(CalendarInfo)
_PREFIX: Final = "late-"  #: of the calendars that this makes
_LAYER: Final = "unit"


@dataclass(frozen=True, slots=True)
class Extra:
    """Hours that are added; `windows` all have the same kind of days and the same dates."""

    unit: str
    windows: Sequence[Window]


@dataclass(frozen=True, slots=True)
class Extended:
    """What a unit with hours of its own works: code of the unit, kind of days, hours, dates."""

    unit: str
    calendar: str
    days: str
    hours: tuple[str, ...]
    first: date | None
    last: date | None


def extend(session: Session, extra: Extra, user: str, now: datetime, *, confirm: bool = False) -> Done:
    """Add hours to a unit's business hours; those it has stay. The caller then calls `services.calendars.catch_up` in another unit of work.

    Args:
        session: The unit of work; must be given up when this raises.
        extra: The unit and the hours: on working days they are added to those it has, on rest days they are all there is.
        user: An administrator, or the head of the district's centre.
        now: The instant.
        confirm: Clocks may end earlier: longer hours use up working hours sooner.

    Raises:
        CalendarUnconfirmed: clocks would end earlier and `confirm` is not given.
        Refused: `mechanism_off`, `unknown_unit`, `hours_missing`, and what changing a calendar says.
    """
    require(session, "errands")
    known = catalogue(session)
    unit_id = known.unit_ids.get(extra.unit)
    if unit_id is None:
        raise Refused("unknown_unit", unit=extra.unit)
    if not extra.windows:
        raise Refused("hours_missing")
    return change_calendars(session, _edit(known, unit_id, extra, now), user, now, confirm=confirm)


def _edit(known: Catalogue, unit_id: int, extra: Extra, now: datetime) -> Edit:
    own, present = f"{_PREFIX}{unit_id}", known.calendars_of[unit_id]
    above = known.calendar_above.get(own) if own in known.calendars else present
    name, scope = known.names[unit_id], extra.windows[0]
    windows = [*_inherited(known, above or present, scope, now), *extra.windows]

    def edit(session: Session, catalogued: Catalogue) -> Touched:
        new = own not in catalogued.calendars
        if new:
            add_calendar(own, f"{name.zh}延时服务"[:60], f"{name.en}, extended hours"[:80], present, _LAYER)(session, catalogued)
        hours = set_hours(own, scope, windows)(session, catalogued)
        used = use(extra.unit, own)(session, catalogued)
        changed = () if new else hours.calendars  # a new one has no version before this
        return Touched(changed, used.about or (own if new else ""), seasons=hours.seasons)

    return edit


def _inherited(known: Catalogue, calendar: str, scope: Window, now: datetime) -> list[Window]:
    """The hours of working days that it has, with the dates of what is added; on rest days there are none."""
    if scope.days != "workday":
        return []
    found = known.calendars[calendar]
    day = scope.first or now.astimezone(known.zone).date()
    base = windows_of((found.windows, *found.inherited), day, working=True)
    return [Window(w.opens, w.closes, scope.first, scope.last, scope.days) for w in base]


def extended(session: Session) -> list[Extended]:
    """The units that have business hours of their own, by code.

    Raises:
        Refused: `mechanism_off`.
    """
    require(session, "errands")
    known = catalogue(session)
    own = set(connection_of(session).execute(select(_info.c.code).where(_info.c.layer == _LAYER)).scalars())
    units = [(known.units[i].code, code) for i, code in known.calendars_of.items() if code in own]
    return [each for unit, code in sorted(units) for each in _sets(unit, code, known)]


def _sets(unit: str, code: str, known: Catalogue) -> list[Extended]:
    sets: dict[tuple[str, date | None, date | None], list[str]] = {}
    for w in sorted(known.calendars[code].windows, key=lambda w: w.opens):
        sets.setdefault((w.days, w.first, w.last), []).append(f"{w.opens:%H:%M}-{w.closes:%H:%M}")
    return [Extended(unit, code, days, tuple(hours), first, last) for (days, first, last), hours in sets.items()]
