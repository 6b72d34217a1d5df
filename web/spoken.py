"""How time is said on pages: what is left, how much is used, today and yesterday (docs/style: the design's “How time is said”)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from rules.worktime import Limit, Unit, elapsed, seconds
from services.catalogue import Catalogue
from services.listing import Light, light_of
from web.words import translated

_MINUTE: Final = 60
_DAY: Final = 86_400
_NEAR: Final = {-1: "昨天%(time)s", 0: "今天%(time)s", 1: "明天%(time)s"}
_UNITS: Final = {Unit.MINUTE: "不停表", Unit.HOUR: "不停表", Unit.WORK_HOUR: "工作时", Unit.WORK_DAY: "工作日"}


@dataclass(frozen=True, slots=True)
class Standing:
    """How an open clock stands, in words and numbers.

    Attributes:
        light: Its light.
        word: The light in words.
        unit: How it runs: 不停表, 工作时 or 工作日.
        left: What is left, or by how much it is over: 剩4小时18分, 超12分钟.
        percent: Of the limit used; may be over 100.
        due: When it is due: 今天17:30.
        due_at: The same, aware UTC.
        provisional: The due day awaits the official calendar.
    """

    light: Light
    word: str
    unit: str
    left: str
    percent: int
    due: str
    due_at: datetime
    provisional: bool


def standing(clock: Mapping[str, Any], known: Catalogue, now: datetime, lang: str) -> Standing:
    """How an open clock stands now.

    Args:
        clock: Its row.
        known: The reference data.
        now: The instant, aware UTC.
        lang: `zh` or `en`.
    """
    light, limit = light_of(clock, known, now), Limit.parse(clock["limit"])
    used = _used(clock, limit, known, now)
    return Standing(
        light,
        _word(light, now >= clock["due_at"], lang),
        translated(_UNITS[limit.unit], lang),
        _left(clock, limit, known, now, lang),
        round(used * 100 / max(1, clock["budget_s"])),
        day_time(clock["due_at"], now, known.zone, lang),
        clock["due_at"],
        bool(clock["provisional"]),
    )


def _word(light: Light, past: bool, lang: str) -> str:
    words = {Light.OK: "正常", Light.WARN: "超期不计罚" if past else "临期", Light.LATE: "超期", Light.HOLD: "暂停"}
    return translated(words[light], lang)


def _used(clock: Mapping[str, Any], limit: Limit, known: Catalogue, now: datetime) -> int:
    if clock["running_since"] is None:
        return int(clock["consumed_s"])
    calendar = None if limit.natural else known.calendar_by(clock)
    return int(clock["consumed_s"]) + elapsed(seconds(clock["running_since"]), seconds(now), calendar)


def _left(clock: Mapping[str, Any], limit: Limit, known: Catalogue, now: datetime, lang: str) -> str:
    """A paused clock says what it has left; one in working days counts days, today not, and hours on its last day alone."""
    if clock["running_since"] is None:
        return translated("剩%(time)s", lang, time=how_long(max(0, clock["budget_s"] - clock["consumed_s"]), lang))
    due, at = seconds(clock["due_at"]), seconds(now)
    calendar = None if limit.natural else known.calendar_by(clock)
    said = "剩%(time)s" if at <= due else "超%(time)s"
    if limit.unit is Unit.WORK_DAY and calendar is not None and at <= due and (days := calendar.working_days_between(at, due)):
        return translated("剩%(n)d个工作日", lang, n=days)
    between = elapsed(min(at, due), max(at, due), calendar)
    return translated(said, lang, time=how_long(between, lang))


def how_long(span: int, lang: str) -> str:
    """A stretch of seconds: 12分钟, 4小时18分, 3天5小时."""
    minutes = max(0, span) // _MINUTE
    if minutes < 60:
        return translated("%(m)d分钟", lang, m=minutes)
    if minutes < 2 * 1440:
        hours, rest = divmod(minutes, 60)
        return translated("%(h)d小时%(m)d分", lang, h=hours, m=rest) if rest else translated("%(h)d小时", lang, h=hours)
    days, hours = divmod(minutes // 60, 24)
    return translated("%(d)d天%(h)d小时", lang, d=days, h=hours) if hours else translated("%(d)d天", lang, d=days)


def day_time(moment: datetime, now: datetime, zone: tzinfo, lang: str) -> str:
    """A moment as people say it: today, yesterday and tomorrow by name, else the day, the year only where it is another."""
    there, here = moment.astimezone(zone), now.astimezone(zone)
    time = f"{there:%H:%M}"
    near = _NEAR.get((there.date() - here.date()).days)
    if near is not None:
        return translated(near, lang, time=time)
    if there.year == here.year:
        return translated("%(month)d月%(day)d日%(time)s", lang, month=there.month, day=there.day, time=time)
    return translated("%(year)d年%(month)d月%(day)d日%(time)s", lang, year=there.year, month=there.month, day=there.day, time=time)


def today(now: datetime, zone: tzinfo, lang: str) -> str:
    """This moment with its day of the week: 11月20日周五10:42."""
    here = now.astimezone(zone)
    day = translated("周一 周二 周三 周四 周五 周六 周日", lang).split()[here.weekday()]
    return translated("%(month)d月%(day)d日%(weekday)s%(time)s", lang, month=here.month, day=here.day, weekday=day, time=f"{here:%H:%M}")
