"""Moves of many supervision orders at once, with a result for each: signing a day's worth is one call and one unit of work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models import Case, SupervisionOrder, connection_of, table
from rules.facts import FINAL, RELATIONS, Actor, Facts, Refused, State, SupervisionState, Thing, Who
from services.catalogue import catalogue
from services.moves import Conflict, Intent, Moved, Setting, make_moves
from services.supervision.references import Ref, label_of, refs_of

_case, _order = table(Case), table(SupervisionOrder)
_NUMBERS: Final = select(_order.c.case_id, _order.c.seq, _order.c.number).where(_order.c.case_id.in_(bindparam("ids", expanding=True)))
_WAITING: Final = (
    select(*(_order.c[name] for name in ("number", "seq", "unit_id", "demand")))
    .add_columns(*(_case.c[name] for name in ("no", "area_unit_id", "urgency", "state", "subject")))
    .select_from(_order.join(_case, _case.c.id == _order.c.case_id))
    .where(_order.c.state == SupervisionState.PROPOSED.value)
    .order_by(_order.c.proposed_at, _order.c.case_id, _order.c.seq)
)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one supervision order.

    Attributes:
        name: How it was called by who asked.
        label: How it is called now; a signature gives it its number.
        outcome: `Moved`, `Refused` or `Conflict`.
    """

    name: str
    label: str
    outcome: Moved | Refused | Conflict

    @property
    def done(self) -> bool:
        """Whether the move was made."""
        return isinstance(self.outcome, Moved)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A supervision order that waits for a signature.

    Attributes:
        name: What it is called.
        unit_id: The unit addressed.
        demand: What is demanded; the subject of the case where nothing was written.
        closed: Whether its case has ended.
    """

    name: str
    unit_id: int
    demand: str
    closed: bool


def ask(
    session: Session, names: Sequence[str], action: str, actor: Actor, setting: Setting, args: Mapping[str, object] | None = None
) -> list[Result]:
    """Make one move of each of these supervision orders; one that is refused holds up no other.

    Args:
        session: The unit of work; committed by the caller.
        names: Numbers, `BH-…#7`, or cases with one open order.
        action: As in the table of moves, e.g. `sign`.
        actor: Who asks.
        setting: The instant.
        args: What is handed in, the same for all: limit, reason, result, after, …

    Returns:
        A result for each name, in order.
    """
    found = refs_of(session, names)
    refs = [ref for ref in found if isinstance(ref, Ref)]
    made = iter(make_moves(session, [Intent(r.case_id, action, actor, Thing.SUPERVISION, r.seq, dict(args or {})) for r in refs], setting))
    outcomes = [next(made) if isinstance(ref, Ref) else ref for ref in found]
    numbers = _numbers(session, refs)
    return [
        Result(name, numbers.get((ref.case_id, ref.seq)) or ref.label if isinstance(ref, Ref) else name, outcome)
        for name, ref, outcome in zip(names, found, outcomes, strict=True)
    ]


def _numbers(session: Session, refs: Sequence[Ref]) -> dict[tuple[int, int], str | None]:
    ids = sorted({ref.case_id for ref in refs})
    rows = connection_of(session).execute(_NUMBERS, {"ids": ids}) if ids else ()
    return {(row.case_id, row.seq): row.number for row in rows}


def waiting_for(session: Session, actor: Actor) -> list[Waiting]:
    """The supervision orders that wait for a signature and that this person may sign, oldest first."""
    known, may_sign = catalogue(session), RELATIONS[Who.SIGNER]
    return [
        Waiting(label_of(row.number, row.no, row.seq), row.unit_id, row.demand or row.subject, State(row.state) in FINAL)
        for row in connection_of(session).execute(_WAITING)
        if may_sign(actor, Facts(State.NOTED, row.urgency, area_line=known.line(row.area_unit_id)))
    ]
