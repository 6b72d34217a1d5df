"""Supervision orders (督办单) as a desk looks at them: all of one's area for the centre and who signs, one's own for a unit."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from models import Case, Clock, SupervisionOrder, connection_of, table
from rules.facts import RELATIONS, Actor, Facts, Refused, State, SupervisionState, Who
from services.catalogue import Catalogue, catalogue
from services.privacy.masking import masked
from services.supervision import label_of
from services.visibility import places_of, units_of, visible_cases

MOST: Final = 200  #: orders listed at once
_case, _order, _clock = table(Case), table(SupervisionOrder), table(Clock)
Row = Mapping[str, Any]
#: Part of the desk → states of the orders in it, as they are shown.
PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "proposed": (SupervisionState.PROPOSED.value,),
    "signed": (SupervisionState.SIGNED.value,),
    "replied": (SupervisionState.REPLIED.value,),
    "verified": (SupervisionState.VERIFIED.value,),
    "ended": (SupervisionState.WRITTEN_OFF.value, SupervisionState.DISMISSED.value),
}
_RUNNING: Final = and_(_clock.c.case_id == _order.c.case_id, _clock.c.supervision_seq == _order.c.seq, _clock.c.stopped_at.is_(None))
_CLOCK: Final = tuple(column.name for column in _clock.c)
_CASE: Final = ("no", "subject", "place", "area_unit_id", "urgency", "sensitive")


def counted(session: Session, viewer: Actor) -> dict[str, int]:
    """How many orders stand in each part of the desk."""
    wanted = select(_order.c.state, func.count()).select_from(_order.join(_case, _case.c.id == _order.c.case_id))
    found = connection_of(session).execute(wanted.where(_theirs(session, viewer)).group_by(_order.c.state))
    states = {row[0]: int(row[1]) for row in found}
    return {part: sum(states.get(state, 0) for state in held) for part, held in PARTS.items()}


def waiting(session: Session, viewer: Actor) -> int:
    """How many orders wait for this person's post: to be signed, looked at or written off; of a unit's own, to be put right."""
    counts = counted(session, viewer)
    keeps = "duty_leader" in viewer.roles or viewer.covers is not None
    return counts["proposed"] + counts["replied"] + counts["verified"] if keeps else counts["signed"]


def listed(session: Session, viewer: Actor, part: str) -> list[Row]:
    """The orders of one part, the soonest due first; of those that have ended the newest first.

    Args:
        session: The unit of work; nothing is changed.
        viewer: Who looks.
        part: Of `PARTS`.

    Returns:
        Rows of the order with `no`, `subject`, `place`, `area_unit_id` of its case, `clock` (its open clock, or None) and `label`.
    """
    wanted = _joined().where(_theirs(session, viewer), _order.c.state.in_(PARTS[part]))
    first = _order.c.ended_at.desc() if part == "ended" else _clock.c.due_at
    return [_row(row) for row in connection_of(session).execute(wanted.order_by(first, _order.c.id).limit(MOST)).mappings()]


def one_of(session: Session, viewer: Actor, no: str, seq: int) -> Row:
    """One order that is at this person's desk.

    Raises:
        Refused: `unknown_case`: whether there is one that he does not see is not told either.
    """
    wanted = _joined().where(_theirs(session, viewer), _case.c.no == no, _order.c.seq == seq)
    row = connection_of(session).execute(wanted).mappings().one_or_none()
    if row is None:
        raise Refused("unknown_case", case=no)
    return _row(row)


def may_sign(order: Row, viewer: Actor, known: Catalogue) -> bool:
    """Whether this person's post signs for the place of the order's case."""
    return RELATIONS[Who.SIGNER](viewer, Facts(State.NOTED, order["urgency"], area_line=known.line(order["area_unit_id"])))


def _theirs(session: Session, viewer: Actor) -> ColumnElement[bool]:
    """Units, and whoever looks at results near the place, see an order once it is signed."""
    seen = visible_cases(session, viewer)
    if "duty_leader" in viewer.roles or viewer.covers is not None or "admin" in viewer.roles:
        return seen
    known = catalogue(session)
    own = _order.c.unit_id.in_(sorted(units_of(viewer, known)))
    near = _case.c.area_unit_id.in_(sorted(places_of(viewer, known)))
    return seen & or_(own, near) & (_order.c.state != SupervisionState.PROPOSED.value)


def _joined() -> Any:  # noqa: ANN401 - a Select
    joined = _order.join(_case, _case.c.id == _order.c.case_id).outerjoin(_clock, _RUNNING)
    return select(*_order.c, *(_case.c[n] for n in _CASE), *(_clock.c[n].label(f"clock_{n}") for n in _CLOCK)).select_from(joined)


def _row(row: Mapping[Any, Any]) -> Row:
    clock = {name: row[f"clock_{name}"] for name in _CLOCK}
    told = {name: value for name, value in row.items() if not name.startswith("clock_")}
    label = label_of(row["number"], row["no"], row["seq"])
    words = {name: masked(row[name]) for name in ("subject", "demand")}
    return told | words | {"clock": clock if clock["id"] is not None else None, "label": label}
