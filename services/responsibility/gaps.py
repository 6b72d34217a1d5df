"""What is missing in the matrix: matters nobody answers for, two who answer for one, nobody there, letters that run out."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Responsibility, connection_of, table
from rules.facts import Refused
from services.catalogue import Catalogue, catalogue
from services.mechanisms import require
from services.recipients import Roll
from services.responsibility.asking import there
from services.responsibility.duties import Duty, Origin, Row, duties, ends, letters, same_letter
from services.responsibility.reference import names_of

SOON: Final = timedelta(days=30)  #: a letter that runs out within this time is told of
_matrix = table(Responsibility)


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A grid, and the categories for which no letter and no professional grid names anybody there.

    Attributes:
        staffed: Its own workers answer for them meanwhile.
    """

    grid_id: int
    categories: tuple[str, ...]
    staffed: bool


@dataclass(frozen=True, slots=True)
class Overlap:
    """Rows of the matrix that name several units for the same place and the same matter."""

    area_id: int
    section: str
    matter: str
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What is missing.

    Attributes:
        uncovered: Grids with matters that nobody answers for.
        overlaps: Places and matters that several answer for.
        vacant: Duties for which nobody is there now.
        expiring: Rows of the matrix that run out within 30 days and that none follows.
    """

    uncovered: tuple[Uncovered, ...]
    overlaps: tuple[Overlap, ...]
    vacant: tuple[Duty, ...]
    expiring: tuple[Row, ...]


def gaps(session: Session, now: datetime, area: str | None = None) -> Report:
    """What is missing at this moment, in an area or everywhere.

    Args:
        session: The unit of work; nothing is changed. Four statements, however many grids.
        now: The moment, aware UTC.
        area: Code of a unit; None: the whole district.

    Raises:
        Refused: `mechanism_off`; `unknown_area`.
    """
    require(session, "responsibility")
    known = catalogue(session)
    if area is not None and area not in known.areas:
        raise Refused("unknown_area", area=area)
    top = known.unit_ids[area] if area is not None else known.district_id
    grids = [u.id for u in known.units.values() if u.kind == "GRID" and not u.retired and top in known.line(u.id)]
    near = {unit for grid in grids for unit in known.line(grid)} | {top}
    found, roll = duties(session, near, now), Roll(known, now)
    within = [duty for duty in found if top in known.line(duty.area_id)]
    return Report(
        tuple(_uncovered(grids, found, known)),
        tuple(_overlaps(within)),
        tuple(duty for duty in within if there(duty, known, roll).person is None),
        tuple(row for row in expiring(session, now, near) if top in known.line(row["area_unit_id"])),
    )


def _uncovered(grids: Sequence[int], found: Iterable[Duty], known: Catalogue) -> Iterator[Uncovered]:
    """Letters for a place in words leave the rest of the area open; the grid's own workers are not counted, but told."""
    named: dict[int, set[str]] = defaultdict(set)
    staffed: set[int] = set()
    for duty in found:
        if duty.origin is Origin.STAFFING:
            staffed.add(duty.area_id)
        elif not duty.section:
            named[duty.area_id].add(duty.matter)
    names = {category: frozenset(names_of(known, category)) for category in sorted(known.offered)}
    for grid in grids:
        there_is: set[str] = set().union(*(named.get(unit, set()) for unit in known.line(grid)))
        missing = _missing(names, there_is)
        if missing:
            yield Uncovered(grid, missing, grid in staffed)


def _missing(names: Mapping[str, Collection[str]], there_is: set[str]) -> tuple[str, ...]:
    return tuple(category for category, known_as in names.items() if there_is.isdisjoint(known_as))


def _overlaps(found: Iterable[Duty]) -> Iterator[Overlap]:
    same: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for duty in found:
        if duty.origin is Origin.MATRIX:
            same[duty.area_id, duty.section, duty.matter].append(duty.id)
    yield from (Overlap(*place, tuple(sorted(ids))) for place, ids in sorted(same.items()) if len(ids) > 1)


def expiring(session: Session, now: datetime, areas: Collection[int] | None = None) -> list[Row]:
    """Rows of the matrix in force that end within 30 days, taken back or run out, and that no row follows; the first to end first."""
    soon = [row for row in letters(session, areas, now) if (end := ends(row)) is not None and end <= now + SOON]
    if not soon:
        return []
    later = select(_matrix).where(_matrix.c.since > now, _matrix.c.since <= now + SOON)
    followed = {same_letter(dict(row)) for row in connection_of(session).execute(later).mappings()}
    open_ended = [row for row in soon if same_letter(row) not in followed]
    return sorted(open_ended, key=lambda row: (ends(row), row["id"]))
