"""Paper slips for people without a phone: what is needed to print one, and the record that one was printed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Evaluation, begin_write, connection_of, table
from rules.facts import RELATIONS, Actor, Refused, State, Who
from rules.needs import NOT_OWN_RATING
from services.moves import Draft, read_drafts
from services.ratings import records
from services.ratings.codes import code_of
from services.reading import case_id_of

_evaluation = table(Evaluation)


@dataclass(frozen=True, slots=True)
class Slip:
    """One reporter's slip.

    Attributes:
        no: Number of the case.
        subject: What it is about.
        result: What was done.
        code: The reporter's one-time code; None: nobody is known, whoever asks writes the answer down.
        until: End of the window.
    """

    no: str
    subject: str
    result: str
    code: str | None
    until: datetime | None


def slips_of(session: Session, no: str, actor: Actor, now: datetime) -> list[Slip]:
    """One slip for each reporter who has not rated yet; that they were printed is put on record, because each holds a code.

    Raises:
        Refused: `unknown_case`, `rating_not_open`, `not_yours`, `restricted`, `rates_own_work`, `rated_already`.
    """
    begin_write(session)
    case_id = case_id_of(session, no)
    draft = read_drafts(session, [case_id])[case_id]
    may_ask(draft, actor)
    if draft.state is not State.FED_BACK:
        raise Refused("rating_not_open", no=draft.case["no"])
    left = _left(session, draft)
    if not left:
        raise Refused("rated_already")
    records.keep(session, now, actor.name, records.SLIP, draft.case["no"], round=draft.case["round"], slips=len(left))
    clock = draft.open_clock("evaluate", None)
    said = (draft.case["no"], draft.case["subject"], draft.case["result"] or "")
    codes = [code_of(case_id, draft.case["round"], r) if r is not None else None for r in left]
    return [Slip(*said, code, clock["due_at"] if clock else None) for code in codes]


def may_ask(draft: Draft, actor: Actor) -> None:
    """See to it that somebody may ask the reporters of a case: the centre or staff over the place, never who handled it.

    Raises:
        Refused: `restricted`, `not_yours`, `rates_own_work`.
    """
    facts = draft.facts()
    if facts.sensitive is not None and actor.user_id not in facts.readers and not RELATIONS[Who.SIGNER](actor, facts):
        raise Refused("restricted")
    if not any(RELATIONS[who](actor, facts) for who in (Who.CENTRE, Who.NEAR)):
        raise Refused("not_yours", action="rate")
    if not NOT_OWN_RATING.met(facts, actor, {}):
        raise Refused(NOT_OWN_RATING.code)


def _left(session: Session, draft: Draft) -> list[int | None]:
    wanted = select(_evaluation.c.requester_id).where(_evaluation.c.case_id == draft.case["id"], _evaluation.c.round == draft.case["round"])
    rated = {row.requester_id for row in connection_of(session).execute(wanted)}
    everybody: list[int | None] = [*sorted(draft.reporter_ids())] or [None]
    return [reporter for reporter in everybody if reporter not in rated]
