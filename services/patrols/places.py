"""Groups and stations: opened by the community they belong to, closed when they are no more; what they reported stays counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, func, insert, select, update
from sqlalchemy.orm import Session

from models import PatrolGroup, PatrolMember, PatrolStation, Unit, begin_write, connection_of, table
from rules.facts import STAFF, Actor, Refused
from services.catalogue import Catalogue, catalogue
from services.intake import LONGEST
from services.mechanisms import require
from services.moves.proof import legible
from services.patrols.kinds import kind_of
from services.people.rights import on_record

MECHANISM: Final = "patrols"
CODE_MAX: Final = 40  #: characters
NAMES_MAX: Final = 60  #: characters of a name
_station, _group, _member, _unit = table(PatrolStation), table(PatrolGroup), table(PatrolMember), table(Unit)
#: What is opened and closed, by what it is called.
_TABLES: Final[Mapping[str, Table]] = {"group": _group, "station": _station}


@dataclass(frozen=True, slots=True)
class Opening:
    """A group or station to be opened.

    Attributes:
        code: Short ascii name.
        area: Code of the community it belongs to.
        kind: Of a group: seeds/patrols.toml.
        place: Of a station: its address in words.
    """

    code: str
    zh: str
    en: str
    area: str
    kind: str = ""
    place: str = ""


def check_keeper(known: Catalogue, area_unit_id: int, actor: Actor) -> None:
    """See to it that somebody of ours works for this community: in it, above it, or in a 网格中心 that serves it.

    Raises:
        Refused: `not_your_patrol`.
    """
    line = known.line(area_unit_id)
    near = area_unit_id in actor.unit_line or bool({actor.unit_id, actor.covers} & set(line))
    if not actor.roles & STAFF or not near:
        raise Refused("not_your_patrol", area=known.units[area_unit_id].code)


def open_group(session: Session, new: Opening, actor: Actor, now: datetime) -> None:
    """Open a group of a community.

    Args:
        session: The unit of work.
        new: The group.
        actor: Somebody who works for that community.
        now: The instant.

    Raises:
        Refused: `unknown_patrol_kind`, and what `_open` says.
    """
    _open(session, "group", new, actor, now, kind=kind_of(new.kind).code)


def open_station(session: Session, new: Opening, actor: Actor, now: datetime) -> None:
    """Open a station in a community.

    Raises:
        Refused: `patrol_place_missing`, and what `_open` says.
    """
    place = legible("place", new.place, LONGEST["place"])
    if not place:
        raise Refused("patrol_place_missing")
    _open(session, "station", new, actor, now, place=place)


def _open(session: Session, what: str, new: Opening, actor: Actor, now: datetime, **more: str) -> None:
    """Open it.

    Raises:
        Refused: `mechanism_off`, `patrol_code_wrong`, `patrol_code_taken`, `patrol_names_missing`, `patrol_needs_community`,
            `not_your_patrol`, `text_too_long`, `text_unprintable`.
    """
    require(session, MECHANISM)
    begin_write(session)
    known, of = catalogue(session), _TABLES[what]
    area_unit_id = community_id(known, new.area)
    check_keeper(known, area_unit_id, actor)
    _check_code(session, of, new.code)
    names = {lang: legible("name", getattr(new, lang), NAMES_MAX) for lang in ("zh", "en")}
    if not all(names.values()):
        raise Refused("patrol_names_missing")
    values = {"code": new.code, **names, "area_unit_id": area_unit_id, "opened_at": now, "opened_by": actor.name, **more}
    connection_of(session).execute(insert(of).values(values))
    on_record(session, actor.name, f"patrol_{what}_opened", new.code, {"area": new.area, **more}, now)


def community_id(known: Catalogue, area: str) -> int:
    """The community with this code.

    Raises:
        Refused: `patrol_needs_community`.
    """
    found = known.units.get(known.unit_ids.get(area, -1))
    if found is None or found.kind != "COMMUNITY":
        raise Refused("patrol_needs_community", given=area)
    return found.id


def _check_code(session: Session, of: Table, code: str) -> None:
    if not code.isascii() or not code.replace("-", "").isalnum() or len(code) > CODE_MAX:
        raise Refused("patrol_code_wrong", given=code)
    if connection_of(session).execute(select(of.c.id).where(of.c.code == code)).first() is not None:
        raise Refused("patrol_code_taken", given=code)


def close(session: Session, what: str, code: str, actor: Actor, now: datetime) -> None:
    """Close a group or station: nobody joins and nothing is handed in any more. Closing it again changes nothing.

    Args:
        session: The unit of work.
        what: `group` or `station`.
        code: Which.
        actor: Somebody who works for its community.
        now: The instant.

    Raises:
        Refused: `unknown_patrol_group`, `unknown_patrol_station`, `not_your_patrol`.
    """
    begin_write(session)
    of, row = _TABLES[what], found(session, what, code)
    check_keeper(catalogue(session), row.area_unit_id, actor)
    if row.closed_at is None:
        connection_of(session).execute(update(of).where(of.c.id == row.id).values(closed_at=now))
        on_record(session, actor.name, f"patrol_{what}_closed", code, {}, now)


def found(session: Session, what: str, code: str) -> Any:  # noqa: ANN401 - a result row
    """The row of a group or station.

    Raises:
        Refused: `unknown_patrol_group`, `unknown_patrol_station`.
    """
    of = _TABLES[what]
    row = connection_of(session).execute(select(of).where(of.c.code == code)).one_or_none()
    if row is not None:
        return row
    raise Refused("unknown_patrol_group", given=code) if what == "group" else Refused("unknown_patrol_station", given=code)


def listed(session: Session, what: str) -> list[Mapping[str, Any]]:
    """All groups or stations with their community's code and the number of members they have now, in order of opening."""
    of = _TABLES[what]
    members = select(func.count()).where(_member.c[f"{what}_id"] == of.c.id, _member.c.left_at.is_(None)).scalar_subquery()
    wanted = select(of, _unit.c.code.label("area"), members.label("members")).join_from(of, _unit, _unit.c.id == of.c.area_unit_id)
    return [dict(row) for row in connection_of(session).execute(wanted.order_by(of.c.id)).mappings()]
