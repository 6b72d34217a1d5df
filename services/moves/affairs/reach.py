"""How far ahead a moment may lie that somebody gives: what is longer is a slip of the pen, and no clock runs so long."""

from datetime import datetime, timedelta
from typing import Final

from rules.facts import Refused
from services.moves.affairs.base import moment_of

FURTHEST: Final = timedelta(days=3 * 366)


def check_reach(now: datetime, moment: datetime | None) -> None:
    """See to it that a moment lies within reach; where none was given there is nothing to see to.

    Raises:
        Refused: `moment_too_far`.
    """
    if moment is not None and moment > now + FURTHEST:
        raise Refused("moment_too_far", given=moment.isoformat())


def check_limit_reach(now: datetime, limit: str) -> None:
    """The same of a limit that may name a moment instead of a length.

    Raises:
        Refused: `moment_too_far`.
    """
    check_reach(now, moment_of(limit))
