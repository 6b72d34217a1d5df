"""What somebody could ask for now: the moves open to a person in a case, with what each needs. Changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from rules.facts import OPEN_SUPERVISION, SYSTEM, Actor, ExtensionState, Facts, State, SupervisionState, Thing
from rules.lifecycle import WAITS, Move, goes_on_by_itself, moves_open_to
from rules.needs import NEXT_STAGE, Need
from services.moves import Along, Draft, read_drafts
from services.reading import case_id_of

#: What is handed in for a need, by its code; the other needs look at the case only.
HANDED_IN: Final = {
    "reason_missing": ("reason",),
    "category_missing": ("category", "urgency"),
    "lead_missing": ("lead", "co"),
    "holder_missing": ("level",),
    "merge_target_missing": ("into",),
    "result_missing": ("result",),
    "rating_missing": ("solved", "score"),
    "section_missing": ("section",),
    "not_below": ("level",),
    "not_the_next_stage": ("stage",),
    "amount_missing": ("amount",),
    "deadline_missing": ("due_at", "by"),
    "demand_missing": ("unit", "demand"),
    "evidence_missing": ("after",),
}
WITH_UNITS: Final = (State.DISPATCHED, State.HANDLING)  #: states of a case in which work orders move
RESIDENT: Final = "resident"  #: acts as the reporter of the case


@dataclass(frozen=True, slots=True)
class Choice:
    """One move that somebody could ask for.

    Attributes:
        thing: Case, work order, request for more time or supervision order.
        no: Number of the work order or request within the case, or the journal entry that opened the supervision order.
        action: As in `rules.lifecycle.MOVES`.
        needs: Names of what must be handed in.
        obstacle: Code of the first need that the case does not meet now, whatever is handed in; None when nothing stands in the way.
    """

    thing: Thing
    no: int | None
    action: str
    needs: tuple[str, ...]
    obstacle: str | None


def actor_of(user: str, draft: Draft) -> Actor:
    """The person with this user name; `resident` is the reporter of the case.

    Raises:
        Refused: `unknown_user`.
    """
    if user == RESIDENT:
        return Actor(RESIDENT, resident_id=draft.case["requester_id"])
    return draft.catalogue.actor(user)


def choices_of(session: Session, no: str, user: str) -> tuple[Draft, list[Choice]]:
    """The case as it stands, and what this person could ask for now.

    Raises:
        Refused: `unknown_case`, `unknown_user`.
    """
    draft = drafted(session, case_id_of(session, no))
    return draft, list(choices(draft, actor_of(user, draft)))


def drafted(session: Session, case_id: int) -> Draft:
    """The case as it stands, with its requests for more time and its supervision orders."""
    return read_drafts(session, [case_id], Along({case_id}, {case_id}), lock=False)[case_id]


def choices(draft: Draft, actor: Actor) -> Iterator[Choice]:
    """What this actor could ask for now: of the case, its work orders, its open requests for more time and supervision orders."""
    yield from _of(Thing.CASE, None, draft.facts(), actor)
    for no in draft.orders if draft.state in WITH_UNITS else ():
        yield from _of(Thing.ORDER, no, draft.facts(no), actor)
    for no, row in draft.extensions.items():
        if row["state"] == ExtensionState.ASKED:
            yield from _of(Thing.EXTENSION, no, draft.facts(extension_no=no), actor)
    for seq, row in draft.supervision.items():
        if SupervisionState(row["state"]) in OPEN_SUPERVISION:
            yield from _of(Thing.SUPERVISION, seq, draft.facts(supervision_seq=seq), actor)


def _of(thing: Thing, no: int | None, facts: Facts, actor: Actor) -> Iterator[Choice]:
    for move in moves_open_to(thing, facts, actor):
        if NEXT_STAGE in move.needs and not (facts.order and facts.order.stages_left):
            continue
        wanted = tuple(dict.fromkeys(name for need in move.needs for name in HANDED_IN.get(need.code, ())))
        yield Choice(thing, no, move.action, wanted, next((n.code for n in _unmet(move, facts, actor)), None))


def _unmet(move: Move, facts: Facts, actor: Actor) -> Iterator[Need]:
    """Needs that nothing handed in could meet."""
    return (need for need in move.needs if need.code not in HANDED_IN and not need.met(facts, actor, {}))


def engine_goes_on(draft: Draft, action: str) -> bool:
    """Whether the engine goes on by itself after this action, so that nobody should race it."""
    facts = draft.facts()
    if action in WAITS or not goes_on_by_itself(facts):
        return False
    return any(not any(_unmet(move, facts, SYSTEM)) for move in moves_open_to(Thing.CASE, facts, SYSTEM))


def waited_for(draft: Draft) -> int | None:
    """The unit whose next act everybody waits for; of a case on hold the centre, which alone can resume it."""
    return draft.catalogue.desk_id if draft.state is State.ON_HOLD else draft.ball()
