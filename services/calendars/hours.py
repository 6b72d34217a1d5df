"""The edit of business hours: a set of them for one kind of days and one stretch of dates."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from models import WorkingWindow, connection_of, table
from rules.facts import Refused
from rules.worktime import Window, windows_overlap
from services.calendars.checks import seasons_shared
from services.calendars.layers import Edit, Touched, info_of
from services.catalogue import Catalogue

_window = table(WorkingWindow)


def set_hours(calendar: str, scope: Window, windows: Sequence[Window]) -> Edit:
    """Set the business hours of a calendar for one kind of days and one stretch of dates; none: take them back.

    A set with dates lies over the open-ended one; hours for `every` day make a 24-hour duty, hours for `restday` extend
    the service (延时服务).

    Args:
        calendar: Its code.
        scope: Kind of days, first and last day, in a window whose times do not count.
        windows: The hours, each with the same days and dates as the scope.

    Raises:
        Refused: from the edit: `unknown_calendar`, `hours_overlap`.
    """

    def edit(session: Session, _: Catalogue) -> Touched:
        info, run = info_of(session, calendar), connection_of(session)
        rows = list(run.execute(select(_window).where(_window.c.calendar == calendar).order_by(_window.c.id)))
        own = [(row.id, Window(row.opens, row.closes, row.first, row.last, row.days)) for row in rows]
        same = [(i, w) for i, w in own if (w.days, w.first, w.last) == (scope.days, scope.first, scope.last)]
        if {w for _, w in same} == set(windows):
            return Touched()
        others = [w for i, w in own if (i, w) not in same]
        _check_overlap(others + list(windows), info.first)
        run.execute(delete(_window).where(_window.c.id.in_([i for i, _ in same])))
        if windows:
            run.execute(insert(_window), [_stored(calendar, w) for w in windows])
        return Touched((calendar,), seasons=seasons_shared(scope, others) if windows else ())

    return edit


def _stored(calendar: str, window: Window) -> dict[str, Any]:
    times = {"opens": window.opens, "closes": window.closes}
    return {"calendar": calendar, **times, "first": window.first, "last": window.last, "days": window.days}


def _check_overlap(windows: Sequence[Window], first: date) -> None:
    """Hours change only on the first day of a set and on the day after its last, so those days are looked at."""
    after = (w.last + timedelta(days=1) for w in windows if w.last is not None)
    for day in sorted({first, *(w.first for w in windows if w.first is not None), *after}):
        if windows_overlap(windows, day):
            raise Refused("hours_overlap", day=day)
