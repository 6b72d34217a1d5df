"""A refusal that a move is somebody else's names the unit whose it is, where whoever asks may know of the affair."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Affair, AffairPart, connection_of, table
from rules.facts import Refused, Thing, Who
from rules.lifecycle import MOVES
from services.catalogue import catalogue

_affair, _part = table(Affair), table(AffairPart)


@contextmanager
def naming_whose(session: Session, case_id: int, seq: int, part: int | None = None) -> Iterator[None]:
    """Have `not_yours` say of which unit the move is: the part's own where the table gives it to the party, else the affair's.

    Of an affair that is hidden, and of a part that is a resident's or a person's own, no unit is named.

    Args:
        session: The unit of work.
        case_id: Case file with which the affair is kept.
        seq: The affair.
        part: Number of the part that the move is of.

    Raises:
        Refused: what was refused.
    """
    try:
        yield
    except Refused as refusal:
        if refusal.code == "not_yours" and "whose" not in refusal.details:
            unit_id = _unit_of(session, (case_id, seq, part), str(refusal.details.get("action")))
            refusal.details |= {"whose": catalogue(session).units[unit_id].code} if unit_id is not None else {}
        raise


def _unit_of(session: Session, key: tuple[int, int, int | None], action: str) -> int | None:
    run, (case_id, seq, part) = connection_of(session).execute, key
    row = run(select(_affair.c.unit_id, _affair.c.hidden).where(_affair.c.case_id == case_id, _affair.c.seq == seq)).one()
    who = {each for move in MOVES if move.action == action and move.thing is not Thing.CASE for each in move.who}
    if row.hidden:
        return None
    if part is not None and Who.PARTY in who:
        theirs: int | None = run(select(_part.c.unit_id).where(_part.c.case_id == case_id, _part.c.no == part)).scalar_one_or_none()
        return theirs
    return row.unit_id if Who.OWNER in who else None
