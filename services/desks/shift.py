"""A shift as its people see it: lists of theirs, and what each thing on a list is called for who looks. Changes nothing."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Affair, Case, connection_of, table
from rules.facts import Actor, Refused
from services.affairs.seen import seen_among
from services.catalogue import Catalogue, Person
from services.people import handover
from services.privacy.masking import masked
from services.visibility import visible_cases

_affair, _case = table(Affair), table(Case)


def subjects(session: Session, viewer: Actor, numbers: Collection[str]) -> dict[str, str]:
    """Subjects of the cases among these that the viewer sees, by number; phone and identity numbers blotted out, none of sensitive ones."""
    seen = (visible_cases(session, viewer), _case.c.sensitive.is_(None))
    wanted = select(_case.c.no, _case.c.subject).where(_case.c.no.in_(sorted(numbers)), *seen)
    return {row.no: masked(row.subject) for row in connection_of(session).execute(wanted)} if numbers else {}


def affairs(session: Session, viewer: Actor, numbers: Collection[str]) -> dict[str, str]:
    """Titles of the affairs among these that the viewer sees, by number, in the same way."""
    seen = seen_among(session, viewer, numbers)
    own = _affair.join(_case, _case.c.id == _affair.c.case_id)
    wanted = select(_affair.c.no, _affair.c.title).select_from(own).where(_affair.c.no.in_(sorted(seen)), _case.c.sensitive.is_(None))
    return {row.no: masked(row.title) for row in connection_of(session).execute(wanted)} if seen else {}


def of_theirs(session: Session, person: Person, number: int) -> Mapping[str, object]:
    """A list with what has become of each thing on it, for the two whose list it is.

    Raises:
        Refused: `unknown_handover`, also for the list of others.
    """
    found = handover.shown(session, number)
    if person.name not in (found["from"], found["to"]):
        raise Refused("unknown_handover", number=number)
    return found


def takers(known: Catalogue, person: Person) -> list[Person]:
    """Who can take over from somebody: the others of the same unit."""
    return [each for each in known.by_unit.get(person.unit_id, ()) if each.left_at is None and each is not person]
