"""Following a case without a login: its number and a short token that only its reporter was told open its page."""

import hmac
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Case, CaseReporter, Sealed, begin_write, connection_of, table
from rules.facts import Refused
from services.answers import tries
from services.answers.keys import typed
from services.ratings.codes import spelled

LENGTH = 8  #: letters and figures of a token, none of which is misread
_case, _reporter = table(Case), table(CaseReporter)


def token_of(no: str, requester_id: int) -> str:
    """The token by which one reporter follows one case, as it is told: `K7QM-2XPD`. Derived, never kept; always the same.

    Args:
        no: Number of the case.
        requester_id: The reporter.
    """
    letters = spelled(int(Sealed.fingerprint(f"follow {no} {requester_id}"), 16), LENGTH)
    return f"{letters[:4]}-{letters[4:]}"


def follower(session: Session, no: str, given: str, device: str, now: datetime) -> int | Refused:
    """The reporter whose token this is; a refusal is given back, not raised, because a wrong token is counted in this unit of work.

    Whether the number or the token is wrong is not said. Wrong ones count together with wrong answer codes, by device and overall.

    Args:
        session: The unit of work; committed by the caller.
        no: Number of the case, as it was typed.
        given: The token, as it was typed.
        device: What tells one device from another; only a keyed hash of it is kept.
        now: The instant, aware UTC.

    Returns:
        The reporter's id; or `Refused` with `follow_unknown` or `answer_too_many`.
    """
    begin_write(session)
    if not tries.may_try(session, device, now):
        return Refused("answer_too_many")
    number, plain = no.strip().upper(), typed(given)
    found = [who for who in _reporters(session, number) if _same(token_of(number, who), plain)]
    if found:
        return found[0]
    tries.count(session, device, now)
    return Refused("follow_unknown")


def reports(session: Session, no: str, requester_id: int) -> bool:
    """Whether somebody still speaks for a case; of one that was merged into another too."""
    return requester_id in _reporters(session, no)


def _same(token: str, plain: str) -> bool:
    return hmac.compare_digest(token.replace("-", "").encode(), plain.encode())


def _reporters(session: Session, no: str) -> list[int]:
    """The first reporter of a case, and those who joined it."""
    run = connection_of(session).execute
    case = run(select(_case.c.id, _case.c.requester_id).where(_case.c.no == no)).first()
    if case is None:
        return []
    also = select(_reporter.c.requester_id).where(_reporter.c.case_id == case.id, _reporter.c.until.is_(None))
    first = [case.requester_id] if case.requester_id is not None else []
    return [int(who) for who in dict.fromkeys([*first, *run(also).scalars()])]
