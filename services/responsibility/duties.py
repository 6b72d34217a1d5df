"""What is in force: rows of the matrix, professional grids and grid posts at one moment, read set-based and in one form."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from models import GridPost, ProfessionalGrid, Responsibility, connection_of, table
from services.catalogue import catalogue
from services.mechanisms import is_on
from services.responsibility.reference import ANY, SLOTS, WORKER_A, WORKER_B

_matrix, _professional, _post = table(Responsibility), table(ProfessionalGrid), table(GridPost)
Row = Mapping[str, Any]


class Origin(StrEnum):
    """Where a duty stands, the most binding first."""

    MATRIX = "matrix"  #: 责任书: a signed letter
    PROFESSIONAL = "professional"  #: 专业网格 laid over the base grid
    STAFFING = "staffing"  #: the grid's own worker A (B stands in)


@dataclass(frozen=True, slots=True)
class Duty:
    """One row by which somebody answers for a place and a matter, wherever it stands.

    Attributes:
        id: Of the row, within its origin.
        section: Places in words, apart from each other by 、; empty: all of the area.
        matter: As in the matrix; empty: whatever comes up.
        staff_id: None: the unit as a whole.
    """

    origin: Origin
    id: int
    area_id: int
    section: str
    matter: str
    unit_id: int
    staff_id: int | None
    deputy_id: int | None
    post: str
    promise: str
    document: str
    since: datetime


def ends(row: Row) -> datetime | None:
    """When a row ends by itself; None: when another of its kind begins."""
    given = [moment for moment in (row["until"], row.get("ended_at")) if moment is not None]
    return min(given, default=None)


def in_force(rows: Iterable[Row], key: Callable[[Row], object], now: datetime) -> list[Row]:
    """Of the rows that have begun the newest of each key, unless it has ended: what ended does not bring back what it had followed."""
    newest: dict[object, Row] = {}
    for row in sorted((r for r in rows if r["since"] <= now), key=lambda r: (r["since"], r["id"])):
        newest[key(row)] = row
    return [row for row in newest.values() if (end := ends(row)) is None or end > now]


def same_letter(row: Row) -> tuple[object, ...]:
    """What makes two rows of the matrix versions of one: place, matter, and the unit that signed."""
    return row["area_unit_id"], row["section"], row["matter"], row["unit_id"]


def same_line(row: Row) -> tuple[object, ...]:
    """What makes two rows versions of one professional grid: base grid and line."""
    return row["grid_id"], row["line"]


def same_post(row: Row) -> tuple[object, ...]:
    """What makes two rows versions of one post: there is one head, one A and one B, and any number of others."""
    return row["grid_id"], row["slot"], row["staff_id"] if row["slot"] == SLOTS[-1] else None


def begun(session: Session, of: Table, area: str, areas: Collection[int] | None, now: datetime) -> list[Row]:
    """The rows of a table that have begun, in these areas (None: everywhere); what held for a merged unit holds for its successor."""
    wanted, known = select(of).where(of.c.since <= now), catalogue(session)
    if areas is not None:
        merged = {unit.id for unit in known.units.values() if unit.retired and known.present(unit.id) in areas}
        wanted = wanted.where(of.c[area].in_(sorted({*areas, *merged})))
    return [{**row, area: known.present(row[area])} for row in connection_of(session).execute(wanted).mappings()]


def letters(session: Session, areas: Collection[int] | None, now: datetime) -> list[Row]:
    """Rows of the matrix in force."""
    return in_force(begun(session, _matrix, "area_unit_id", areas, now), same_letter, now)


def professional(session: Session, grids: Collection[int] | None, now: datetime) -> list[Row]:
    """Professional grids in force."""
    return in_force(begun(session, _professional, "grid_id", grids, now), same_line, now)


def posts(session: Session, grids: Collection[int] | None, now: datetime) -> list[Row]:
    """Grid posts in force."""
    return in_force(begun(session, _post, "grid_id", grids, now), same_post, now)


def duties(session: Session, areas: Collection[int] | None, now: datetime) -> list[Duty]:
    """All by which somebody answers for these areas (None: for all) at a moment; of mechanisms that are off there is nothing.

    Three statements, however many areas.
    """
    found = [_of_letter(row) for row in letters(session, areas, now)]
    if is_on(session, "professional_grids"):
        found += [_of_line(row) for row in professional(session, areas, now)]
    if is_on(session, "staffing"):
        found += _of_posts(posts(session, areas, now))
    return found


_LETTER: Final = ("id", "section", "matter", "unit_id", "staff_id", "deputy_id", "post", "promise", "document", "since")


def _of_letter(row: Row) -> Duty:
    return Duty(origin=Origin.MATRIX, area_id=row["area_unit_id"], **{name: row[name] for name in _LETTER})


def _of_line(row: Row) -> Duty:
    what = {"section": "", "matter": row["line"], "post": row["name"], "promise": "", "document": "", "deputy_id": None}
    same = {name: row[name] for name in ("id", "unit_id", "staff_id", "since")}
    return Duty(origin=Origin.PROFESSIONAL, area_id=row["grid_id"], **what, **same)


def _of_posts(rows: Iterable[Row]) -> list[Duty]:
    """Worker A of each grid, B being the deputy; B where there is no A."""
    grids: dict[int, dict[str, Row]] = {}
    for row in rows:
        if row["slot"] in (WORKER_A, WORKER_B):
            grids.setdefault(row["grid_id"], {})[row["slot"]] = row
    return [_of_post(grid, held) for grid, held in sorted(grids.items())]


def _of_post(grid: int, held: Mapping[str, Row]) -> Duty:
    first, second = held.get(WORKER_A) or held[WORKER_B], held.get(WORKER_B)
    deputy = second["staff_id"] if second is not None and second is not first else None
    nothing = {"section": "", "matter": ANY, "post": "", "promise": "", "document": ""}
    return Duty(
        origin=Origin.STAFFING,
        id=first["id"],
        area_id=grid,
        unit_id=grid,
        staff_id=first["staff_id"],
        deputy_id=deputy,
        since=first["since"],
        **nothing,
    )
