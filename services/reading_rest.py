"""What a case read in full says besides its rows: rungs that fired, whom a message went to, its tries and what came of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from models import Attempt, Receipt, RungFiring, connection_of, table
from services.catalogue import Catalogue
from services.moves import Row

_firing, _attempt, _receipt = table(RungFiring), table(Attempt), table(Receipt)


def add_fired(session: Session, clocks: Sequence[Row]) -> None:
    """To each clock the codes of the rungs that have fired, in order, as `fired`."""
    by_id: dict[int, list[str]] = {clock["id"]: [] for clock in clocks}
    wanted = select(_firing).where(_firing.c.clock_id.in_(by_id)).order_by(_firing.c.fired_at, _firing.c.due_at)
    for row in connection_of(session).execute(wanted):
        by_id[row.clock_id].append(row.rung)
    for clock in clocks:
        clock["fired"] = by_id[clock["id"]]


def add_recipients(messages: Iterable[Row], known: Catalogue) -> None:
    """To each message whom it went to, as `to`: a user name, the code of a unit, or `resident`."""
    names = {person.id: person.name for person in known.people.values()}
    for message in messages:
        unit = known.units.get(message["unit_id"])
        message["to"] = names.get(message["staff_id"], unit.code if unit is not None else "resident")


def add_attempts(session: Session, messages: Iterable[Row]) -> None:
    """To each message its tries in order, and what the provider said later: `tries` and `receipts`."""
    by_id: dict[int, Row] = {message["id"]: message for message in messages}
    for message in by_id.values():
        message |= {"tries": [], "receipts": []}
    for tried in _rows(session, select(_attempt).where(_attempt.c.message_id.in_(by_id)).order_by(_attempt.c.no)):
        by_id[tried["message_id"]]["tries"].append(tried)
    sent = {(m["channel"], m["provider_id"]): m for m in by_id.values() if m["provider_id"] is not None}
    said = select(_receipt).where(tuple_(_receipt.c.channel, _receipt.c.provider_id).in_(list(sent))).order_by(_receipt.c.received_at)
    for receipt in _rows(session, said) if sent else ():
        sent[receipt["channel"], receipt["provider_id"]]["receipts"].append(receipt)


def _rows(session: Session, wanted: Any) -> list[Row]:  # noqa: ANN401 - a select of any columns
    return [dict(row) for row in connection_of(session).execute(wanted).mappings()]
