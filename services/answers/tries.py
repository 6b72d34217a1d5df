"""Guessing at codes: wrong ones are counted by device and overall, and after some of them none is looked at for a while."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from models import AnswerTry, Sealed, connection_of, table

_try = table(AnswerTry)
#: So many wrong codes of one device within this time …
OF_DEVICE: Final = 5
DEVICE_WITHIN: Final = timedelta(minutes=15)
#: … or of all together within this one. With a thousand codes alive, a guesser who spends all of these hits one in about a year.
OVERALL: Final = 100
OVERALL_WITHIN: Final = timedelta(hours=1)
_KEPT: Final = timedelta(days=1)
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('bihuan answers'))")


def may_try(session: Session, device: str, now: datetime) -> bool:
    """Whether a code is looked at now, right or wrong; until the commit nobody else's is, so that many at once are counted one by one.

    To be called by whoever holds the write lock (SQLite).
    """
    connection = connection_of(session)
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME)
    own = select(func.count()).where(_try.c.device == _digest(device), _try.c.at > now - DEVICE_WITHIN)
    everybody = select(func.count()).where(_try.c.at > now - OVERALL_WITHIN)
    run = connection.execute
    return int(run(own).scalar_one()) < OF_DEVICE and int(run(everybody).scalar_one()) < OVERALL


def count(session: Session, device: str, now: datetime) -> None:
    """Count a wrong code; what is older than a day is forgotten."""
    run = connection_of(session).execute
    run(delete(_try).where(_try.c.at < now - _KEPT))
    run(insert(_try).values(device=_digest(device), at=now))


def _digest(device: str) -> str:
    return Sealed.fingerprint(f"answer device {device}")
