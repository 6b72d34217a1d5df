"""Telling whom the rules name: each recipient once, about the widest part that is his or hers; queued like every other message."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Message, connection_of, table
from services.alarms import alarm, key_of
from services.rhythm.settled import To
from wording import say

#: A part of something: of what kind of scope (`settled.OF`), and of which street or unit; None: the district.
Scope = tuple[str, int | None]
_message = table(Message)
_WIDEST: Final = ("district", "street", "unit")


def send(
    session: Session, code: str, key: str, to: Sequence[To], said: Mapping[Scope, Mapping[str, str]], now: datetime, *, no: str
) -> int:
    """Tell everybody that the rules name; who would hear of several parts hears of the widest one, once.

    To be called by whoever holds the write lock. May run twice: the same thing is told to the same recipient once.

    Args:
        session: The unit of work.
        code: The notice.
        key: What it is about, at most 50 characters: the same key is told once.
        to: Whom the rules name.
        said: What each part says: values for the words.
        now: When it is queued, aware UTC.
        no: What the thing is called in the message.

    Returns:
        To how many recipients it goes.
    """
    told = 0
    for of in _WIDEST:
        posts = [each.post for each in to if each.of == of]
        for scope, words in said.items():
            if posts and scope[0] == of:
                told += alarm(session, code, now, key=key, unit_id=scope[1], to=posts, no=no, **words)
    return told


def was_told(session: Session, code: str, key: str) -> bool:
    """Whether anybody was told of something before."""
    before = select(_message.c.id).where(_message.c.dedupe_key.startswith(key_of(key, code), autoescape=True)).limit(1)
    return connection_of(session).execute(before).first() is not None


def part(code: str) -> str:
    """What a part of a list is called in a message."""
    return say(f"duty_part.{code}")
