"""Where people and units are reached: phone, mailbox, messenger, duty phone. Changed by an administrator; the value is never on record."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from models import Staff, Unit, begin_write, connection_of, table
from notifications.channels.schemes import AddressKind
from rules.facts import Refused
from rules.phones import check_phone
from services.catalogue import catalogue
from services.deliveries import failing_numbers
from services.people.rights import administrator, on_record
from services.recipients import recipient_of
from services.units.asking import unit_id_of

_staff, _unit = table(Staff), table(Unit)
_MAILBOX: Final = re.compile(r"[^@\s<>,;:\"()]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.)+[A-Za-z0-9-]{2,63}", re.ASCII)
_USER: Final = re.compile(r"[^\s/?#|]{1,64}")


def check_address(kind: AddressKind, text: str, *, voice: bool = False) -> str:
    """An address as it is kept and as a channel takes it.

    Args:
        kind: What sort of address; `none`: the channel knows by itself where to, and it is empty.
        text: As somebody typed it.
        voice: Of a phone: it is only rung up, so that landlines are right too.

    Raises:
        Refused: `phone_form`, `phone_no_sms`; `mailbox_form`, it is no mailbox; `messenger_form`, it is no user of a messenger.
    """
    if kind is AddressKind.NONE:
        return ""
    if kind is AddressKind.PHONE:
        return check_phone(text, voice=voice)
    plain = text.strip()
    if kind is AddressKind.EMAIL and not _MAILBOX.fullmatch(plain):
        raise Refused("mailbox_form", given=plain[:80])
    if kind is AddressKind.IM and not _USER.fullmatch(plain):
        raise Refused("messenger_form", given=plain[:80])
    return plain


def checked(given: Mapping[str, str | None]) -> dict[str, str | None]:
    """Addresses of a person as they are kept; an empty one takes the address away.

    Raises:
        Refused: as `check_address`.
    """
    return {kind: check_address(AddressKind(kind), text) if text else None for kind, text in given.items()}


def set_addresses(session: Session, user: str, given: Mapping[str, str | None], by: str, now: datetime) -> None:
    """Change where somebody is reached; an address that was flagged as failing is used again. May run twice.

    Args:
        session: The unit of work.
        user: User name.
        given: By kind (`phone`, `email`, `im`) the address, as somebody typed it; an empty one takes it away.
        by: User name of an administrator.
        now: The instant, aware UTC.

    Raises:
        Refused: `admins_only`, `unknown_user`, `left`; `address_wanted`, nothing is given; else as `check_address`.
    """
    begin_write(session)
    known = catalogue(session)
    actor = administrator(known, by)
    person = known.people.get(user)
    if person is None:
        raise Refused("unknown_user", user=user)
    if not given:
        raise Refused("address_wanted")
    values = checked(given)
    connection_of(session).execute(update(_staff).where(_staff.c.id == person.id).values(**values))
    for kind in values:
        failing_numbers.clear(session, recipient_of(person.id, None), kind, actor.name, now)
    on_record(session, actor.name, "address_changed", user, {"kinds": sorted(values)}, now)


def set_duty_phone(session: Session, unit: str, phone: str, by: str, now: datetime) -> None:
    """Change the duty phone of a unit: it is rung up when nobody of the unit can be reached otherwise. May run twice.

    Args:
        session: The unit of work.
        unit: Its code.
        phone: As somebody typed it, landlines too; empty: it has none any more.
        by: User name of an administrator.
        now: The instant, aware UTC.

    Raises:
        Refused: `admins_only`, `unknown_user`, `left`, `unknown_unit`, `unit_retired`, `phone_form`.
    """
    begin_write(session)
    known = catalogue(session)
    actor, unit_id = administrator(known, by), unit_id_of(known, unit)
    plain = check_phone(phone, voice=True) if phone else None
    connection_of(session).execute(update(_unit).where(_unit.c.id == unit_id).values(duty_phone=plain))
    failing_numbers.clear(session, recipient_of(None, None, unit_id), AddressKind.PHONE.value, actor.name, now)
    on_record(session, actor.name, "address_changed", unit, {"kinds": ["duty_phone"]}, now)
