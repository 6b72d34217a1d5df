"""Who works a grid: its head, worker A, B who stands in; a grid with neither of them there is a gap, and its community hears of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import GridPost, Staff, begin_write, connection_of, table
from rules.facts import Refused
from services.alarms import alarm
from services.catalogue import Catalogue, Person, catalogue, reference_changed
from services.mechanisms import is_on, require
from services.recipients import Roll
from services.responsibility.duties import Row, posts
from services.responsibility.grids import stations
from services.responsibility.offices import in_office
from services.responsibility.reference import HEAD, MORE, WORKER_A, WORKER_B

_post, _staff = table(GridPost), table(Staff)


@dataclass(frozen=True, slots=True)
class Grid:
    """How a grid is staffed now.

    Attributes:
        head: Who heads it (网格长).
        a: Worker A.
        b: Who stands in.
        more: Further workers.
        there: Who works it now: A, else B, else one of the others; None: a gap.
        how: `a`, `b`, `more` or `gap`.
        captains: Block captains: people with at least one of the five offices.
    """

    grid_id: int
    head: Person | None
    a: Person | None
    b: Person | None
    more: tuple[Person, ...]
    there: Person | None
    how: str
    captains: int

    @property
    def workers(self) -> int:
        """How many people work it, the head aside."""
        return len({p.id for p in (self.a, self.b, *self.more) if p is not None})


@dataclass(frozen=True, slots=True)
class Staffing:
    """How the grids of an area are staffed: each of them, and the figures."""

    grids: tuple[Grid, ...]
    workers: int
    captains: int
    stations: int

    @property
    def gaps(self) -> tuple[Grid, ...]:
        """Grids that nobody works now."""
        return tuple(grid for grid in self.grids if grid.there is None)


def staffing(session: Session, now: datetime, area: str | None = None) -> Staffing:
    """How the grids of an area, or of the whole district, are staffed now.

    Args:
        session: The unit of work; nothing is changed.
        now: The moment, aware UTC.
        area: Code of a unit; None: the district.

    Raises:
        Refused: `mechanism_off`; `unknown_area`.
    """
    require(session, "staffing")
    known = catalogue(session)
    if area is not None and area not in known.areas:
        raise Refused("unknown_area", area=area)
    top = known.unit_ids[area] if area is not None else known.district_id
    grids = _grids(session, known, now, top)
    here = [row for row in stations(session, None, now) if top in known.line(row["area_unit_id"])]
    workers = {p.id for grid in grids for p in (grid.a, grid.b, *grid.more) if p is not None}
    return Staffing(tuple(grids), len(workers), sum(grid.captains for grid in grids), len(here))


def _grids(session: Session, known: Catalogue, now: datetime, top: int) -> list[Grid]:
    ids = [u.id for u in known.units.values() if u.kind == "GRID" and not u.retired and top in known.line(u.id)]
    held: dict[int, list[Row]] = defaultdict(list)
    for row in posts(session, ids, now):
        held[row["grid_id"]].append(row)
    captains: dict[int, set[tuple[Any, ...]]] = defaultdict(set)
    for tag in in_office(session, ids, now):
        captains[tag["area_unit_id"]].add((tag["staff_id"], tag["requester_id"]))
    roll = Roll(known, now)
    return [_grid(grid, held[grid], len(captains[grid]), known, roll) for grid in ids]


def _grid(grid_id: int, rows: Iterable[Row], captains: int, known: Catalogue, roll: Roll) -> Grid:
    by_slot: dict[str, list[Person]] = defaultdict(list)
    for row in rows:
        by_slot[row["slot"]].append(known.by_id[row["staff_id"]])
    first: Mapping[str, Person | None] = {slot: next(iter(by_slot[slot]), None) for slot in (HEAD, WORKER_A, WORKER_B)}
    order = [(slot, person) for slot in (WORKER_A, WORKER_B, MORE) for person in by_slot[slot]]
    how, there = next(((slot, person) for slot, person in order if roll.there([person.id])), ("gap", None))
    return Grid(grid_id, first[HEAD], first[WORKER_A], first[WORKER_B], tuple(by_slot[MORE]), there, how, captains)


# what follows of it -----------------------------------------------------------------------------------------------------


def watch(session: Session, now: datetime) -> int:
    """Let B be A's deputy once B's post has begun, and tell the community of each grid that nobody works now.

    Run by the patrol; safe to run again: a gap is told once a day while it lasts. A grid that was never staffed is none. Nothing is
    locked while there is nothing to do.

    Returns:
        How many grids have a gap.
    """
    if not is_on(session, "staffing"):
        return 0
    run, known = connection_of(session).execute, catalogue(session)
    ever = frozenset(run(select(_post.c.grid_id).where(_post.c.since <= now).distinct()).scalars())
    grids = [grid for grid in _grids(session, known, now, known.district_id) if grid.grid_id in ever] if ever else []
    pairs, empty = _wrong_deputies(session, grids), [grid for grid in grids if grid.there is None]
    if pairs or empty:
        begin_write(session)
    for a, b in pairs:
        run(update(_staff).where(_staff.c.id == a.id).values(deputy_id=b.id))
    if pairs:
        reference_changed(session)
    day = now.astimezone(known.zone).date()
    for grid in empty:
        alarm(session, "grid_gap", now, key=f"grid_gap:{grid.grid_id}:{day}", unit_id=grid.grid_id)
    return len(empty)


def _wrong_deputies(session: Session, grids: Sequence[Grid]) -> list[tuple[Person, Person]]:
    """A and B where B is not yet A's deputy (A/B 角): A has none, or one who was B of this grid before; a deputy named by hand stays."""
    pairs = [(grid.grid_id, grid.a, grid.b) for grid in grids if grid.a is not None and grid.b is not None and grid.a.id != grid.b.id]
    wrong = [(grid, a, b) for grid, a, b in pairs if a.deputy_id != b.id]
    if not wrong:
        return []
    wanted = select(_post.c.grid_id, _post.c.staff_id).where(_post.c.slot == WORKER_B, _post.c.grid_id.in_([g for g, _, _ in wrong]))
    before = {(row.grid_id, row.staff_id) for row in connection_of(session).execute(wanted)}
    return [(a, b) for grid, a, b in wrong if a.deputy_id is None or (grid, a.deputy_id) in before]
