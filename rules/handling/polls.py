"""意见征集: an estate is asked online and in talks; each household answers once; then the money is split by shares of exactly 100 %.

Source: domain of the seeds, row 26 (线上征集 + 线下座谈; residents, public revenue and subsidy each pay a part).
"""

from enum import StrEnum
from typing import Final

from rules.clocks import ClockKind
from rules.facts import FINAL, Facts, State, Step, Thing, Who
from rules.handling.kinds import AffairKind, PartKind, Timed
from rules.needs import HAS_RESULT, REASON, Need, given
from rules.table import by, moves


class PollState(StrEnum):
    """What is true of a poll."""

    OPEN = "open"  #: takes answers
    COUNTED = "counted"  #: closed at its moment and counted; nobody has decided
    DECIDED = "decided"  #: what is done is decided, and who pays
    CANCELLED = "cancelled"


class AnswerState(StrEnum):
    """What is true of an answer."""

    GIVEN = "given"  #: by one household, itself
    RECORDED = "recorded"  #: written down by the staff: at a talk, at the door


class FundState(StrEnum):
    """What is true of one source of money."""

    PLEDGED = "pledged"  #: decided
    PAID = "paid"  #: the money is there


#: Who may pay a part: the households, the estate's public revenue (公共收益), the maintenance fund, a subsidy, anybody else.
SOURCES: Final = ("residents", "public_revenue", "maintenance_fund", "subsidy", "other")
_P, _A, _F = PollState, AnswerState, FundState
_OWNER, _SYSTEM = by(Who.OWNER), by(Who.SYSTEM)
_OPENS: Final = Need("poll_incomplete", given("title", "options", "closes", "households"))
_CHOICE: Final = Need("choice_missing", lambda f, _a, args: _is_option(f, args.get("choice")))
_TALK: Final = Need("talk_incomplete", given("answers", "how"))


def _is_option(facts: Facts, choice: object) -> bool:
    options = facts.affair.data.get("options") if facts.affair is not None else None
    return isinstance(options, list) and choice in options


_OPEN_CASE: Final = [s for s in State if s not in FINAL and s is not State.BESIDE]

KIND: Final = AffairKind(
    Thing.POLL,
    "ZJ",
    frozenset({_P.DECIDED, _P.CANCELLED}),
    (
        *moves(Thing.CASE, Step.HANDLE, [
            *[("open_poll",     s,            s,            by(Who.NEAR, Who.CENTRE), _OPENS) for s in _OPEN_CASE],
            ("open_poll",       State.BESIDE, State.BESIDE, by(Who.STAFF), _OPENS),
        ]),
        *moves(Thing.POLL, Step.HANDLE, [
            ("answer_poll",     _P.OPEN,      _P.OPEN,      by(Who.RESIDENT), _CHOICE),
            ("record_answers",  _P.OPEN,      _P.OPEN,      _OWNER, _TALK),
            ("close_poll",      _P.OPEN,      _P.COUNTED,   _SYSTEM),
            ("decide_poll",     _P.COUNTED,   _P.DECIDED,   _OWNER, HAS_RESULT),
            ("cancel",          _P.OPEN,      _P.CANCELLED, _OWNER, REASON),
        ]),
        *moves(Thing.FUND, Step.HANDLE, [
            ("pay_in",          _F.PLEDGED,   _F.PAID,      _OWNER, HAS_RESULT),
        ]),
    ),
    opened_by=frozenset({"open_poll"}),
    afterwards=frozenset({"pay_in"}),
    clocks={_P.OPEN: Timed(ClockKind.GATHER), _P.COUNTED: Timed(ClockKind.SOLVE)},
    parts=(PartKind(Thing.ANSWER), PartKind(Thing.FUND)),
)  # fmt: skip
