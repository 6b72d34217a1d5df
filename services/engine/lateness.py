"""How late rungs fired, hour by hour, and how much waits for an engine: what the page about the engine draws. Changes nothing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Case, RungFiring, connection_of, table

_firing, _case = table(RungFiring), table(Case)
HOURS: Final = 24
_HOUR: Final = timedelta(hours=1)
_NEWEST: Final = 50_000  #: rungs that are looked at


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the last day: when it began, how many rungs fired in it, by how many seconds the latest of them was late."""

    since: datetime
    fired: int
    latest: float


def by_hour(session: Session, now: datetime) -> list[Hour]:
    """The last 24 hours until now, the oldest first; an hour in which nothing fired is there with nothing.

    Args:
        session: The unit of work.
        now: The instant, aware UTC.
    """
    first = now - HOURS * _HOUR
    wanted = select(_firing.c.due_at, _firing.c.fired_at).where(_firing.c.fired_at > first, _firing.c.fired_at <= now).limit(_NEWEST)
    late: dict[int, list[float]] = defaultdict(list)
    for row in connection_of(session).execute(wanted):
        late[min(HOURS - 1, int((row.fired_at - first) / _HOUR))].append(max(0.0, (row.fired_at - row.due_at).total_seconds()))
    return [Hour(first + i * _HOUR, len(late[i]), max(late[i], default=0.0)) for i in range(HOURS)]


def waiting_cases(session: Session, now: datetime) -> Sequence[int]:
    """How many cases an engine is to attend to now, and how many it looks at again later."""
    due = func.count().filter(_case.c.attend_at <= now)
    found = connection_of(session).execute(select(due, func.count()).where(_case.c.attend_at.is_not(None))).one()
    return int(found[0]), int(found[1]) - int(found[0])
