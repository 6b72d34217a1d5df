"""Where a subject file is kept, and which mechanism it belongs to."""

from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models import SensorDevice, connection_of, table
from rules.facts import Actor, Thing
from services.affairs import Ref, find
from services.affairs.reading import sheet
from services.mechanisms import require

#: Form of file → the thing it is, the mechanism, the move that opens it.
FORMS: Final = {
    "household": (Thing.SUBJECT, "households", "open_household"),
    "enterprise": (Thing.ENTERPRISE, "enterprises", "open_enterprise"),
}
THINGS: Final = (Thing.SUBJECT, Thing.ENTERPRISE)
_device = table(SensorDevice)
_DEVICES: Final = select(_device.c.code).where(_device.c.subject_no == bindparam("file")).order_by(_device.c.code)
_MECHANISM: Final = {thing: mechanism for thing, mechanism, _ in FORMS.values()}


def file_of(session: Session, no: str, reader: Actor | None = None) -> tuple[Ref, dict[str, Any], list[dict[str, Any]]]:
    """A subject file: where it is kept, its row, its parts.

    Raises:
        Refused: `unknown_affair`, `mechanism_off`, `restricted`.
    """
    ref = find(session, no, *THINGS)
    require(session, _MECHANISM[ref.thing])
    found = sheet(session, ref.no, reader)
    return ref, found.affair, found.parts


def devices_of(session: Session, no: str) -> list[str]:
    """Codes of the devices whose alarms are heard on a file."""
    return list(connection_of(session).execute(_DEVICES, {"file": no}).scalars())
