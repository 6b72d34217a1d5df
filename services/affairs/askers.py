"""The resident for whom an affair is done: written down once, found again by the number that he or she gave."""

from sqlalchemy.orm import Session

from rules.facts import Refused
from services.intake import Report, alone, dialled
from services.intake.importing import is_phone
from services.intake.people import requesters_of


def requester_for(session: Session, phone: str, name: str | None = None) -> int:
    """The id of the resident with this number; whoever is not known yet is written down. Safe to repeat.

    Args:
        session: The unit of work.
        phone: The number, however it is typed; kept encrypted.
        name: Kept encrypted, where the resident is not known yet.

    Raises:
        Refused: `bad_phone`.
    """
    number = dialled(phone)
    if not is_phone(number):
        raise Refused("bad_phone")
    alone(session)
    (found,) = requesters_of(session, [Report("", "", requester=number, name=name, phone=number)]).values()
    return found
