"""One open clock that has to be there: does it run as it must, and do its moments follow from what they are derived from?"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Final

from rules.clocks import Demand
from rules.ladder import Course, Ladder, Moment, moments
from rules.worktime import Calendar, Limit, seconds
from services.catalogue import Catalogue
from services.moves import Row
from services.moves.clockwork import OUTSIDE, course_of

Stamp = tuple[str, int]
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Look:
    """The moment of an audit, and how late a rung may be before it counts as late.

    Attributes:
        now: The instant.
        latest: A rung that should have fired before this one is late.
    """

    now: datetime
    latest: datetime


@dataclass(frozen=True)
class Subject:
    """A clock with all that its moments are derived from.

    Attributes:
        row: Its row.
        demand: What the state demands of it.
        fired: Rungs that have fired, by round.
        families: Rungs that each ladder has, or had in another version of the policy.
    """

    row: Row
    demand: Demand
    known: Catalogue
    fired: Mapping[int, set[str]]
    families: Mapping[Stamp, frozenset[str]] = field(repr=False)

    @property
    def running(self) -> bool:
        """Whether its time runs."""
        return self.row["running_since"] is not None

    @cached_property
    def calendar(self) -> Calendar:
        """Its working calendar."""
        return self.known.calendar_by(self.row)

    @cached_property
    def ladder(self) -> Ladder:
        """The ladder stamped on it."""
        return self.known.ladders[self.stamp]

    @property
    def stamp(self) -> Stamp:
        """Name and version of its ladder."""
        return self.row["ladder"], self.row["ladder_version"]

    @cached_property
    def course(self) -> Course:
        """How it stands; running clocks only."""
        return course_of(self.row, self.calendar)

    @cached_property
    def moments(self) -> list[Moment]:
        """When each of its rungs fires; running clocks only."""
        return moments(self.ladder, self.course, seconds(self.row["started_at"]))


def families(known: Catalogue) -> dict[Stamp, frozenset[str]]:
    """Codes of the rungs that may have fired on a clock with each ladder: its own, and those that a policy gave to the same clocks.

    A clock computed anew under another version of the policy keeps the firings of the ladder it climbed before.
    """
    by_name: dict[str, set[Stamp]] = {}
    for name, stamp in chain.from_iterable(ladders.items() for ladders in known.ladders_of.values()):
        by_name.setdefault(name, set()).add(stamp)
    codes = {stamp: {rung.code for rung in ladder.rungs} for stamp, ladder in known.ladders.items()}
    kin = {stamp: {stamp}.union(*(group for group in by_name.values() if stamp in group)) for stamp in codes}
    return {stamp: frozenset(code for other in kin[stamp] for code in codes.get(other, ())) for stamp in codes}


def astray(clock: Subject, look: Look) -> str | None:
    """The first thing that is wrong with a clock; None: it is paused on hold, on its way, or has fired its last rung."""
    return next(_wrong(clock, look), None)


def _wrong(clock: Subject, look: Look) -> Iterator[str]:
    yield from (code for code, wrong in _AT_SIGHT if wrong(clock))
    yield from (code for code, wrong in (_RUNNING if clock.running else _PAUSED) if wrong(clock, look))


def _unread(clock: Subject) -> bool:
    try:
        Limit.parse(clock.row["limit"])
    except ValueError:
        return True
    return False


def _no_calendar(clock: Subject) -> bool:
    unit, known = clock.row["unit_id"], clock.known
    by_unit = known.calendars_of.get(known.district_id if unit is None else unit)
    return not {by_unit, clock.row["calendar"]} <= known.calendars.keys()


def _consumed(clock: Subject) -> bool:
    """Less than nothing, or more than has gone by since its start: even natural time cannot have run so much."""
    until, used = clock.row["running_since"], clock.row["consumed_s"]
    return bool(used < 0 or (until is not None and used > seconds(until) - seconds(clock.row["started_at"]) + _begun_with(clock)))


def _begun_with(clock: Subject) -> int:
    """What it may have consumed at its start: a clock of an affair that goes on with a rest has a limit in whole units, rounded up."""
    unit = _MINUTE_S if Limit.parse(clock.row["limit"]).natural else _HOUR_S
    return unit - 1 if clock.row["affair_seq"] is not None else 0


def _strange_rung(clock: Subject) -> bool:
    known = clock.families[clock.stamp]
    return any(not 1 <= no <= clock.row["round"] or codes - known for no, codes in clock.fired.items())


def _due_moved(clock: Subject, _look: Look) -> bool:
    row, course, due = clock.row, clock.course, seconds(clock.row["due_at"])
    if course.due_kept is not None:  # used up before it ran on: it was due by then, or when the limit that cuts it short is
        return due > max(course.since, seconds(row["bound_at"]) if row["bound_at"] is not None else course.since)
    outside = seconds(row["bound_at"]) if row["bound_by"] in OUTSIDE and row["bound_at"] is not None else None
    return due != course.due or (outside is not None and due > max(outside, course.since))


def _ahead(clock: Subject) -> list[Moment]:
    gone: Iterable[str] = clock.fired.get(clock.row["round"], ())
    return [moment for moment in clock.moments if moment.rung.code not in gone]


def _silent(clock: Subject, _look: Look) -> bool:
    return clock.row["next_fire_at"] is None and bool(_ahead(clock))


def _fire_moved(clock: Subject, _look: Look) -> bool:
    """Neither its next rung's moment nor, where it has just run on, its first one's, from where the engine looks on."""
    at = clock.row["next_fire_at"]
    return at is not None and seconds(at) not in {moment.at for moment in (*clock.moments[:1], *_ahead(clock)[:1])}


def _late(clock: Subject, look: Look) -> bool:
    at = clock.row["next_fire_at"]
    return at is not None and bool(at < look.latest)


def _beyond_now(clock: Subject, look: Look) -> bool:
    return bool(clock.row["consumed_s"] > seconds(look.now) - seconds(clock.row["started_at"]) + _begun_with(clock))


#: What can be seen of any clock, in this order: what comes later relies on what came before.
_AT_SIGHT: Final[tuple[tuple[str, Callable[[Subject], bool]], ...]] = (
    ("clock_of_another_unit", lambda c: c.row["unit_id"] != c.demand.unit_id),
    ("clock_paused", lambda c: c.demand.running and not c.running),
    ("clock_runs_on_hold", lambda c: c.running and not c.demand.running),
    ("limit_unread", _unread),
    ("calendar_unknown", _no_calendar),
    ("ladder_unknown", lambda c: c.stamp not in c.known.ladders),
    ("consumed_impossible", _consumed),
    ("rung_unknown", _strange_rung),
)
_RUNNING: Final[tuple[tuple[str, Callable[[Subject, Look], bool]], ...]] = (
    ("due_moved", _due_moved),
    ("clock_silent", _silent),
    ("fire_moved", _fire_moved),
    ("clock_late", _late),
)
_PAUSED: Final[tuple[tuple[str, Callable[[Subject, Look], bool]], ...]] = (
    ("consumed_impossible", _beyond_now),
    ("fire_moved", lambda c, _: c.row["next_fire_at"] is not None),
)
