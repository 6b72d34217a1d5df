"""Muting a device during maintenance: its alarms are kept, nobody is called. With a reason and an end, always."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import SensorDevice, begin_write, connection_of, table
from rules.facts import STAFF, Actor, Refused
from services.catalogue import Catalogue, catalogue
from services.mechanisms import require
from services.moves.proof import legible
from services.people.rights import on_record
from services.sensors.devices import MECHANISM
from services.sensors.kinds import MUTE_MOST

REASON_MOST = 500  #: characters
_device = table(SensorDevice)


def mute(session: Session, code: str, reason: str, until: datetime, by: str, now: datetime) -> None:
    """Let a device alarm unheard until a moment; said again, the newest holds.

    Args:
        session: The unit of work; committed by the caller.
        code: The device.
        reason: Why; kept and shown.
        until: Its end, aware; at most `MUTE_MOST` ahead.
        by: User name: an administrator, a dispatcher, or somebody of the units that the device calls.
        now: The instant, aware UTC.

    Raises:
        Refused: `mechanism_off`, `unknown_device`, `unknown_user`, `left`, `not_your_device`, `mute_reason_missing`, `mute_past`,
            `mute_too_long`, `text_too_long`, `text_unprintable`.
    """
    device, actor = _opened(session, code, by)
    why = legible("reason", reason, REASON_MOST)
    if not why:
        raise Refused("mute_reason_missing")
    if until <= now:
        raise Refused("mute_past", given=until.isoformat())
    if until > now + MUTE_MOST:
        raise Refused("mute_too_long", hours=int(MUTE_MOST.total_seconds() // 3600))
    _set(session, device, muted_until=until, muted_reason=why, muted_by=actor.name)
    on_record(session, actor.name, "device_muted", device["code"], {"until": until.isoformat(), "reason": why}, now)


def unmute(session: Session, code: str, by: str, now: datetime) -> None:
    """Let a device be heard again.

    Raises:
        Refused: `mechanism_off`, `unknown_device`, `unknown_user`, `left`, `not_your_device`, `not_muted`.
    """
    device, actor = _opened(session, code, by)
    if device["muted_until"] is None or device["muted_until"] <= now:
        raise Refused("not_muted", device=device["code"])
    _set(session, device, muted_until=None, muted_reason=None, muted_by=None)
    on_record(session, actor.name, "device_unmuted", device["code"], {}, now)


def _opened(session: Session, code: str, by: str) -> tuple[Mapping[str, Any], Actor]:
    require(session, MECHANISM)
    begin_write(session)
    known = catalogue(session)
    row = connection_of(session).execute(select(_device).where(_device.c.code == code)).mappings().first()
    if row is None:
        raise Refused("unknown_device", device=code[:60])
    found, actor = dict(row), known.actor(by)
    if not may_mute(actor, found, known):
        raise Refused("not_your_device", device=found["code"], user=by)
    return found, actor


def may_mute(actor: Actor, device: Mapping[str, Any], known: Catalogue) -> bool:
    """An administrator; a dispatcher over the place; staff of a unit that the device calls, or a person named for it."""
    units = {device[name] for name in ("community_unit_id", "property_unit_id", "fire_unit_id")}
    over = "dispatcher" in actor.roles and actor.covers in known.line(device["area_unit_id"])
    named = actor.user_id in (device["escalate_to_id"], *device["people"])
    return "admin" in actor.roles or over or named or (bool(actor.roles & STAFF) and bool(units & set(actor.body)))


def _set(session: Session, device: Mapping[str, Any], **values: object) -> None:
    connection_of(session).execute(update(_device).where(_device.c.id == device["id"]).values(**values))
