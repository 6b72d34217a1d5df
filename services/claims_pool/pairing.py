"""Units paired with communities (包保包联), with the dates between which it holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.orm import Session

from models import Pairing, begin_write, connection_of, table
from rules.facts import Actor, Refused
from services.catalogue import Catalogue, catalogue
from services.mechanisms import require
from services.people.rights import on_record

_pairing = table(Pairing)
_MAY = ("admin", "dispatcher", "duty_leader")  #: who pairs


@dataclass(frozen=True, slots=True)
class Pair:
    """A unit paired with a community, by their codes; `until` None: until further notice."""

    id: int
    area: str
    unit: str
    since: datetime
    until: datetime | None


def pair(session: Session, area: str, unit: str, actor: Actor, now: datetime, *, until: datetime | None = None) -> int:
    """Pair a unit with a community from now on; safe to repeat, the same pair holds once.

    Args:
        session: The unit of work.
        area: Code of the community, street or grid.
        unit: Code of the unit.
        actor: Who pairs: an administrator, or somebody of the centre.
        now: The instant.
        until: When it ends; None: until further notice.

    Returns:
        Its id.

    Raises:
        Refused: `mechanism_off`, `not_yours`, `unknown_area`, `unknown_unit`, `unit_retired`, `pool_until_past`.
    """
    require(session, "claims")
    _check_may(actor)
    area_id, unit_id = _ids(catalogue(session), area, unit)
    if until is not None and until <= now:
        raise Refused("pool_until_past", given=until.isoformat())
    begin_write(session)
    run = connection_of(session).execute
    same = (_pairing.c.area_unit_id == area_id, _pairing.c.unit_id == unit_id, _holds(now))
    there = run(select(_pairing.c.id).where(*same)).scalar()
    if there is not None:
        return int(there)
    row = {"area_unit_id": area_id, "unit_id": unit_id, "since": now, "until": until, "entered_by": actor.name}
    on_record(session, actor.name, "unit_paired", area, {"unit": unit}, now)
    return int(run(insert(_pairing).values(row).returning(_pairing.c.id)).scalar_one())


def _ids(known: Catalogue, area: str, unit: str) -> tuple[int, int]:
    if area not in known.areas:
        raise Refused("unknown_area", area=area)
    unit_id = known.unit_ids.get(unit)
    if unit_id is None:
        raise Refused("unknown_unit", unit=unit)
    known.check_present(unit_id)
    return known.unit_ids[area], unit_id


def end_pair(session: Session, pair_id: int, actor: Actor, now: datetime) -> None:
    """End a pairing now; it stays on record.

    Raises:
        Refused: `mechanism_off`, `not_yours`, `unknown_pair`.
    """
    require(session, "claims")
    _check_may(actor)
    begin_write(session)
    run = connection_of(session).execute
    ended = run(update(_pairing).where(_pairing.c.id == pair_id, _holds(now)).values(until=now).returning(_pairing.c.area_unit_id))
    area_id = ended.scalar()
    if area_id is None:
        raise Refused("unknown_pair", pair=pair_id)
    on_record(session, actor.name, "unit_unpaired", catalogue(session).units[area_id].code, {"pair": pair_id}, now)


def pairs(session: Session, now: datetime) -> list[Pair]:
    """The pairings that hold now, by community."""
    known = catalogue(session)
    rows = connection_of(session).execute(select(_pairing).where(_holds(now)).order_by(_pairing.c.area_unit_id, _pairing.c.id))
    code = known.units
    return [Pair(r.id, code[r.area_unit_id].code, code[r.unit_id].code, r.since, r.until) for r in rows]


def paired_with(session: Session, line: Iterable[int], known: Catalogue, now: datetime) -> list[int]:
    """The units paired now with any of these areas, those that were merged as who goes on with their work.

    Args:
        session: The unit of work.
        line: Ids of the areas, e.g. a grid and all above it.
        known: The reference data.
        now: The instant.
    """
    query = select(_pairing.c.unit_id).where(_pairing.c.area_unit_id.in_(list(line)), _holds(now)).order_by(_pairing.c.id)
    return list(dict.fromkeys(known.present(i) for i in connection_of(session).execute(query).scalars()))


def _holds(now: datetime) -> ColumnElement[bool]:
    return (_pairing.c.since <= now) & or_(_pairing.c.until.is_(None), _pairing.c.until > now)


def _check_may(actor: Actor) -> None:
    if not actor.roles & set(_MAY):
        raise Refused("not_yours", action="pair", posts=_MAY)
