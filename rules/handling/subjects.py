"""一户一档 · 一企一档: a file with a tier that says who looks how often, and a ledger of issues that only who asked can have written off.

Any alert raises the tier at once; lowering it takes a reason and the second look of another person. Sensitive text is not here but in
sealed notes (services/subjects). Source: domain of the seeds, rows 8 and 9.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from rules.clocks import ClockKind
from rules.facts import FINAL, Actor, Args, Facts, State, Step, Thing, Who
from rules.handling.kinds import AffairKind, PartKind, Timed, Whose
from rules.needs import HAS_RESULT, REASON, Need, given
from rules.table import Move, by, moves


class SubjectState(StrEnum):
    """What is true of a file."""

    KEPT = "kept"  #: 在管: looked after as its tier says
    LOWERING = "lowering"  #: 待降级: one person asks to lower the tier; another one has to look
    ENDED = "ended"  #: 已归档: moved away, closed down


class LookState(StrEnum):
    """What is true of one look."""

    DUE = "due"  #: somebody has to go, by the moment of its clock
    MISSED = "missed"  #: nobody went in time; goes on up the line until somebody does
    DONE = "done"  #: somebody was there
    DROPPED = "dropped"  #: another tier, or the end of the file, has overtaken it


class IssueState(StrEnum):
    """What is true of one entry of the ledger."""

    OPEN = "open"  #: 待办
    SOLVED = "solved"  #: 办好待确认: the unit says that it is dealt with
    AT_DESK = "at_desk"  #: 待网格中心确认: whose file it is has solved it, and nobody else asked
    WRITTEN_OFF = "written_off"  #: 销号: who asked says so too


#: What may raise a tier (seeds/subjects.toml says to which).
ALERTS: Final = ("sensor", "sos", "call", "visitor")
TIERS: Final = (1, 2, 3, 4)
_HEAD_POSTS: Final = frozenset({"head", "duty_leader"})
_K, _L, _I = SubjectState, LookState, IssueState
_OWNER, _PARTY, _AUTO = by(Who.OWNER), by(Who.PARTY), by(Who.SYSTEM)
_KEPT = (_K.KEPT, _K.LOWERING)
_WAITS = (_L.DUE, _L.MISSED)
_SAID = (_I.SOLVED, _I.AT_DESK)


def _tier(facts: Facts) -> int:
    found = facts.affair.data.get("tier") if facts.affair is not None else None
    return found if isinstance(found, int) else TIERS[0]


def _tier_given(_: Facts, __: Actor, args: Args) -> bool:
    return args.get("tier") in TIERS and not isinstance(args.get("tier"), bool)


def _lower_given(facts: Facts, actor: Actor, args: Args) -> bool:
    return _tier_given(facts, actor, args) and isinstance(args["tier"], int) and args["tier"] < _tier(facts)


def _another(facts: Facts, actor: Actor, _: Args) -> bool:
    asked = facts.affair.data.get("lowering") if facts.affair is not None else None
    return isinstance(asked, dict) and asked.get("by") != actor.name


def _no_issue_open(facts: Facts, _: Actor, __: Args) -> bool:
    written_off = _I.WRITTEN_OFF.value
    return facts.affair is not None and all(p.state == written_off for p in facts.affair.parts if p.thing is Thing.ISSUE)


def _who_asked(facts: Facts, actor: Actor, args: Args) -> bool:
    """Who asked says it; somebody of the staff who has heard it from them says how, and is not of the unit that solved it."""
    if actor.resident_id is not None:
        return True
    part, affair = facts.part, facts.affair
    if part is None or affair is None or not args.get("reason"):
        return False
    wrote = part.data.get("opened_by") == actor.name or affair.unit_id in actor.body or "dispatcher" in actor.roles
    return wrote and part.unit_id not in actor.body


_TITLE: Final = Need("subject_title_missing", given("title"))
_TIER: Final = Need("tier_missing", _tier_given)
_ALERT: Final = Need("alert_unknown", lambda _f, _a, args: args.get("alert") in ALERTS)
_LOWER: Final = Need("tier_not_lower", _lower_given)
_ANOTHER: Final = Need("second_look_by_another", _another)
_SEEN: Final = Need("look_words_missing", given("words"))
_READERS: Final = Need("readers_missing", lambda _f, _a, args: isinstance(args.get("readers"), list | tuple))
_HEADS: Final = Need("readers_named_by_head", lambda _f, a, _x: bool(a.roles & _HEAD_POSTS))
_NAMED: Final = Need("readers_named_by_head", lambda _f, a, args: not args.get("readers") or bool(a.roles & _HEAD_POSTS))
_NO_ISSUE: Final = Need("issues_open", _no_issue_open)
_ISSUE: Final = Need("issue_title_missing", given("title"))
_ASKED: Final = Need("issue_asker_confirms", _who_asked)
_CASE: Final = Need("issue_case_missing", lambda _f, _a, args: isinstance(args.get("into"), int))


def _file(thing: Thing, opening: str) -> tuple[Move, ...]:
    """The moves of one kind of file."""
    return (
        *moves(Thing.CASE, Step.HANDLE, [
            (opening,            s,           s,           by(Who.NEAR, Who.CENTRE), _TITLE, _TIER, _NAMED) for s in State if s not in FINAL
        ]),
        *moves(thing, Step.HANDLE, [
            *[("raise_tier",     s,           _K.KEPT,     by(Who.STAFF, Who.SYSTEM), _ALERT) for s in _KEPT],
            *[("raise_missed",   s,           _K.KEPT,     _AUTO, "follows") for s in _KEPT],
            ("ask_lower",        _K.KEPT,     _K.LOWERING, _OWNER, _LOWER, REASON),
            ("lower_tier",       _K.LOWERING, _K.KEPT,     _OWNER, _ANOTHER, _SEEN),
            ("keep_tier",        _K.LOWERING, _K.KEPT,     _OWNER, REASON),
            *[("open_issue",     s,           s,           by(Who.STAFF, Who.ASKER), _ISSUE) for s in _KEPT],
            ("name_readers",     _K.KEPT,     _K.KEPT,     by(Who.OWNER, Who.SIGNER), _HEADS, _READERS),
            ("end_subject",      _K.KEPT,     _K.ENDED,    _OWNER, _NO_ISSUE, REASON),
        ]),
    )  # fmt: skip


_ISSUE_CLOCKS: Final[Mapping[StrEnum, Timed]] = {
    _I.OPEN: Timed(ClockKind.SOLVE, Whose.PARTY),
    _I.SOLVED: Timed(ClockKind.ASSENT),
    _I.AT_DESK: Timed(ClockKind.ASSENT, Whose.DESK),
}
_PARTS: Final = (
    PartKind(Thing.LOOK, dict.fromkeys(_WAITS, Timed(ClockKind.LOOK, Whose.PARTY))),
    PartKind(Thing.ISSUE, _ISSUE_CLOCKS),
)
_OF_PARTS: Final = (
    *moves(Thing.LOOK, Step.HANDLE, [
        *[("look",           s,             _L.DONE,        by(Who.PARTY, Who.OWNER), _SEEN) for s in _WAITS],
        ("miss_look",        _L.DUE,        _L.MISSED,      _AUTO),
        *[("drop_look",      s,             _L.DROPPED,     _AUTO, "follows") for s in _WAITS],
    ]),
    *moves(Thing.ISSUE, Step.HANDLE, [
        ("solve_issue",      _I.OPEN,       _I.SOLVED,      _PARTY, HAS_RESULT),
        ("hand_issue",       _I.OPEN,       _I.OPEN,        by(Who.OWNER, Who.PARTY), REASON),
        ("make_case",        _I.OPEN,       _I.OPEN,        by(Who.OWNER, Who.PARTY), _CASE),
        ("ask_desk",         _I.SOLVED,     _I.AT_DESK,     _AUTO, "follows"),
        *[("write_off_issue", s,            _I.WRITTEN_OFF, by(Who.ASKER, Who.STAFF), _ASKED) for s in _SAID],
        *[("refuse_issue",   s,             _I.OPEN,        by(Who.ASKER, Who.OWNER, Who.CENTRE), REASON) for s in _SAID],
        ("reopen_issue",     _I.WRITTEN_OFF, _I.OPEN,       by(Who.ASKER, Who.OWNER), REASON),
    ]),
)  # fmt: skip
_CLOCKS: Final[Mapping[StrEnum, Timed]] = {_K.LOWERING: Timed(ClockKind.ASSENT)}
_ENDS: Final = frozenset({_K.ENDED})

KIND: Final = AffairKind(
    Thing.SUBJECT, "DA", _ENDS, (*_file(Thing.SUBJECT, "open_household"), *_OF_PARTS), frozenset({"open_household"}), _CLOCKS, _PARTS
)
#: An enterprise's file has the same looks and issues; their moves stand with the other kind.
ENTERPRISE: Final = AffairKind(
    Thing.ENTERPRISE, "QY", _ENDS, _file(Thing.ENTERPRISE, "open_enterprise"), frozenset({"open_enterprise"}), _CLOCKS, _PARTS
)
