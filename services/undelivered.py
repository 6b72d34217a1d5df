"""A message that did not reach somebody on the staff: on record in the case, and somebody else is asked to make the call."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models import Message, connection_of, table
from rules.facts import FINAL, STEP_OF, SYSTEM
from rules.ladder import Post
from services.moves import Draft, read_drafts, write_drafts
from services.moves.messages import tell
from services.recipients import Roll

_message = table(Message)
#: Notices that are themselves a call for help: when they are lost, another one would be lost as well.
_LAST_CALLS: Final = frozenset({"unreached", "nobody_to_tell", "set_aside", "set_aside_admin"})
_columns = (_message.c.id, _message.c.case_id, _message.c.notice, _message.c.channel, _message.c.staff_id)
_LOST: Final = (
    select(*_columns)
    .where(_message.c.id.in_(bindparam("ids", expanding=True)), _message.c.staff_id.is_not(None), _message.c.case_id.is_not(None))
    .order_by(_message.c.id)
)


def note_undelivered(session: Session, lost: Mapping[int, str], now: datetime) -> None:
    """Write `not_delivered` into the journal of each case, and have somebody else told while the case is open.

    To be called by whoever holds the write lock and decides about the families of these messages (services/deliveries/falling_back.py),
    once for each: a family is lost only once.

    Args:
        session: The unit of work.
        lost: The first message of each family in which no way is left, with the reason of the last one; those to residents and those of no
            single case are passed over.
        now: The instant, aware UTC.
    """
    rows = connection_of(session).execute(_LOST, {"ids": sorted(lost)}).all() if lost else []
    if not rows:
        return
    drafts = read_drafts(session, {row.case_id for row in rows})
    roll = Roll(next(iter(drafts.values())).catalogue, now)
    for row in rows:
        _note(drafts[row.case_id], row, lost[row.id], roll)
    write_drafts(session, list(drafts.values()))


def _note(draft: Draft, row: Any, reason: str, roll: Roll) -> None:  # noqa: ANN401 - a result row
    person = roll.catalogue.by_id[row.staff_id]
    draft.enter(
        roll.now,
        SYSTEM,
        step=STEP_OF[draft.state].value,
        thing="case",
        action="not_delivered",
        data={"notice": row.notice, "to": person.name, "channel": row.channel, "reason": reason, "unit_id": person.unit_id},
    )
    if row.notice not in _LAST_CALLS and draft.state not in FINAL:
        tell(draft, "unreached", roll.now, unit_id=person.unit_id, to=(Post("head"),), without=(person.id,), roll=roll)
