"""Opening a case or an affair by its number for somebody: a sensitive case opens for its named readers only."""

from sqlalchemy.orm import Session

from rules.facts import Refused
from services.affairs.of_case import affairs_of, known_to
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


def hidden_affairs(session: Session, case_id: int, user: str | None) -> set[int]:
    """The affairs kept with a case of which somebody (None: whoever sits at the machine) may not know, by their journal entries.

    Raises:
        Refused: `unknown_user`.
    """
    known, found = catalogue(session), affairs_of(session, case_id)
    shown = known_to(found, known.actor(user) if user is not None else None, known)
    return {each.seq for each in found if each.kept and each not in shown}
