"""How far ahead a moment may lie that somebody gives: what is longer is a slip of the pen, and no clock runs so long."""

from datetime import datetime, timedelta
from typing import Final

from rules.facts import Refused
from services.moves.affairs.base import moment_of

FURTHEST: Final = timedelta(days=3 * 366)
MINUTE: Final = timedelta(minutes=1)  #: what is written to the minute may be the one under way


def check_coming(now: datetime, moment: datetime | None, late: timedelta = MINUTE) -> None:
    """See to it that a moment for which somebody is called together is still to come, and within reach.

    Args:
        now: The instant.
        moment: The moment; None: there is nothing to see to.
        late: How long ago it may lie, where what has begun already is put down.

    Raises:
        Refused: `moment_past`, which names this moment; `moment_too_far`.
    """
    if moment is not None and moment <= now - late:
        raise Refused("moment_past", given=moment.isoformat())
    check_reach(now, moment)


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
