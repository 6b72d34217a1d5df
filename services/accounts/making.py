"""Accounts come and change: given with a one-time password, a password of one's own, a second factor. The first ones: `starting`."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models import Account, begin_write, connection_of, table
from rules.facts import Refused
from services.accounts import sessions
from services.accounts.passwords import check
from services.catalogue import Person, catalogue
from services.people.rights import administrator, on_record

_account = table(Account)


def give(session: Session, user: str, kept: str, by: str, now: datetime) -> None:
    """Give somebody an account, or a new one-time password; sessions that were open end, a rest ends, a second factor goes.

    Args:
        session: The unit of work.
        user: User name of whom it is for.
        kept: The one-time password as `passwords.hashed` keeps it.
        by: An administrator.
        now: The instant, aware UTC.

    Raises:
        Refused: `admins_only`, `unknown_user`, `left`.
    """
    person = _for_administrator(session, user, by)
    put(session, person.id, {"password": kept, "one_time": True, "demo": False, "totp": None, "totp_step": None}, by, now)
    sessions.end_all(session, person.id, now)
    on_record(session, by, "account_given", user, {}, now)


def own_password(session: Session, staff_id: int, user: str, password: str, kept: str, digest: str, now: datetime) -> None:
    """Set a password of one's own; every other session of the person ends. What was shown before it was weighed already.

    Args:
        session: The unit of work.
        staff_id: Whose.
        user: The user name.
        password: In full, to be looked at.
        kept: The same as `passwords.hashed` keeps it.
        digest: The session in which it is done, which goes on.
        now: The instant.

    Raises:
        Refused: as `passwords.check` says.
    """
    check(password, user)
    begin_write(session)
    put(session, staff_id, {"password": kept, "one_time": False}, user, now)
    sessions.end_all(session, staff_id, now, but=digest)
    on_record(session, user, "password_changed", user, {}, now)


def second_factor(session: Session, staff_id: int, user: str, secret: str | None, step: int | None, now: datetime) -> None:
    """Set a second factor of which the first code was right, or take it away."""
    begin_write(session)
    values: Mapping[str, Any] = {"totp": secret, "totp_step": step}
    connection_of(session).execute(update(_account).where(_account.c.staff_id == staff_id).values(**values))
    on_record(session, user, "second_factor_set" if secret else "second_factor_removed", user, {}, now)


def unlock(session: Session, user: str, by: str, now: datetime) -> None:
    """Let somebody try again whose account rests after wrong tries; may run twice.

    Raises:
        Refused: `admins_only`, `unknown_user`, `left`, `no_account`.
    """
    person = _for_administrator(session, user, by)
    mine = update(_account).where(_account.c.staff_id == person.id).values(failures=0, locked_until=None)
    if connection_of(session).execute(mine).rowcount == 0:
        raise Refused("no_account")
    on_record(session, by, "account_unlocked", user, {}, now)


def end_sessions(session: Session, user: str, by: str, now: datetime) -> int:
    """End every session of somebody; gives back how many there were. May run twice.

    Raises:
        Refused: `admins_only`, `unknown_user`, `left`.
    """
    person = _for_administrator(session, user, by)
    ended = sessions.end_all(session, person.id, now)
    on_record(session, by, "sessions_ended", user, {"sessions": ended}, now)
    return ended


def accounts(session: Session, staff_ids: Collection[int] | None = None) -> list[Any]:
    """Accounts as a list shows them: no password, no secret."""
    names = ("staff_id", "one_time", "demo", "locked_until", "changed_at", "changed_by")
    wanted = select(*(_account.c[n] for n in names), _account.c.totp.is_not(None).label("second_factor"))
    if staff_ids is not None:
        wanted = wanted.where(_account.c.staff_id.in_(staff_ids))
    return list(connection_of(session).execute(wanted.order_by(_account.c.staff_id)))


def _for_administrator(session: Session, user: str, by: str) -> Person:
    """The person, for whoever may change his or her account; until the commit nobody else does."""
    begin_write(session)
    known = catalogue(session)
    administrator(known, by)
    known.actor(user)
    return known.people[user]


def put(session: Session, staff_id: int, values: Mapping[str, Any], by: str, now: datetime) -> None:
    """Set what is kept of an account, or make it; wrong tries are forgotten, a rest ends.

    Raises:
        Refused: `no_account`, there is none, and a password alone makes none.
    """
    row = {**values, "failures": 0, "locked_until": None, "changed_at": now, "changed_by": by}
    run = connection_of(session).execute
    if run(update(_account).where(_account.c.staff_id == staff_id).values(**row)).rowcount == 0:
        if "demo" not in row:
            raise Refused("no_account")
        run(insert(_account), [{**row, "staff_id": staff_id}])
