"""未诉先办 (每月一题): what comes up in one place again and again is dealt with at the root, under a plan that somebody else approves.

Source: 《北京市接诉即办工作条例》 art. 24 (topics of the month) and 25 to 27 (未诉先办); domain of the seeds, §6 line 13.
"""

from enum import StrEnum
from typing import Final

from rules.clocks import ClockKind
from rules.facts import Actor, Args, Facts, State, Step, Thing, Who
from rules.handling.kinds import AffairKind, Timed, Whose
from rules.needs import HAS_RESULT, REASON, Need, given
from rules.table import by, moves


class TopicState(StrEnum):
    """What is true of a topic."""

    OPEN = "open"  #: it has come up; a unit has to say how to get at the root
    TAKEN = "taken"  #: a unit has said how; the plan waits for a yes
    APPROVED = "approved"  #: the plan holds, the unit is at it
    EASED = "eased"  #: it has hardly come up for the set time; a person has to say that it is solved
    CLOSED = "closed"  #: solved, or no topic after all


def _not_own_plan(facts: Facts, actor: Actor, _: Args) -> bool:
    """Whoever approves a plan has not written it."""
    return facts.affair is not None and facts.affair.data.get("planned_by") != actor.name


def _not_owner(facts: Facts, actor: Actor, _: Args) -> bool:
    """Whoever says that it is solved does not work in the unit that had to solve it."""
    return facts.affair is not None and facts.affair.unit_id not in actor.body


_T = TopicState
_LIVE = (_T.OPEN, _T.TAKEN, _T.APPROVED)
_CENTRE, _SYSTEM = by(Who.CENTRE, Who.SIGNER), by(Who.SYSTEM)
_PLAN: Final = Need("plan_missing", given("plan"))
_UNIT: Final = Need("unit_missing", given("unit"))
_MONTH: Final = Need("month_missing", given("month"))
_NOT_OWN_PLAN: Final = Need("approves_own_plan", _not_own_plan)
_NOT_OWNER: Final = Need("checks_own_work", _not_owner)

KIND: Final = AffairKind(
    Thing.TOPIC,
    "ZT",
    frozenset({_T.CLOSED}),
    (
        *moves(Thing.CASE, Step.HANDLE, [
            ("open_topic",   State.BESIDE, State.BESIDE, by(Who.SYSTEM, Who.CENTRE, Who.SIGNER), _UNIT),
        ]),
        *moves(Thing.TOPIC, Step.HANDLE, [
            *[("join_topic", s,          s,           by(Who.SYSTEM, Who.CENTRE)) for s in _LIVE],
            ("join_topic",   _T.EASED,   _T.APPROVED, by(Who.SYSTEM, Who.CENTRE)),
            *[("take_topic", s,          _T.TAKEN,    by(Who.CENTRE, Who.SIGNER, Who.OWNER), _UNIT, _PLAN) for s in _LIVE],
            ("approve_plan", _T.TAKEN,   _T.APPROVED, _CENTRE, _NOT_OWN_PLAN),
            ("return_plan",  _T.TAKEN,   _T.OPEN,     _CENTRE, REASON),
            *[("choose_topic", s,        s,           _CENTRE, _MONTH) for s in (*_LIVE, _T.EASED)],
            ("ease_topic",   _T.APPROVED, _T.EASED,   _SYSTEM),
            ("confirm_solved", _T.EASED, _T.CLOSED,   _CENTRE, HAS_RESULT, _NOT_OWNER),
            ("doubt_solved", _T.EASED,   _T.APPROVED, _CENTRE, REASON),
            *[("close_topic", s,         _T.CLOSED,   _CENTRE, HAS_RESULT, _NOT_OWNER) for s in _LIVE],
            ("reopen_topic", _T.CLOSED,  _T.OPEN,     by(Who.SYSTEM, Who.CENTRE, Who.SIGNER)),
        ]),
    ),
    opened_by=frozenset({"open_topic"}),
    clocks={**dict.fromkeys(_LIVE, Timed(ClockKind.ROOT)), _T.EASED: Timed(ClockKind.ASSENT, Whose.DESK)},
)  # fmt: skip
