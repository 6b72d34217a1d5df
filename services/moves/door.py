"""The one door: every move of every case, by a person or by the engine, goes through `make_moves`."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from models import begin_write
from rules.facts import SYSTEM, Facts, OrderState, Refused, State, Thing
from rules.handling import AFFAIRS, OPENING, PARTS
from rules.lifecycle import TABLE, WAITS, allowed, goes_on_by_itself
from rules.table import Move
from services.moves import restricting, supervising
from services.moves.about import looked_up, read_along
from services.moves.act import Act
from services.moves.affair_clocks import follow_affairs
from services.moves.affairs import FOLLOWS
from services.moves.affairs.base import end_if_over, touch_affair, touch_part
from services.moves.affairs.beyond import Beyond
from services.moves.afterwards import note
from services.moves.asking import lapse_overtaken
from services.moves.clockwork import follow_state
from services.moves.draft import Draft
from services.moves.effects import effect_of, following
from services.moves.intents import Conflict, Intent, Moved, Outcome, Setting
from services.moves.numbers import AffairNumbers, Numbers
from services.moves.rating import UNWRITTEN
from services.moves.snapshot import further_cases, merged_into, of_affairs, read_drafts
from services.moves.telling import notice_after
from services.moves.write import write_drafts

_NUMBERED: Final = {
    Thing.EXTENSION: "extension_no",
    Thing.REQUEST: "request_no",
    Thing.SUPERVISION: "supervision_seq",
    Thing.ORDER: "order_no",
    **dict.fromkeys(AFFAIRS, "affair_seq"),
    **dict.fromkeys(PARTS, "part_no"),
}
#: Moves of a merged case that look at the one it went into.
_OF_MERGED: Final = frozenset({"split_off", "answer_upstream"})
#: Moves of a case that change nothing for the loop: a case that rests goes on resting.
_BESIDE: Final = frozenset({"supervise", *OPENING})
#: Free texts of affairs that stand in their rows.
_WRITTEN_BESIDE: Final = frozenset({"title", "body", "words"})
_TRIES = 3  #: how often a case that changed under our hands is decided anew before we say so


def make_moves(session: Session, intents: Sequence[Intent], setting: Setting) -> list[Outcome]:
    """Make these moves, each if the table allows it, all in this unit of work.

    State, journal, clocks and queued messages of a case are written together or not at all. Intents are taken in order; a later
    one sees what an earlier one did. One move per thing and call: a second one for the same thing is refused.

    Args:
        session: The unit of work; committed by the caller.
        intents: What is asked.
        setting: The instant at which it happens.

    Returns:
        For each intent, in order: `Moved`, `Refused` (an answer to the person) or `Conflict` (the case changed meanwhile).
    """
    outcomes: list[Outcome | None] = [None] * len(intents)
    waiting = list(range(len(intents)))
    for attempt in range(_TRIES):
        stale = _attempt(session, intents, waiting, outcomes, setting)
        if not stale:
            break
        waiting = [i for i in waiting if intents[i].case_id in stale]
        if attempt == _TRIES - 1:
            for i in waiting:
                outcomes[i] = Conflict(intents[i].case_id, stale[intents[i].case_id])
    made = [o for o in outcomes if o is not None]
    note(session, intents, made, setting)
    return made


def _attempt(
    session: Session, intents: Sequence[Intent], waiting: Sequence[int], outcomes: list[Outcome | None], setting: Setting
) -> dict[int, int]:
    """Read, decide, write once.

    Returns:
        Version read of each case that has to be decided anew.
    """
    asked = [intents[i] for i in waiting]
    home = {i.case_id for i in asked if i.thing is Thing.SUPERVISION}
    reached = {other for i in asked for other in _others(i)} | (further_cases(session, home) if home else set())
    apart = {i.case_id for i in asked if i.action in _OF_MERGED}
    reached |= merged_into(session, apart) if apart else set()
    affairs = {i.case_id for i in asked if i.thing in AFFAIRS}
    reached |= of_affairs(session, affairs) if affairs else set()
    cases = {i.case_id for i in asked} | reached
    signing = sum(i.action == "sign" for i in asked)
    opening = any(i.action in OPENING for i in asked)
    if len(cases) == 1 or signing or opening or reached:
        begin_write(session)  # one case is decided faster than somebody else's haste could be found out; two are written together
    drafts = read_drafts(session, cases, read_along(asked, reached))
    numbers = Numbers(session, setting.now, signing) if signing else None
    affair_numbers = AffairNumbers(session, setting.now) if opening else None
    beyond = Beyond(session)
    for draft in drafts.values():
        draft.others, draft.number, draft.affair_no, draft.beyond = drafts, numbers, affair_numbers, beyond
    versions = {case_id: int(d.case["version"]) for case_id, d in drafts.items()}
    done: set[tuple[int, Thing, int | None]] = set()
    for i in waiting:
        outcomes[i] = _decide(drafts.get(intents[i].case_id), intents[i], setting, done)
    for given in (numbers, affair_numbers):
        if given is not None:
            given.close()
    return {case_id: versions[case_id] for case_id in write_drafts(session, drafts.values())}


def _others(intent: Intent) -> list[int]:
    """Further cases that a move looks at: the one it is merged into, those that a supervision order is about as well."""
    into, more = intent.args.get("into"), intent.args.get("cases")
    return [i for i in (into, *(more if isinstance(more, tuple) else ())) if isinstance(i, int)]


def _decide(draft: Draft | None, intent: Intent, setting: Setting, done: set[tuple[int, Thing, int | None]]) -> Outcome:
    if draft is None:
        return Refused("unknown_case", case=intent.case_id)
    thing = (intent.case_id, intent.thing, intent.no)
    if thing in done:
        return Refused("one_move_a_time", action=intent.action)
    if intent.version is not None and intent.version != draft.case["version"]:
        return Conflict(intent.case_id, draft.case["version"])
    put_back = draft.save_beside() if _is_beside(intent) else None
    try:
        facts = looked_up(draft, _facts(draft, intent), intent, setting.now)
        move = allowed(intent.thing, intent.action, facts, intent.actor, intent.args)
        if intent.action in OPENING and intent.thing is Thing.CASE and not intent.actor.system:
            _check_further(draft, intent)
        apply(draft, move, intent, setting, facts)
    except Refused as refusal:
        if put_back is not None:
            put_back()
        return refusal
    done.add(thing)
    return Moved(intent.case_id, intent.action, draft.case["state"], draft.case["version"])


def _is_beside(intent: Intent) -> bool:
    """Whether it is a move of an affair or one of its parts, or opens one."""
    return intent.thing in AFFAIRS or intent.thing in PARTS or intent.action in OPENING


def _check_further(draft: Draft, intent: Intent) -> None:
    """Whoever opens an affair on several cases must be free to open it on each of them.

    Raises:
        Refused: `unknown_case`, and what the table says of any of them.
    """
    for case_id in _others(intent):
        other = draft.others.get(case_id)
        if other is None:
            raise Refused("unknown_case", case=case_id)
        allowed(Thing.CASE, intent.action, other.facts(), intent.actor, intent.args)


def _facts(draft: Draft, intent: Intent) -> Facts:
    about = _NUMBERED.get(intent.thing)
    return draft.facts(**{about: intent.no}) if about else draft.facts()


def apply(draft: Draft, move: Move, intent: Intent, setting: Setting, facts: Facts) -> None:
    """Make an allowed move in the draft, and the move of the case that follows from it.

    Raises:
        Refused: the effect found what the table could not know, e.g. a unit that does not exist; the draft is unchanged.
    """
    act, after = Act(intent.actor, intent.args, setting.now, intent.no), move.leads_to(facts, intent.actor)
    effect_of(move.thing, move.action)(draft, act)
    draft.run_id = setting.run_id
    _set_state(draft, move.thing, after.value, act)
    lapse_overtaken(draft, setting.now)
    draft.case["version"] += 1
    draft.enter(
        setting.now,
        intent.actor,
        step=move.step.value,
        thing=move.thing.value,
        action=move.action,
        thing_no=intent.no,
        before=move.source.value,
        after=after.value,
        data=_journalled(intent) | supervising.told(draft, act, move),
    )
    for follow_up in FOLLOWS.get((move.thing, move.action), ()):
        follow_up(draft, act)
    follows = following(draft, move.thing, move.action, intent.no)
    if follows is not None:
        _follow(draft, follows, act)
    restricting.follow(draft)
    now_facts = follow_state(draft, setting.now)
    supervising.follow(draft, act, move)
    if draft.affairs:
        follow_affairs(draft, setting.now)
    notice_after(move.thing, move.action)(draft, act)
    if follows is not None:
        notice_after(Thing.CASE, follows)(draft, act)
    if move.thing in (Thing.CASE, Thing.ORDER, Thing.REQUEST) and move.action not in _BESIDE:
        by_itself = move.action not in WAITS and goes_on_by_itself(now_facts)
        draft.case["attend_at"] = setting.now if by_itself else None


def _set_state(draft: Draft, thing: Thing, after: str, act: Act) -> None:
    no = act.no
    if thing is Thing.CASE:
        draft.case["state"] = after
    elif no is None:
        return
    elif thing in AFFAIRS:
        end_if_over(touch_affair(draft, no, state=after), thing, act.now, act.actor)
    elif thing in PARTS:
        touch_part(draft, no, state=after)
    elif thing is Thing.ORDER:
        draft.touch_order(no, state=OrderState(after).value)
    else:
        {Thing.EXTENSION: draft.extensions, Thing.REQUEST: draft.requests, Thing.SUPERVISION: draft.supervision}[thing][no]["state"] = after


def _follow(draft: Draft, action: str, act: Act) -> None:
    move = TABLE[Thing.CASE, action, draft.state.value]
    effect_of(Thing.CASE, action)(draft, act)
    before, draft.case["state"] = draft.state, State(move.to).value
    lapse_overtaken(draft, act.now)
    draft.enter(act.now, SYSTEM, step=move.step.value, thing="case", action=action, before=before.value, after=move.to.value)


def _journalled(intent: Intent) -> dict[str, object]:
    """What was handed in, as it is kept in the journal, where nothing can be taken out again.

    A rating's own words are not, nor what people wrote into an affair: its rows hold that, until it is forgotten.
    """
    left_out = UNWRITTEN.get(intent.action, frozenset()) | (_WRITTEN_BESIDE if _is_beside(intent) else frozenset())
    given = {k: v for k, v in intent.args.items() if v is not None and k not in left_out}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in given.items()}
