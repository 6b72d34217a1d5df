"""Urging the unit that a line of a list waits for where there is no work order: the centre before triage, a unit with an affair."""

from datetime import datetime

from sqlalchemy.orm import Session

from rules.facts import STEP_OF, Actor, Refused
from rules.lifecycle import may_see
from services.moves import Along, Conflict, Draft, Row, read_drafts, write_drafts
from services.moves.affairs.base import tell_unit
from services.moves.messages import tell


def urge_unit(session: Session, line: Row, words: str, actor: Actor, now: datetime) -> None:
    """Tell the people of the unit that a line waits for, and put it in the journal of the case file.

    Args:
        session: The unit of work; it writes.
        line: A line of a list.
        words: What is said.
        actor: Who urges.
        now: The instant, aware UTC.

    Raises:
        Refused: `nobody_to_urge`, nobody is waited for; `restricted`, a sensitive case that is not for this person.
        Conflict: the case has changed meanwhile.
    """
    if line["unit_id"] is None:
        raise Refused("nobody_to_urge")
    case_id = line["case_id"]
    draft = read_drafts(session, [case_id], Along(affairs=[case_id]))[case_id]
    if not may_see(draft.facts(), actor):
        raise Refused("restricted")
    about = {"reason": words, "unit_id": line["unit_id"]}
    draft.enter(now, actor, step=STEP_OF[draft.state].value, thing="case", action="unit_urged", data=about)
    _tell(draft, line, words, now)
    if write_drafts(session, [draft]):
        raise Conflict(case_id, draft.case["version"])


def _tell(draft: Draft, line: Row, words: str, now: datetime) -> None:
    clock = next((c for c in draft.clocks if c["id"] == line["clock_id"]), None)
    if clock is not None and clock["affair_seq"] is not None:
        row, part = draft.affairs[clock["affair_seq"]], draft.parts.get(clock["part_no"])
        tell_unit(draft, "affair_told", now, line["unit_id"], row, part, news="unit_urged", reason=words)
        return
    due = {"clock": clock["kind"], "due": clock["due_at"].isoformat()} if clock is not None else {}
    tell(draft, "urged", now, unit_id=line["unit_id"], reason=words, **due)
