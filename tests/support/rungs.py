"""What tests of ladders write and ask."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import settings

from rules.ladder import Course, Ladder, Moment, Rung, moments
from rules.worktime import Calendar, Limit, Unit, Window, budget_of, every_day, instant, seconds

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = [(time(8, 30), time(12)), (time(14, 30), time(17, 30))]
REST = {date(2027, 1, 1): False, date(2026, 11, 28): True}
DAYS = every_day(date(2026, 1, 1), date(2027, 12, 31), REST)
TOWN = Calendar("town", 1, ZONE, DAYS, [Window(*hours) for hours in HOURS])
UNTIMED = settings(deadline=None)


def local(text: str) -> int:
    return seconds(datetime.fromisoformat(text).replace(tzinfo=ZONE))


def shown(moment: Moment) -> tuple[str, str]:
    at = instant(moment.at).astimezone(ZONE).strftime("%m-%d %H:%M:%S")
    return at, moment.rung.code + (f" {moment.skip}" if moment.skip else "")


def ladder(*rows: dict[str, Any]) -> Ladder:
    return Ladder("test", 1, tuple(Rung.parse({"code": f"r{i}", "act": "tell", "notice": "n", **row}) for i, row in enumerate(rows)))


def course(limit: str, started: str = "2026-11-20 10:42", calendar: Calendar = TOWN) -> Course:
    parsed, start = Limit.parse(limit), local(started)
    return Course(start, 0, budget_of(parsed, start, calendar), calendar, parsed.natural, parsed.unit is Unit.WORK_DAY)


def told(on: Course, *rows: dict[str, Any], started: str = "2026-11-20 10:42") -> list[tuple[str, str]]:
    return [shown(moment) for moment in moments(ladder(*rows), on, local(started))]
