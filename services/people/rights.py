"""Who may change units and people, and the record of what was changed."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from models import AdminEntry, connection_of, table
from rules.facts import Actor, Refused
from services.catalogue import Catalogue


def administrator(known: Catalogue, user: str) -> Actor:
    """The person, if he or she may change units and people.

    Raises:
        Refused: `unknown_user`, `left`; `admins_only`.
    """
    actor = known.actor(user)
    if "admin" not in actor.roles:
        raise Refused("admins_only", user=user)
    return actor


def on_record(session: Session, actor: str, action: str, subject: str, data: Mapping[str, object], now: datetime) -> None:
    """Put on record what somebody changed outside of cases; in the commit that changes it.

    Args:
        session: The unit of work.
        actor: User name.
        action: What, e.g. `unit_merged`.
        subject: Unit code or user name.
        data: The particulars.
        now: The instant.
    """
    all_on_record(session, actor, action, {subject: data}, now)


def all_on_record(session: Session, actor: str, action: str, done: Mapping[str, Mapping[str, object]], now: datetime) -> None:
    """The same of many at once, by unit code or user name, in one statement."""
    told = [{"at": now, "actor": actor, "action": action, "subject": subject[:60], "data": dict(data)} for subject, data in done.items()]
    connection_of(session).execute(insert(table(AdminEntry)), told)
