"""What somebody could ask for now: the moves open to a person in a case, with what each needs. Changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from models import connection_of
from rules.clocks import ClockKind
from rules.facts import OPEN_SUPERVISION, SYSTEM, Actor, ExtensionState, Facts, Refused, State, SupervisionState, Thing
from rules.lifecycle import WAITS, goes_on_by_itself, moves_open_to
from rules.needs import FROM_SENSOR, NEXT_STAGE, PHOTOS, Need
from rules.table import Move
from services.moves import Along, Draft, Intent, read_drafts
from services.moves.about import looked_up
from services.moves.snapshot import CUT, CUTTING, everything, read_along
from services.reading import CaseStory

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
    "unit_missing": ("unit",),
    "person_missing": ("person",),
    "return_code_missing": ("code",),
    "hold_code_missing": ("code",),
    "terminate_code_missing": ("code",),
    "sensitive_kind_missing": ("kind",),
}
#: The clock under which the answer to a request is waited for, by the action that asks.
ANSWERS: Final = {
    "ask_return": ClockKind.RULE,
    "ask_hold": ClockKind.APPROVE,
    "ask_void": ClockKind.CONFIRM,
    "ask_terminate": ClockKind.CONFIRM,
    "ask_extension": ClockKind.EXTEND,
    "appeal": ClockKind.APPEAL,
}
WITH_UNITS: Final = (State.DISPATCHED, State.HANDLING)  #: states of a case in which work orders move
RESIDENT: Final = "resident"  #: acts as the first reporter of the case; with a number as a further one


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

    @property
    def locked(self) -> bool:
        """Whether something stands in the way even of a form, which brings photos along with the move."""
        return self.obstacle not in (None, PHOTOS.code)


def actor_of(user: str, draft: Draft) -> Actor:
    """The person with this user name; `resident` is the first reporter of the case, `resident:2` the next one, and so on.

    Raises:
        Refused: `unknown_user`, `unknown_reporter`.
    """
    name, _, place = user.partition(":")
    if name != RESIDENT:
        return draft.catalogue.actor(user)
    reporters = list(dict.fromkeys((draft.case["requester_id"], *(row["requester_id"] for row in draft.co_reporters))))
    if place and not (place.isdecimal() and 0 < int(place) <= len(reporters)):
        raise Refused("unknown_reporter", given=user, known=len(reporters))
    return Actor(RESIDENT, resident_id=reporters[int(place or 1) - 1])


def drafted(session: Session, case_id: int) -> Draft:
    """The case as it stands, with its requests, ratings and supervision orders."""
    return read_drafts(session, [case_id], everything({case_id}), lock=False)[case_id]


def drafted_from(session: Session, story: CaseStory) -> Draft:
    """The same of a case that has been read already as it is kept: what its rows and its journal say is not read again."""
    case = {name: value for name, value in story.case.items() if name != "body"}
    draft = Draft(case, {o["no"]: dict(o) for o in story.orders}, [dict(c) for c in story.clocks if c["stopped_at"] is None], story.known)
    draft.seq = case["seq"]
    draft.extensions = {row["no"]: dict(row) for row in story.extensions}
    for entry in story.journal:
        if entry["action"] == "try_contact":
            draft.tried_at[entry["thing_no"]] = entry["at"]
        elif entry["action"] in CUTTING and entry["data"].get("why") in CUT:
            draft.cuts.append(entry["data"])
    ids = [case["id"]]
    rated = ids if any(entry["action"] == "rate" for entry in story.journal) else ()
    kept = ids if any(each.kept for each in story.affairs) else ()
    along = Along(requests=ids, evaluations=rated, photos=ids, supervision=ids if story.supervision else (), affairs=kept)
    read_along(connection_of(session), {case["id"]: draft}, along)
    return draft


def choices(draft: Draft, actor: Actor, now: datetime) -> Iterator[Choice]:
    """What this actor could ask for now: of the case, its work orders, its open requests for more time and supervision orders."""
    yield from _of(Thing.CASE, None, draft.facts(), actor, draft, now)
    for no in draft.orders if draft.state in WITH_UNITS else ():
        yield from _of(Thing.ORDER, no, draft.facts(no), actor, draft, now)
    for no, row in draft.extensions.items():
        if row["state"] == ExtensionState.ASKED:
            yield from _of(Thing.EXTENSION, no, draft.facts(extension_no=no), actor, draft, now)
    for request in draft.asks():
        yield from _of(Thing.REQUEST, request.no, draft.facts(request_no=request.no), actor, draft, now)
    for seq, row in draft.supervision.items():
        if SupervisionState(row["state"]) in OPEN_SUPERVISION:
            yield from _of(Thing.SUPERVISION, seq, draft.facts(supervision_seq=seq), actor, draft, now)


def _of(thing: Thing, no: int | None, facts: Facts, actor: Actor, draft: Draft, now: datetime) -> Iterator[Choice]:
    for move in moves_open_to(thing, facts, actor):
        known = looked_up(draft, facts, Intent(draft.case["id"], move.action, actor, thing, no), now)
        if NEXT_STAGE in move.needs and not (facts.order and facts.order.stages_left):
            continue
        if FROM_SENSOR in move.needs and not facts.sensed:
            continue
        wanted = tuple(dict.fromkeys(name for need in move.needs for name in HANDED_IN.get(need.code, ())))
        yield Choice(thing, no, move.action, wanted, next((n.code for n in _unmet(move, known, actor)), None))


def _unmet(move: Move, facts: Facts, actor: Actor) -> Iterator[Need]:
    """Needs that nothing handed in could meet."""
    return (need for need in move.needs if need.code not in HANDED_IN and not need.met(facts, actor, {}))


def engine_goes_on(draft: Draft, action: str) -> bool:
    """Whether the engine goes on by itself after this action, so that nobody should race it."""
    facts = draft.facts()
    if action in WAITS or not goes_on_by_itself(facts):
        return False
    return any(not any(_unmet(move, facts, SYSTEM)) for move in moves_open_to(Thing.CASE, facts, SYSTEM))


def waited_for(draft: Draft, action: str | None = None) -> int | None:
    """The unit whose next act everybody waits for; of a case on hold the centre, which alone can resume it.

    After an action that asked for something, the unit that has to answer: the one whose clock waits.
    """
    clocks = [c for c in draft.clocks if c["kind"] == ANSWERS.get(action or "") and c["stopped_at"] is None]
    if clocks:
        return int(max(clocks, key=lambda clock: clock["started_at"])["unit_id"])
    return draft.catalogue.desk_id if draft.state is State.ON_HOLD else draft.ball()
