"""点单–派单–接单, 志愿认领, 微心愿, 1+1: an order that lies open in a pool until units, volunteers, residents have taken all of it on.

What is wanted are lines with a quantity each; whoever claims takes on a part of one line, never more than is left. What is given up or
not delivered in time goes back into the pool. Source: domain of the seeds, rows 5 and 18.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from rules.clocks import ClockKind
from rules.facts import FINAL, Actor, AffairFacts, Args, Facts, State, Step, Thing, Who
from rules.handling.kinds import AffairKind, PartKind, Timed, Whose
from rules.needs import REASON, Need, given
from rules.table import by, moves


class PoolState(StrEnum):
    """What is true of an order."""

    ASKED = "asked"  #: 居民点单: a resident asks; the community has not passed it on yet
    OPEN = "open"  #: 待认领: some of it nobody has taken on
    TAKEN = "taken"  #: 已认领: all of it is taken on
    BACK = "back"  #: 到期退回: nobody took all of it in time; the community decides
    DONE = "done"  #: all of it is there, and who asked says so
    WITHDRAWN = "withdrawn"  #: not wanted any more, or never passed on


class WantState(StrEnum):
    """What is true of one line of an order."""

    WANTED = "wanted"  #: some of it is free
    COVERED = "covered"  #: all of it is taken on


class PledgeState(StrEnum):
    """What is true of what one of them has taken on."""

    PLEDGED = "pledged"  #: taken on, not all of it is there
    DELIVERED = "delivered"  #: all of it is there, says who took it on
    CONFIRMED = "confirmed"  #: who asked says so too
    RETURNED = "returned"  #: given up or not delivered: back in the pool
    ADOPTED = "adopted"  #: 1+1: looked after for good
    LEAVING = "leaving"  #: it has given notice


MOST: Final = 9_999_999  #: of one line
LINES: Final = 100  #: of one order
ADOPT: Final = "adopt"  #: form of an order that is taken on for good
_P, _W, _L = PoolState, WantState, PledgeState
_OWNER, _PARTY, _AUTO = by(Who.OWNER), by(Who.PARTY), by(Who.SYSTEM)
_GETS: Final = by(Who.OWNER, Who.ASKER)
_LIVE: Final = frozenset({_L.PLEDGED.value, _L.DELIVERED.value, _L.CONFIRMED.value, _L.ADOPTED.value, _L.LEAVING.value})


def counts(value: object) -> bool:
    """Whether this is a number of things: one or more, and no slip of the pen."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST


def _ids(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(i, int) and not isinstance(i, bool) for i in value)


def _lines_given(_: Facts, __: Actor, args: Args) -> bool:
    lines = args.get("lines")
    if not isinstance(lines, list | tuple) or not 0 < len(lines) <= LINES:
        return False
    return all(isinstance(line, dict) and line.get("title") and counts(line.get("quantity")) for line in lines)


def taken_of(affair: AffairFacts, want_no: int) -> int:
    """How much of a line is taken on."""
    return sum(p.quantity or 0 for p in affair.parts if p.thing is Thing.PLEDGE and p.state in _LIVE and p.data.get("want") == want_no)


def _any_pledged(facts: Facts) -> bool:
    return facts.affair is not None and any(p.thing is Thing.PLEDGE and p.state in _LIVE for p in facts.affair.parts)


def _speaks_for_asker(facts: Facts, actor: Actor, args: Args) -> bool:
    """Where a resident asked for it, the community speaks in the resident's place only with a reason."""
    asked = facts.affair is not None and facts.affair.asker_id is not None
    return not asked or actor.resident_id is not None or bool(args.get("reason"))


def _not_asker(facts: Facts, actor: Actor, _: Args) -> bool:
    """Nobody takes on what he has asked for himself."""
    return actor.resident_id is None or facts.affair is None or facts.affair.asker_id != actor.resident_id


def _paired_given(_: Facts, __: Actor, args: Args) -> bool:
    return args.get("paired") is None or _ids(args["paired"])


def _longer(facts: Facts, actor: Actor, args: Args) -> bool:
    """For some time, never for ever."""
    return given("limit")(facts, actor, args) and args.get("limit") != "none"


def _not_released(facts: Facts, _: Actor, __: Args) -> bool:
    return facts.part is not None and not facts.part.data.get("released")


def _not_own(facts: Facts, actor: Actor, _: Args) -> bool:
    """Nobody confirms what he or his own unit has delivered."""
    part = facts.part
    if part is not None and actor.resident_id is not None and part.requester_id == actor.resident_id:
        return False
    return part is not None and not (part.staff_id is not None and part.staff_id == actor.user_id) and part.unit_id not in actor.body


def _quantity(name: str = "quantity") -> Callable[[Facts, Actor, Args], bool]:
    return lambda _f, _a, args: args.get(name) is None or counts(args[name])


_TITLED: Final = Need("lines_missing", _lines_given)
_HOW_MUCH: Final = Need("quantity_not_a_number", _quantity())
_LIMIT: Final = Need("extension_limit_missing", _longer)
_NONE_PLEDGED: Final = Need("pledges_live", lambda f, _a, _x: not _any_pledged(f))
_SOME_PLEDGED: Final = Need("nothing_pledged", lambda f, _a, _x: _any_pledged(f))
_FOR_ASKER: Final = Need("asker_decides", _speaks_for_asker)
_NOT_OWN: Final = Need("confirms_own_delivery", _not_own)
_NOT_ASKER: Final = Need("claims_own_wish", _not_asker)
_PAIRED: Final = Need("paired_unreadable", _paired_given)
_KEPT: Final = Need("adopter_let_go", _not_released)
_SPLIT: Final = Need("lines_missing", _lines_given)
_WORDS: Final = Need("pool_words_missing", given("words"))

KIND: Final = AffairKind(
    Thing.POOL,
    "RL",
    frozenset({_P.DONE, _P.WITHDRAWN}),
    (
        *moves(Thing.CASE, Step.HANDLE, [
            ("post_order",      s,           s,            by(Who.NEAR, Who.CENTRE, Who.RESIDENT), _TITLED, _PAIRED)
            for s in State if s not in FINAL
        ]),
        *moves(Thing.POOL, Step.HANDLE, [
            ("release_order",   _P.ASKED,    _P.OPEN,      _OWNER),
            *[("claim",         s,           s,            by(Who.STAFF, Who.RESIDENT), _HOW_MUCH, _NOT_ASKER) for s in (_P.OPEN,)],
            ("cover_order",     _P.OPEN,     _P.TAKEN,     _AUTO, "follows"),
            ("cut_order",       _P.OPEN,     _P.TAKEN,     _OWNER, _SOME_PLEDGED, REASON),
            ("cut_order",       _P.BACK,     _P.TAKEN,     _OWNER, _SOME_PLEDGED, REASON),
            ("reopen_order",    _P.TAKEN,    _P.OPEN,      _AUTO, "follows"),
            ("expire_order",    _P.OPEN,     _P.BACK,      _AUTO),
            *[("extend_order",  s,           _P.OPEN,      _OWNER, _LIMIT, REASON) for s in (_P.OPEN, _P.BACK)],
            *[("split_order",   s,           _P.OPEN,      _OWNER, _SPLIT) for s in (_P.OPEN, _P.BACK)],
            *[("withdraw_order", s,          _P.WITHDRAWN, _GETS, _NONE_PLEDGED, REASON) for s in (_P.ASKED, _P.OPEN, _P.BACK)],
            ("finish_order",    _P.TAKEN,    _P.DONE,      _AUTO, "follows"),
        ]),
        *moves(Thing.WANT, Step.HANDLE, [
            ("cover_want",      _W.WANTED,   _W.COVERED,   _AUTO, "follows"),
            ("free_want",       _W.COVERED,  _W.WANTED,    _AUTO, "follows"),
        ]),
        *moves(Thing.PLEDGE, Step.HANDLE, [
            ("deliver",         _L.PLEDGED,  _L.PLEDGED,   _PARTY, _HOW_MUCH, _NOT_ASKER),
            ("deliver_all",     _L.PLEDGED,  _L.DELIVERED, _AUTO, "follows"),
            ("give_up",         _L.PLEDGED,  _L.PLEDGED,   _PARTY, _HOW_MUCH, REASON),
            ("expire_pledge",   _L.PLEDGED,  _L.PLEDGED,   _AUTO),
            ("expire_pledge",   _L.LEAVING,  _L.RETURNED,  _AUTO),
            ("return_pledge",   _L.PLEDGED,  _L.RETURNED,  _AUTO, "follows"),
            ("confirm_pledge",  _L.DELIVERED, _L.CONFIRMED, _GETS, _FOR_ASKER, _NOT_OWN),
            ("send_back",       _L.DELIVERED, _L.PLEDGED,  _GETS, _HOW_MUCH, REASON),
            ("thank",           _L.CONFIRMED, _L.CONFIRMED, _GETS, _WORDS),
            ("report_care",     _L.ADOPTED,  _L.ADOPTED,   _PARTY, _WORDS),
            ("miss_look",       _L.ADOPTED,  _L.ADOPTED,   _AUTO),
            ("give_notice",     _L.ADOPTED,  _L.LEAVING,   _PARTY, REASON),
            ("stay_on",         _L.LEAVING,  _L.ADOPTED,   _PARTY, _KEPT),
            ("release_adopter", _L.ADOPTED,  _L.LEAVING,   _OWNER, REASON),
        ]),
    ),
    opened_by=frozenset({"post_order"}),
    afterwards=frozenset({"thank"}),
    clocks={
        _P.ASKED: Timed(ClockKind.SOLVE),
        _P.OPEN: Timed(ClockKind.CLAIM),
        _P.BACK: Timed(ClockKind.SOLVE),
    },
    parts=(
        PartKind(Thing.WANT),
        PartKind(
            Thing.PLEDGE,
            {
                _L.PLEDGED: Timed(ClockKind.DELIVER, Whose.PARTY),
                _L.LEAVING: Timed(ClockKind.DELIVER, Whose.PARTY),
                _L.DELIVERED: Timed(ClockKind.ASSENT),
                _L.ADOPTED: Timed(ClockKind.LOOK, Whose.PARTY),
            },
        ),
    ),
)  # fmt: skip
