"""吹哨–报到: a community or a street summons several units to a place; each reports in before its clock runs out, and both sides rate.

Source: domain of the seeds, row 5; 《北京市接诉即办工作条例》 art. 16 (吹哨报到) and 33 (both sides are assessed).
"""

from enum import StrEnum
from typing import Final

from rules.clocks import ClockKind
from rules.facts import FINAL, State, Step, Thing, Who
from rules.handling.kinds import AffairKind, PartKind, Timed, Whose
from rules.needs import HAS_RESULT, REASON, Need, given
from rules.table import by, moves


class WhistleState(StrEnum):
    """What is true of a whistle."""

    BLOWN = "blown"  #: units are called; not all have reported in
    GATHERED = "gathered"  #: every unit is there, or excused
    ENDED = "ended"  #: what they were called for is done, or goes on as work orders
    CANCELLED = "cancelled"  #: taken back before they came


class CallState(StrEnum):
    """What is true of one unit that was called."""

    CALLED = "called"  #: it has to report in
    ABSENT = "absent"  #: its time was up and it had not; goes on up the line until it comes
    ARRIVED = "arrived"  #: it has reported in, on site or in writing
    EXCUSED = "excused"  #: who called lets it off, or has become one unit with it
    JOINED = "joined"  #: its unit was called twice, because two units have become one: the other call is answered for both


#: How a unit reports in.
WAYS: Final = ("on_site", "in_writing")
_W, _C = WhistleState, CallState
_OWNER, _PARTY = by(Who.OWNER), by(Who.PARTY)
_NOT_THERE = (_C.CALLED, _C.ABSENT)
_CALLED: Final = Need("called_missing", given("called", "title"))
_WAY: Final = Need("way_missing", lambda _f, _a, args: args.get("way") in WAYS)
_SCORE: Final = Need("score_missing", lambda _f, _a, args: args.get("score") in (1, 2, 3, 4, 5))
_ALL_SETTLED: Final = Need("calls_open", lambda f, _a, _x: f.affair is not None and all(p.state != _C.CALLED.value for p in f.affair.parts))

KIND: Final = AffairKind(
    Thing.WHISTLE,
    "CS",
    frozenset({_W.ENDED, _W.CANCELLED}),
    (
        *moves(Thing.CASE, Step.HANDLE, [
            ("whistle",     s,           s,           by(Who.NEAR, Who.CENTRE), _CALLED) for s in State if s not in FINAL
        ]),
        *moves(Thing.WHISTLE, Step.HANDLE, [
            ("gather",      _W.BLOWN,    _W.GATHERED, by(Who.SYSTEM), "follows"),
            *[("end",       s,           _W.ENDED,    _OWNER, HAS_RESULT, _ALL_SETTLED) for s in (_W.BLOWN, _W.GATHERED)],
            ("cancel",      _W.BLOWN,    _W.CANCELLED, _OWNER, REASON),
        ]),
        *moves(Thing.CALL, Step.HANDLE, [
            *[("report_in", s,           _C.ARRIVED,  _PARTY, _WAY) for s in _NOT_THERE],
            *[("excuse",    s,           _C.EXCUSED,  _OWNER, REASON) for s in _NOT_THERE],
            ("mark_absent", _C.CALLED,   _C.ABSENT,   by(Who.SYSTEM)),
            *[("excuse_own", s,          _C.EXCUSED,  by(Who.SYSTEM), "follows") for s in _NOT_THERE],
            *[("join_call", s,           _C.JOINED,   by(Who.SYSTEM), "follows") for s in _NOT_THERE],
            *[("rate_call", s,           s,           _OWNER, _SCORE) for s in (_C.ARRIVED, _C.ABSENT)],
            ("rate_caller", _C.ARRIVED,  _C.ARRIVED,  _PARTY, _SCORE),
        ]),
    ),
    opened_by=frozenset({"whistle"}),
    clocks={_W.GATHERED: Timed(ClockKind.SOLVE)},
    afterwards=frozenset({"rate_call", "rate_caller"}),
    parts=(PartKind(Thing.CALL, dict.fromkeys(_NOT_THERE, Timed(ClockKind.REPORT_IN, Whose.PARTY))),),
)  # fmt: skip
