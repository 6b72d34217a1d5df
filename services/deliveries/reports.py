"""People who say that an address does not work ("not me", a reissued number), or that it does again: whose it is, is looked up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from cryptography.fernet import InvalidToken
from sqlalchemy import ColumnElement, LargeBinary, select, type_coerce
from sqlalchemy.orm import Session

from models import Requester, Sealed, Staff, Unit, begin_write, connection_of, table
from rules.facts import Actor, Refused
from rules.phones import kind_of, tidy
from services.catalogue import Catalogue, catalogue
from services.deliveries.failing_numbers import Why, clear, flag
from services.intake.people import requester_key
from services.people.rights import on_record
from services.recipients import recipient_of

KINDS: Final = ("phone", "email", "im")
_staff, _unit, _requester = table(Staff), table(Unit), table(Requester)


def report(session: Session, who: str, kind: str, reason: str, by: str, now: datetime) -> list[str]:
    """Flag the address of somebody: anybody on the staff who has been told may do it. May run twice.

    Args:
        session: The unit of work.
        who: User name, unit code (its duty phone), or a phone number: everybody who has it.
        kind: phone, email or im.
        reason: empty, reissued or refused.
        by: User name of who says so.
        now: The instant, aware UTC.

    Returns:
        Recipients that were not flagged before.

    Raises:
        Refused: `unknown_user`, `left`; `unknown_recipient`, `address_kind_wrong`, `number_reason_wrong`.
    """
    begin_write(session)
    known = catalogue(session)
    actor, found = known.actor(by), _found(session, known, who, kind)
    if reason not in list(Why):
        raise Refused("number_reason_wrong", given=reason, known=", ".join(Why))
    new = [recipient for recipient in found if flag(session, recipient, kind, reason, f"by {actor.name}", now)]
    for recipient in new:
        on_record(session, actor.name, "number_flagged", recipient, {"kind": kind, "reason": reason}, now)
    return new


def restore(session: Session, who: str, kind: str, by: str, now: datetime) -> list[str]:
    """Say that an address is right and may be used again: oneself, the head of one's unit, an administrator; of a resident the centre.

    May run twice.

    Args:
        session: The unit of work.
        who: User name, unit code, or a phone number; a recipient (`r5`) where nobody may see the number.
        kind: phone, email or im.
        by: User name.
        now: The instant, aware UTC.

    Returns:
        Recipients that were flagged.

    Raises:
        Refused: `unknown_user`, `left`; `unknown_recipient`, `address_kind_wrong`; `numbers_not_yours`.
    """
    begin_write(session)
    known = catalogue(session)
    actor, found = known.actor(by), _found(session, known, who, kind)
    for recipient in found:
        _check_may_restore(known, actor, recipient)
    return [recipient for recipient in found if clear(session, recipient, kind, actor.name, now)]


def _check_may_restore(known: Catalogue, actor: Actor, recipient: str) -> None:
    number = int(recipient[1:])
    if "admin" in actor.roles or recipient == recipient_of(actor.user_id, None):
        return
    if recipient.startswith("r"):
        allowed = actor.covers is not None  # of a 网格中心
    else:
        unit_id = known.by_id[number].unit_id if recipient.startswith("s") else number
        allowed = "head" in actor.roles and actor.unit_id == unit_id
    if not allowed:
        raise Refused("numbers_not_yours", user=actor.name)


def _found(session: Session, known: Catalogue, who: str, kind: str) -> list[str]:
    """The recipients that somebody means."""
    if kind not in KINDS:
        raise Refused("address_kind_wrong", given=kind, known=", ".join(KINDS))
    person, unit_id = known.people.get(who), known.unit_ids.get(who)
    if person is not None:
        return [recipient_of(person.id, None)]
    if unit_id is not None:
        return [recipient_of(None, None, unit_id)]
    found = _by_phone(session, who) if kind_of(who) else _by_name(session, who)
    if not found:
        raise Refused("unknown_recipient")
    return found


def _by_name(session: Session, who: str) -> list[str]:
    """A resident by what lists call him or her: r5."""
    if not who.startswith("r") or not who[1:].isdecimal() or len(who) > len("r999999999"):
        return []
    there = connection_of(session).execute(select(_requester.c.id).where(_requester.c.id == int(who[1:]))).scalar()
    return [] if there is None else [recipient_of(None, there)]


def _by_phone(session: Session, phone: str) -> list[str]:
    """Everybody who has a number: the resident is found by a keyed hash, staff and duty phones by opening them all."""
    run, wanted = connection_of(session).execute, tidy(phone)
    residents = run(select(_requester.c.id).where(_requester.c.key == requester_key(phone))).scalars()
    staff = _with_phone(session, _staff.c.id, _staff.c.phone, wanted)
    units = _with_phone(session, _unit.c.id, _unit.c.duty_phone, wanted)
    return [
        *(recipient_of(i, None) for i in staff),
        *(recipient_of(None, i) for i in residents),
        *(recipient_of(None, None, i) for i in units),
    ]


def _with_phone(session: Session, own: ColumnElement[Any], sealed: ColumnElement[Any], wanted: str) -> Sequence[int]:
    rows = connection_of(session).execute(select(own, type_coerce(sealed, LargeBinary).label("sealed")).where(sealed.is_not(None)))
    return [row[0] for row in rows if tidy(_opened(row.sealed)) == wanted]


def _opened(sealed: bytes) -> str:
    """A sealed text; one that no key opens is nobody's number."""
    try:
        return Sealed.unseal(bytes(sealed))
    except InvalidToken:
        return ""
