"""Residents who join something: found again like every reporter, never staff, a minor only with a guardian who has consented."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models import PatrolMember, PointAccount, Requester, Staff, connection_of, table
from rules.facts import Refused
from rules.phones import check_phone
from services.catalogue import catalogue
from services.intake import Report, alone, requester_key
from services.intake.people import requesters_of
from services.moves.proof import legible

ADULT: Final = "adult"
AGES: Final = (ADULT, "youth", "child")  #: youth: 14 to 17; child: under 14, whose data are sensitive (PIPL art. 28, 31)
NAME_MAX: Final = 60  #: characters
_member, _account, _staff, _requester = table(PatrolMember), table(PointAccount), table(Staff), table(Requester)


@dataclass(frozen=True, slots=True)
class Resident:
    """Who joins, as he or she says.

    Attributes:
        name: Kept encrypted.
        phone: Kept encrypted; a minor may have none, then the guardian's is used.
        age: One of `AGES`; no day of birth is asked for.
        guardian_name, guardian_phone: Of a minor.
        consented_on: Local day on which the guardian consented in writing.
    """

    name: str
    phone: str | None = None
    age: str = ADULT
    guardian_name: str | None = None
    guardian_phone: str | None = None
    consented_on: date | None = None

    @property
    def minor(self) -> bool:
        """Whether a guardian is needed."""
        return self.age != ADULT


@dataclass(frozen=True, slots=True)
class Entered:
    """A resident on record.

    Attributes:
        found_by: The plain text by which the requester is found again.
    """

    requester_id: int
    found_by: str
    age: str
    guardian_id: int | None
    consented_on: date | None


def entered(session: Session, resident: Resident, now: datetime) -> Entered:
    """Put a resident on record, with the guardian of a minor; who is known already is found again. May be run twice.

    Args:
        session: The unit of work; it writes from here on.
        resident: Who joins.
        now: The instant.

    Raises:
        Refused: `resident_nameless`, `resident_age`, `guardian_missing`, `guardian_is_minor`, `consent_in_future`, `phone_form`,
            `phone_no_sms`, `text_too_long`, `text_unprintable`.
    """
    own, guardian = _checked(session, resident, now)
    alone(session)
    ids = requesters_of(session, [each for each in (own, guardian) if each is not None])
    guardian_id = ids[requester_key(guardian.requester or "")] if guardian is not None else None
    if guardian_id is not None and _is_minor(session, guardian_id):
        raise Refused("guardian_is_minor")
    consented = resident.consented_on if resident.minor else None
    return Entered(ids[requester_key(own.requester or "")], own.requester or "", resident.age, guardian_id, consented)


def _checked(session: Session, resident: Resident, now: datetime) -> tuple[Report, Report | None]:
    """The resident and the guardian in the form in which intake enters people."""
    name = legible("name", resident.name, NAME_MAX)
    if not name:
        raise Refused("resident_nameless")
    if resident.age not in AGES:
        raise Refused("resident_age", given=resident.age, known=", ".join(AGES))
    if not resident.minor:
        phone = check_phone(resident.phone or "")
        return Report("", "", requester=phone, name=name, phone=phone), None
    guardian = _guardian(session, resident, now)
    own = check_phone(resident.phone) if resident.phone else guardian.phone
    found_by = own if own != guardian.phone else f"child:{guardian.phone}:{name}"
    return Report("", "", requester=found_by, name=name, phone=own), guardian


def _guardian(session: Session, resident: Resident, now: datetime) -> Report:
    name = legible("guardian", resident.guardian_name or "", NAME_MAX)
    if not name or not resident.guardian_phone or resident.consented_on is None:
        raise Refused("guardian_missing")
    if resident.consented_on > now.astimezone(catalogue(session).zone).date():
        raise Refused("consent_in_future", given=resident.consented_on.isoformat())
    phone = check_phone(resident.guardian_phone)
    return Report("", "", requester=phone, name=name, phone=phone)


def _is_minor(session: Session, requester_id: int) -> bool:
    """Whether this resident is on record as a minor."""
    member = select(_member.c.id).where(_member.c.requester_id == requester_id, _member.c.age != ADULT, _member.c.left_at.is_(None))
    account = select(_account.c.id).where(_account.c.requester_id == requester_id, _account.c.age != ADULT)
    run = connection_of(session).execute
    return run(member).first() is not None or run(account).first() is not None


def staff_keys(session: Session) -> frozenset[str]:
    """The keyed hashes under which people who work here would be found as residents: by their phone, their address, their user name."""
    wanted = select(_staff.c.name, _staff.c.phone, _staff.c.email).where(_staff.c.left_at.is_(None))
    return frozenset(requester_key(text) for row in connection_of(session).execute(wanted) for text in row if text)


def staff_among(session: Session, requester_ids: set[int]) -> frozenset[int]:
    """Which of these residents work here."""
    if not requester_ids:
        return frozenset()
    known = staff_keys(session)
    wanted = select(_requester.c.id, _requester.c.key).where(_requester.c.id.in_(sorted(requester_ids)))
    return frozenset(row.id for row in connection_of(session).execute(wanted) if row.key in known)


def ended(session: Session, before: datetime) -> set[int]:
    """Residents whom memberships that ended before this moment name, and accounts that were closed before it; guardians too."""
    found: set[int] = set()
    for of, end in ((_member, _member.c.left_at), (_account, _account.c.closed_at)):
        for row in connection_of(session).execute(select(of.c.requester_id, of.c.guardian_id).where(end < before)):
            found.update(i for i in row if i is not None)
    return found


def named(session: Session, requester_ids: list[int]) -> set[int]:
    """Of these residents, those whom a lasting membership or an open account still names, as themselves or as a guardian."""
    found: set[int] = set()
    for of, lasts in ((_member, _member.c.left_at.is_(None)), (_account, _account.c.closed_at.is_(None))):
        theirs = or_(of.c.requester_id.in_(requester_ids), of.c.guardian_id.in_(requester_ids))
        for row in connection_of(session).execute(select(of.c.requester_id, of.c.guardian_id).where(lasts, theirs)):
            found.update(i for i in row if i is not None)
    return found & set(requester_ids)
