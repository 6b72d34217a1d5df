"""What the engine makes of a case that a device reported: filed by the kind of the device, sent to the units registered for it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models import SensorCase, SensorDevice, connection_of, table
from rules.routing import breach, standing
from services.catalogue import Catalogue
from services.sensors.kinds import KINDS

_device, _link = table(SensorDevice), table(SensorCase)
_FIRST = (
    select(_link.c.case_id, *(_device.c[n] for n in ("code", "kind", "community_unit_id", "property_unit_id", "fire_unit_id")))
    .select_from(_link.join(_device, _device.c.id == _link.c.device_id))
    .where(_link.c.case_id.in_(bindparam("ids", expanding=True)))
    .order_by(_link.c.case_id, _link.c.first_at.desc(), _device.c.id.desc())
)


@dataclass(frozen=True, slots=True)
class Filing:
    """What a case is filed as, by the kind of its device."""

    category: str
    urgency: str
    device: str


def filings(session: Session, case_ids: Collection[int]) -> dict[int, Filing]:
    """What cases are filed as that registered devices reported; others are left out."""
    rows = {i: row for i, row in _devices(session, case_ids).items() if row.kind in KINDS}
    return {i: Filing(KINDS[row.kind].category, KINDS[row.kind].urgency, row.code) for i, row in rows.items()}


def sent_to(session: Session, categories: dict[int, str], known: Catalogue) -> dict[int, dict[str, object]]:
    """To which units cases go by the register of devices, as the arguments of `dispatch`, with the reason.

    A case whose community may not be sent its category (it is off the duty list) is left out: the routing catalogue decides.
    Co-handlers off whose list it is are left out and named in the reason.

    Args:
        session: The unit of work.
        categories: Case id → category.
        known: The reference data.
    """
    found = {i: _route(row, categories[i], known) for i, row in _devices(session, categories).items()}
    return {i: route for i, route in found.items() if route is not None}


def _devices(session: Session, case_ids: Collection[int]) -> dict[int, Any]:
    """The device that alarmed first in each case."""
    rows = connection_of(session).execute(_FIRST, {"ids": sorted(case_ids)}) if case_ids else ()
    return {row.case_id: row for row in rows}


def _route(device: Any, category: str, known: Catalogue) -> dict[str, object] | None:  # noqa: ANN401 - a result row
    units = known.units
    lead = standing(device.community_unit_id, units)
    if lead is None or breach(lead, category, known.routing, units) is not None:
        return None
    there = [standing(unit, units) for unit in (device.property_unit_id, device.fire_unit_id) if unit is not None]
    wanted = [unit for unit in dict.fromkeys(there) if unit is not None and unit != lead]
    co = tuple(unit for unit in wanted if breach(unit, category, known.routing, units) is None)
    code = units[lead].code
    why: dict[str, object] = {"version": known.routing.version, "by": "device", "named": code, "lead": code, "device": device.code}
    left_out = [units[unit].code for unit in wanted if unit not in co]
    return {"lead": lead, "co": co, "why": f"device {device.code}", "route": why | ({"left_out": left_out} if left_out else {})}
