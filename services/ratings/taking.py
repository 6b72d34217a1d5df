"""Taking a rating: from a reporter by the one-time code, or from whoever of ours has asked him."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Evaluation, begin_write, connection_of, table
from rules.facts import Actor, Refused, State
from services.answers.opening import rater_of
from services.moves import Draft, Intent, Outcome, Setting, make_moves, read_drafts
from services.ratings import records
from services.ratings.codes import whose
from services.reading import case_id_of

WRONG_MOST: Final = 5  #: wrong codes for one case …
WRONG_WITHIN: Final = timedelta(hours=1)  #: … within this time, then none is taken for a while
RESIDENT: Final = "resident"
_evaluation = table(Evaluation)


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody says of a result.

    Attributes:
        no: Number of the case.
        code: The reporter's one-time code, of a paper slip or of a message; None: somebody of ours asked the only reporter who has
            not rated.
        solved: Whether it is solved.
        score: 1 very dissatisfied to 5 very satisfied; None: not said.
        words: In his own words, at most 500 characters.
        channel: self or link of a resident, call, paper or visit of somebody of ours; None: self, or call.
        device: What tells one device from another; only a keyed hash of it is kept.
    """

    no: str
    code: str | None
    solved: bool
    score: int | None = None
    words: str = ""
    channel: str | None = None
    device: str | None = None


def take(session: Session, given: Given, staff: Actor | None, now: datetime) -> Outcome:
    """Let a rating through the door.

    A refusal is given back, not raised, because a wrong code is put on record in the same unit of work: commit it.

    Args:
        session: The unit of work; committed by the caller.
        given: What is said.
        staff: Who of ours writes it down; None: the resident rates himself.
        now: The instant, aware UTC.

    Returns:
        `Moved`; `Refused` with `rating_not_open`, `code_missing`, `too_many_codes`, `wrong_code`, `rated_already`,
        `which_rater`, `rates_own_work` or what else the table says; or `Conflict`.

    Raises:
        Refused: `unknown_case`.
    """
    begin_write(session)
    case_id = case_id_of(session, given.no)
    draft = read_drafts(session, [case_id])[case_id]
    if draft.state is not State.FED_BACK:
        return _not_open(session, draft, given.code)
    rater = None
    if given.code is not None or staff is None:
        found = _rater(session, draft, given.code or "", now)
        if isinstance(found, Refused):
            return found
        rater = found
    actor = staff or Actor(RESIDENT, resident_id=rater)
    return make_moves(session, [Intent(case_id, "rate", actor, args=_args(given, rater if staff else None))], Setting(now))[0]


def _not_open(session: Session, draft: Draft, code: str | None) -> Refused:
    """Why nothing is taken now: who has rated this round, or everybody, is told that it is rated already, whatever code was typed."""
    own = frozenset(draft.reporter_ids())
    rater = whose(code, draft.case["id"], draft.case["round"], own) if code else None
    this = (_evaluation.c.case_id == draft.case["id"], _evaluation.c.round == draft.case["round"])
    rated = {row.requester_id for row in connection_of(session).execute(select(_evaluation.c.requester_id).where(*this))}
    if rater in rated if rater is not None else rated and own <= rated:
        return Refused("rated_already")
    return Refused("rating_not_open", no=draft.case["no"])


def _args(given: Given, rater: int | None) -> dict[str, Any]:
    args = {"solved": given.solved, "score": given.score, "words": given.words, "channel": given.channel, "device": given.device}
    return {name: value for name, value in (args | {"rater": rater}).items() if value not in (None, "")}


def _rater(session: Session, draft: Draft, code: str, now: datetime) -> int | Refused:
    """Whose code it is; wrong ones are counted, and after some of them none is looked at for a while."""
    no = draft.case["no"]
    if not code.strip():
        return Refused("code_missing")
    if records.count(session, records.WRONG_CODE, no, now - WRONG_WITHIN) >= WRONG_MOST:
        return Refused("too_many_codes")
    own, said = draft.reporter_ids(), rater_of(session, draft, code, now)
    rater = whose(code, draft.case["id"], draft.case["round"], own) or (said if said in own else None)
    if rater is None:
        records.keep(session, now, RESIDENT, records.WRONG_CODE, no, round=draft.case["round"])
        return Refused("wrong_code")
    return rater
