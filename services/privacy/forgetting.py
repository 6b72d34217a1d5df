"""What messages, answers and replies still know of residents whose cases are anonymised: taken out along with the rest."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from models import AnswerCode, Message, Reply, connection_of, table

_answer, _message, _reply = table(AnswerCode), table(Message), table(Reply)
_EMPTY: Final = {"phone": "", "text": "", "requester_id": None}


def of_cases(session: Session, ids: Sequence[int]) -> None:
    """Delete the keys to these cases, and empty what residents sent back about them; that something came, and what it meant, stays."""
    run = connection_of(session).execute
    run(delete(_answer).where(_answer.c.case_id.in_(ids)))
    run(update(_reply).where(_reply.c.case_id.in_(ids)).values(_EMPTY))


def of_people(session: Session, gone: Sequence[int]) -> None:
    """Let go of residents who are about to be forgotten."""
    run = connection_of(session).execute
    run(delete(_answer).where(_answer.c.requester_id.in_(gone)))
    run(update(_reply).where(_reply.c.requester_id.in_(gone)).values(_EMPTY))


def of_no_case(session: Session, before: datetime, nobody: Callable[[Session], int]) -> None:
    """Delete replies that nobody could place, and empty digests to residents.

    Args:
        session: The unit of work.
        before: Those that are older than this instant, aware UTC.
        nobody: Who stands where a resident stood; asked only when somebody did.
    """
    run = connection_of(session).execute
    run(delete(_reply).where(_reply.c.case_id.is_(None), _reply.c.received_at < before))
    of_residents = (_message.c.case_id.is_(None), _message.c.requester_id.is_not(None), _message.c.wording.is_not(None))
    digests = list(run(select(_message.c.id).where(*of_residents, _message.c.queued_at < before)).scalars())
    if digests:
        emptied: dict[str, object] = {"wording": None, "about": {}, "requester_id": nobody(session)}
        run(update(_message).where(_message.c.id.in_(digests)).values(emptied))
