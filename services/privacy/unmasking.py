"""Seeing who reported a case: for those who may, with a reason, on record in the same commit."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from models import AdminEntry, begin_write, connection_of, table
from rules.facts import Refused
from services.catalogue import catalogue
from services.moves.proof import legible
from services.privacy.masking import masked
from services.privacy.seeing import leads
from services.privacy.showing import reporters_of
from services.reading import read_row

_admin = table(AdminEntry)
UNMASK: Final = "unmask"
REASON_MAX: Final = 200  #: characters


def unmask(session: Session, no: str, user: str, reason: str, now: datetime) -> list[dict[str, str]]:
    """Name and phone of each reporter of a case, the first one first; who asked and why goes on record in this commit.

    Args:
        session: The unit of work.
        no: Number of the case.
        user: Who asks.
        reason: Why; kept without phone numbers that somebody writes into it.
        now: The instant, aware UTC.

    Raises:
        Refused: `unknown_case`, `unknown_user`, `left`; `unmask_reason_missing`, `text_too_long`, `text_unprintable`;
            `unmask_not_yours`, only the centre of the case's area and those who sign may; `restricted`, it is a sensitive case and
            the person no reader of it; `anonymised`, the data are gone; `nobody_named`, it was handed in anonymously.
    """
    if not reason.strip():
        raise Refused("unmask_reason_missing")
    begin_write(session)
    known = catalogue(session)
    viewer, case, why = known.actor(user), read_row(session, no), legible("reason", reason, REASON_MAX)
    if case["sensitive"] is not None and viewer.user_id not in case["readers"]:
        raise Refused("restricted")
    if not leads(case, viewer, known):
        raise Refused("unmask_not_yours", user=user)
    if case["anonymised_at"] is not None:
        raise Refused("anonymised", case=case["no"])
    found = [{"name": row.name or "", "phone": row.phone or ""} for row in reporters_of(session, case)]
    if not found:
        raise Refused("nobody_named", case=case["no"])
    row = {"at": now, "actor": user, "action": UNMASK, "subject": case["no"], "data": {"reason": masked(why), "reporters": len(found)}}
    connection_of(session).execute(insert(_admin).values(row))
    return found


def log(session: Session, limit: int) -> list[dict[str, Any]]:
    """Who looked at whom and why, newest first: at, user, no, reason, reporters."""
    wanted = select(_admin).where(_admin.c.action == UNMASK).order_by(_admin.c.id.desc()).limit(limit)
    return [
        {"at": row.at, "user": row.actor, "no": row.subject, "reason": row.data["reason"], "reporters": row.data["reporters"]}
        for row in connection_of(session).execute(wanted)
    ]
