"""A live example of 每月一通报: last month's bulletin of the demonstration district, open to objections of its units."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.catalogue import catalogue
from services.rhythm import bulletins
from services.rhythm.periods import local_day


def show(session: Session, now: datetime) -> None:
    """Draft last month's bulletin, whatever little it may hold, and open it to objections; does nothing the second time.

    Args:
        session: The unit of work; committed by the caller.
        now: The instant, aware UTC.
    """
    known = catalogue(session)
    month = f"{local_day(now, known.zone).replace(day=1) - timedelta(days=1):%Y-%m}"
    if month in {row["month"] for row in bulletins.bulletins(session)}:
        return
    bulletins.draft(session, month, "system", now)
    bulletins.open_to_objections(session, month, known.actor("centre.clerk"), now)
