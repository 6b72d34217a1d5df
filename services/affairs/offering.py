"""What somebody could do in an affair now, with what stands in the way; and what one could open."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Affair, Case, begin_write, connection_of, table
from rules.facts import RELATIONS, Actor, Facts, Refused, State, Thing
from rules.handling import AFFAIRS, MECHANISM_OF
from rules.lifecycle import MOVES, may_see, moves_open_to
from services.affairs.reading import Ref, find, may_know
from services.catalogue import Catalogue
from services.mechanisms import switched_on
from services.moves import Along, Conflict, Draft, read_drafts

_affair, _case = table(Affair), table(Case)
#: Needs of affairs that are met by what is handed in; the others look at the affair only.
HANDED_IN: Final = frozenset(
    {
        *("reason_missing", "result_missing", "way_missing", "score_missing", "unit_missing", "title_missing"),
        *("extension_limit_missing", "pool_words_missing", "quantity_not_a_number", "lines_missing", "asker_decides"),
        *("minutes_missing", "meeting_time_missing", "onward_missing", "voices_missing", "matters_missing", "matter_case_missing"),
        *("agreement_missing", "evidence_of_term_missing", "choice_missing", "paper_missing"),
        *("body_missing", "visit_incomplete", "joint_way_missing", "reference_missing", "both_sides_ask"),
        *("material_missing", "materials_unnamed", "agent_missing", "errand_words_missing", "errand_asker_decides"),
        *("finding_missing", "due_missing_here", "after_missing", "talk_incomplete"),
        *("plan_missing", "month_missing", "target_missing", "tasks_missing", "task_case_missing", "claim_missing"),
        *("not_your_record", "tier_missing", "alert_unknown", "tier_not_lower", "look_words_missing", "readers_missing"),
        *("issue_title_missing", "issue_asker_confirms", "issue_case_missing"),
    }
)
#: Needs that say that a move is somebody else's, or belongs to another point: it is not offered at all then.
NOT_THEIRS: Final = frozenset(
    {"not_an_inspector", "not_in_dispute", "not_your_task", "not_at_this_point", "not_a_hearing", "handled_elsewhere"}
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A move that somebody could ask for.

    Attributes:
        thing: Of what.
        part: Number of the part; None: of the affair itself.
        wants: Codes of needs that something has to be handed in for.
        obstacle: The first need that nothing handed in could meet, as it is refused; None: nothing stands in the way.
    """

    thing: Thing
    part: int | None
    action: str
    wants: frozenset[str]
    obstacle: Refused | None


@dataclass(frozen=True, slots=True)
class Floor:
    """An affair as it stands, for whoever acts in it."""

    ref: Ref
    draft: Draft
    offers: tuple[Offer, ...]


def floor(session: Session, no: str, actor: Actor) -> Floor:
    """An affair, and what this actor could do in it now; changes nothing.

    Raises:
        Refused: `unknown_affair`; `restricted`, it is kept with a sensitive case that this actor may not see.
    """
    ref = find(session, no)
    draft = read_drafts(session, [ref.case_id], Along(affairs=[ref.case_id]), lock=False)[ref.case_id]
    return _floor(ref, draft, actor)


def floors(session: Session, numbers: Collection[str], actor: Actor) -> dict[str, Floor]:
    """Several affairs by number, with what this actor could do in each, in as many statements as for one; not his own are left out."""
    columns = (_affair.c.no, _affair.c.case_id, _affair.c.seq, _affair.c.thing)
    rows = connection_of(session).execute(select(*columns).where(_affair.c.no.in_(numbers))).all() if numbers else []
    refs = [Ref(row.no, row.case_id, row.seq, Thing(row.thing)) for row in rows]
    homes = {ref.case_id for ref in refs}
    drafts = read_drafts(session, homes, Along(affairs=homes), lock=False)
    found: dict[str, Floor] = {}
    for ref in refs:
        with suppress(Refused):
            found[ref.no] = _floor(ref, drafts[ref.case_id], actor)
    return found


def _floor(ref: Ref, draft: Draft, actor: Actor) -> Floor:
    if not may_know(draft.affairs[ref.seq], actor):
        raise Refused("unknown_affair", affair=ref.no)
    if not may_see(draft.facts(affair_seq=ref.seq), actor):
        raise Refused("restricted")
    return Floor(ref, draft, tuple(_offers(draft, ref, actor)))


def _offers(draft: Draft, ref: Ref, actor: Actor) -> Iterator[Offer]:
    yield from _of(ref.thing, None, draft.facts(affair_seq=ref.seq), actor)
    ended, afterwards = draft.affairs[ref.seq]["ended_at"] is not None, AFFAIRS[ref.thing].afterwards
    for part in draft.parts_of(ref.seq):
        offers = _of(Thing(part["thing"]), part["no"], draft.facts(part_no=part["no"]), actor)
        yield from (offer for offer in offers if not ended or offer.action in afterwards)


def _of(thing: Thing, part: int | None, facts: Facts, actor: Actor) -> Iterator[Offer]:
    seen: set[str] = set()
    for move in moves_open_to(thing, facts, actor):
        unmet = [need for need in move.needs if not need.met(facts, actor, {})]
        stands = next((need for need in unmet if need.code not in HANDED_IN), None)
        if move.action not in seen and (stands is None or stands.code not in NOT_THEIRS):
            seen.add(move.action)
            obstacle = stands.refusal(move.action, facts) if stands is not None else None
            yield Offer(thing, part, move.action, frozenset(need.code for need in unmet) & HANDED_IN, obstacle)


def check_unchanged(session: Session, ref: Ref, version: int) -> None:
    """See to it that nobody has changed the case file since somebody looked; keeps others from it until the unit of work ends.

    Raises:
        Conflict: somebody has.
    """
    begin_write(session)
    now = connection_of(session).execute(select(_case.c.version).where(_case.c.id == ref.case_id).with_for_update()).scalar_one()
    if now != version:
        raise Conflict(ref.case_id, now)


def openable(session: Session, actor: Actor, known: Catalogue) -> list[str]:
    """The moves with which this person could open an affair that belongs to no case, of mechanisms that are on."""
    home = actor.covers if actor.covers is not None else actor.unit_id
    return _openings(session, actor, Facts(State.BESIDE, "P3", area_line=known.line(home) if home is not None else ()))


def openable_on(session: Session, actor: Actor, draft: Draft) -> list[str]:
    """The moves with which this person could open an affair on a case, of mechanisms that are on."""
    facts = draft.facts()
    return _openings(session, actor, facts) if may_see(facts, actor) else []


def _openings(session: Session, actor: Actor, facts: Facts) -> list[str]:
    on = switched_on(session)
    openings = {action for thing, kind in AFFAIRS.items() if MECHANISM_OF.get(thing) in on for action in kind.opened_by}
    found = (m for m in MOVES if m.thing is Thing.CASE and m.source is facts.state and m.action in openings)
    return list(dict.fromkeys(m.action for m in found if any(RELATIONS[who](actor, facts) for who in m.who)))
