"""帮办代办: an errand done for a resident by an agent, step by step from a catalogue; it waits while the resident looks for a paper.

Source: domain of the seeds, row 19.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from rules.clocks import ClockKind
from rules.facts import FINAL, Actor, Args, Facts, State, Step, Thing, Who
from rules.handling.kinds import AffairKind, PartKind, Timed
from rules.needs import REASON, Need, given
from rules.table import by, moves


class ErrandState(StrEnum):
    """What is true of an errand."""

    UNDER_WAY = "under_way"  #: 帮办中: the agent is at work
    MISSING = "missing"  #: 待补材料: the resident looks for a paper; the steps' time does not run, but the unit asks after it
    DONE = "done"  #: 办好待确认: the last step is made
    CONFIRMED = "confirmed"  #: who asked says so
    CANCELLED = "cancelled"  #: taken back, or cannot be done


class ErrandStepState(StrEnum):
    """What is true of one step of an errand."""

    WAITING = "waiting"  #: comes after another one
    OPEN = "open"  #: is the next one
    DONE = "done"  #: made
    SKIPPED = "skipped"  #: not needed this time


_E, _S = ErrandState, ErrandStepState
_OWNER, _DOES, _AUTO, _GETS = by(Who.OWNER), by(Who.OWNER, Who.AGENT), by(Who.SYSTEM), by(Who.OWNER, Who.ASKER)
_GOING = (_E.UNDER_WAY, _E.MISSING)


def materials_of(facts: Facts) -> Iterator[dict[str, object]]:
    """The papers that an errand takes: code, zh, needed, there, waived."""
    listed = facts.affair.data.get("materials") if facts.affair is not None else ()
    yield from listed if isinstance(listed, list) else ()


def is_wanting(material: dict[str, object]) -> bool:
    """Whether the errand cannot go on without it."""
    return bool(material["needed"]) and not material["there"] and not material.get("waived")


def _all_there(facts: Facts, _: Actor, __: Args) -> bool:
    return not any(is_wanting(m) for m in materials_of(facts))


def _wanting(facts: Facts) -> dict[str, object]:
    """The papers without which it cannot go on: their names in both languages, and how they are written."""
    papers = [m for m in materials_of(facts) if is_wanting(m)]
    return {"papers": [{"zh": m.get("zh", m["code"]), "en": m.get("en", m["code"])} for m in papers], "codes": [m["code"] for m in papers]}


def _speaks_for_asker(facts: Facts, actor: Actor, args: Args) -> bool:
    asked = facts.affair is not None and facts.affair.asker_id is not None
    return not asked or actor.resident_id is not None or bool(args.get("reason"))


def _item_given(_: Facts, __: Actor, args: Args) -> bool:
    """Steps and papers are those of the catalogue, one dict each."""
    steps, papers = args.get("steps"), args.get("materials") or ()
    if not (args.get("item") and args.get("title") and isinstance(steps, list | tuple) and steps and isinstance(papers, list | tuple)):
        return False
    return all(isinstance(s, dict) and s.get("zh") for s in steps) and all(
        isinstance(p, dict) and {"code", "needed"} <= set(p) for p in papers
    )


def _named(_: Facts, __: Actor, args: Args) -> bool:
    codes = args.get("materials")
    return isinstance(codes, list | tuple) and bool(codes) and all(isinstance(code, str) and code for code in codes)


def _goes_on(facts: Facts, _: Actor, __: Args) -> bool:
    return facts.affair is not None and facts.affair.state == ErrandState.UNDER_WAY


_ITEM: Final = Need("errand_item_missing", _item_given)
_MATERIAL: Final = Need("material_missing", given("material"))
_ASKED_FOR: Final = Need("materials_unnamed", _named)
_COMPLETE: Final = Need("materials_wanting", _all_there, _wanting)
_RUNNING: Final = Need("errand_waits", _goes_on)
_AGENT: Final = Need("agent_missing", given("agent"))
_WORDS: Final = Need("errand_words_missing", given("words"))
_FOR_ASKER: Final = Need("errand_asker_decides", _speaks_for_asker)

KIND: Final = AffairKind(
    Thing.ERRAND,
    "BS",
    frozenset({_E.CONFIRMED, _E.CANCELLED}),
    (
        *moves(Thing.CASE, Step.HANDLE, [
            ("begin_errand",     s,            s,            by(Who.NEAR, Who.CENTRE, Who.STAFF), _ITEM) for s in State if s not in FINAL
        ]),
        *moves(Thing.ERRAND, Step.HANDLE, [
            *[("assign_agent",   s,            s,            _OWNER, _AGENT) for s in _GOING],
            *[("tick_material",  s,            s,            _DOES,  _MATERIAL) for s in _GOING],
            *[("waive_material", s,            s,            _OWNER, _MATERIAL, REASON) for s in _GOING],
            ("ask_material",     _E.UNDER_WAY, _E.MISSING,   _OWNER, _ASKED_FOR),
            ("go_on",            _E.MISSING,   _E.UNDER_WAY, _AUTO, "follows"),
            *[("visit_home",     s,            s,            _DOES,  _WORDS) for s in _GOING],
            ("complete_errand",  _E.UNDER_WAY, _E.DONE,      _AUTO, "follows"),
            ("confirm_errand",   _E.DONE,      _E.CONFIRMED, _GETS, _FOR_ASKER),
            ("redo_errand",      _E.DONE,      _E.UNDER_WAY, _GETS, REASON),
            *[("cancel_errand",  s,            _E.CANCELLED, _GETS, REASON) for s in _GOING],
        ]),
        *moves(Thing.ERRAND_STEP, Step.HANDLE, [
            ("do_step",          _S.OPEN,      _S.DONE,      _DOES,  _COMPLETE, _RUNNING),
            ("skip_step",        _S.OPEN,      _S.SKIPPED,   _OWNER, _RUNNING, REASON),
            ("open_step",        _S.WAITING,   _S.OPEN,      _AUTO, "follows"),
            ("reopen_step",      _S.DONE,      _S.OPEN,      _AUTO, "follows"),
            ("reopen_step",      _S.SKIPPED,   _S.OPEN,      _AUTO, "follows"),
        ]),
    ),
    opened_by=frozenset({"begin_errand"}),
    clocks={_E.UNDER_WAY: Timed(ClockKind.SERVE), _E.MISSING: Timed(ClockKind.ASSENT), _E.DONE: Timed(ClockKind.ASSENT)},
    parts=(PartKind(Thing.ERRAND_STEP, {_S.OPEN: Timed(ClockKind.SERVE)}, during=frozenset({_E.UNDER_WAY})),),
)  # fmt: skip
