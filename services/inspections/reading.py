"""Reading inspections: who may see one before it is released, what was found, and the figures that everybody can count again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Affair, connection_of, table
from rules.facts import Actor, Refused, Thing
from rules.handling.inspections import FindingState
from services.affairs import AffairSheet, sheet
from services.affairs.reading import may_know
from services.moves import Row

_affair = table(Affair)
_HANDED: Final = (FindingState.HANDED_OUT, FindingState.CORRECTED, FindingState.WRITTEN_OFF)


@dataclass(frozen=True, slots=True)
class Figures:
    """What an inspection has come to.

    Attributes:
        findings: Problems written down.
        quantity: How many things they are in all, by item of the checklist; a problem without a number counts as one.
        amounts: How much they come to, by measure; a problem without a number is in none of them.
        handed_out, corrected, written_off: Problems that came at least so far; corrected ones that were late besides.
        by_unit: Problems by unit.
    """

    findings: int
    handed_out: int
    corrected: int
    written_off: int
    late: int
    quantity: Mapping[str, int] = field(default_factory=dict)
    amounts: Mapping[str, int] = field(default_factory=dict)
    by_unit: Mapping[int, int] = field(default_factory=dict)


def seen(session: Session, no: str, reader: Actor) -> AffairSheet:
    """One inspection whole.

    Raises:
        Refused: `unknown_affair`: there is none, or it is not to be known.
    """
    found = sheet(session, no, reader)
    if found.affair["thing"] != Thing.INSPECTION:
        raise Refused("unknown_affair", affair=no)
    return found


def visible(session: Session, reader: Actor, limit: int = 50) -> list[Row]:
    """Inspections that somebody may know of, newest first."""
    rows = connection_of(session).execute(
        select(_affair).where(_affair.c.thing == Thing.INSPECTION.value).order_by(_affair.c.opened_at.desc(), _affair.c.no.desc())
    )
    return [row for row in map(dict, rows.mappings()) if may_know(row, reader)][:limit]


def figures(parts: Sequence[Row]) -> Figures:
    """The figures of an inspection, counted from its findings."""
    quantity: Counter[str] = Counter()
    amounts: Counter[str] = Counter()
    for part in parts:
        quantity[part["data"].get("item") or "other"] += part["quantity"] or 1
        if part["quantity"] is not None:
            amounts[part["measure"]] += part["quantity"]
    corrected = [p for p in parts if p["state"] in (FindingState.CORRECTED, FindingState.WRITTEN_OFF)]
    return Figures(
        findings=len(parts),
        handed_out=sum(p["state"] in _HANDED for p in parts),
        corrected=len(corrected),
        written_off=sum(p["state"] == FindingState.WRITTEN_OFF for p in parts),
        late=sum(bool(p["data"].get("late")) for p in corrected),
        quantity=dict(sorted(quantity.items())),
        amounts=dict(sorted(amounts.items())),
        by_unit=dict(Counter(p["unit_id"] for p in parts)),
    )
