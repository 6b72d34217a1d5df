"""Opening a case by its number for somebody: a sensitive one opens for its named readers only."""

from sqlalchemy.orm import Session

from rules.facts import Refused
from services.catalogue import catalogue
from services.privacy.seeing import may_open
from services.reading import read_row


def opened_case(session: Session, no: str, user: str | None) -> int:
    """The id of a case that somebody (None: whoever sits at the machine) may see more of than its number.

    Raises:
        Refused: `unknown_case`, `unknown_user`, `restricted`.
    """
    known, case = catalogue(session), read_row(session, no)
    if not may_open(case, known.actor(user) if user is not None else None, known):
        raise Refused("restricted")
    return int(case["id"])
