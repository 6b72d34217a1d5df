"""Who acts in an affair from the command line or a form: somebody of the staff, or a resident by the number that he or she gave."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Requester, connection_of, table
from rules.facts import Actor, Refused
from services.catalogue import catalogue
from services.intake import requester_key

RESIDENT: Final = "resident"


def actor_of(session: Session, user: str) -> Actor:
    """The person: a user name, or `resident:<phone>`.

    Raises:
        Refused: `unknown_user`, `left`, `unknown_resident`.
    """
    name, colon, phone = user.partition(":")
    if name != RESIDENT or not colon:
        return catalogue(session).actor(user)
    found = requester_of(session, phone)
    if found is None:
        raise Refused("unknown_resident")
    return Actor(RESIDENT, resident_id=found)


def requester_of(session: Session, phone: str) -> int | None:
    """The resident who gave this number, if he or she is known."""
    query = select(table(Requester).c.id).where(table(Requester).c.key == requester_key(phone))
    found = connection_of(session).execute(query).scalar_one_or_none()
    return None if found is None else int(found)
