"""议事: meetings on a bench, standing councils, hearings, task-force rounds: called, held, minuted, voted, agreed, fulfilled.

Source: domain of the seeds, rows 10, 14, 27, 28; Civil Code art. 278 (what owners decide together); 《城市居民委员会组织法》 art. 10.
"""

from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from rules.clocks import ClockKind
from rules.facts import FINAL, Refused, State, Step, Thing, Who
from rules.handling import agreeing
from rules.handling.agreeing import HAS_TEXT, Phase
from rules.handling.kinds import AffairKind, PartKind, Timed
from rules.needs import HAS_RESULT, REASON, Need, given
from rules.table import by, moves


class MeetingState(StrEnum):
    """What is true of a meeting."""

    CALLED = "called"  #: people are asked to come
    HELD = "held"  #: has taken place; what comes of it is not said yet
    SIGNING = Phase.SIGNING.value  #: an agreement waits for signatures
    AGREED = Phase.AGREED.value  #: all have signed; what was agreed is under way
    FULFILLED = "fulfilled"  #: all of it is done
    ENDED = "ended"  #: over without an agreement being needed
    FAILED = "failed"  #: no agreement, or it was not kept: mediation, or up
    CANCELLED = "cancelled"
    STANDING = "standing"  #: 例会: a series, of which meetings come by themselves
    STOPPED = "stopped"  #: a series that goes on no more


class MatterState(StrEnum):
    """What is true of a matter that somebody brought to a standing meeting (说事)."""

    RAISED = "raised"
    AGENDA = "agenda"  #: on the agenda of the next meeting
    SOLVED = "solved"  #: on the spot, or at the meeting
    FILED = "filed"  #: became a case
    DROPPED = "dropped"


#: Where a meeting that did not agree goes on.
ONWARD: Final = ("mediation", "up")
_M, _P = MeetingState, MatterState
_OWNER, _SYSTEM, _CALLS = by(Who.OWNER), by(Who.SYSTEM), by(Who.NEAR, Who.CENTRE, Who.HANDLER)
_CALLED: Final = Need("meeting_incomplete", given("title", "form"))
_MINUTES: Final = Need("minutes_missing", given("minutes", "present"))
_ONWARD: Final = Need("onward_missing", lambda _f, _a, args: args.get("onward") in ONWARD)
_WHEN: Final = Need("meeting_time_missing", given("at"))
_PUBLISH: Final = Need("not_a_hearing", lambda f, _a, _x: f.affair is not None and bool(f.affair.data.get("hearing")))
_SERIES: Final = Need("series_incomplete", given("title", "form", "days", "time"))
_VOICES: Final = Need("voices_missing", given("voices"))
_MATTERS: Final = Need("matters_missing", given("matters"))
_CASE: Final = Need("matter_case_missing", given("case"))
_OPEN_CASE: Final = [s for s in State if s not in FINAL and s is not State.BESIDE]

KIND: Final = AffairKind(
    Thing.MEETING,
    "YS",
    frozenset({_M.FULFILLED, _M.ENDED, _M.FAILED, _M.CANCELLED, _M.STOPPED}),
    (
        *moves(Thing.CASE, Step.HANDLE, [
            *[("call_meeting", s,           s,            _CALLS, _CALLED) for s in (*_OPEN_CASE, State.CLOSED)],
            ("call_meeting",  State.BESIDE, State.BESIDE, by(Who.STAFF), _CALLED),
            ("found_series",  State.BESIDE, State.BESIDE, by(Who.STAFF), _SERIES),
        ]),
        *moves(Thing.MEETING, Step.HANDLE, [
            ("hold_meeting",  _M.CALLED,    _M.HELD,      _OWNER, _MINUTES),
            ("postpone",      _M.CALLED,    _M.CALLED,    _OWNER, _WHEN, REASON),
            ("cancel",        _M.CALLED,    _M.CANCELLED, _OWNER, REASON),
            *[("invite",      s,            s,            _OWNER, _VOICES) for s in (_M.CALLED, _M.HELD, _M.STANDING)],
            ("count_votes",   _M.HELD,      _M.HELD,      _OWNER),
            ("end_meeting",   _M.HELD,      _M.ENDED,     _OWNER, HAS_RESULT),
            ("publish_hearing", _M.HELD,    _M.ENDED,     _OWNER, _PUBLISH),
            ("agree",         _M.HELD,      _M.SIGNING,   _OWNER, HAS_TEXT),
            ("all_signed",    _M.SIGNING,   _M.AGREED,    _SYSTEM, "follows"),
            ("fall_through",  _M.SIGNING,   _M.HELD,      _SYSTEM, "follows"),
            ("all_fulfilled", _M.AGREED,    _M.FULFILLED, _SYSTEM, "follows"),
            *[("fail_meeting", s,           _M.FAILED,    _OWNER, _ONWARD, REASON) for s in (_M.HELD, _M.SIGNING, _M.AGREED)],
            # 例会: the system calls the next one; matters are brought in between
            ("convene",       _M.STANDING,  _M.STANDING,  _SYSTEM),
            ("convene_first", _M.STANDING,  _M.STANDING,  _SYSTEM, "follows"),
            ("raise_matters", _M.STANDING,  _M.STANDING,  _OWNER, _MATTERS),
            ("stop_series",   _M.STANDING,  _M.STOPPED,   _OWNER, REASON),
            ("series_over",   _M.STANDING,  _M.STOPPED,   _SYSTEM, "follows"),
        ]),
        *moves(Thing.MATTER, Step.HANDLE, [
            *[("solve_matter", s,           _P.SOLVED,    _OWNER, HAS_RESULT) for s in (_P.RAISED, _P.AGENDA)],
            *[("file_matter", s,            _P.FILED,     _OWNER, _CASE) for s in (_P.RAISED, _P.AGENDA)],
            ("put_on_agenda", _P.RAISED,    _P.AGENDA,    _OWNER),
            *[("drop_matter", s,            _P.DROPPED,   _OWNER, REASON) for s in (_P.RAISED, _P.AGENDA)],
        ]),
        *agreeing.MOVES,
    ),
    opened_by=frozenset({"call_meeting", "found_series", "convene"}),
    clocks={_M.CALLED: Timed(ClockKind.MEET), _M.HELD: Timed(ClockKind.SOLVE), _M.STANDING: Timed(ClockKind.CONVENE)},
    parts=(
        agreeing.VOICE,
        agreeing.TERM,
        PartKind(Thing.MATTER, dict.fromkeys((_P.RAISED, _P.AGENDA), Timed(ClockKind.SOLVE))),
    ),
)  # fmt: skip

#: Furthest ahead that a standing meeting is looked for, in days.
_AHEAD: Final = 400


def next_time(days: Collection[int], at: time, after: datetime, zone: tzinfo, works_on: Callable[[date], bool] | None = None) -> datetime:
    """When a standing meeting takes place next.

    Args:
        days: Weekdays, 0 Monday to 6 Sunday.
        at: Local time of day.
        after: The moment it lies behind, aware.
        zone: The district's zone.
        works_on: Given: only on days that are worked; other weekdays that are worked in their stead do not count.

    Returns:
        Aware, in the zone.

    Raises:
        Refused: `series_never_meets`: none of these days comes.
    """
    first = after.astimezone(zone).date()
    for day in (first + timedelta(days=n) for n in range(_AHEAD)):
        found = datetime.combine(day, at, zone)
        if found > after and day.weekday() in days and (works_on is None or works_on(day)):
            return found
    raise Refused("series_never_meets")
