"""1+X 多格合一: everything that lies on one base grid: professional lines, the grid's own people, stations."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from models import GridStation, ProfessionalGrid, connection_of, table
from rules.facts import Refused
from services.catalogue import Catalogue, Person, catalogue
from services.mechanisms import require
from services.recipients import Roll
from services.responsibility.duties import Row, professional

_professional, _station = table(ProfessionalGrid), table(GridStation)


@dataclass(frozen=True, slots=True)
class OnGrid:
    """A professional grid as it lies on a base grid today.

    Attributes:
        unit_id: The unit of the line that answers there, as it is today.
        person: Its person for this grid; None: the unit as a whole.
        away: The person is away, so that the unit as a whole answers.
    """

    line: str
    name: str
    unit_id: int
    person: Person | None
    away: bool


@dataclass(frozen=True, slots=True)
class Laid:
    """A base grid with all the lines laid over it."""

    grid_id: int
    lines: tuple[OnGrid, ...]
    stations: tuple[Row, ...]


def grid_id_of(known: Catalogue, code: str) -> int:
    """The id of a base grid.

    Raises:
        Refused: `not_a_grid`.
    """
    unit = known.units.get(known.unit_ids.get(code, -1))
    if unit is None or unit.kind != "GRID" or unit.retired:
        raise Refused("not_a_grid", given=code)
    return unit.id


def laid(session: Session, code: str, now: datetime) -> Laid:
    """All professional lines on a base grid today, and the stations in its area or that of its community.

    Raises:
        Refused: `mechanism_off`; `not_a_grid`.
    """
    require(session, "professional_grids")
    known = catalogue(session)
    grid, roll = grid_id_of(known, code), Roll(known, now)
    rows = sorted(professional(session, [grid], now), key=lambda row: row["line"])
    return Laid(grid, tuple(_on_grid(row, known, roll) for row in rows), tuple(stations(session, known.line(grid)[:2], now)))


def _on_grid(row: Row, known: Catalogue, roll: Roll) -> OnGrid:
    person = known.by_id.get(row["staff_id"]) if row["staff_id"] is not None else None
    away = person is not None and not roll.there([person.id])
    return OnGrid(row["line"], row["name"], known.present(row["unit_id"]), person, away)


def stations(session: Session, areas: tuple[int, ...] | None, now: datetime) -> list[Row]:
    """Stations in these areas (None: everywhere) that are there now, by code."""
    open_now = (_station.c.since <= now, or_(_station.c.until.is_(None), _station.c.until > now))
    wanted = select(_station).where(*open_now).order_by(_station.c.code)
    rows = connection_of(session).execute(wanted if areas is None else wanted.where(_station.c.area_unit_id.in_(areas)))
    return [dict(row) for row in rows.mappings()]


def coverage(session: Session, now: datetime) -> Mapping[str, int]:
    """How many base grids each professional line covers today, as a figure for the whole district.

    Raises:
        Refused: `mechanism_off`.
    """
    require(session, "professional_grids")
    newest = (
        select(_professional.c.grid_id, _professional.c.line, func.max(_professional.c.since).label("since"))
        .where(_professional.c.since <= now)
        .group_by(_professional.c.grid_id, _professional.c.line)
        .subquery()
    )
    same = (_professional.c.grid_id == newest.c.grid_id, _professional.c.line == newest.c.line, _professional.c.since == newest.c.since)
    there = or_(_professional.c.until.is_(None), _professional.c.until > now)
    counted = select(_professional.c.line, func.count().label("n")).join(newest, same[0] & same[1] & same[2]).where(there)
    rows = connection_of(session).execute(counted.group_by(_professional.c.line).order_by(_professional.c.line))
    return {row.line: int(row.n) for row in rows}
