"""Whether a unit has heard of its work order at all, before anybody calls it late."""

from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models import Message, connection_of, table
from services.catalogue import Catalogue
from services.moves import Draft, Row

_message = table(Message)
#: Delivery states in which a message has reached somebody, as far as its channel can tell.
TAKEN: Final = ("accepted", "delivered")
_TAKEN: Final = select(_message.c.case_id, _message.c.staff_id, _message.c.queued_at).where(
    _message.c.case_id.in_(bindparam("ids", expanding=True)), _message.c.state.in_(TAKEN), _message.c.staff_id.is_not(None)
)
Silent = tuple[Draft, Row]


def gave_no_sign(order: Row) -> bool:
    """Whether nobody in the unit has acknowledged the work order or acted on it; deemed acknowledged is no sign."""
    if order["acknowledged_at"] is not None and not order["deemed"]:
        return False
    acted = (order[c] for c in ("assigned_unit_id", "contacted_at", "controlled_at", "finished_at", "extension_no"))
    return not order["stages"] and all(value is None for value in acted)


def unheard(session: Session, silent: Collection[Silent]) -> set[tuple[int, int]]:
    """Of work orders that gave no sign, those of which no message has reached anybody who answers for the unit.

    One query for all of them.

    Args:
        session: The unit of work.
        silent: Cases with the work order in question.

    Returns:
        Ids of the cases, with the number of the work order.
    """
    if not silent:
        return set()
    ids = sorted({draft.case["id"] for draft, _ in silent})
    taken: dict[int, list[tuple[int, object]]] = {}
    for row in connection_of(session).execute(_TAKEN, {"ids": ids}):
        taken.setdefault(row.case_id, []).append((row.staff_id, row.queued_at))
    return {(d.case["id"], o["no"]) for d, o in silent if not _reached(d, o, taken.get(d.case["id"], ()))}


def _reached(draft: Draft, order: Row, taken: Iterable[tuple[int, object]]) -> bool:
    answering = answers_for(draft.catalogue, order["unit_id"])
    return any(person in answering and at >= order["sent_at"] for person, at in taken)


def answers_for(catalogue: Catalogue, unit_id: int) -> set[int]:
    """Ids of the people who may hear for a unit: its own, their deputies, and whoever is on its duty roster."""
    own = catalogue.by_unit.get(unit_id, ())
    deputies = {p.deputy_id for p in own if p.deputy_id is not None}
    return {p.id for p in own} | deputies | {d.person_id for d in catalogue.duties if d.unit_id == unit_id}
