"""What was handed out follows what became of it: a unit answers once, at its case or its supervision order, and nowhere else again."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from models import AffairPart, Case, SupervisionOrder, connection_of, table
from rules.facts import SYSTEM, State, SupervisionState, Thing
from rules.handling.inspections import FindingState
from services.inspections.planning import CODE
from services.mechanisms import is_on
from services.moves import Intent, Moved, Setting, make_moves

_part, _case, _order = table(AffairPart), table(Case), table(SupervisionOrder)
_ANSWERED: Final = (SupervisionState.REPLIED, SupervisionState.VERIFIED, SupervisionState.WRITTEN_OFF)
_HANDLED: Final = (State.HANDLED, State.VERIFIED, State.FED_BACK, State.EVALUATED, State.CLOSED, State.ANSWERED)


def follow(session: Session, now: datetime) -> int:
    """Take findings as put right whose unit has answered the supervision order, or has finished the case; somebody else then looks.

    Safe to run again; nothing is locked while there is nothing new.

    Args:
        session: The unit of work; committed by the caller.
        now: The instant, aware UTC.

    Returns:
        How many findings went on.
    """
    if not is_on(session, CODE):
        return 0
    intents = list(_answered(session))
    made = make_moves(session, intents, Setting(now)) if intents else []
    return sum(isinstance(outcome, Moved) for outcome in made)


def _answered(session: Session) -> Iterator[Intent]:
    waiting = (_part.c.thing == Thing.FINDING.value, _part.c.state == FindingState.HANDED_OUT.value)
    wanted = select(_part.c.case_id, _part.c.no, _part.c.data, _case.c.state, _case.c.result, _part.c.other_case_id)
    rows = (
        connection_of(session).execute(wanted.join(_case, _case.c.id == _part.c.other_case_id).where(*waiting).order_by(_part.c.no)).all()
    )
    orders = _orders(session, rows)
    for row in rows:
        order = orders.get((row.other_case_id, row.data.get("order")))
        said = _said(row, order)
        if said is not None:
            yield Intent(row.case_id, "report_corrected", SYSTEM, Thing.FINDING, row.no, {"result": said})


def _said(row: Any, order: Any) -> str | None:  # noqa: ANN401 - result rows
    """What the unit says; None: nothing yet. Where there is a supervision order, that alone counts.

    What it said before somebody looked and found it not put right says nothing any more: then the unit reports at the finding.
    """
    if row.data.get("failed"):
        return None
    if row.data.get("order") is not None:
        return order.reply or order.state if order is not None and order.state in _ANSWERED else None
    return (row.result or row.state) if row.state in _HANDLED else None


def _orders(session: Session, rows: Any) -> dict[tuple[int, int], Any]:  # noqa: ANN401 - result rows
    """The supervision orders of these findings, by case and the entry that opened them."""
    ids = sorted({row.other_case_id for row in rows if row.data.get("order") is not None})
    if not ids:
        return {}
    found = connection_of(session).execute(select(_order).where(and_(_order.c.case_id.in_(ids))))
    return {(row.case_id, row.seq): row for row in found}
