"""Who reports: found again by a keyed hash, name and phone encrypted, or nobody at all."""

import re
from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from models import Requester, Sealed, connection_of, table
from services.intake.report import Report

_requester = table(Requester)
_KNOWN = select(_requester.c.key, _requester.c.id).where(_requester.c.key.in_(bindparam("keys", expanding=True)))
_INSERT = insert(_requester).returning(_requester.c.id, sort_by_parameter_order=True)


def requester_key(who: str) -> str:
    """The keyed hash by which a reporter is found again; the plain value is not kept."""
    return Sealed.fingerprint(f"requester {dialled(who)}")


def dialled(phone: str) -> str:
    """A phone number in one form, however it was typed: no blanks or dashes, no country code; anything else as it is."""
    plain = re.sub(r"[\s\-()（）]", "", phone)
    return re.sub(r"^(\+|00)?86(?=1\d{10}$)", "", plain) if re.fullmatch(r"\+?\d+", plain) else phone.strip()


def requesters_of(session: Session, reports: Sequence[Report]) -> dict[str, int]:
    """Ids of the reporters by their key; those not known yet are written down."""
    named = {requester_key(r.requester): r for r in reports if r.requester}
    if not named:
        return {}
    run = connection_of(session).execute
    found = {row.key: int(row.id) for row in run(_KNOWN, {"keys": list(named)})}
    missing = [{"key": key, "name": r.name, "phone": r.phone} for key, r in named.items() if key not in found]
    if missing:
        found.update(zip([m["key"] for m in missing if m["key"]], run(_INSERT, missing).scalars(), strict=True))
    return found
