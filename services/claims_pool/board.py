"""The board of open orders, and what became of one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Affair, AffairPart, Case, connection_of, table
from rules.facts import Actor, Refused, Thing
from rules.handling.claims import PledgeState, PoolState
from services.affairs import find, sheet
from services.catalogue import Catalogue, catalogue
from services.mechanisms import require

_affair, _part, _case = table(Affair), table(AffairPart), table(Case)
_GONE: Final = PledgeState.RETURNED.value


@dataclass(frozen=True, slots=True)
class Open:
    """One line of the board: what is free of one line of one order.

    Attributes:
        part: Number of the line within the order.
        free: How much nobody has taken on.
        ours: The reader's unit is paired with the place.
    """

    no: str
    part: int
    title: str
    line: str
    free: int
    quantity: int
    measure: str
    skill: str
    area: str
    place: str
    opened_at: datetime
    ours: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of one line of an order.

    Attributes:
        part: Number of the line within the order.
        pledged: How much is taken on now.
        free: How much of it is still wanted and nobody has taken on.
        confirmed: How much is there, says who asked.
        units, people: How many units, and people for themselves, have taken some of it on and kept it.
        back: How much went back into the pool.
    """

    part: int
    line: str
    skill: str
    state: str
    wanted: int
    measure: str
    pledged: int
    free: int
    confirmed: int
    units: int
    people: int
    back: int


def board(session: Session, reader: Actor, now: datetime, *, skill: str = "", area: str | None = None) -> list[Open]:
    """What is free for this reader, that of the places it is paired with first, then the oldest.

    Args:
        session: The unit of work.
        reader: Who looks; orders that others have to themselves for a day are left out.
        now: The instant.
        skill: Only lines that take this skill.
        area: Only of this area and those below it, by code.

    Raises:
        Refused: `mechanism_off`, `unknown_area`.
    """
    require(session, "claims")
    known = catalogue(session)
    if area is not None and area not in known.areas:
        raise Refused("unknown_area", area=area)
    wide = known.unit_ids[area] if area is not None else None
    wanted = (_affair.c.thing == Thing.POOL.value, _affair.c.state == PoolState.OPEN.value, _case.c.sensitive.is_(None))
    joined = _affair.join(_case, _case.c.id == _affair.c.case_id)
    rows = connection_of(session).execute(select(_affair).select_from(joined).where(*wanted).order_by(_affair.c.opened_at)).mappings()
    orders = [dict(row) for row in rows if _may_claim(row, reader, now)]
    free = _free(session, [row["case_id"] for row in orders])
    found = [each for row in orders for each in _lines(row, free[row["case_id"], row["seq"]], reader, known)]
    found = [o for o in found if skill in ("", o.skill) and (area is None or wide in known.line(known.unit_ids[o.area]))]
    return sorted(found, key=lambda o: not o.ours)


def _may_claim(row: Any, reader: Actor, now: datetime) -> bool:  # noqa: ANN401 - a result row
    until = row["data"].get("first_until")
    return until is None or now.isoformat() >= until or bool(set(row["data"]["paired"]) & set(reader.body))


def _free(session: Session, ids: Sequence[int]) -> Mapping[tuple[int, int], list[tuple[Any, int]]]:
    """The lines of each order with what is free of them."""
    rows = connection_of(session).execute(select(_part).where(_part.c.case_id.in_(ids)).order_by(_part.c.no)).mappings().all()
    taken: dict[tuple[int, int], int] = defaultdict(int)
    for row in rows:
        if row["thing"] == Thing.PLEDGE.value and row["state"] != _GONE:
            taken[row["case_id"], row["data"]["want"]] += row["quantity"]
    found: dict[tuple[int, int], list[tuple[Any, int]]] = defaultdict(list)
    for row in rows:
        left = (row["quantity"] or 0) - taken[row["case_id"], row["no"]]
        if row["thing"] == Thing.WANT.value and left > 0:
            found[row["case_id"], row["seq"]].append((row, left))
    return found


def _lines(row: Any, free: Sequence[tuple[Any, int]], reader: Actor, known: Catalogue) -> list[Open]:  # noqa: ANN401 - a result row
    ours = bool(set(row["data"].get("paired") or ()) & set(reader.body))
    area = known.units[row["area_unit_id"]].code
    about = {"area": area, "place": row["place"], "opened_at": row["opened_at"], "ours": ours}
    return [
        Open(row["no"], w["no"], row["title"], w["title"], left, w["quantity"], w["measure"], w["data"].get("skill", ""), **about)
        for w, left in free
    ]


def figures(session: Session, no: str, reader: Actor | None = None) -> list[Figures]:
    """What became of an order, line by line.

    Args:
        session: The unit of work.
        no: Its number.
        reader: Who looks; None: the program itself.

    Raises:
        Refused: `unknown_affair`, `restricted`.
    """
    return figures_of(sheet(session, find(session, no, Thing.POOL).no, reader).parts)


def figures_of(parts: Sequence[Any]) -> list[Figures]:
    """The same of the parts of an order, as they were read."""
    pledges: dict[int, list[Any]] = defaultdict(list)
    for part in parts:
        if part["thing"] == Thing.PLEDGE.value:
            pledges[part["data"]["want"]].append(part)
    return [_figures(want, pledges[want["no"]]) for want in parts if want["thing"] == Thing.WANT.value]


def _figures(want: Any, pledges: Sequence[Any]) -> Figures:  # noqa: ANN401 - a row
    kept = [p for p in pledges if p["state"] != _GONE]
    units = {p["unit_id"] for p in kept} - {None}
    people = {(p["staff_id"], p["requester_id"]) for p in kept if p["unit_id"] is None}
    back = sum(p["data"].get("back", 0) for p in pledges)
    pledged = sum(p["quantity"] for p in kept)
    about = (want["no"], want["title"], want["data"].get("skill", ""), want["state"], want["quantity"], want["measure"])
    return Figures(*about, pledged, want["quantity"] - pledged, want["done"] or 0, len(units), len(people), back)
