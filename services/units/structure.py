"""What a change does to the units themselves, in one commit and before any case is moved: from then on nothing new reaches the old unit."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from models import DutyRoster, Handover, Staff, Unit, UnitName, connection_of, table
from services.catalogue import Catalogue
from services.units.affected import open_handovers

_unit, _name, _staff = table(Unit), table(UnitName), table(Staff)
_roster, _handover = table(DutyRoster), table(Handover)
_KEPT: Final = ("kind", "parent_id", "supervising_id", "calendar")  #: what a part has in common with the unit it was made of
Changed = Mapping[str, Any]


def rename(session: Session, known: Catalogue, change: Any) -> Changed:  # noqa: ANN401 - a result row
    """Give a unit its new name and keep the old one for its history."""
    run, old = connection_of(session).execute, known.names[change.unit_id]
    run(insert(_name).values(unit_id=change.unit_id, until=change.effective_at, zh=old.zh, en=old.en))
    run(update(_unit).where(_unit.c.id == change.unit_id).values(zh=change.to["zh"], en=change.to["en"]))
    return {}


def merge(session: Session, known: Catalogue, change: Any, now: datetime) -> Changed:  # noqa: ANN401 - a result row
    """Retire a unit: its people, what lies below it and whoever it supervised are the successor's from now on."""
    run, old, heir = connection_of(session).execute, change.unit_id, known.present(change.to["into"])
    run(update(_unit).where(_unit.c.id == old).values(retired_at=change.effective_at, successor_id=heir))
    above = known.units[old].supervising_id
    run(update(_unit).where(_unit.c.supervising_id == old, _unit.c.id == heir).values(supervising_id=above))
    run(update(_unit).where(_unit.c.supervising_id == old).values(supervising_id=heir))
    below = [u.id for u in known.units.values() if u.parent_id == old and not u.retired]
    _lie_in(session, below, heir)
    run(update(_staff).where(_staff.c.unit_id == old, _staff.c.left_at.is_(None)).values(unit_id=heir))
    run(update(_roster).where(_roster.c.unit_id == old, _roster.c.until > now).values(unit_id=heir))
    run(update(_handover).where(*open_handovers(_handover.c.unit_id == old)).values(unit_id=heir))
    return {"into": heir, "parents": {str(unit): old for unit in below}}


def split(session: Session, known: Catalogue, change: Any, now: datetime) -> Changed:  # noqa: ANN401 - a result row
    """Make the parts, with the people and the units below that the table names."""
    run, old = connection_of(session).execute, change.unit_id
    row = run(select(_unit).where(_unit.c.id == old)).mappings().one()
    first = int(run(select(func.max(_unit.c.id))).scalar_one()) + 1  # seeded ids do not count the database's own sequence on
    ids = {part["code"]: first + i for i, part in enumerate(change.to["parts"])}
    kept = {name: row[name] for name in _KEPT}
    run(insert(_unit), [{**kept, **part, "id": ids[part["code"]]} for part in change.to["parts"]])
    parents: dict[str, int] = {}
    for share in change.to["shares"]:
        part = ids.get(share["unit"])
        if part is None:
            continue
        if share["user"] is not None:
            _go_along(session, known.people[share["user"]].id, old, part, now)
        below = known.unit_ids.get(share["area"] or "")
        if share["category"] is None and below is not None and known.units[below].parent_id == old:
            _lie_in(session, [below], part)
            parents[str(below)] = old
    return {"ids": ids, "parents": parents}


def _lie_in(session: Session, units: Iterable[int], parent: int) -> None:
    found = sorted(units)
    if found:
        connection_of(session).execute(update(_unit).where(_unit.c.id.in_(found)).values(parent_id=parent))


def _go_along(session: Session, person: int, old: int, part: int, now: datetime) -> None:
    run = connection_of(session).execute
    run(update(_staff).where(_staff.c.id == person, _staff.c.unit_id == old).values(unit_id=part))
    mine = (_roster.c.staff_id == person, _roster.c.unit_id == old, _roster.c.until > now)
    run(update(_roster).where(*mine).values(unit_id=part))
