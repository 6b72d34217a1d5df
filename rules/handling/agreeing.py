"""What meetings and disputes share: voices (who takes part, votes, signs) and terms (what an agreement has somebody do)."""

from enum import StrEnum
from typing import Final

from rules.clocks import ClockKind
from rules.facts import RELATIONS, Actor, Args, Facts, Step, Thing, Who
from rules.handling.kinds import PartKind, Timed, Whose
from rules.needs import REASON, Need, given
from rules.table import by, moves


class VoiceState(StrEnum):
    """What is true of somebody who takes part."""

    INVITED = "invited"  #: asked to come
    PRESENT = "present"  #: was there
    ABSENT = "absent"  #: was not
    TO_SIGN = "to_sign"  #: an agreement waits for the signature
    SIGNED = "signed"
    DECLINED = "declined"  #: does not sign


class TermState(StrEnum):
    """What is true of one obligation."""

    DUE = "due"  #: agreed, not done yet
    DONE = "done"  #: done, with what shows it
    WAIVED = "waived"  #: let off, with a reason


class Phase(StrEnum):
    """States of the affair in which its parts wait: meetings and disputes call them the same."""

    SIGNING = "signing"  #: for signatures
    AGREED = "agreed"  #: for what was agreed


_V, _T = VoiceState, TermState
_OWNER, _MINE, _FOLLOWS = by(Who.OWNER), by(Who.PARTY, Who.OWNER), by(Who.SYSTEM)


def _in_state(*states: str) -> Need:
    return Need("not_at_this_point", lambda f, _a, _x: f.affair is not None and f.affair.state in states)


def _own_hand(facts: Facts, actor: Actor, args: Args) -> bool:
    """Whoever signs, votes or scores does so himself; who records it for him says where the paper is."""
    return RELATIONS[Who.PARTY](actor, facts) or bool(args.get("paper"))


def _not_cast(facts: Facts, actor: Actor, _: Args) -> bool:
    """What a voter has cast himself nobody puts another choice in the place of."""
    return RELATIONS[Who.PARTY](actor, facts) or facts.part is None or facts.part.data.get("own_hand") is not True


def _has_choice(facts: Facts, _: Actor, args: Args) -> bool:
    options = facts.affair.data.get("options", ()) if facts.affair is not None else ()
    return args.get("choice") == "abstain" or (isinstance(options, list) and args.get("choice") in options)


HAS_TEXT: Final = Need("agreement_missing", given("text"))
HAS_PROOF: Final = Need("evidence_of_term_missing", given("result"))
#: Terms go on while the agreement holds; votes are cast until the meeting is over.
_SIGNING, _AGREED, _BEFORE_END = _in_state(Phase.SIGNING), _in_state(Phase.AGREED), _in_state("called", "held")
_CHOICE: Final = Need("choice_missing", _has_choice)
_SCORE: Final = Need("score_missing", lambda _f, _a, args: args.get("score") in (1, 2, 3, 4, 5))
_HAND: Final = Need("paper_missing", _own_hand)
_NOT_CAST: Final = Need("vote_cast_already", _not_cast)
_HEARING: Final = Need("not_a_hearing", lambda f, _a, _x: f.affair is not None and bool(f.affair.data.get("hearing")))

VOICE: Final = PartKind(Thing.VOICE, {_V.TO_SIGN: Timed(ClockKind.ASSENT, Whose.PARTY)}, frozenset({Phase.SIGNING}))
TERM: Final = PartKind(Thing.TERM, {_T.DUE: Timed(ClockKind.FULFIL, Whose.PARTY)}, frozenset({Phase.AGREED}))

#: Rows of the table for both; they stand in one kind only.
MOVES: Final = (
    *moves(Thing.VOICE, Step.HANDLE, [
        ("come",            _V.INVITED,  _V.PRESENT,  _FOLLOWS, "follows"),
        ("stay_away",       _V.INVITED,  _V.ABSENT,   _FOLLOWS, "follows"),
        *[("cast_vote",     s,           s,           _MINE, _BEFORE_END, _CHOICE, _HAND, _NOT_CAST) for s in _V if s != _V.TO_SIGN],
        ("give_score",      _V.PRESENT,  _V.PRESENT,  _MINE, _HEARING, _SCORE, _HAND, _NOT_CAST),
        *[("ask_to_sign",   s,           _V.TO_SIGN,  _FOLLOWS, "follows") for s in _V],
        ("sign_agreement",  _V.TO_SIGN,  _V.SIGNED,   _MINE, _SIGNING, _HAND),
        ("sign_at_table",   _V.TO_SIGN,  _V.SIGNED,   _FOLLOWS, "follows"),
        ("decline_to_sign", _V.TO_SIGN,  _V.DECLINED, _MINE, _SIGNING, REASON),
        ("spare_signature", _V.TO_SIGN,  _V.PRESENT,  _FOLLOWS, "follows"),
    ]),
    *moves(Thing.TERM, Step.HANDLE, [
        ("fulfil_term",     _T.DUE,      _T.DONE,     _MINE, _AGREED, HAS_PROOF),
        ("fulfil_by_order", _T.DUE,      _T.DONE,     _FOLLOWS, "follows"),
        ("waive_term",      _T.DUE,      _T.WAIVED,   _OWNER, _AGREED, REASON),
        ("drop_term",       _T.DUE,      _T.WAIVED,   _FOLLOWS, "follows"),
    ]),
)  # fmt: skip
