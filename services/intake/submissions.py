"""Forms that are taken once, however often they come: a phone that lost its connection cannot know whether the first one arrived."""

import re
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Submission, begin_write, connection_of, table
from rules.facts import Actor, Refused

KEPT: Final = timedelta(days=60)  #: far longer than any phone stays without a network
_KEY: Final = re.compile(r"[0-9A-Za-z-]{8,60}")
_submission = table(Submission)
_CLAIM: Final = {
    "sqlite": sqlite.insert(_submission).on_conflict_do_nothing(index_elements=["key"]).returning(_submission.c.key),
    "postgresql": postgresql.insert(_submission).on_conflict_do_nothing(index_elements=["key"]).returning(_submission.c.key),
}


def key_of(actor: Actor, given: str) -> str:
    """A form's key as it is kept: together with whose it is, so that nobody can use up another one's.

    Raises:
        Refused: `submission_key`, this is none.
    """
    if actor.user_id is None or not _KEY.fullmatch(given):
        raise Refused("submission_key")
    return f"{actor.user_id} {given}"


def claim(session: Session, key: str, actor: Actor, now: datetime) -> str | None:
    """Take a form in, in the unit of work that does what it asks for: both are written or neither.

    Comes before anything else is written. Of two that arrive at the same instant the second waits for the first.

    Args:
        session: The unit of work; committed by the caller.
        key: As `key_of` gives it.
        actor: Who sends it.
        now: The instant, aware UTC.

    Returns:
        None: it is new. Else the answer that was given to it before.
    """
    begin_write(session)
    connection = connection_of(session)
    connection.execute(delete(_submission).where(_submission.c.at < now - KEPT))
    row = {"key": key, "staff_id": actor.user_id, "at": now, "answer": ""}
    if connection.execute(_CLAIM[connection.dialect.name], row).first() is not None:
        return None
    return str(connection.execute(select(_submission.c.answer).where(_submission.c.key == key)).scalar_one())


def settle(session: Session, key: str, answer: str) -> str:
    """Note what a form that was claimed has led to: the address of the page that says so. May be run twice.

    Returns:
        That address.
    """
    connection_of(session).execute(update(_submission).where(_submission.c.key == key).values(answer=answer))
    return answer
