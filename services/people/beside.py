"""Affairs in somebody's name: what a person who leaves is in charge of, or has a part in."""

from collections.abc import Sequence

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session

from models import Affair, AffairPart, connection_of, table
from services.moves import Draft
from services.moves.affairs.base import touch_affair, touch_part

_affair, _part = table(Affair), table(AffairPart)
_SAME = (_affair.c.case_id == _part.c.case_id) & (_affair.c.seq == _part.c.seq)


def _own(person: int, column: str) -> tuple[Select[tuple[object]], Select[tuple[object]]]:
    """A column of the open affairs that somebody is in charge of, and of those in which he or she has a part."""
    in_charge = select(_affair.c[column]).where(_affair.c.staff_id == person, _affair.c.ended_at.is_(None))
    taking_part = select(_affair.c[column]).join_from(_part, _affair, _SAME).where(_part.c.staff_id == person, _affair.c.ended_at.is_(None))
    return in_charge, taking_part


def affairs_of(session: Session, person: int) -> list[str]:
    """Numbers of the open affairs that somebody is in charge of or has a part in."""
    return sorted(str(no) for no in connection_of(session).execute(union(*_own(person, "no"))).scalars())


def case_files_of(session: Session, person: int, after: int, most: int) -> Sequence[int]:
    """Case files with such affairs, in order."""
    every = union(*_own(person, "case_id")).subquery()
    wanted = select(every.c.case_id).where(every.c.case_id > after).order_by(every.c.case_id).limit(most)
    return list(connection_of(session).execute(wanted).scalars())


def pass_on(draft: Draft, person: int, other: int | None) -> list[str]:
    """Put somebody else in place of a person in the open affairs of a case file; in the draft.

    Args:
        draft: The case file with its affairs; changed in place.
        person: Who leaves.
        other: Who goes on; None: the unit whose affair or part it is.

    Returns:
        Numbers of these affairs.
    """
    found = []
    for seq, row in draft.affairs.items():
        if row["ended_at"] is not None:
            continue
        own = [part for part in draft.parts_of(seq) if part["staff_id"] == person]
        for part in own:
            unit = part["unit_id"] or draft.catalogue.by_id[person].unit_id
            touch_part(draft, part["no"], staff_id=other, unit_id=unit if other is None else part["unit_id"])
        in_charge = row["staff_id"] == person
        if in_charge:
            touch_affair(draft, seq, staff_id=other)
        if own or in_charge:
            found.append(row["no"])
    return found
