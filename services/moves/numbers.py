"""Numbers of supervision orders (DB-YYYYMMDD-NNNN), taken in the commit that signs them, so that none is ever missing."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from models import connection_of
from services.catalogue import catalogue

_NEXT: Final = text(
    "INSERT INTO supervision_number (day, last) VALUES (:day, 1) "
    "ON CONFLICT (day) DO UPDATE SET last = supervision_number.last + 1 RETURNING last"
)


def numbers_of(session: Session, now: datetime) -> Callable[[], str]:
    """What gives out the next number of the local day; a number stays taken only if this unit of work is committed."""
    day = f"{now.astimezone(catalogue(session).zone):%Y%m%d}"

    def following() -> str:
        return f"DB-{day}-{connection_of(session).execute(_NEXT, {'day': day}).scalar_one():04d}"

    return following
