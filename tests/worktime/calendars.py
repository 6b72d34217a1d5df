"""Calendars that the tests of working time share, and moments written as people write them."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from rules.worktime import Calendar, Kind, Mark, Window, instant, resolve_days, seconds
from seeds import read, rows

ZONE = ZoneInfo("Asia/Shanghai")


def local(text: str) -> int:
    """The moment of a local wall time such as `2026-09-30T17:00`."""
    return seconds(datetime.fromisoformat(text).replace(tzinfo=ZONE))


def shown(stamp: int) -> str:
    """A moment as local wall time, to the minute."""
    return instant(stamp).astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")


def window(hours: str, days: Kind = "workday", first: str | None = None, last: str | None = None) -> Window:
    """A window written as `08:30-12:00`."""
    opens, _, closes = hours.partition("-")
    begins, ends = (date.fromisoformat(text) if text else None for text in (first, last))
    return Window(time.fromisoformat(opens), time.fromisoformat(closes), begins, ends, days)


def calendar(*windows: Window, inherited: tuple[tuple[Window, ...], ...] = (), code: str = "own") -> Calendar:
    """A calendar with the seeded days of China and these hours."""
    info = read("calendar/cn.toml")
    told = [
        (0, date.fromisoformat(r["date"]), Mark(r["working"] == "1", r["name"], r["source"], "national", r["provisional"] == "1"))
        for r in rows("calendar/cn.csv")
    ]
    found = resolve_days(info["first"], info["last"], told, range(info["published_until"].year + 1, info["last"].year + 1))
    return Calendar(code, 1, ZONE, found.days, windows, found.provisional, found.marks, inherited)


OFFICE = (window("08:30-12:00"), window("14:30-17:30"))
SUMMER = (window("08:00-12:00", first="2026-06-01", last="2026-09-30"), window("15:00-18:00", first="2026-06-01", last="2026-09-30"))

CN = calendar(*OFFICE, code="cn")
DUTY = calendar(window("00:00-00:00", "every"), code="duty")
SHIFTS = calendar(window("06:00-14:00", "every"), window("16:00-00:00", "every"), code="shifts")
WEEKEND = calendar(*OFFICE, window("09:00-11:00", "restday"), code="weekend")
SEASONS = calendar(*OFFICE, *SUMMER, code="seasons")
EVENING = calendar(window("09:00-12:00"), window("18:00-00:00"), code="evening")
HEIR = calendar(window("10:00-16:00", "restday"), inherited=((*OFFICE, *SUMMER),), code="heir")
ALL = (CN, DUTY, SHIFTS, WEEKEND, SEASONS, EVENING, HEIR)
