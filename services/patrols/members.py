"""Members of groups: residents, never staff; they are known to others by a number."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, insert, select, update
from sqlalchemy.orm import Session

from models import PatrolGroup, PatrolMember, PatrolStation, Requester, begin_write, connection_of, table
from rules.facts import Actor, Refused
from services.catalogue import catalogue
from services.intake import alone
from services.mechanisms import require
from services.moves.proof import legible
from services.patrols.kinds import kind_of
from services.patrols.places import MECHANISM, check_keeper, found
from services.patrols.residents import Entered, Resident, entered, staff_among
from services.people.rights import on_record

WHY_MAX: Final = 120  #: characters
_member, _group, _station, _requester = table(PatrolMember), table(PatrolGroup), table(PatrolStation), table(Requester)


def join(session: Session, group: str, resident: Resident, actor: Actor, now: datetime, *, station: str | None = None) -> int:
    """Take a resident into a group.

    Args:
        session: The unit of work.
        group: Code of the group.
        resident: Who joins; a minor with the guardian who has consented.
        actor: Somebody who works for the group's community.
        now: The instant.
        station: Code of the station the member belongs to.

    Returns:
        The member's number.

    Raises:
        Refused: `mechanism_off`, `unknown_patrol_group`, `patrol_group_closed`, `not_your_patrol`, `no_minors_in_group`,
            `unknown_patrol_station`, `patrol_station_closed`, `patrol_not_for_staff`, `already_member`, and what
            `services.patrols.residents.entered` says.
    """
    require(session, MECHANISM)
    alone(session)
    there = found(session, "group", group)
    check_keeper(catalogue(session), there.area_unit_id, actor)
    if there.closed_at is not None:
        raise Refused("patrol_group_closed", given=group)
    if resident.minor and not kind_of(there.kind).minors:
        raise Refused("no_minors_in_group", given=group)
    station_id = _station_id(session, station)
    who = entered(session, resident, now)
    _check_new(session, there.id, who)
    values = {"group_id": there.id, "station_id": station_id, "requester_id": who.requester_id, "found_by": who.found_by}
    about = {"age": who.age, "guardian_id": who.guardian_id, "consented_on": who.consented_on, "joined_at": now, "joined_by": actor.name}
    number = connection_of(session).execute(insert(_member).values(**values, **about).returning(_member.c.id)).scalar_one()
    on_record(session, actor.name, "patrol_joined", group, {"member": number, "age": who.age}, now)
    return int(number)


def _station_id(session: Session, station: str | None) -> int | None:
    if station is None:
        return None
    row = found(session, "station", station)
    if row.closed_at is not None:
        raise Refused("patrol_station_closed", given=station)
    return int(row.id)


def _check_new(session: Session, group_id: int, who: Entered) -> None:
    if staff_among(session, {who.requester_id}):
        raise Refused("patrol_not_for_staff")
    same = (_member.c.group_id == group_id, _member.c.requester_id == who.requester_id, _member.c.left_at.is_(None))
    earlier = connection_of(session).execute(select(_member.c.id).where(*same)).scalar()
    if earlier is not None:
        raise Refused("already_member", member=earlier)


def leave(session: Session, number: int, actor: Actor, now: datetime, why: str = "") -> None:
    """Let a member leave, e.g. because the guardian takes the consent back; leaving again changes nothing.

    What was reported goes on and stays counted; who it was is forgotten with the last case, as of every reporter. Also while the
    mechanism is off: a consent can be taken back at any time.

    Raises:
        Refused: `unknown_member`, `not_your_patrol`, `text_too_long`, `text_unprintable`.
    """
    begin_write(session)
    row = member(session, number)
    check_keeper(catalogue(session), row["area_unit_id"], actor)
    if row["left_at"] is None:
        values = {"left_at": now, "left_why": legible("reason", why, WHY_MAX)}
        connection_of(session).execute(update(_member).where(_member.c.id == number).values(values))
        on_record(session, actor.name, "patrol_left", row["group"], {"member": number}, now)


def member(session: Session, number: int) -> Mapping[str, Any]:
    """One member with the codes of group and station.

    Raises:
        Refused: `unknown_member`.
    """
    row = connection_of(session).execute(_members().where(_member.c.id == number)).mappings().one_or_none()
    if row is None:
        raise Refused("unknown_member", member=number)
    return dict(row)


def members(session: Session, group: str, *, everybody: bool = False) -> list[Mapping[str, Any]]:
    """The members of a group by number, without name and phone; with `everybody` also those who have left.

    Raises:
        Refused: `unknown_patrol_group`.
    """
    wanted = _members().where(_member.c.group_id == found(session, "group", group).id)
    rows = connection_of(session).execute(wanted if everybody else wanted.where(_member.c.left_at.is_(None))).mappings()
    shown = ("number", "group", "station", "age", "consented_on", "joined_at", "left_at")
    return [{name: row[name] for name in shown} for row in rows]


def _members() -> Select[Any]:
    """Members with their group, in order."""
    joined = _member.join(_group, _group.c.id == _member.c.group_id).outerjoin(_station, _station.c.id == _member.c.station_id)
    columns = (*_member.c, _member.c.id.label("number"), _group.c.code.label("group"), _station.c.code.label("station"))
    more = (_group.c.kind, _group.c.area_unit_id, _group.c.closed_at.label("group_closed_at"))
    return select(*columns, *more).select_from(joined).order_by(_member.c.id)


def with_reporter(numbers: set[int]) -> Select[Any]:
    """These members with name and phone of the requester, for handing something in under their name."""
    wanted = _members().join(_requester, _requester.c.id == _member.c.requester_id, isouter=True)
    return wanted.add_columns(_requester.c.name, _requester.c.phone).where(_member.c.id.in_(sorted(numbers)))
