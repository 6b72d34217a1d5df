"""Figures of alarms, read back: of a device, of a case, of what nobody has registered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models import Case, SensorAlarm, SensorCase, SensorDevice, Staff, connection_of, table
from rules.facts import Refused
from services.catalogue import catalogue
from services.sensors.judging import ALARM

_alarm, _device, _link, _case, _staff = table(SensorAlarm), table(SensorDevice), table(SensorCase), table(Case), table(Staff)


@dataclass(frozen=True, slots=True)
class Figures:
    """What came in for one case.

    Attributes:
        alarms: Signals of alarm.
        suppressed: Of these, those that opened no case.
        cases: Cases that they opened.
        devices: Codes of the devices.
    """

    alarms: int
    suppressed: int
    cases: int
    devices: tuple[str, ...]


def of_case(session: Session, case_id: int) -> Figures:
    """The figures of one case."""
    run = connection_of(session).execute
    mine = (_alarm.c.case_id == case_id, _alarm.c.signal == ALARM)
    alarms, quiet = run(select(func.count(), func.count(_alarm.c.suppressed_by)).where(*mine)).one()
    cases = run(select(func.count()).where(*mine, _alarm.c.suppressed_by.is_(None))).scalar_one()
    joined = _link.join(_device, _device.c.id == _link.c.device_id)
    codes = run(select(_device.c.code).select_from(joined).where(_link.c.case_id == case_id).order_by(_device.c.code)).scalars()
    return Figures(alarms, quiet, cases, tuple(codes))


def devices(
    session: Session, *, area: str | None = None, kind: str | None = None, muted_at: datetime | None = None
) -> list[dict[str, Any]]:
    """Registered devices by code, each with the number of its newest case.

    Args:
        session: The unit of work.
        area: Only those of an area, by its code; all below it are of it.
        kind: Only those of a kind, by its code.
        muted_at: Only those that are muted at this instant.

    Raises:
        Refused: `unknown_area`.
    """
    wanted = _devices().order_by(_device.c.code)
    if area is not None:
        known = catalogue(session)
        if area not in known.areas:
            raise Refused("unknown_area", area=area)
        here = known.unit_ids[area]
        wanted = wanted.where(_device.c.area_unit_id.in_([u for u in known.units if here in known.line(u)]))
    if kind is not None:
        wanted = wanted.where(_device.c.kind == kind)
    if muted_at is not None:
        wanted = wanted.where(_device.c.muted_until > muted_at)
    return [dict(row) for row in connection_of(session).execute(wanted).mappings()]


def device(session: Session, code: str) -> dict[str, Any]:
    """One device.

    Raises:
        Refused: `unknown_device`.
    """
    found = connection_of(session).execute(_devices().where(_device.c.code == code)).mappings().first()
    if found is None:
        raise Refused("unknown_device", device=code[:60])
    return dict(found)


def _devices() -> Select[Any]:
    joined = _device.outerjoin(_case, _case.c.id == _device.c.case_id).outerjoin(_staff, _staff.c.id == _device.c.escalate_to_id)
    return select(_device, _case.c.no.label("case_no"), _staff.c.name.label("escalate_to")).select_from(joined)


def alarms(session: Session, *, code: str | None = None, unregistered: bool = False, limit: int = 50) -> list[dict[str, Any]]:
    """Alarms, the newest first: of one device, of those that nobody has registered, or of all."""
    wanted = select(_alarm, _case.c.no.label("case_no")).select_from(_alarm.outerjoin(_case, _case.c.id == _alarm.c.case_id))
    if code is not None:
        wanted = wanted.where(_alarm.c.device == code)
    if unregistered:
        wanted = wanted.where(_alarm.c.device_id.is_(None))
    found = connection_of(session).execute(wanted.order_by(_alarm.c.received_at.desc(), _alarm.c.id.desc()).limit(limit))
    return [dict(row) for row in found.mappings()]
