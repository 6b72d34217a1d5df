"""What comes round with the day, the week and the month: each safe to run again; the oldest engine looks as well (tasks/patrol.py)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from models import Database
from services.rhythm import bulletins, lists, weeks


def daily(session: Session, now: datetime) -> list[str]:
    """Make the lists whose hour has come: the day's, and on its first day the week's."""
    return [f"{row['span']}:{row['day']}" for row in lists.make_what_is_due(session, now)]


def weekly(session: Session, now: datetime) -> list[str]:
    """Remind the centre of weeks of score sheets that a person may publish; nothing is published by itself."""
    return [f"week:{monday}" for monday in weeks.remind(session, now)]


def monthly(session: Session, now: datetime) -> list[str]:
    """Draft the bulletin of the month before, which a person then opens to objections; nothing is published by itself."""
    return [f"bulletin:{row['month']}" for row in bulletins.draft_what_is_due(session, now)]


ROUNDS: Final[Mapping[str, Callable[[Session, datetime], list[str]]]] = {"daily": daily, "weekly": weekly, "monthly": monthly}


def look(session: Session, now: datetime) -> list[str]:
    """All of it, for whoever looks again and again; costs a few small questions where there is nothing to do."""
    return [made for each in ROUNDS.values() for made in each(session, now)]


def run(database: Database, what: str, now: datetime) -> dict[str, list[str]]:
    """One of them in a unit of work of its own.

    Args:
        database: The installation's.
        what: `daily`, `weekly` or `monthly`.
        now: The instant, aware UTC.

    Returns:
        What was made, under `made`.
    """
    with database.unit_of_work() as session:
        return {"made": ROUNDS[what](session, now)}
