"""Putting working calendars together from their layers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import CalendarDay, CalendarInfo, CalendarYear, WorkingWindow, table
from rules.workdays import Mark, resolve_days
from rules.worktime import Calendar, Window


def read_calendars(session: Session, before: Mapping[str, Calendar]) -> tuple[dict[str, Calendar], dict[str, str | None]]:
    """Every working calendar by its code, and the code of the calendar above each.

    Args:
        session: The unit of work.
        before: Calendars read earlier; one that is still the same is given back itself, with its table as far as it has been laid out.
    """
    run = session.connection().execute
    infos = {row.code: row for row in run(select(table(CalendarInfo)))}
    days: dict[str, list[tuple[date, Mark]]] = defaultdict(list)
    for row in run(select(table(CalendarDay))):
        days[row.calendar].append((row.day, Mark(row.working, row.reason, row.source, row.layer, row.provisional)))
    windows: dict[str, list[Window]] = defaultdict(list)
    for row in run(select(table(WorkingWindow)).order_by(table(WorkingWindow).c.id)):
        windows[row.calendar].append(Window(row.opens, row.closes, row.first, row.last, row.days))
    waiting: dict[str, set[int]] = defaultdict(set)
    for row in run(select(table(CalendarYear)).where(~table(CalendarYear).c.published)):
        waiting[row.calendar].add(row.year)
    read = {code: _calendar(_line(code, infos), days, windows, waiting) for code in infos}
    found = {code: before[code] if before.get(code) == calendar else calendar for code, calendar in read.items()}
    return found, {code: info.above for code, info in infos.items()}


def _line(code: str, infos: Mapping[str, Any]) -> list[Any]:
    """A calendar and those above it, nearest first."""
    line = [infos[code]]
    while line[-1].above is not None and len(line) <= len(infos):
        line.append(infos[line[-1].above])
    return line


def _calendar(
    line: Sequence[Any],
    days: Mapping[str, list[tuple[date, Mark]]],
    windows: Mapping[str, list[Window]],
    waiting: Mapping[str, set[int]],
) -> Calendar:
    own = line[0]
    rows = [(up, day, mark) for up, info in enumerate(line) for day, mark in days.get(info.code, ())]
    unpublished = {year for info in line for year in waiting.get(info.code, ())}
    unpublished |= set(range(line[-1].last.year + 1, max(i.last for i in line).year + 1))  # beyond what the national one knows
    resolved = resolve_days(min(i.first for i in line), max(i.last for i in line), rows, unpublished)
    return Calendar(
        own.code,
        own.version,
        ZoneInfo(own.zone),
        resolved.days,
        windows.get(own.code, []),
        resolved.provisional,
        resolved.marks,
        [windows.get(info.code, []) for info in line[1:]],
    )
