"""Residents who take part in the pool on its public pages: known in a browser for a while, until they leave; and how much at most."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.orm import Session

from models import Affair, AffairPart, PoolVisit, begin_write, connection_of, table
from rules.facts import Refused, Thing

LASTS: Final = timedelta(minutes=30)  #: after that number and token are asked for again
WITHIN: Final = timedelta(hours=1)
WISHES: Final = 5  #: that one resident asks for within that time
CLAIMS: Final = 20  #: that one resident takes on within that time
_visit, _affair, _part = table(PoolVisit), table(Affair), table(AffairPart)


def let_in(session: Session, requester_id: int, now: datetime) -> str:
    """Know a resident in one browser from now on; gives back its secret, which is kept nowhere. Visits that are over are forgotten."""
    begin_write(session)
    run = connection_of(session).execute
    run(delete(_visit).where(_visit.c.until <= now))
    secret = secrets.token_urlsafe(32)
    run(insert(_visit).values(digest=_digest(secret), requester_id=requester_id, until=now + LASTS))
    return secret


def known_by(session: Session, secret: str, now: datetime) -> int | None:
    """The resident whom a browser with this secret acts for; None: nobody, or no longer. Changes nothing."""
    found: int | None = None
    if secret:
        mine = select(_visit.c.requester_id).where(_visit.c.digest == _digest(secret), _visit.c.until > now)
        found = connection_of(session).execute(mine).scalar()
    return found


def leave(session: Session, secret: str, now: datetime) -> None:
    """End every visit of the resident, in other browsers too: a phone that was lost is shut out from anywhere. May run twice."""
    who = known_by(session, secret, now)
    if who is not None:
        begin_write(session)
        connection_of(session).execute(delete(_visit).where(_visit.c.requester_id == who))


def check_wishes(session: Session, requester_id: int, now: datetime) -> None:
    """See to it that a resident has not asked for too much.

    Raises:
        Refused: `pool_too_many`.
    """
    mine = (_affair.c.asker_id == requester_id, _affair.c.thing == Thing.POOL.value, _affair.c.opened_at > now - WITHIN)
    _check(session, select(func.count()).select_from(_affair).where(*mine), WISHES)


def check_claims(session: Session, requester_id: int, now: datetime) -> None:
    """See to it that a resident has not taken on too much, given back or not; of several at the same moment one more may pass.

    Raises:
        Refused: `pool_too_many`.
    """
    mine = (_part.c.requester_id == requester_id, _part.c.thing == Thing.PLEDGE.value, _part.c.added_at > now - WITHIN)
    _check(session, select(func.count()).select_from(_part).where(*mine), CLAIMS)


def _check(session: Session, lately: Select[int], most: int) -> None:
    if connection_of(session).execute(lately).scalar_one() >= most:
        raise Refused("pool_too_many", most=most)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
