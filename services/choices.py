"""What somebody could ask for now: the moves open to a person in a case, with what each needs. Changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import SupervisionOrder, table
from rules.facts import SYSTEM, Actor, Facts, State, SupervisionState, Thing
from rules.lifecycle import WAITS, Move, goes_on_by_itself, moves_open_to
from rules.needs import Need
from services.moves import Draft, read_drafts
from services.reading import case_id_of, supervision_in

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
}
WITH_UNITS: Final = (State.DISPATCHED, State.HANDLING)  #: states of a case in which work orders move
RESIDENT: Final = "resident"  #: acts as the reporter of the case

_supervision = table(SupervisionOrder)


@dataclass(frozen=True, slots=True)
class Choice:
    """One move that somebody could ask for.

    Attributes:
        thing: Case, work order or supervision order.
        no: Number of the work order within the case, or id of the supervision order.
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
    """The case as it stands, with its supervision orders that wait for a signature."""
    waiting = supervision_in(session, case_id, SupervisionState.PROPOSED)
    return read_drafts(session, [case_id], waiting, lock=False)[case_id]


def choices(draft: Draft, actor: Actor) -> Iterator[Choice]:
    """What this actor could ask for now: of the case, of its work orders, of the supervision orders that the draft holds."""
    yield from _of(Thing.CASE, None, draft.facts(), actor)
    for no in draft.orders if draft.state in WITH_UNITS else ():
        yield from _of(Thing.ORDER, no, draft.facts(no), actor)
    for no in draft.supervision:
        yield from _of(Thing.SUPERVISION, no, draft.facts(None, no), actor)


def _of(thing: Thing, no: int | None, facts: Facts, actor: Actor) -> Iterator[Choice]:
    for move in moves_open_to(thing, facts, actor):
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


def has_supervision(session: Session, case_id: int, number: int) -> bool:
    """Whether this supervision order is one of the case."""
    wanted = select(_supervision.c.id).where(_supervision.c.case_id == case_id, _supervision.c.id == number)
    return session.connection().execute(wanted).scalar() is not None
