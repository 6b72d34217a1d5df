"""Ladders: what happens at which moment of a clock, before and after it is due."""

import re
from dataclasses import dataclass

from rules.worktime import Calendar, after


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung.

    Attributes:
        code: What it is called in the journal, e.g. `yellow`.
        permille: Moment as thousandths of the limit, or None for an overlay.
        offset_wd: Overlay: working days from the due moment (negative: before), same local minute.
        act: `tell`, `propose_order`, `propose_bulletin`, or `move:<action>`.
        notice: Whom to tell what (notifications/notices.py); empty for nobody.
        only_wd: Fires on working-day clocks only.
    """

    code: str
    act: str
    notice: str
    permille: int | None = None
    offset_wd: int | None = None
    only_wd: bool = False

    @classmethod
    def parse(cls, row: dict[str, str]) -> "Rung":
        """Read a rung as seed files write it: `{code, at: "80%" | "+1wd", act, notice, only}`.

        Raises:
            ValueError: `at` is neither a percentage above 0 nor an offset in working days.
        """
        code, act, notice, only_wd = row["code"], row["act"], row.get("notice", ""), row.get("only") == "wd"
        if found := re.fullmatch(r"(\d+)%", row["at"]):
            if int(found[1]) > 0:
                return cls(code, act, notice, permille=int(found[1]) * 10, only_wd=only_wd)
        elif found := re.fullmatch(r"([+-]\d+)wd", row["at"]):
            return cls(code, act, notice, offset_wd=int(found[1]), only_wd=only_wd)
        msg = f"rung {row['code']}: not a moment: {row['at']!r} (write 80% or +1wd)"
        raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Ladder:
    """An ordered list of rungs, stamped with its version on each clock."""

    code: str
    version: int
    rungs: tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """When a rung is to fire, in seconds since 1970."""

    at: int
    rung: Rung


@dataclass(frozen=True, slots=True)
class Course:
    """How a running clock stands: all that its moments are derived from.

    Attributes:
        since: Moment from which it has run without a break, seconds since 1970.
        consumed: Seconds used up before that.
        budget: The limit in seconds of the clock's own kind of time.
        calendar: Working calendar; percentages of natural clocks do without it, overlays never.
        natural: Never stops for nights and holidays.
        working_days: The limit was written in working days, so overlays apply.
    """

    since: int
    consumed: int
    budget: int
    calendar: Calendar
    natural: bool
    working_days: bool

    def reaches(self, amount: int) -> int:
        """The moment at which `amount` seconds are used up; `since` for what was used up before it."""
        return after(self.since, max(0, amount - self.consumed), None if self.natural else self.calendar)

    @property
    def due(self) -> int:
        """When the budget is used up."""
        return self.reaches(self.budget)


def moments(ladder: Ladder, course: Course, started: int) -> list[Moment]:
    """When each rung of a running clock fires, in order of time (ties: order of the ladder).

    Args:
        ladder: The ladder stamped on the clock.
        course: How the clock stands.
        started: When the clock was first started; an overlay before that is left out, because nobody can be reminded of
            what does not exist yet.
    """
    found = []
    for rung in ladder.rungs:
        if rung.only_wd and not course.working_days:
            continue
        if rung.permille is not None:
            at = course.reaches(-(-course.budget * rung.permille // 1000))
        else:
            at = course.calendar.neighbour(course.due, rung.offset_wd or 0)
            if at <= started:
                continue
        found.append(Moment(at, rung))
    return sorted(found, key=lambda m: m.at)
