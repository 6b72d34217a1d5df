"""What the engine may do by itself at each step: from cases that are ready to the moves it asks the door for.

Every function takes the rows of cases at its step and gives back intents, and the cases it must leave to people with the reason.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from models import Case, begin_write, table
from rules.facts import SENSOR, SYSTEM, Level, State, Step
from rules.routing import OUTSIDE, held_at_first_of, upwards
from services.catalogue import Catalogue, catalogue
from services.moves import Intent, Moved, Outcome, Setting, make_moves, read_drafts, write_drafts
from services.moves.messages import tell
from services.routing.finding import route_of
from services.sensors.dispatching import filings, sent_to
from services.triage.suggesting import confident, suggest

_case = table(Case)
_AT = (
    select(
        *(
            _case.c[n]
            for n in (
                "id",
                "seq",
                "state",
                "source",
                "category",
                "urgency",
                "area_unit_id",
                "needs_check",
                "solved",
                "score",
                "subject",
                "body",
            )
        )
    )
    .where(_case.c.id.in_(bindparam("ids", expanding=True)), _case.c.state.in_(bindparam("states", expanding=True)))
    .order_by(_case.c.id)
)
_REST = update(_case).where(_case.c.id == bindparam("key_id"), _case.c.seq == bindparam("key_seq")).values(attend_at=None)


@dataclass(slots=True)
class Plan:
    """What the engine means to do with some cases.

    Attributes:
        intents: Moves to ask for.
        left: Case id → why a person must decide: a journal action and its data; an empty action means nothing new to say.
    """

    intents: list[Intent] = field(default_factory=list)
    left: dict[int, tuple[str, dict[str, Any]]] = field(default_factory=dict)


def _collect(_session: Session, rows: Sequence[Any], _: Catalogue) -> Plan:
    """Accept what is complete enough to be judged."""
    return Plan([Intent(row.id, "accept", SYSTEM) for row in rows])


def _triage(session: Session, rows: Sequence[Any], known: Catalogue) -> Plan:
    """File what a device stands for, then what rules or the learned model are sure of; the rest falls to the centre's desk."""
    plan, sensed = Plan(), filings(session, [row.id for row in rows if row.source == SENSOR])
    plan.intents += [
        Intent(i, "file", SYSTEM, args={"category": f.category, "urgency": f.urgency, "device": f.device})
        for i, f in sensed.items()
        if f.category in known.offered
    ]
    left = [row for row in rows if row.id not in {i.case_id for i in plan.intents}]
    sure = confident(session, left)
    for row in left:
        found = sure.get(row.id)
        if found is None:
            plan.left[row.id] = ("unclaimed", {})
            continue
        urgency = min(found.urgency or "P3", known.categories[found.category].urgency, row.urgency if row.urgency in ("P0", "P1") else "P3")
        args = {"category": found.category, "urgency": urgency, "words": found.words, "probability": found.probability}
        plan.intents.append(Intent(row.id, "file", SYSTEM, args=args))
    return plan


def _report(session: Session, rows: Sequence[Any], known: Catalogue) -> Plan:
    """Dispatch what needs no decision; place the rest at the level where its climb begins."""
    plan, sensed = Plan(), sent_to(session, {row.id: row.category for row in rows if row.source == SENSOR}, known)
    for row in rows:
        entry = known.sources[row.source]
        if row.id in sensed:
            plan.intents.append(Intent(row.id, "dispatch", SYSTEM, args=sensed[row.id]))
        elif entry == "centre" or row.urgency == "P0":
            _to_units(row, known, plan)
        else:
            _to_level(row, Level.GRID if entry == "grid" else Level.COMMUNITY, known, plan)
    return plan


def _to_level(row: Any, level: Level, known: Catalogue, plan: Plan) -> None:  # noqa: ANN401 - a result row
    """The first level there is; the door passes over those that may not hold such a case."""
    line = known.line(row.area_unit_id)
    held = held_at_first_of(upwards(level), line, known.units, lambda _: True)
    if held is None:
        plan.left[row.id] = ("no_holder", {"level": level.value})
    else:
        plan.intents.append(Intent(row.id, "place", SYSTEM, args={"level": held.level.value, "holder": held.holder}))


def _to_units(row: Any, known: Catalogue, plan: Plan) -> None:  # noqa: ANN401 - a result row
    """By the routing catalogue, which says why; what it cannot route without breaking a duty list the centre decides."""
    found = route_of(known, row.category, row.area_unit_id)
    why = found.told()
    if found.lead is None:
        plan.left[row.id] = ("no_unit", {"kind": found.named, "route": why})
        return
    if found.refused is not None:
        unit = known.units[found.lead].code
        plan.left[row.id] = (OUTSIDE, {"unit": unit, "category": row.category, "route": why})
        return
    args: dict[str, object] = {"lead": found.lead, "co": found.co, "why": found.reason, "missing": found.missing or None, "route": why}
    if row.urgency == "P0" and known.sources[row.source] != "centre":
        args["skipped"] = known.sources[row.source]
    plan.intents.append(Intent(row.id, "dispatch", SYSTEM, args=args))


def _handle(_session: Session, rows: Sequence[Any], _: Catalogue) -> Plan:
    """Finish the handling of a case when every unit has said it is done; the table refuses while one has not."""
    return Plan([Intent(row.id, "finish", SYSTEM) for row in rows])


def _check(_session: Session, rows: Sequence[Any], _: Catalogue) -> Plan:
    """Waive the check where the category needs none; elsewhere somebody else must look."""
    plan = Plan()
    for row in rows:
        if row.needs_check:
            plan.left[row.id] = ("", {})
        else:
            plan.intents.append(Intent(row.id, "waive_check", SYSTEM))
    return plan


def _feed_back(_session: Session, rows: Sequence[Any], _: Catalogue) -> Plan:
    """Tell the reporters the verified result."""
    return Plan([Intent(row.id, "feed_back", SYSTEM) for row in rows])


def _evaluate(_session: Session, rows: Sequence[Any], _: Catalogue) -> Plan:
    """Close what the resident calls solved; a bad rating is for the centre to judge."""
    plan = Plan()
    for row in rows:
        if row.solved and (row.score is None or row.score >= 3):
            plan.intents.append(Intent(row.id, "close", SYSTEM))
        else:
            plan.left[row.id] = ("", {})
    return plan


#: The automatic acts of each step, in order: the state in which a case waits for the act, and the act.
ACTS: Final = {
    Step.COLLECT: ((State.SUBMITTED, _collect),),
    Step.TRIAGE: ((State.ACCEPTED, _triage),),
    Step.REPORT: ((State.FILED, _report),),
    Step.HANDLE: ((State.HANDLING, _handle),),
    Step.FEEDBACK: ((State.HANDLED, _check), (State.VERIFIED, _feed_back)),
    Step.EVALUATE: ((State.EVALUATED, _evaluate),),
}


_HERE = (
    select(_case.c.id)
    .where(
        _case.c.id.in_(bindparam("ids", expanding=True)),
        _case.c.state.in_(bindparam("states", expanding=True)),
        _case.c.attend_at.is_not(None),
    )
    .order_by(_case.c.id)
)


def at_step(session: Session, step: Step, case_ids: Collection[int]) -> list[int]:
    """Those of the cases that are ready at this step."""
    states = [state.value for state, _ in ACTS[step]]
    return list(session.connection().execute(_HERE, {"ids": sorted(case_ids), "states": states}).scalars())


def advance(session: Session, step: Step, case_ids: Collection[int], setting: Setting) -> list[int]:
    """Do what the engine may do by itself at one step for these cases, in this unit of work.

    Cases that are not at this step are passed over, so it may run twice.

    Returns:
        Ids of the cases that moved.
    """
    moved: set[int] = set()
    for state, act in ACTS[step]:
        rows = session.connection().execute(_AT, {"ids": sorted(case_ids), "states": [state.value]}).all()
        if rows:
            plan = act(session, rows, catalogue(session))
            outcomes = make_moves(session, plan.intents, setting) if plan.intents else []
            moved |= {o.case_id for o in outcomes if isinstance(o, Moved)}
            _leave(session, plan, setting)
            _rest(session, rows, plan, outcomes)
    return sorted(moved)


def _leave(session: Session, plan: Plan, setting: Setting) -> None:
    """Hand cases over to people: why is written in the journal, and the centre is told."""
    said = {case_id: why for case_id, why in plan.left.items() if why[0]}
    suggest(session, [case_id for case_id, (action, _) in said.items() if action == "unclaimed"], setting.now)
    drafts = read_drafts(session, said) if said else {}
    for case_id, draft in drafts.items():
        action, data = said[case_id]
        draft.case["attend_at"] = None
        draft.run_id = setting.run_id
        draft.enter(setting.now, SYSTEM, step=_step(draft.state), thing="case", action=action, data=data)
        tell(draft, "unclaimed", setting.now, unit_id=draft.catalogue.desk_id, why=action)
    write_drafts(session, list(drafts.values()))


def _step(state: State) -> str:
    return next(step.value for step, acts in ACTS.items() if any(s is state for s, _ in acts))


def _rest(session: Session, rows: Sequence[Any], plan: Plan, outcomes: Sequence[Outcome]) -> None:
    """What the engine could not move is no longer ready: it waits for a person, under its clock."""
    refused = {i.case_id for i, o in zip(plan.intents, outcomes, strict=True) if not isinstance(o, Moved)}
    resting = refused | {case_id for case_id, (action, _) in plan.left.items() if not action}
    values = [{"key_id": row.id, "key_seq": row.seq} for row in rows if row.id in resting]
    if values:
        begin_write(session)
        session.connection().execute(_REST, values)
