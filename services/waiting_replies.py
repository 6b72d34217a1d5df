"""Short messages that wait for a person: listed with the reason, settled by the centre; whoever settles one learns the number."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import Case, Reply, begin_write, connection_of, table
from rules.facts import Actor, Refused
from services.catalogue import Catalogue, catalogue
from services.moves import Row
from services.people.rights import on_record
from services.privacy.masking import masked, masked_phone
from services.privacy.seeing import may_open
from services.ratings.samples import only_centre

_reply, _case = table(Reply), table(Case)
_LONGEST: Final = 500  #: replies of one list
#: What decides who may see the words; of the case.
_DECIDES: Final = ("sensitive", "readers", "requester_id", "area_unit_id")
_SHOWN: Final = ("id", "received_at", "channel", "meaning", "outcome", "settled_at")
_REPLIES = select(*_reply.c, _case.c.no, *(_case.c[name].label(f"case_{name}") for name in _DECIDES)).outerjoin(
    _case, _case.c.id == _reply.c.case_id
)


def replies(session: Session, viewer: Actor | None, *, settled: bool = False) -> list[Row]:
    """Replies as a list shows them, the oldest first: numbers blotted out, and of sensitive cases no words to who may not open them.

    Args:
        session: The unit of work; nothing is changed.
        viewer: Who looks; None: the administrator of the machine.
        settled: Also those that wait for nobody any more.
    """
    known = catalogue(session)
    wanted = _REPLIES if settled else _REPLIES.where(_reply.c.settled_at.is_(None))
    rows = connection_of(session).execute(wanted.order_by(_reply.c.id.desc()).limit(_LONGEST)).mappings().all()
    return [_as_seen(row, viewer, known) for row in reversed(rows)]


def _as_seen(row: Mapping[Any, Any], viewer: Actor | None, known: Catalogue) -> Row:
    told = {name: row[name] for name in _SHOWN} | {"no": row["no"], "phone": masked_phone(row["phone"] or "")}
    return told | {"text": masked(row["text"] or "") if _may_read(row, viewer, known) else None}


def _may_read(row: Mapping[Any, Any], viewer: Actor | None, known: Catalogue) -> bool:
    return row["no"] is None or may_open({name: row[f"case_{name}"] for name in _DECIDES}, viewer, known)


def settle(session: Session, reply_id: int, user: str, now: datetime) -> Row:
    """Say that a reply was seen to; on record, because who does so is shown the number in full.

    Args:
        session: The unit of work; committed by the caller.
        reply_id: Which reply.
        user: Somebody of the centre.
        now: The instant, aware UTC.

    Returns:
        Number of the case (None: none was found), phone and words as they came.

    Raises:
        Refused: `unknown_user`, `left`, `centre_only`; `unknown_reply`; `restricted`, it is about a sensitive case; `reply_settled`.
    """
    begin_write(session)
    known = catalogue(session)
    actor, run = known.actor(user), connection_of(session).execute
    only_centre(known, actor)
    row = run(_REPLIES.where(_reply.c.id == reply_id)).mappings().first()
    if row is None:
        raise Refused("unknown_reply", id=reply_id)
    if not _may_read(row, actor, known):
        raise Refused("restricted")
    if run(update(_reply).where(_reply.c.id == reply_id, _reply.c.settled_at.is_(None)).values(settled_at=now)).rowcount == 0:
        raise Refused("reply_settled", id=reply_id)
    on_record(session, user, "reply_settled", str(reply_id), {"no": row["no"], "outcome": row["outcome"]}, now)
    return {name: row[name] for name in ("id", "no", "phone", "text", "meaning", "outcome")}
