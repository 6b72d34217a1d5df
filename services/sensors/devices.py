"""The register of devices: what hangs where, and who is called when it alarms."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from models import SensorDevice, begin_write, connection_of, table
from rules.facts import Refused
from rules.geo import parse_point
from rules.routing import serving
from services.catalogue import Catalogue, catalogue
from services.intake import LONGEST
from services.mechanisms import require
from services.moves.proof import legible
from services.people.rights import administrator, on_record
from services.sensors.kinds import kind_named

MECHANISM: Final = "sensors"
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,59}")
_device = table(SensorDevice)
#: What is asked of a device, in the order of a sheet's columns.
_OWN: Final = (
    "kind",
    "place",
    "lat",
    "lon",
    "area_unit_id",
    "community_unit_id",
    "property_unit_id",
    "fire_unit_id",
    "escalate_to_id",
    "people",
)
_CHANGE = update(_device).where(_device.c.code == bindparam("key_code")).values({name: bindparam(f"new_{name}") for name in _OWN})


@dataclass(frozen=True, slots=True)
class Written:
    """A device as people write it.

    Attributes:
        kind: Code or name of a kind (seeds/sensors.toml).
        place: In words.
        area: Code of the unit in whose area it hangs.
        point: `latitude,longitude`, WGS84; empty: not known.
        community, property, fire: Codes of units; empty: those of the kind that serve the area.
        escalate_to: User name of who hears when nobody acknowledges; empty: the head of the unit that leads.
        people: User names, set apart by blanks or commas, who are told of every case.
    """

    code: str
    kind: str
    place: str
    area: str
    point: str = ""
    community: str = ""
    property: str = ""
    fire: str = ""
    escalate_to: str = ""
    people: str = ""


COLUMNS: Final = tuple(field.name for field in fields(Written))


def add(session: Session, written: Written, by: str, now: datetime) -> int:
    """Register one device.

    Args:
        session: The unit of work; committed by the caller.
        written: The device.
        by: User name of an administrator.
        now: The instant, aware UTC.

    Returns:
        Its id.

    Raises:
        Refused: `mechanism_off`, `admins_only`, `unknown_user`, `device_known`, and as `row_of`.
    """
    require(session, MECHANISM)
    begin_write(session)
    known = catalogue(session)
    administrator(known, by)
    row = row_of(written, known)
    if connection_of(session).execute(select(_device.c.id).where(_device.c.code == row["code"])).first():
        raise Refused("device_known", device=row["code"])
    made = insert(_device).values(**row, added_at=now, added_by=by).returning(_device.c.id)
    found = int(connection_of(session).execute(made).scalar_one())
    on_record(session, by, "device_added", row["code"], {"kind": row["kind"]}, now)
    return found


def save(session: Session, rows: Sequence[dict[str, Any]], by: str, now: datetime) -> tuple[int, int, int]:
    """Register many devices that `row_of` has read; those that are known take over what is written now. Safe to run twice.

    Returns:
        How many are new, were changed, and were so already.
    """
    run = connection_of(session).execute
    wanted = select(_device.c.code, *(_device.c[name] for name in _OWN)).where(_device.c.code.in_([row["code"] for row in rows]))
    there = {found["code"]: dict(found) for found in run(wanted).mappings()}
    new = [{**row, "added_at": now, "added_by": by} for row in rows if row["code"] not in there]
    changed = [row for row in rows if row["code"] in there and there[row["code"]] != row]
    if new:
        run(insert(_device), new)
    if changed:
        run(_CHANGE, [{"key_code": row["code"], **{f"new_{name}": row[name] for name in _OWN}} for row in changed])
    if new or changed:
        on_record(session, by, "devices_imported", f"{len(rows)}", {"added": len(new), "changed": len(changed)}, now)
    return len(new), len(changed), len(rows) - len(new) - len(changed)


def row_of(written: Written, known: Catalogue) -> dict[str, Any]:
    """A device as it is kept.

    Raises:
        Refused: `device_code`, `unknown_sensor_kind`, `device_place_missing`, `text_too_long`, `text_unprintable`, `unknown_area`,
            `bad_point`, `unknown_unit`, `unit_retired`, `device_without_community`, `unknown_user`, `left`; `field` in the details
            names the column.
    """
    code = written.code.strip()
    if not _CODE.fullmatch(code):
        raise Refused("device_code", given=code[:20], field="code")
    kind = _of("kind", lambda: kind_named(written.kind))
    place = _of("place", lambda: legible("place", written.place, LONGEST["place"]))
    if not place:
        raise Refused("device_place_missing", field="place")
    if written.area not in known.areas:
        raise Refused("unknown_area", area=written.area, field="area")
    point = _of("point", lambda: parse_point(written.point)) if written.point.strip() else None
    return {
        "code": code,
        "kind": kind.code,
        "place": place,
        "lat": point.lat if point else None,
        "lon": point.lon if point else None,
        "area_unit_id": known.unit_ids[written.area],
        **_responsible(written, known),
    }


def _of(field: str, read: Any) -> Any:  # noqa: ANN401 - what the reader gives
    """What a reader makes of a column; a refusal says which column it is about."""
    try:
        return read()
    except Refused as refusal:
        refusal.details = {**refusal.details, "field": field}
        raise


def _responsible(written: Written, known: Catalogue) -> dict[str, Any]:
    """The units and people who are called."""
    line = known.line(known.unit_ids[written.area])

    def unit(field: str, code: str, kind: str) -> int | None:
        if not code.strip():
            return serving(kind, line, known.units)
        if code.strip() not in known.unit_ids:
            raise Refused("unknown_unit", unit=code.strip(), field=field)
        found = known.unit_ids[code.strip()]
        _of(field, lambda: known.check_present(found))
        return found

    community = unit("community", written.community, "COMMUNITY")
    if community is None:
        raise Refused("device_without_community", area=written.area, field="community")
    named = written.escalate_to.strip()
    return {
        "community_unit_id": community,
        "property_unit_id": unit("property", written.property, "PROPERTY"),
        "fire_unit_id": unit("fire", written.fire, "FIRE"),
        "escalate_to_id": _of("escalate_to", lambda: known.actor(named).user_id) if named else None,
        "people": [_of("people", lambda name=name: known.actor(name).user_id) for name in _names(written.people)],
    }


def _names(people: str) -> Iterator[str]:
    """User names, each once, in the order in which they were written."""
    return iter(dict.fromkeys(name for name in re.split(r"[\s,，、;；]+", people) if name))
