"""Working time: what a limit means, and when it ends, on a Chinese working calendar.

One definition for all limits: `m` and `h` are a budget of seconds that never stops, `wh` a budget of working seconds, and `wd` becomes at
its start the working seconds to the close of business of the n-th working day after the start day. From there on only seconds count.
Which days are worked is in `rules.workdays`, counting on them in `rules.calendar`; their names may be imported from here.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from rules.calendar import Calendar, Segment, instant, seconds
from rules.workdays import LAYERS, Kind, Mark, Resolved, Window, every_day, resolve_days, windows_overlap

__all__ = [
    "LAYERS",
    "Calendar",
    "Kind",
    "Limit",
    "Mark",
    "Resolved",
    "Segment",
    "Unit",
    "Window",
    "after",
    "budget_of",
    "elapsed",
    "every_day",
    "instant",
    "resolve_days",
    "seconds",
    "windows_overlap",
]


class Unit(StrEnum):
    """The four units a limit may be written in (docs/glossary.md: 自然时, 工作时, 工作日)."""

    MINUTE = "m"  #: natural minute, never stops
    HOUR = "h"  #: natural hour, never stops
    WORK_HOUR = "wh"  #: working hour
    WORK_DAY = "wd"  #: working day: start day not counted, ends at the close of business


#: What is longer (about ten years) is a slip of the pen.
LONGEST: Final = {Unit.MINUTE: 5_256_000, Unit.HOUR: 87_600, Unit.WORK_HOUR: 20_000, Unit.WORK_DAY: 2_500}


@dataclass(frozen=True, slots=True)
class Limit:
    """A time limit as people write it: `30m`, `24h`, `4wh`, `15wd`."""

    amount: int
    unit: Unit

    @staticmethod
    def parse(text: str) -> "Limit":
        """Read `30m`, `24h`, `4wh` or `15wd`.

        Raises:
            ValueError: anything else; fractions of a unit, nothing at all and more than about ten years are not accepted.
        """
        return _read(text)

    @property
    def natural(self) -> bool:
        """Whether the limit runs through nights and holidays."""
        return self.unit in (Unit.MINUTE, Unit.HOUR)

    def half(self) -> "Limit":
        """Half the limit, rounded up to whole units: the limit of a rework (domain rule 返工)."""
        return Limit((self.amount + 1) // 2, self.unit)

    def __str__(self) -> str:
        """Give back the text that `parse` reads."""
        return f"{self.amount}{self.unit}"


@lru_cache(maxsize=4096)
def _read(text: str) -> Limit:
    """A limit is read again at every move of its clock; there are few different ones."""
    found = re.fullmatch(r"([0-9]{1,7})(m|h|wh|wd)", text.strip())
    if not found or not 0 < int(found[1]) <= LONGEST[Unit(found[2])]:
        msg = f"not a time limit: {text!r} (write 30m, 24h, 4wh or 15wd)"
        raise ValueError(msg)
    return Limit(int(found[1]), Unit(found[2]))


def budget_of(limit: Limit, start: int, calendar: Calendar) -> int:
    """Turn a limit into seconds at its start: natural seconds for m and h, working seconds for wh and wd.

    A `wd` limit becomes the working seconds from the start to the close of the n-th working day after the start day.
    """
    if limit.unit is Unit.MINUTE:
        return limit.amount * 60
    if limit.unit is Unit.HOUR or limit.unit is Unit.WORK_HOUR:
        return limit.amount * 3600
    return calendar.between(start, calendar.close_of(start, limit.amount))


def after(start: int, amount: int, calendar: Calendar | None) -> int:
    """The moment when `amount` seconds have run since `start`: working seconds on a calendar, natural ones without."""
    return start + amount if calendar is None else calendar.add(start, amount)


def elapsed(start: int, end: int, calendar: Calendar | None) -> int:
    """Seconds that run between two moments: working seconds on a calendar, natural ones without."""
    return end - start if calendar is None else calendar.between(start, end)
