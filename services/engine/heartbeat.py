"""The heartbeat to the outside: sent only while all is well, so that silence is the alarm (dead man's switch)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import System, connection_of, table
from services.audit.rounds import LAG, Watch
from services.audit.work import oldest_rung

STALE: Final = timedelta(minutes=1)  #: an engine that has not looked for so long does not know how things stand
_system = table(System)


@dataclass(frozen=True, slots=True)
class Pulse:
    """How things stand, for the outside: figures only, nothing about any case or person.

    Attributes:
        installation: Random name of this database.
        lag_s: Seconds by which the oldest rung that should have fired is late; 0 when none is.
        found: How many findings of each kind.
        oldest_rung: Moment of the oldest rung that has not fired; None when none is to fire.
        round_at: End of the last whole round.
    """

    installation: str
    at: datetime
    lag_s: float
    found: Mapping[str, int]
    oldest_rung: datetime | None
    round_at: datetime

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return not self.found and self.lag_s <= LAG.total_seconds()

    def message(self) -> dict[str, Any]:
        """What is sent, as JSON."""
        return {
            "installation": self.installation,
            "at": self.at.isoformat(),
            "well": self.well,
            "lag_s": self.lag_s,
            "findings": dict(self.found),
            "oldest_rung": None if self.oldest_rung is None else self.oldest_rung.isoformat(),
            "round_at": self.round_at.isoformat(),
        }


def take_pulse(session: Session, watch: Watch, now: datetime) -> Pulse | None:
    """See how things stand.

    Returns:
        None: this engine does not know, because it has not come round yet or has stopped looking.
    """
    if watch.last is None or watch.looked_at is None or now - watch.looked_at > STALE:
        return None
    oldest = oldest_rung(session)
    lag = max(0.0, (now - oldest).total_seconds()) if oldest is not None else 0.0
    installation = str(connection_of(session).execute(select(_system.c.installation)).scalar_one())
    return Pulse(installation, now, lag, watch.found, oldest, watch.last.finished_at)


def masked(url: str) -> str:
    """An address without what makes it secret: its path, its query, user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/***"
