"""Putting a dispute on record, and reading where it stands: with whom, who waits for whom, what both sides have signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from rules.facts import Actor, Refused, Thing
from rules.handling.disputes import DiversionState, JointState
from services.affairs import Began, Plan, begin, find, open_on, sheet
from services.affairs.elsewhere import check_not_at_law
from services.affairs.voices import Voice, resolved
from services.catalogue import catalogue
from services.mechanisms import require
from services.moves import Setting

CODE: Final = "disputes"


@dataclass(frozen=True, slots=True)
class Raised:
    """A dispute as it is put on record.

    Attributes:
        title: What it is about; of a sensitive kind in neutral words, because the case file is named so.
        kind: Code of a kind (seeds/disputes.toml).
        voices: Who takes part; those with the role `party` are its sides.
        unit: Code of the unit to which it is pushed; None: that of whoever opens it.
        source: Code of the body from which it comes; its `reference` there.
        pending: Code of a body that has it before it already: refused where that is a procedure of law.
    """

    title: str
    kind: str
    voices: Sequence[Voice] = ()
    body: str = ""
    place: str = ""
    unit: str | None = None
    source: str | None = None
    reference: str | None = None
    pending: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a dispute stands.

    Attributes:
        with_body: The body that has it now; None: we have it.
        waits_for_us: Bodies that wait to hear from us.
        facts: Facts that both police and grid have signed, and those that one has.
        due: The next moment of any of its clocks.
    """

    no: str
    state: str
    with_body: str | None
    waits_for_us: list[str]
    checked: int
    one_sided: int
    due: datetime | None


def raise_dispute(
    session: Session, raised: Raised, actor: Actor, setting: Setting, cases: Sequence[str] = (), area: str | None = None
) -> Began:
    """Put a dispute on record, on cases or on none.

    Raises:
        Refused: `mechanism_off`, `unknown_dispute`, `unknown_body`, `handled_elsewhere`, and what the table says.
    """
    require(session, CODE)
    known = catalogue(session)
    if raised.unit is not None and raised.unit not in known.unit_ids:
        raise Refused("unknown_unit", unit=raised.unit)
    texts = {name: getattr(raised, name) or None for name in ("title", "kind", "body", "place", "source", "reference", "pending")}
    unit = known.unit_ids[raised.unit] if raised.unit else None
    check_not_at_law(session, cases)
    plan = Plan("open_dispute", {**texts, "unit": unit, "voices": resolved(session, raised.voices) or None})
    return open_on(session, list(cases), plan, actor, setting) if cases else begin(session, plan, actor, setting, area)


def standing(session: Session, no: str, reader: Actor | None = None) -> Standing:
    """Where a dispute stands, on both sides.

    Raises:
        Refused: `unknown_affair`, `restricted`.
    """
    find(session, no, Thing.DISPUTE)
    found = sheet(session, no, reader)
    ways = [p for p in found.parts if p["thing"] == Thing.DIVERSION]
    joint = [p["state"] for p in found.parts if p["thing"] == Thing.JOINT]
    there = [p["role"] for p in ways if p["state"] in (DiversionState.SENT, DiversionState.TAKEN)]
    return Standing(
        found.affair["no"],
        found.affair["state"],
        there[0] if there else None,
        [p["role"] for p in ways if p["state"] == DiversionState.HERE],
        joint.count(JointState.CHECKED.value),
        joint.count(JointState.ONE_SIDED.value),
        min((clock["due_at"] for clock in found.clocks), default=None),
    )
