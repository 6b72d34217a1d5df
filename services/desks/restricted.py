"""Sensitive cases (敏感件) for those who may open them: which there are, who may see each, who has looked; a look goes on record."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AdminEntry, Case, begin_write, connection_of, table
from rules.facts import FINAL, Actor, State
from services.people.rights import on_record
from services.privacy.unmasking import UNMASK
from services.visibility import is_visible, visible_cases

LOOK: Final = "sensitive_look"  #: entry of the record: a sensitive case was opened
ANEW: Final = timedelta(minutes=15)  #: opening it again within that time is the same look
MOST: Final = 200
_LOOKS: Final = 50  #: shown of one case
_case, _entry = table(Case), table(AdminEntry)
_COLUMNS: Final = ("id", "no", "state", "sensitive", "readers", "area_unit_id", "urgency", "submitted_at", "statutory_at")
Row = Mapping[str, Any]


def open_to(session: Session, viewer: Actor) -> list[Row]:
    """Sensitive cases that the viewer may open, those under way first, then the newest; nothing that people wrote is in the rows.

    Args:
        session: The unit of work; nothing is changed, for a list of numbers is no look.
        viewer: Who looks; for everybody but readers and those who sign there are none.
    """
    wanted = select(*(_case.c[name] for name in _COLUMNS)).where(_case.c.sensitive.is_not(None), visible_cases(session, viewer))
    rows = connection_of(session).execute(wanted.order_by(_case.c.id.desc()).limit(MOST)).mappings()
    return sorted((dict(row) for row in rows), key=lambda row: State(row["state"]) in FINAL)


def note_look(session: Session, no: str, viewer: Actor, now: datetime) -> bool:
    """Put on record that somebody opens a case, if it is a sensitive one; to be called before it is shown. May run twice.

    Args:
        session: The unit of work; committed by the caller.
        no: Number of the case; one that is not sensitive, or that the viewer may not open, is passed over.
        viewer: Who looks.
        now: The instant, aware UTC.

    Returns:
        Whether a look was put on record; not again within a quarter of an hour.
    """
    run = connection_of(session).execute
    if run(select(_case.c.sensitive).where(_case.c.no == no)).scalar() is None or not is_visible(session, viewer, no):
        return False
    return put_look(session, no, viewer, now)


def put_look(session: Session, no: str, viewer: Actor, now: datetime) -> bool:
    """The same for somebody who is known to be let in, of a case or of an affair (its number) that is kept by itself."""
    run = connection_of(session).execute
    begin_write(session)
    last = select(_entry.c.id).where(
        _entry.c.at > now - ANEW, _entry.c.action == LOOK, _entry.c.subject == no, _entry.c.actor == viewer.name
    )
    if run(last.limit(1)).first() is not None:
        return False
    on_record(session, viewer.name, LOOK, no, {}, now)
    return True


def looks_at(session: Session, no: str) -> list[Row]:
    """Who has opened a sensitive case or learnt who reported it, newest first: at, actor, action, reason."""
    wanted = select(_entry).where(_entry.c.subject == no, _entry.c.action.in_((LOOK, UNMASK))).order_by(_entry.c.id.desc()).limit(_LOOKS)
    rows = connection_of(session).execute(wanted)
    return [{"at": row.at, "actor": row.actor, "action": row.action, "reason": row.data.get("reason", "")} for row in rows]
