"""What a person at the triage desk decides, in one unit of work: accept, file and dispatch, or answer, divert, decline, merge."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from models import begin_write
from rules.facts import Actor, Refused, State
from services.catalogue import Catalogue, catalogue
from services.moves import Intent, Moved, Row, Setting, make_moves, one
from services.reading import case_id_of, read_row, unit_id_of
from services.routing.finding import route_of
from services.triage.desk import on_record
from services.triage.suggesting import suggest
from services.visibility import check_visible

DISPATCH, ANSWER, DIVERT, DECLINE, MERGE = "dispatch", "answer", "divert", "decline", "merge"


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decides of a case.

    Attributes:
        action: One of the five above.
        version: Version of the case that the person saw.
        category, urgency: Codes, to dispatch; an empty urgency is the category's own.
        lead, co: Codes of units; without a lead the routing catalogue says which.
        said: The answer or the reason.
        override: The centre sends it to a unit off its duty list; `said` is why.
        channel: Of a diversion, where to.
        into: Number of the case that this one is merged into.
    """

    action: str
    version: int | None = None
    category: str = ""
    urgency: str = ""
    lead: str = ""
    co: tuple[str, ...] = ()
    said: str = ""
    override: bool = False
    channel: str = ""
    into: str = ""


def decide(session: Session, no: str, decision: Decision, actor: Actor, now: datetime) -> Moved:
    """Make all moves of a decision, or none.

    What the engine has done meanwhile is not done again. A category that was chosen is kept beside what was suggested, as with every
    other way of filing; where nothing was suggested yet it is, first.

    Args:
        session: The unit of work; to be given up when this raises.
        no: Number of the case.
        decision: What is decided.
        actor: Who decides.
        now: The instant, aware UTC.

    Raises:
        Refused: `unknown_case`, `triage_over`, `unknown_decision`, `unknown_category`, `unknown_unit`, and what the door refuses.
        Conflict: somebody else has changed the case.
    """
    for each in filter(None, (no, decision.into)):
        check_visible(session, actor, each)
    steps = _STEPS.get(decision.action)
    if steps is None:
        raise Refused("unknown_decision", given=decision.action, known=", ".join(_STEPS))
    begin_write(session)
    case, known = read_row(session, no), catalogue(session)
    if case["state"] not in _OPEN:
        raise Refused("triage_over", no=no, state=case["state"])
    first, made = decision.version, None
    for action, args in (*_accepted(case), *steps(session, case, decision, known, now)):
        intent = Intent(case["id"], action, actor, args={k: v for k, v in args.items() if v not in (None, "")}, version=first)
        made, first = one(make_moves(session, [intent], Setting(now))), None
    if made is None:
        raise AssertionError(decision.action)
    return made


_Steps = list[tuple[str, Mapping[str, Any]]]
_OPEN: Final = (State.SUBMITTED, State.ACCEPTED, State.FILED)


def _accepted(case: Row) -> _Steps:
    return [("accept", {})] if case["state"] == State.SUBMITTED else []


def _dispatch(session: Session, case: Row, decision: Decision, known: Catalogue, now: datetime) -> _Steps:
    code = decision.category.strip().upper()
    if code and code not in known.categories:
        raise Refused("unknown_category", category=decision.category)
    if case["state"] != State.FILED and on_record(session, case["id"]) is None:
        suggest(session, [case["id"]], now)
    urgency = decision.urgency or (known.categories[code].urgency if code else "")
    filed = _filed(case, {"category": code, "urgency": urgency})
    return [*filed, ("dispatch", _units(case, code, decision, known))]


def _filed(case: Row, given: Mapping[str, str]) -> _Steps:
    """Filed, or filed anew where it was filed otherwise."""
    if case["state"] != State.FILED:
        return [("file", given)]
    return [] if all(case[name] == value for name, value in given.items()) else [("refile", given)]


def _units(case: Row, category: str, decision: Decision, known: Catalogue) -> Mapping[str, Any]:
    more = {"override": decision.override or None, "reason": decision.said.strip()}
    if decision.lead:
        return {"lead": unit_id_of(known, decision.lead), "co": tuple(unit_id_of(known, code) for code in decision.co), **more}
    if not category:
        return more
    found = route_of(known, category, case["area_unit_id"])
    return {"lead": found.lead, "co": found.co, "why": found.reason, "route": found.told(), **more}


def _answer(_: Session, __: Row, decision: Decision, ___: Catalogue, ____: datetime) -> _Steps:
    return [(ANSWER, {"result": decision.said.strip()})]


def _divert(_: Session, __: Row, decision: Decision, ___: Catalogue, ____: datetime) -> _Steps:
    return [(DIVERT, {"reason": decision.said.strip(), "channel": decision.channel})]


def _decline(_: Session, __: Row, decision: Decision, ___: Catalogue, ____: datetime) -> _Steps:
    return [(DECLINE, {"reason": decision.said.strip()})]


def _merge(session: Session, _: Row, decision: Decision, __: Catalogue, ___: datetime) -> _Steps:
    return [(MERGE, {"into": case_id_of(session, decision.into)})]


_STEPS: Final[Mapping[str, Callable[[Session, Row, Decision, Catalogue, datetime], _Steps]]] = {
    DISPATCH: _dispatch,
    ANSWER: _answer,
    DIVERT: _divert,
    DECLINE: _decline,
    MERGE: _merge,
}
