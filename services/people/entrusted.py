"""What somebody answers for in his or her own name: letters, grid posts, professional grids, offices, the public profile.

When who holds them leaves, the work goes on with the other (grid posts, professional grids), and what was given to one person and no
other ends: a letter is signed, an office is given by neighbours, a profile is the person's own consent.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from models import GridPost, OfficeTag, ProfessionalGrid, Profile, Responsibility, connection_of, table
from services.catalogue import Catalogue
from services.responsibility.duties import Row, begun, in_force, same_letter, same_line, same_post


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of thing in somebody's name.

    Attributes:
        area: Column with the unit in whose area it holds.
        same: What makes two rows versions of one.
        what: Column that says what it is; empty: the area says it all.
        passes: It goes to the other; else it ends.
        of_unit: Without another it is in no person's name and its unit's; else it ends.
    """

    of: Table
    area: str
    same: Callable[[Row], object]
    what: str = ""
    passes: bool = False
    of_unit: bool = False


_KINDS: Final[Mapping[str, _Kind]] = {
    "letters": _Kind(table(Responsibility), "area_unit_id", same_letter, "matter"),
    "posts": _Kind(table(GridPost), "grid_id", same_post, "slot", passes=True),
    "lines": _Kind(table(ProfessionalGrid), "grid_id", same_line, "line", passes=True, of_unit=True),
    "offices": _Kind(table(OfficeTag), "area_unit_id", lambda row: row["id"], "office"),
    "profiles": _Kind(table(Profile), "unit_id", lambda row: (row["unit_id"], row["staff_id"])),
}


def entrusted_to(session: Session, known: Catalogue, person: int, at: datetime) -> dict[str, list[str]]:
    """What is in somebody's name at a moment or will be later, by kind, as area/what (`chenguang-1/a`). Changes nothing."""
    return {name: [_said(known, kind, row) for row in _held(session, kind, person, at)] for name, kind in _KINDS.items()}


def _said(known: Catalogue, kind: _Kind, row: Row) -> str:
    what = row[kind.what] if kind.what else ""
    return "/".join(part for part in (known.units[row[kind.area]].code, what) if part)


def _held(session: Session, kind: _Kind, person: int, at: datetime) -> list[Row]:
    """Rows in force, and rows to come that were not taken back."""
    later = select(kind.of).where(kind.of.c.since > at, kind.of.c.staff_id == person).order_by(kind.of.c.since, kind.of.c.id)
    ahead = [dict(row) for row in connection_of(session).execute(later).mappings()]
    held = [row for row in in_force(begun(session, kind.of, kind.area, None, at), kind.same, at) if row["staff_id"] == person]
    return [*held, *(row for row in ahead if row["until"] != row["since"] and row.get("ended_at") is None)]


def let_go(session: Session, person: int, heir: int | None, at: datetime, by: str, now: datetime) -> None:
    """Pass on what goes on and end the rest, at a moment; rows stay on record as they were until then.

    Args:
        session: The unit of work.
        person: Who leaves.
        heir: Who goes on; None: nobody.
        at: From when on, aware UTC.
        by: User name of who asked for it.
        now: The instant, aware UTC.
    """
    for kind in _KINDS.values():
        rows = _held(session, kind, person, at)
        goes = _passing(session, kind, rows, heir, at)
        _end(session, kind, [row for row in rows if row not in goes or row["since"] < at], at, by)
        _give(session, kind, goes, heir, at, {"entered_at": now, "entered_by": by})


def _passing(session: Session, kind: _Kind, rows: list[Row], heir: int | None, at: datetime) -> list[Row]:
    """Rows that go to the other, or to the unit: not what the other holds already."""
    if not kind.passes or (heir is None and not kind.of_unit):
        return []
    held = _held(session, kind, heir, at) if heir is not None else []
    there = {(kind.same(row), row["since"] <= at or row["since"]) for row in held}
    return [row for row in rows if (kind.same({**row, "staff_id": heir}), row["since"] <= at or row["since"]) not in there]


def _end(session: Session, kind: _Kind, rows: Iterable[Row], at: datetime, by: str) -> None:
    for row in rows:
        end = max(at, row["since"])
        values = {"ended_at": end, "ended_by": by} if "ended_at" in kind.of.c else {"until": end}
        connection_of(session).execute(update(kind.of).where(kind.of.c.id == row["id"]).values(values))


def _give(session: Session, kind: _Kind, rows: Iterable[Row], heir: int | None, at: datetime, stamps: Mapping[str, Any]) -> None:
    """What is under way is the other's from that moment on, what is to come from its first day."""
    run = connection_of(session).execute
    for row in rows:
        if row["since"] >= at:
            run(update(kind.of).where(kind.of.c.id == row["id"]).values(staff_id=heir))
        else:
            kept = {name: value for name, value in row.items() if name != "id"}
            run(insert(kind.of).values({**kept, **stamps, "staff_id": heir, "since": at}))
