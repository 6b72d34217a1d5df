"""Ladders: what happens at which moment of a clock, before and after it is due."""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from operator import itemgetter
from types import UnionType
from typing import Any, Final, NamedTuple

from rules.facts import Who
from rules.lifecycle import MOVES
from rules.worktime import Calendar, Unit, after

FULL: Final = 1000  #: the whole limit, in thousandths
OVERTAKEN: Final = "overtaken"  #: why a low rung does nothing: while it waited, a higher one came
#: What a rung can do: only tell, propose that somebody be supervised, or ask for a move that the table lets the system make.
ACTS: Final = frozenset({"tell", "propose_order", "propose_listing", "propose_bulletin"}) | {
    f"move:{m.action}" for m in MOVES if Who.SYSTEM in m.who and not m.follows
}
RED: Final = frozenset({"red", "urge"})  #: rungs that say "you are late" where the ladder does not say which do
_WALKS: Final = frozenset({"clerk", "head"})  #: roles found at a distance along the supervising units
_ROLES: Final = _WALKS | {"duty", "centre", "centre_head", "admin", "reporter", "named"}
_ABOVE: Final = {"above": "clerk+1", "above_head": "head+1"}
#: How each key of a rung is written: its type, its form, and how the refusal says it. `extended` and `reprojected` are the
#: journal's own entries about a clock.
_FORMS: Final[Mapping[str, tuple[type | UnionType, str, str]]] = {
    "code": (str, r"(?!(?:extended|reprojected)$)[a-z][a-z0-9_]{0,19}", "1 to 20 of a-z, 0-9 and _; not extended or reprojected"),
    "at": (str, r"[1-9][0-9]{0,3}%|[+-][1-9][0-9]{0,2}(?:m|h|wh|wd)", "80%, at most 9999%, or +1wd, -2wh, +30m, at most 999"),
    "act": (str, "|".join(ACTS), ", ".join(sorted(ACTS))),
    "notice": (str, r"[a-z0-9_]*", "the code of a notice"),
    "only": (str, "wd", "wd"),
    "to": (list | tuple, ".*", "a list of audiences"),
    "low": (bool, ".*", "true or false"),
    "hold": (str, "working", "working"),
    "gap": (str, r"[1-9][0-9]{0,2}[mh]", "5m or 1h, up to 999"),
    "red": (bool, ".*", "true or false"),
}
_AT: Final = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Post:
    """Whom a rung tells: a role, so many supervising units above the unit whose clock it is.

    Attributes:
        role: `clerk`, `head`, `duty`, `centre`, `centre_head`, `admin`, `reporter`, or `named` for the person that the case names.
        up: Steps along the supervising units; always 0 for roles of the district and the reporter.
    """

    role: str
    up: int = 0

    @classmethod
    def parse(cls, text: str) -> "Post":
        """Read a role, `head+1` (1 to 9 steps, clerk and head only), `above` (clerk+1) or `above_head` (head+1).

        Raises:
            ValueError: anything else.
        """
        found = re.fullmatch(r"([a-z_]+)(?:\+([1-9]))?", _ABOVE.get(text, text))
        if not found or found[1] not in (_WALKS if found[2] else _ROLES):
            msg = f"unknown audience: {text!r} (write above, above_head, clerk+1, head+1, {', '.join(sorted(_ROLES))})"
            raise ValueError(msg)
        return cls(found[1], int(found[2] or 0))


@dataclass(frozen=True, slots=True)
class Offset:
    """A distance from the due moment: `+1wd`, `-2wh`, `+30m`; a negative amount lies before it."""

    amount: int
    unit: Unit

    def away_from(self, due: int, calendar: Calendar) -> int:
        """The moment so far from `due`, seconds since 1970: wd the same local minute, wh working time, h and m natural time."""
        if self.unit is Unit.WORK_DAY:
            return calendar.neighbour(due, self.amount)
        length = self.amount * (60 if self.unit is Unit.MINUTE else 3600)
        if self.unit is not Unit.WORK_HOUR:
            return due + length
        return calendar.add(due, length) if length > 0 else calendar.subtract(due, -length)

    def __str__(self) -> str:
        """Give back the text it was read from."""
        return f"{self.amount:+}{self.unit}"


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung.

    Attributes:
        code: What it is called in the journal, e.g. `yellow`.
        act: `tell`, `propose_order`, `propose_listing`, `propose_bulletin`, or `move:<action>`.
        notice: What to tell (notifications/notices.py); empty for nothing.
        permille: Moment as thousandths of the limit, or None where `offset` says it.
        offset: Moment as a distance from the due moment.
        only_wd: Fires on working-day clocks only.
        to: Whom to tell instead of the notice's own audiences; empty for those.
        low: Of a low kind (remind, yellow): it may wait, and is skipped when a higher rung comes first.
        hold: Low only: a moment outside business hours waits for the next opening.
        gap: Low only: seconds to keep from the rung before it on the same clock.
        red: It says "you are late".
    """

    code: str
    act: str
    notice: str = ""
    permille: int | None = None
    offset: Offset | None = None
    only_wd: bool = False
    to: tuple[Post, ...] = ()
    low: bool = False
    hold: bool = False
    gap: int = 0
    red: bool = False

    @classmethod
    def parse(cls, row: Mapping[str, Any]) -> "Rung":
        """Read a rung as seed files write it: `{code, at, act}` and, where wanted, `notice, only, to, low, hold, gap, red`.

        Raises:
            ValueError: a key that is missing, unknown or unreadable, or two that contradict each other; names the rung.
        """
        try:
            _check_form(row)
            number, unit = re.split(r"(?=[%a-z])", row["at"], maxsplit=1)
            gap = row.get("gap", "0m")
            rung = cls(
                row["code"],
                row["act"],
                row.get("notice", ""),
                permille=int(number) * 10 if unit == "%" else None,
                offset=Offset(int(number), Unit(unit)) if unit != "%" else None,
                only_wd="only" in row,
                to=tuple(dict.fromkeys(Post.parse(str(text)) for text in row.get("to", ()))),
                low=row.get("low", False),
                hold="hold" in row,
                gap=int(gap[:-1]) * (60 if gap[-1] == "m" else 3600),
                red=row.get("red", row["code"] in RED),
            )
            _check_sense(rung)
        except ValueError as error:
            msg = f"rung {row.get('code', '(no code)')}: {error}"
            raise ValueError(msg) from error
        return rung


def _check_form(row: Mapping[str, Any]) -> None:
    wrong = [f"{key} is missing" for key in ("code", "at", "act") if key not in row]
    wrong += [f"unknown key {key!r} (known: {', '.join(_FORMS)})" for key in row if key not in _FORMS]
    for key, (kind, form, written) in _FORMS.items():
        if key in row and not (isinstance(row[key], kind) and re.fullmatch(form, str(row[key]))):
            wrong.append(f"{key} is {row[key]!r} (write {written})")
    if wrong:
        raise ValueError("; ".join(wrong))


def _check_sense(rung: Rung) -> None:
    wrong = {
        "only a low rung waits: hold and gap need low = true": (rung.hold or rung.gap > 0) and not rung.low,
        "a low rung may be skipped, so its act can only be tell": rung.low and rung.act != "tell",
        "a red rung never waits, so it cannot be low": rung.low and rung.red,
        "to names an audience, but there is no notice to send": bool(rung.to) and not rung.notice,
    }
    if found := [sentence for sentence, holds in wrong.items() if holds]:
        raise ValueError("; ".join(found))


@dataclass(frozen=True, slots=True)
class Ladder:
    """An ordered list of rungs, stamped with its version on each clock.

    Raises:
        ValueError: two rungs have one code; each fires once, so the second never would.
    """

    code: str
    version: int
    rungs: tuple[Rung, ...]
    has_low: bool = field(init=False, repr=False, compare=False)  #: whether any of them may wait

    def __post_init__(self) -> None:
        codes = [rung.code for rung in self.rungs]
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            msg = f"ladder {self.code}: more than one rung is called {', '.join(twice)}"
            raise ValueError(msg)
        object.__setattr__(self, "has_low", any(rung.low for rung in self.rungs))


class Moment(NamedTuple):
    """When a rung is to fire, in seconds since 1970; `skip` is the reason when it is to be recorded there and do nothing."""

    at: int
    rung: Rung
    skip: str | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """How a running clock stands: all that its moments are derived from.

    Attributes:
        since: Moment from which it has run without a break, seconds since 1970.
        consumed: Seconds used up before that.
        budget: The limit in seconds of the clock's own kind of time.
        calendar: Working calendar; percentages of natural clocks do without it, offsets and held rungs do not.
        natural: Never stops for nights and holidays.
        working_days: The limit was written in working days, so rungs that are `only` for such limits apply.
        due_kept: When the clock had been due already, that moment: a breach is a fact, whatever changed afterwards.
    """

    since: int
    consumed: int
    budget: int
    calendar: Calendar
    natural: bool
    working_days: bool
    due_kept: int | None = None

    def reaches(self, amount: int) -> int:
        """The moment at which `amount` seconds are used up; `since` for what was used up before it."""
        return after(self.since, max(0, amount - self.consumed), None if self.natural else self.calendar)

    @property
    def due(self) -> int:
        """When the budget is used up, or was when the clock first became due."""
        return self.reaches(self.budget) if self.due_kept is None else self.due_kept


def moments(ladder: Ladder, course: Course, started: int) -> list[Moment]:
    """When each rung of a running clock fires, in order of time (ties: order of the ladder).

    A rung at 100 % fires when the clock is due, or at `since` if that was before; the others keep to their side of it. A low rung
    waits for business hours and for its gap, and is skipped at its own moment (`overtaken`) if a rung that is not low
    has come by then; no other rung is ever moved by it.

    Args:
        ladder: The ladder stamped on the clock.
        course: How the clock stands.
        started: When the clock was first started; an offset before that is left out, because nobody can be reminded of
            what does not exist yet.
    """
    found, due = [], course.due
    for rung in ladder.rungs:
        if rung.only_wd and not course.working_days:
            continue
        if rung.offset is None:
            at = _share(course, rung.permille or FULL, due)
        elif (at := rung.offset.away_from(due, course.calendar)) <= started:
            continue
        found.append(Moment(at, rung))
    if ladder.has_low:
        _let_wait(found, course.calendar)
    return sorted(found, key=_AT)


def _share(course: Course, permille: int, due: int) -> int:
    """The moment of a share of the limit; a due moment that was kept stays between the shares below and above the whole."""
    if permille == FULL:
        return max(course.since, due)
    at = course.reaches(-(-course.budget * permille // FULL))
    if course.due_kept is None:
        return at
    kept = max(course.since, due)
    return min(at, kept) if permille < FULL else max(at, kept)


def _let_wait(found: list[Moment], calendar: Calendar) -> None:
    """Move the low rungs to where they may fire, or mark them as overtaken; `found` is in order of the ladder, changed in place."""
    higher = sorted((m.at, i) for i, m in enumerate(found) if not m.rung.low)
    queue = [(calendar.next_open(m.at) if m.rung.hold else m.at, i) for i, m in enumerate(found)]
    heapify(queue)
    before: int | None = None
    while queue:
        at, i = heappop(queue)
        raw, rung, _ = found[i]
        next_higher = bisect_right(higher, (raw, i))
        if at > raw and next_higher < len(higher) and higher[next_higher][0] <= at:
            found[i] = Moment(raw, rung, OVERTAKEN)
        elif rung.gap and before is not None and at < before + rung.gap:
            spaced = before + rung.gap
            heappush(queue, (calendar.next_open(spaced) if rung.hold else spaced, i))
        else:
            before, found[i] = at, Moment(at, rung)
