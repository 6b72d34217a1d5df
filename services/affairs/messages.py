"""What an affair had said to whom: its notices with how far each has come, and whom its newest move has told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from models import Message, Receipt, connection_of, table
from rules.facts import Actor
from services.affairs.reading import AffairSheet, Ref, masks, opened_affair
from services.catalogue import Catalogue, catalogue
from services.moves import Row
from services.privacy.masking import masked

_message, _receipt = table(Message), table(Receipt)
RESIDENT = "resident"  #: how a resident is called, whoever it is


@dataclass(frozen=True, slots=True)
class Told:
    """One notice of an affair to one recipient.

    Attributes:
        to: User name of the staff, code of a unit whose duty phone it is, or `resident`.
        part: The part that it is about; None: the affair itself.
        wording: As it was sent; None: it has not been worded yet.
        tries: How often it was handed to the channel.
        receipts: What the provider said of it, in order.
    """

    at: datetime
    to: str
    channel: str
    notice: str
    part: int | None
    state: str
    wording: str | None
    tries: int
    sent_at: datetime | None
    delivered_at: datetime | None
    error: str | None
    receipts: tuple[str, ...] = ()


def messages_of(session: Session, no: str, reader: Actor | None) -> list[Told]:
    """Every notice of an affair, oldest first, for whoever may read the affair; numbers in it are blotted out as in the affair itself.

    Raises:
        Refused: `unknown_affair`, `restricted`.
    """
    return messages_in(session, opened_affair(session, no, reader), reader)


def messages_in(session: Session, found: AffairSheet, reader: Actor | None) -> list[Told]:
    """The same of an affair that has been read already, as this reader may see it."""
    row, known = found.affair, catalogue(session)
    blot = masks(row, reader)
    return [_told(each, said, known, blot=blot) for each, said in _with_receipts(session, _rows(session, row["case_id"], row["seq"]))]


def told_by(session: Session, ref: Ref, at: datetime) -> list[str]:
    """Whom the move that was made at this instant has told: each once, as `Told.to` names them. For whoever has made it."""
    known = catalogue(session)
    names = [_to(row, known) for row in _rows(session, ref.case_id, ref.seq) if row["queued_at"] == at]
    return list(dict.fromkeys(names))


def _rows(session: Session, case_id: int, seq: int) -> list[Row]:
    rows = connection_of(session).execute(select(_message).where(_message.c.case_id == case_id).order_by(_message.c.id)).mappings()
    return [dict(row) for row in rows if row["about"].get("affair") == seq]


def _with_receipts(session: Session, rows: list[Row]) -> Iterable[tuple[Row, tuple[str, ...]]]:
    """Each message with what the provider said of it; one that was tried in several ways has a number for each."""
    run = connection_of(session).execute
    sent = {(row["channel"], row["provider_id"]): row["id"] for row in rows if row["provider_id"] is not None}
    said: dict[int, list[str]] = {}
    if sent:
        wanted = select(_receipt).where(tuple_(_receipt.c.channel, _receipt.c.provider_id).in_(list(sent)))
        for receipt in run(wanted.order_by(_receipt.c.received_at)).mappings():
            said.setdefault(sent[receipt["channel"], receipt["provider_id"]], []).append(receipt["status"])
    return [(row, tuple(said.get(row["id"], ()))) for row in rows]


def _told(row: Row, receipts: tuple[str, ...], known: Catalogue, *, blot: bool) -> Told:
    words = masked(row["wording"]) if blot and row["wording"] else row["wording"]
    how: dict[str, Any] = {name: row[name] for name in ("channel", "notice", "state", "sent_at", "delivered_at", "error")}
    return Told(
        row["queued_at"], _to(row, known), part=row["about"].get("part"), wording=words, tries=row["attempts"], receipts=receipts, **how
    )


def _to(row: Row, known: Catalogue) -> str:
    person, unit = known.by_id.get(row["staff_id"]), known.units.get(row["unit_id"])
    if person is not None:
        return person.name
    return RESIDENT if unit is None else unit.code
