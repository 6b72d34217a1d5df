"""Who takes part in a meeting or a dispute, as people name them: a unit, somebody of the staff, a resident by phone, or a name on paper."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from rules.facts import Refused
from services.catalogue import catalogue
from services.intake import Report, alone, dialled, requester_key
from services.intake.importing import is_phone
from services.intake.people import requesters_of

_WRITTEN: Final = re.compile(
    r"(?P<kind>unit|user|resident|label):(?P<who>[^=@]+)"
    r"(?:=(?P<role>[^@]{1,20}))?(?:@(?P<area>\d+(?:\.\d{1,2})?))?"
)
_DM2: Final = 100  #: square decimetres in a square metre


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody who takes part; of unit, user and phone one at most.

    Attributes:
        unit: Code of a unit.
        user: User name of somebody of the staff.
        phone: A resident's number; one that is not known yet is written down, encrypted.
        role: What he or she is in it, e.g. tenant, landlord, party, mediator.
        label: How the list names whoever is not on record.
        area_dm2: The floor area that a vote counts by, in square decimetres.
    """

    unit: str | None = None
    user: str | None = None
    phone: str | None = None
    role: str = ""
    label: str = ""
    area_dm2: int | None = None

    @staticmethod
    def parse(text: str) -> "Voice":
        """Read `unit:water=co`, `user:chenguang.head=host`, `resident:13800000000=tenant@86.5`, `label:二楼住户=party`.

        Raises:
            Refused: `voice_unreadable`.
        """
        found = _WRITTEN.fullmatch(text.strip())
        if found is None:
            raise Refused("voice_unreadable", given=text)
        kind, who, role = found["kind"], found["who"].strip(), (found["role"] or "").strip()
        area = None if found["area"] is None else round(float(found["area"]) * _DM2)
        key = {"unit": "unit", "user": "user", "resident": "phone", "label": "label"}[kind]
        return Voice(**{key: who}, role=role, area_dm2=area)


def resolved(session: Session, voices: Sequence[Voice]) -> tuple[dict[str, Any], ...]:
    """Voices as a move takes them, with ids instead of codes, names and numbers, so that no phone enters the journal.

    Raises:
        Refused: `unknown_unit`, `unknown_user`, `bad_phone`.
    """
    known = catalogue(session)
    phones = [voice.phone for voice in voices if voice.phone]
    residents = people(session, phones)
    found = []
    for voice in voices:
        if voice.unit is not None and voice.unit not in known.unit_ids:
            raise Refused("unknown_unit", unit=voice.unit)
        values = {
            "unit": known.unit_ids[voice.unit] if voice.unit else None,
            "staff": known.actor(voice.user).user_id if voice.user else None,
            "resident": residents[dialled(voice.phone)] if voice.phone else None,
            **{"role": voice.role or None, "label": voice.label or None, "area_dm2": voice.area_dm2},
        }
        found.append({name: value for name, value in values.items() if value is not None})
    return tuple(found)


def people(session: Session, phones: Sequence[str]) -> dict[str, int]:
    """Ids of residents by the number as it is dialled; those not known yet are written down.

    Raises:
        Refused: `bad_phone`.
    """
    numbers = list(dict.fromkeys(dialled(phone) for phone in phones))
    if not all(is_phone(number) for number in numbers):
        raise Refused("bad_phone")
    if not numbers:
        return {}
    alone(session)
    ids = requesters_of(session, [Report("", number, requester=number, phone=number) for number in numbers])
    return {number: ids[requester_key(number)] for number in numbers}
