"""A plausible district of any size: pretended messages taken through the loop up to the present moment."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from flows.replay import Replay
from models import Case, table
from notifications.channels.bus import Channels
from rules.facts import FINAL, State
from services.catalogue import catalogue
from services.deliveries import Voice
from services.engine import engines
from services.engine.claims import Claimer
from services.replay.pretend import pretend
from services.upkeep import opened, prepare
from settings import Settings
from tasks.context import EngineContext, at_work

_case = table(Case)


def demonstrate(settings: Settings, count: int, days: int, now: datetime, progress: Callable[[int, int], None]) -> tuple[int, int]:
    """Fill the installation's database with so many cases, each as far as it would be by now.

    May run twice: the same cases of the same day are not made again.

    Returns:
        How many cases were made now, and how many of them are final.

    Raises:
        Refused: `engine_running`, when an engine is at work on the database.
    """
    prepare(settings, now)
    with opened(settings) as database:
        with database.unit_of_work() as session:
            messages = pretend(count, days, now, catalogue(session))
            before = _states(session)
            engine_id = engines.begin(session, now, events_on=False, alone=True)
        claimer = Claimer(engine_id, timedelta(seconds=settings.lease_seconds))
        channels = Channels(dict.fromkeys(settings.channels, "record://"))
        with at_work(
            EngineContext(database, claimer, channels, Voice(settings.lang, settings.sms_sign), settings.batch_size, settings.small)
        ):
            Replay(messages, settings.data_dir / "files", until=now).run(progress)
        with database.unit_of_work() as session:
            engines.end(session, engine_id, now)
        with database.unit_of_work() as session:
            states = _states(session)
    made = [states[key] for m in messages if (key := f"replay:{m.id}") in states and key not in before]
    return len(made), sum(State(state) in FINAL for state in made)


def _states(session: Session) -> dict[str, str]:
    """State of every pretended case, by its key."""
    wanted = select(_case.c.idempotency_key, _case.c.state).where(_case.c.idempotency_key.like("replay:demo-%"))
    return {row.idempotency_key: row.state for row in session.connection().execute(wanted)}
