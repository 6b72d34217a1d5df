"""What was said in lists of the day, score sheets and bulletins: numbers of people are blotted out of it once it is old enough."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from models import DutyRemark, Objection, ScoreItem, ScoreSheet, connection_of, table
from services.privacy.blotting import blot

_remark, _sheet, _item, _objection = table(DutyRemark), table(ScoreSheet), table(ScoreItem), table(Objection)


def blotted(session: Session, before: datetime) -> int:
    """Blot numbers out of what was said before an instant, of a case or of none; may run twice.

    Args:
        session: The unit of work; holds the write lock.
        before: Aware UTC.

    Returns:
        How many rows were changed.
    """
    sheets = select(_sheet.c.id).where(_sheet.c.scored_at < before)
    said = (
        (_remark, ("words",), _remark.c.at < before),
        (_sheet, ("place", "appeal", "answer"), _sheet.c.scored_at < before),
        (_item, ("reason",), _item.c.sheet_id.in_(sheets)),
        (_objection, ("reason", "answer"), _objection.c.asked_at < before),
    )
    return sum(blot(session, of, columns, which) for of, columns, which in said)


def named(session: Session, hashes: Collection[str]) -> set[str]:
    """Which of these files are photos of a score sheet, and kept with it."""
    if not hashes:
        return set()
    rows = connection_of(session).execute(select(_item.c.photos).where(cast(_item.c.photos, Text) != "[]")).scalars()
    return {photo["sha256"] for photos in rows for photo in photos} & set(hashes)
