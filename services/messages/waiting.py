"""Messages that wait: until when, why, for whom, and what a digest that waits carries. A lookup in the index of what is to be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Case, Message, table
from rules.delivery import State
from services.catalogue import catalogue
from services.messages.lost import names_of

_message, _case = table(Message), table(Case)
#: What was not taken by a channel yet; what was taken and is only asked about does not wait.
_WAITING: Final = (State.QUEUED, State.FAILED_TEMP, State.UNKNOWN)
DIGEST: Final = "digest"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message that waits.

    Attributes:
        no: Number of the case; None: it speaks of none.
        to: User name, code of the unit whose duty phone it is, or a resident's phone, masked.
        reason: Why, as the pipeline put it (`rules.delivery.Reason`, or what the provider said); None: it is its turn.
        at: When something is done about it next.
        useful_until: After this it is not sent any more.
        carries: A digest: for so many messages it speaks.
    """

    id: int
    no: str | None
    notice: str
    channel: str
    to: str
    state: str
    reason: str | None
    attempts: int
    queued_at: datetime
    at: datetime
    useful_until: datetime | None
    carries: int


def waiting(session: Session, *, channel: str | None = None, most: int = 200) -> list[Waiting]:
    """What waits, the next first.

    Args:
        session: The unit of work; nothing is changed.
        channel: Of this channel only.
        most: So many at most.
    """
    wanted = select(_message, _case.c.no.label("case_no")).outerjoin(_case, _case.c.id == _message.c.case_id)
    wanted = wanted.where(_message.c.attend_at.is_not(None), _message.c.state.in_([state.value for state in _WAITING]))
    if channel is not None:
        wanted = wanted.where(_message.c.channel == channel)
    rows = session.connection().execute(wanted.order_by(_message.c.attend_at, _message.c.id).limit(most)).all()
    names, carried = names_of(session, rows, catalogue(session)), _carried(session, [row.id for row in rows if row.notice == DIGEST])
    return [_one(row, names[row.id], carried.get(row.id, 0)) for row in rows]


def _one(row: Any, to: str, carries: int) -> Waiting:  # noqa: ANN401 - a result row
    what = (row.id, row.case_no, row.notice, row.channel, to, row.state, row.error, row.attempts)
    return Waiting(*what, row.queued_at, row.attend_at, row.useful_until, carries)


def _carried(session: Session, digests: Sequence[int]) -> Mapping[int, int]:
    """For how many messages each digest speaks."""
    counted = select(_message.c.digest_id, func.count()).where(_message.c.digest_id.in_(digests)).group_by(_message.c.digest_id)
    return {row[0]: row[1] for row in session.connection().execute(counted)} if digests else {}
