"""Days, weeks and months in the district's local time, as instants; and windows of working time."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from rules.facts import Refused
from rules.worktime import Calendar, Limit, after, budget_of, instant, seconds

DAY: Final = "day"
WEEK: Final = "week"


def local_day(now: datetime, zone: tzinfo) -> date:
    """The local day of an instant."""
    return now.astimezone(zone).date()


def monday_of(day: date) -> date:
    """The Monday of the week in which a day lies; a week ends on Sunday."""
    return day - timedelta(days=day.weekday())


def begin(day: date, zone: tzinfo) -> datetime:
    """The instant at which a local day begins."""
    return datetime.combine(day, time(), zone)


#: The first day of a span in which a day lies, and of the one after it.
FIRST: Final[Mapping[str, Callable[[date], date]]] = {DAY: lambda day: day, WEEK: monday_of}
DAYS: Final[Mapping[str, int]] = {DAY: 1, WEEK: 7}


def label_of(span: str, day: str) -> str:
    """What a list is called: by its day; of a week by its first and its last day."""
    if span != WEEK:
        return day
    return f"{day} – {(date.fromisoformat(day) + timedelta(days=DAYS[WEEK] - 1)).isoformat()}"


def read_day(text: str) -> date:
    """A day as people write it.

    Raises:
        Refused: `bad_day`.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Refused("bad_day", given=text) from None


def month_of(text: str, zone: tzinfo) -> tuple[str, datetime, datetime]:
    """A month as people write it, e.g. 2026-11.

    Returns:
        The month, the instant at which it begins, and that at which the next one begins.

    Raises:
        Refused: `bad_month`.
    """
    try:
        first = date.fromisoformat(f"{text.strip()}-01")
    except ValueError:
        raise Refused("bad_month", given=text) from None
    following = (first + timedelta(days=32)).replace(day=1)
    return f"{first:%Y-%m}", begin(first, zone), begin(following, zone)


def end_of(window: str, since: datetime, calendar: Calendar) -> datetime:
    """When a window that begins now ends, e.g. `2wd` at the close of business of the second working day."""
    limit, start = Limit.parse(window), seconds(since)
    return instant(after(start, budget_of(limit, start, calendar), None if limit.natural else calendar))
