"""Duty, absences and deputies as people enter them: whose they may enter, and the record of it. What they do: services/duty.py."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models import DutyRoster, begin_write, connection_of, table
from rules.facts import Actor, Refused
from services import duty
from services.catalogue import Catalogue, catalogue, reference_changed
from services.people.rights import on_record
from services.tables import Table

_roster = table(DutyRoster)
#: Besides administrators, who enters for a whole unit and the sections inside it.
PLANNERS: Final = frozenset({"head", "dispatcher"})


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody on duty for a unit from when to when, aware UTC."""

    id: int
    unit_id: int
    user: str
    since: datetime
    until: datetime


def plans_for(known: Catalogue, actor: Actor) -> frozenset[int]:
    """Units for which somebody may enter duty, absences and deputies: an administrator all, a head or dispatcher his or her own."""
    if "admin" in actor.roles:
        return frozenset(known.units)
    if not actor.roles & PLANNERS:
        return frozenset()
    return frozenset(unit for unit in known.units if actor.unit_id in known.line(unit) and _same_house(known, unit, actor))


def _same_house(known: Catalogue, unit: int, actor: Actor) -> bool:
    """The unit itself, or a section of it: of the same kind all the way up."""
    line = known.line(unit)
    kinds = {known.units[each].kind for each in line[: line.index(actor.unit_id or 0) + 1]}
    return len(kinds) == 1


def check_planner(known: Catalogue, by: str, user: str) -> Actor:
    """Whoever enters something about somebody: that person, or who plans for the unit.

    Raises:
        Refused: `unknown_user`, `left`, `not_your_roster`.
    """
    actor, person = known.actor(by), known.people.get(user)
    if person is None:
        raise Refused("unknown_user", user=user)
    if person.name != by and person.unit_id not in plans_for(known, actor):
        raise Refused("not_your_roster", user=user)
    return actor


def enter_away(session: Session, user: str, since: datetime, until: datetime | None, reason: str, by: str, now: datetime) -> bool:
    """Note that somebody is away; may run twice.

    Returns:
        Whether it was new.

    Raises:
        Refused: as `check_planner` and `services.duty.set_away`.
    """
    begin_write(session)
    actor = check_planner(catalogue(session), by, user)
    new = duty.set_away(session, user, since, until, reason, now)
    if new:
        span = {"since": since.isoformat(), "until": until.isoformat() if until else None}
        on_record(session, actor.name, "away_entered", user, span, now)
    return new


def enter_back(session: Session, user: str, by: str, now: datetime) -> None:
    """Note that somebody is back.

    Raises:
        Refused: as `check_planner` and `services.duty.set_back`.
    """
    begin_write(session)
    actor = check_planner(catalogue(session), by, user)
    duty.set_back(session, user, now)
    on_record(session, actor.name, "back_entered", user, {}, now)


def enter_deputy(session: Session, user: str, deputy: str | None, by: str, now: datetime) -> None:
    """Name somebody's deputy, or (None) none; may run twice.

    Raises:
        Refused: as `check_planner` and `services.duty.set_deputy`.
    """
    begin_write(session)
    actor = check_planner(catalogue(session), by, user)
    duty.set_deputy(session, user, deputy)
    on_record(session, actor.name, "deputy_entered", user, {"deputy": deputy}, now)


def enter_duties(session: Session, rows: Table, by: str, now: datetime) -> duty.Reading:
    """Add stretches of duty; if any row is wrong, nothing is added. May run twice.

    Args:
        session: The unit of work.
        rows: A table with the columns `services.duty.REQUIRED`.
        by: User name of whoever plans for these units.
        now: The instant, aware UTC.

    Raises:
        Refused: `unknown_user`, `left`; `not_your_roster`, a row names a unit that is not his or hers to plan.
    """
    begin_write(session)
    known = catalogue(session)
    actor = known.actor(by)
    mine = plans_for(known, actor)
    foreign = next((u for row in rows.rows if (u := row.values["unit"]) in known.unit_ids and known.unit_ids[u] not in mine), None)
    if foreign is not None:
        raise Refused("not_your_roster", user=foreign)
    reading = duty.load_roster(session, rows)
    if len(reading.rows) > reading.known and not reading.wrong:
        units = sorted({known.units[row["unit_id"]].code for row in reading.rows})
        on_record(session, actor.name, "duties_entered", units[0], {"units": units, "rows": len(reading.rows) - reading.known}, now)
    return reading


def drop_duty(session: Session, number: int, by: str, now: datetime) -> None:
    """Take a stretch of duty out of the roster that is not over; done again it finds nothing.

    Raises:
        Refused: `unknown_user`, `left`, `not_your_roster`.
    """
    begin_write(session)
    known, run = catalogue(session), connection_of(session).execute
    actor = known.actor(by)
    row = run(select(_roster).where(_roster.c.id == number, _roster.c.until > now)).one_or_none()
    if row is None:
        return
    if row.unit_id not in plans_for(known, actor):
        raise Refused("not_your_roster", user=known.units[row.unit_id].code)
    run(delete(_roster).where(_roster.c.id == number))
    span = {"user": known.by_id[row.staff_id].name, "since": row.since.isoformat(), "until": row.until.isoformat()}
    on_record(session, actor.name, "duty_dropped", known.units[row.unit_id].code, span, now)
    reference_changed(session)


def duties(session: Session, units: Collection[int] | None, now: datetime, most: int = 200) -> Sequence[Duty]:
    """Who is on duty for these units (None: for any) now or later, in order."""
    known = catalogue(session)
    wanted = select(_roster).where(_roster.c.until > now)
    if units is not None:
        wanted = wanted.where(_roster.c.unit_id.in_(sorted(units)))
    rows = connection_of(session).execute(wanted.order_by(_roster.c.since, _roster.c.id).limit(most))
    return [Duty(row.id, row.unit_id, known.by_id[row.staff_id].name, row.since, row.until) for row in rows]
