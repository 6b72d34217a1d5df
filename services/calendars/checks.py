"""What a change of the working calendars must not do in silence: lose public holidays, or leave working days without hours."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from rules.facts import Actor, Refused
from rules.worktime import Calendar, Window, seconds
from services.catalogue import Catalogue
from services.policies.drafting import check_person

#: Public holidays that stand on the same day every year, for years of which nothing else is known.
FIXED: Final = ((1, 1, "元旦"), (5, 1, "劳动节"), (10, 1, "国庆节"))
NEAR: Final = timedelta(days=7)  #: how far from a holiday's own day a notice may give its days off
AHEAD: Final = timedelta(days=731)  #: two years: how far working days are looked at


def check_may_change(session: Session, user: str) -> Actor:
    """The person, if he may change calendars: an administrator, or the head of the district's centre.

    Raises:
        Refused: `unknown_user`, `not_your_calendar`.
    """
    try:
        return check_person(session, user)
    except Refused as refusal:
        if refusal.code != "not_your_policy":
            raise
        raise Refused("not_your_calendar", user=user) from None


def holidays_lost(year: int, expected: Iterable[tuple[date, str]], off: Collection[date]) -> list[str]:
    """Public holidays for which a notice gives fewer weekdays off than the law does, or none.

    Args:
        year: The year that it publishes.
        expected: Days off by law and their names; none: the holidays that stand on the same day every year.
        off: The days off in the notice.

    Returns:
        Their names, in order of the year.
    """
    days: dict[str, list[date]] = defaultdict(list)
    for day, name in sorted(expected) or [(date(year, m, d), name) for m, d, name in FIXED]:
        days[name.partition("（")[0]].append(day)
    given = {day for day in off if day.isoweekday() <= 5}
    return [name for name, own in days.items() if len({g for g in given if any(abs(g - day) <= NEAR for day in own)}) < len(own)]


def check_hours(before: Catalogue, after: Catalogue, codes: Collection[str], now: datetime) -> None:
    """Refuse a change that leaves a calendar without hours, or a working day of the next two years that had some.

    Raises:
        Refused: `calendar_without_hours`, `hours_gap`.
    """
    for code, calendar in after.calendars.items():
        try:
            calendar.add(seconds(now), 1)
        except ValueError:
            raise Refused("calendar_without_hours", calendar=code) from None
    for code in codes:
        gaps = sorted(set(_gaps(after.calendars[code], now)) - set(_gaps(before.calendars[code], now)))
        if gaps:
            raise Refused("hours_gap", calendar=code, first=gaps[0], count=len(gaps))


def _gaps(calendar: Calendar, now: datetime) -> Iterator[date]:
    """Working days of the next two years, from today on, on which nobody opens."""
    today = now.astimezone(calendar.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    segments = calendar.segments(seconds(today), seconds(today + AHEAD))
    return (s.day for s in segments if not s.counted and calendar.days.get(s.day, s.day.isoweekday() <= 5))


@dataclass(frozen=True, slots=True)
class Season:
    """Dates for which two sets of hours are in force; those of the set that begins later hold.

    Attributes:
        first: The first day of both, which is that of the set that holds.
        last: The last day of both; None: for good.
    """

    first: date
    last: date | None

    def plain(self) -> dict[str, Any]:
        """As JSON says it; the keys are stable."""
        return {"first": self.first.isoformat(), "last": self.last and self.last.isoformat()}


def seasons_shared(scope: Window, others: Sequence[Window]) -> list[Season]:
    """Where hours with dates meet other hours with dates, of the same kind of days or of every day."""
    if scope.first is None:
        return []
    alike = [w for w in others if w.days == scope.days or "every" in (w.days, scope.days)]
    spans = {(w.first, w.last) for w in alike if w.first is not None} - {(scope.first, scope.last)}
    shared = []
    for first, last in spans:
        begins, ends = max(first, scope.first), min((day for day in (last, scope.last) if day is not None), default=None)
        if ends is None or begins <= ends:
            shared.append(Season(begins, ends))
    return sorted(shared, key=lambda season: season.first)
