"""Guessing at many accounts from one place: wrong tries are counted by device, beside each account's own count."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from models import Sealed, SignInTry, connection_of, table
from rules.facts import Refused

_try = table(SignInTry)
#: So many wrong tries of one device within this time. A whole office may come from one address, so it is no small number.
OF_DEVICE: Final = 30
WITHIN: Final = timedelta(minutes=15)
_KEPT: Final = timedelta(days=1)


def check(session: Session, device: str, now: datetime) -> None:
    """See to it that a try of this device is looked at; changes nothing.

    Args:
        session: The unit of work.
        device: Where it comes from.
        now: The instant, aware UTC.

    Raises:
        Refused: `sign_in_too_many` (minutes), for whatever name and password.
    """
    mine = select(func.count()).where(_try.c.device == _digest(device), _try.c.at > now - WITHIN)
    if connection_of(session).execute(mine).scalar_one() >= OF_DEVICE:
        raise Refused("sign_in_too_many", minutes=int(WITHIN.total_seconds()) // 60)


def count(session: Session, device: str, now: datetime) -> None:
    """Count a wrong try; what is older than a day is forgotten."""
    run = connection_of(session).execute
    run(delete(_try).where(_try.c.at < now - _KEPT))
    run(insert(_try).values(device=_digest(device), at=now))


def _digest(device: str) -> str:
    return Sealed.fingerprint(f"sign-in device {device}")
