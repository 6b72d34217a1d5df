"""What the routing catalogue could learn: rulings of the last weeks that are no row of it yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Case, Journal, connection_of, table
from rules.facts import Actor
from services.catalogue import catalogue
from services.routing.learning import LEFT, ruling_of
from services.routing.stored import routing_file, versions
from services.versions import DRAFT
from services.visibility import visible_cases

_case, _journal = table(Case), table(Journal)
SINCE: Final = timedelta(days=30)  #: how far back rulings are looked for
MOST: Final = 20  #: cases that are proposed at a time
_CASE: Final = "BH-"  #: how the number of a case begins
_SIGNS: Final = (*sorted(LEFT), "uphold_return")


@dataclass(frozen=True, slots=True)
class Lesson:
    """A case on which somebody ruled, and that no row rests on yet.

    Attributes:
        case: Number, subject, category and area of it, as the database has them.
        lead: Unit that was ruled to lead.
        co: Co-handlers that were named with it.
    """

    case: Mapping[str, Any]
    lead: int
    co: tuple[int, ...]


def lessons(session: Session, viewer: Actor, now: datetime) -> list[Lesson]:
    """Rulings of the last 30 days from which a row could be made, newest case first. Changes nothing.

    Args:
        session: The unit of work.
        viewer: Who asks: only cases that he or she sees.
        now: The instant, aware UTC.
    """
    ruled = select(_journal.c.seq).where(_journal.c.case_id == _case.c.id, _journal.c.action.in_(_SIGNS)).exists()
    columns = (_case.c.id, _case.c.no, _case.c.subject, _case.c.category, _case.c.area_unit_id)
    wanted = select(*columns).where(
        _case.c.submitted_at > now - SINCE,
        _case.c.category.is_not(None),
        _case.c.no.not_in(sorted(_learnt(session))),
        ruled,
        visible_cases(session, viewer),
    )
    rows = connection_of(session).execute(wanted.order_by(_case.c.submitted_at.desc()).limit(MOST)).mappings()
    found = ((dict(row), ruling_of(session, row)) for row in rows.all())
    return [Lesson(case, ruling.lead, ruling.co) for case, ruling in found if ruling is not None]


def _learnt(session: Session) -> Iterator[str]:
    """Cases on which a row rests: of the version in force, or of a draft."""
    drafts = [each.version for each in versions(session) if each.state == DRAFT]
    for rows in (catalogue(session).routing.routes, *(routing_file(session, version).routes for version in drafts)):
        yield from (row.basis for row in rows if row.basis.startswith(_CASE))
