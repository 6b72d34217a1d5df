"""Which devices somebody sees, and their alarms: one condition for every list and page of devices.

Whoever works for a place sees the devices that hang there; whoever works for a unit that a device calls, or is named for it, sees that
device; administrators see all.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from models import Case, SensorAlarm, SensorDevice, Staff, connection_of, table
from rules.facts import Actor, Refused
from services.catalogue import Catalogue, catalogue
from services.sensors.board import OPEN
from services.visibility import places_of, units_of

_alarm, _device, _case, _staff = table(SensorAlarm), table(SensorDevice), table(Case), table(Staff)
_CALLED: Final = ("community_unit_id", "property_unit_id", "fire_unit_id")
_JOINED = _device.outerjoin(_case, _case.c.id == _device.c.case_id).outerjoin(_staff, _staff.c.id == _device.c.escalate_to_id)
_ROWS = select(_device, _case.c.no.label("case_no"), _case.c.state.label("case_state"), _staff.c.name.label("escalate_to")).select_from(
    _JOINED
)
#: Its newest case still takes its alarms.
_ALARMING: Final = _case.c.state.in_(OPEN)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which devices are asked for.

    Attributes:
        kind: Code of a kind; empty: any.
        area: Code of a unit: only those in its area; empty: everywhere.
        words: Only those with these words in code or place.
        state: `alarming`, `muted`, or empty: any.
    """

    kind: str = ""
    area: str = ""
    words: str = ""
    state: str = ""
    limit: int = 200


@dataclass(frozen=True, slots=True)
class Count:
    """Devices that somebody sees: all, those with an open case, those that are muted, and alarms that opened nothing."""

    devices: int
    alarming: int
    muted: int
    alarms: int
    suppressed: int
    false_alarms: int


def seen_devices(session: Session, viewer: Actor, wanted: Wanted, now: datetime) -> list[dict[str, Any]]:
    """A list of devices that somebody sees; those with an open case first, then by code. Each with its newest case and that one's state."""
    known = catalogue(session)
    query = _ROWS.where(seen_by(viewer, known), *_asked(wanted, known, now))
    order = (case((_ALARMING, 0), else_=1), _device.c.code)
    return [dict(row) for row in connection_of(session).execute(query.order_by(*order).limit(wanted.limit)).mappings()]


def seen_device(session: Session, viewer: Actor, code: str) -> dict[str, Any]:
    """One device.

    Raises:
        Refused: `unknown_device`: whether there is one that he does not see is not told either.
    """
    row = connection_of(session).execute(_ROWS.where(_device.c.code == code)).mappings().first()
    seen = select(_device.c.id).where(_device.c.code == code, seen_by(viewer, catalogue(session)))
    named = row is not None and viewer.user_id in row["people"]
    if row is None or not (named or connection_of(session).execute(seen).first()):
        raise Refused("unknown_device", device=code[:60])
    return dict(row)


def counted(session: Session, viewer: Actor, now: datetime) -> Count:
    """The devices that somebody sees, in figures."""
    seen = seen_by(viewer, catalogue(session))
    sums = (func.coalesce(func.sum(_device.c[name]), 0) for name in ("alarms", "suppressed", "false_alarms"))
    muted = func.count().filter(_device.c.muted_until > now)
    query = select(func.count(), func.count().filter(_ALARMING), muted, *sums).select_from(_JOINED).where(seen)
    row = connection_of(session).execute(query).one()
    return Count(*(int(value) for value in row))


def seen_alarms(session: Session, viewer: Actor, *, code: str = "", limit: int = 30) -> list[dict[str, Any]]:
    """Alarms of the devices that somebody sees, or of one of them, the newest first; of unregistered devices an administrator sees them."""
    known = catalogue(session)
    joined = _alarm.outerjoin(_case, _case.c.id == _alarm.c.case_id).outerjoin(_device, _device.c.id == _alarm.c.device_id)
    seen = true() if "admin" in viewer.roles else and_(_alarm.c.device_id.is_not(None), seen_by(viewer, known))
    wanted = select(_alarm, _case.c.no.label("case_no"), _device.c.place, _device.c.kind).select_from(joined).where(seen)
    chosen = wanted.where(_alarm.c.device == code) if code else wanted
    rows = connection_of(session).execute(chosen.order_by(_alarm.c.received_at.desc(), _alarm.c.id.desc()).limit(limit))
    return [dict(row) for row in rows.mappings()]


def seen_by(viewer: Actor, known: Catalogue) -> ColumnElement[bool]:
    """The condition on a device that somebody sees it."""
    if "admin" in viewer.roles:
        return true()
    units, places = sorted(units_of(viewer, known)), sorted(places_of(viewer, known))
    called = or_(*(_device.c[name].in_(units) for name in _CALLED), _device.c.escalate_to_id == viewer.user_id)
    return or_(called, _device.c.area_unit_id.in_(places)) if places else called


def _asked(wanted: Wanted, known: Catalogue, now: datetime) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.kind:
        asked.append(_device.c.kind == wanted.kind)
    if wanted.area in known.unit_ids:
        here = known.unit_ids[wanted.area]
        asked.append(_device.c.area_unit_id.in_([u for u in known.units if here in known.line(u)]))
    if wanted.words:
        asked.append(or_(_device.c.code.contains(wanted.words, autoescape=True), _device.c.place.contains(wanted.words, autoescape=True)))
    if wanted.state == "muted":
        asked.append(_device.c.muted_until > now)
    if wanted.state == "alarming":
        asked.append(_ALARMING)
    return asked
