"""Taking back what was sent a moment ago from the triage desk, before the unit has looked at it."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Journal, begin_write, connection_of, table
from rules.facts import Actor, Refused, State
from services.moves import Intent, Moved, Row, Setting, make_moves, one
from services.reading import read_row
from services.visibility import check_visible
from wording import say

_journal = table(Journal)
WITHIN: Final = timedelta(minutes=10)


def may_undo(session: Session, no: str, actor: Actor, now: datetime) -> bool:
    """Whether this person sent this case within the last ten minutes, and no unit has taken it up since.

    Raises:
        Refused: `unknown_case`, the viewer does not see it.
    """
    check_visible(session, actor, no)
    return _sent_by(session, read_row(session, no), actor, now)


def undo(session: Session, no: str, actor: Actor, now: datetime) -> Moved:
    """Recall what this person has just sent, so that it waits for triage again; on record like every recall, and the units are told.

    Args:
        session: The unit of work; to be given up when this raises.
        no: Number of the case.
        actor: Who sent it.
        now: The instant, aware UTC.

    Raises:
        Refused: `unknown_case`; `undo_over`, it was sent by somebody else, or earlier, or a unit has it in hand; what the door refuses.
    """
    check_visible(session, actor, no)
    begin_write(session)
    case = read_row(session, no)
    if not _sent_by(session, case, actor, now):
        raise Refused("undo_over", no=no, minutes=int(WITHIN.total_seconds()) // 60)
    return one(make_moves(session, [Intent(case["id"], "recall", actor, args={"reason": say("undo.reason")})], Setting(now)))


def _sent_by(session: Session, case: Row, actor: Actor, now: datetime) -> bool:
    if case["state"] != State.DISPATCHED:
        return False
    sent = (_journal.c.case_id == case["id"], _journal.c.thing == "case", _journal.c.action == "dispatch")
    newest = select(_journal.c.actor, _journal.c.at).where(*sent).order_by(_journal.c.seq.desc()).limit(1)
    found = connection_of(session).execute(newest).first()
    return found is not None and found.actor == actor.name and found.at > now - WITHIN
