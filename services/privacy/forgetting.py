"""What messages, answers and replies still know of residents whose cases are anonymised: taken out along with the rest."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from models import (
    Affair,
    AnswerCode,
    Base,
    Message,
    PatrolMember,
    PointAccount,
    PoolVisit,
    Reply,
    Requester,
    SubjectNote,
    Supplement,
    connection_of,
    table,
)
from services.patrols import residents

_answer, _message, _reply = table(AnswerCode), table(Message), table(Reply)
_member, _account = table(PatrolMember), table(PointAccount)
_supplement, _visit = table(Supplement), table(PoolVisit)
_requester, _affair, _note = table(Requester), table(Affair), table(SubjectNote)
_LETS_GO: Final = (_answer, _reply, _member, _account, _visit)
_EMPTY: Final = {"phone": "", "text": "", "requester_id": None}


def of_cases(session: Session, ids: Sequence[int]) -> None:
    """Delete the keys to these cases, and empty what residents sent back about them; that something came, and what it meant, stays."""
    run = connection_of(session).execute
    run(delete(_answer).where(_answer.c.case_id.in_(ids)))
    run(update(_reply).where(_reply.c.case_id.in_(ids)).values(_EMPTY))
    run(update(_supplement).where(_supplement.c.case_id.in_(ids)).values(words="", requester_id=None))


def people(session: Session, known: Collection[int]) -> int:
    """Forget those of these residents whom nothing names any more that is kept.

    Returns:
        How many.
    """
    gone, run = sorted(set(known) - _still_named(session, list(known))), connection_of(session).execute
    for of in (_answer, _visit):
        run(delete(of).where(of.c.requester_id.in_(gone)))
    run(update(_reply).where(_reply.c.requester_id.in_(gone)).values(_EMPTY))
    run(update(_member).where(_member.c.requester_id.in_(gone)).values(requester_id=None, found_by=None))
    run(update(_account).where(_account.c.requester_id.in_(gone)).values(requester_id=None))
    for of in (_member, _account):
        run(update(of).where(of.c.guardian_id.in_(gone)).values(guardian_id=None))
    run(delete(_requester).where(_requester.c.id.in_(gone)))
    return len(gone)


def _still_named(session: Session, wanted: list[int]) -> set[int]:
    """Those of them whom any row still names, of whatever table.

    Answers, replies and visits to the pool let go; members and account holders when they left.
    """
    naming = [c for of in Base.metadata.sorted_tables if of not in _LETS_GO for c in of.c if c.references(_requester.c.id)]
    run = connection_of(session).execute
    found = {int(i) for column in naming for i in run(select(column).where(column.in_(wanted)).distinct()).scalars()}
    return found | residents.named(session, wanted)


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


def of_subjects(session: Session, before: datetime) -> int:
    """Delete the sealed notes of subject files that ended before this instant; that there was a file stays, under its code.

    Args:
        session: The unit of work; holds the write lock.
        before: Aware UTC.

    Returns:
        How many notes were deleted.
    """
    run = connection_of(session).execute
    own = (_affair.c.case_id == _note.c.case_id) & (_affair.c.seq == _note.c.seq)
    ids = list(run(select(_note.c.id).join(_affair, own).where(_affair.c.ended_at < before)).scalars())
    run(delete(_note).where(_note.c.id.in_(ids)))
    return len(ids)
