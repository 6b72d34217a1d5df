"""What is looked for over all cases every few minutes: each look a unit of work of its own, by the oldest engine alive."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from services import audit, inspections, points, topics
from services.duplicates import watching
from services.ratings import bursts
from services.responsibility import watching as duties
from tasks import rhythm
from tasks.context import here

EVERY: Final = timedelta(minutes=5)
#: Each is safe to run again and writes nothing where there is nothing new; to add one: a line here.
NEW: Final[tuple[Callable[[Session, datetime], object], ...]] = (watching.propose_new,)  #: with every call: costs what is new
LOOKS: Final[tuple[Callable[[Session, datetime], object], ...]] = (
    *(topics.detect, topics.ease, bursts.flag, inspections.follow, points.look, rhythm.look, duties.look),
)


@dataclass(slots=True)
class Patrol:
    """When it was looked last, by this engine; kept in its memory only."""

    looked_at: datetime | None = None

    def look(self, now: datetime) -> None:
        """Look at what is new, and at all cases if it is time again, if this engine is the oldest one alive."""
        context, due = here(), self.looked_at is None or now - self.looked_at >= EVERY
        for look in (*NEW, *LOOKS) if due else NEW:
            with context.database.unit_of_work() as session:
                if not audit.is_first(session, context.claimer.engine_id):
                    return
                look(session, now)
        self.looked_at = now if due else self.looked_at
