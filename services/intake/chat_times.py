"""When a line of a copied chat was said, as the programs write it: with a day or without, by the part of the day or by 24 hours."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

#: Patterns; how long a run of blanks is makes no difference to the time they take.
DAY: Final = r"(?:(?P<day>(?:\d{4}[-/.年])?\d{1,2}[-/.月]\d{1,2}日?|昨天|今天|前天|(?:星期|周)[一二三四五六日天])[\s,，]*+)"
CLOCK: Final = r"(?P<part>凌晨|早上|上午|中午|下午|晚上|AM|PM)?\s*+(?P<hour>[01]?\d|2[0-3])[:：](?P<minute>[0-5]\d)(?:[:：][0-5]\d)?"
WHEN: Final = rf"{DAY}?{CLOCK}"
#: Hours by which twelve more are meant, and parts of the day whose twelve is the first hour of it.
_AFTERNOON: Final[Mapping[str, range]] = {"中午": range(1, 11), "下午": range(12), "PM": range(12), "晚上": range(5, 12)}
_MIDNIGHT: Final = frozenset({"凌晨", "晚上", "AM"})
_WEEKDAYS: Final = "一二三四五六日"
_AGO: Final = {"今天": 0, "昨天": 1, "前天": 2}


def moment(parts: Mapping[str, str | None], here: datetime) -> tuple[datetime | None, bool]:
    """When it was said, and whether the copy says the day.

    Args:
        parts: What `WHEN` found, by the names of its groups.
        here: The instant, local time: nothing was said after it, unless the copy names day and year.

    Returns:
        Local time; None where there is no such day.
    """
    hour, minute, part = int(parts["hour"] or 0), int(parts["minute"] or 0), parts["part"] or ""
    if part in _MIDNIGHT and hour == 12:
        hour = 0
    elif hour in _AFTERNOON.get(part, ()):
        hour += 12
    day, given = _day(parts["day"], here.date())
    if day is None:
        return None, False
    found = datetime.combine(day, time(hour, minute), here.tzinfo)
    return (found - timedelta(days=1) if not given and found > here else found), given


def _day(text: str | None, today: date) -> tuple[date | None, bool]:
    if not text:
        return today, False
    if text in _AGO:
        return today - timedelta(days=_AGO[text]), True
    if text[0] in "星周":
        back = (today.weekday() - _WEEKDAYS.index(text[-1].replace("天", "日"))) % 7
        return today - timedelta(days=back), True
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if len(numbers) == 3:
        return _date(*numbers), True
    past = (found for year in (today.year, today.year - 1) if (found := _date(year, *numbers)) is not None and found <= today)
    return next(past, None), True


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
