"""Tickets that somebody else passed on to us (12345 and the like): their number, their limit, and whether the answer has gone back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from models import Case, connection_of, table

_case = table(Case)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A case that came from upstream.

    Attributes:
        subject: None where it is for named readers only.
        due_at: Limit set upstream, if one was set.
        reply_to: Where and how the answer goes back.
        replied_at: When it went back; None: it has not yet.
    """

    system: str
    upstream_no: str
    no: str
    state: str
    urgency: str
    subject: str | None
    due_at: datetime | None
    reply_to: str | None
    replied_at: datetime | None


def tickets(session: Session, *, open_only: bool = False, limit: int = 200) -> list[Ticket]:
    """Cases that came from upstream: unanswered ones first, by their limit.

    Args:
        session: The unit of work.
        open_only: Only those whose answer has not gone back yet, whatever state the case is in.
        limit: How many.
    """
    c = _case.c
    subject = case((c.sensitive.is_(None), c.subject), else_=None).label("subject")
    columns = (c.upstream_system, c.upstream_no, c.no, c.state, c.urgency, subject, c.outside_due_at, c.upstream_reply_to)
    wanted = select(*columns, c.upstream_replied_at).where(c.upstream_no.is_not(None))
    if open_only:
        wanted = wanted.where(c.upstream_replied_at.is_(None))
    order = (c.upstream_replied_at.is_not(None), func.coalesce(c.outside_due_at, c.submitted_at), c.id)
    return [Ticket(*row) for row in connection_of(session).execute(wanted.order_by(*order).limit(limit))]
