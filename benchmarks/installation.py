"""A whole installation for one benchmark: an empty database of the wanted kind, migrated, seeded, with an engine at work."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from benchmarks.postgres import fresh_database
from models import Database
from notifications.channels.bus import Channels
from services.deliveries import Voice
from services.engine import engines
from services.engine.claims import Claimer
from services.upkeep import opened, prepare
from settings import Settings, load
from tasks.context import EngineContext, at_work


@dataclass(frozen=True)
class Place:
    """Where a benchmark works.

    Attributes:
        settings: Those of the installation; `data_dir` is a temporary folder.
        database: Its open database.
        floor: Address of the floor's own database: a file for SQLite, a connection string for PostgreSQL.
        engine_id: The engine begun in it; None when none was.
    """

    settings: Settings
    database: Database
    floor: str
    engine_id: int | None

    @property
    def described(self) -> str:
        """Name and durability of the database, for the report."""
        with self.database.engine.connect() as connection:
            if self.database.is_sqlite:
                version = connection.execute(text("SELECT sqlite_version()")).scalar_one()
                return f"sqlite {version}, WAL, synchronous={self.settings.sqlite_synchronous}"
            version = str(connection.execute(text("SHOW server_version")).scalar_one()).split()[0]
            return f"postgresql {version}, fsync={connection.execute(text('SHOW fsync')).scalar_one()}"


@contextmanager
def installed(server: str | None, now: datetime, *, prefect_api_url: str | None = None, engine: bool = True) -> Iterator[Place]:
    """Set up a fresh installation and take it away on leaving.

    Args:
        server: Address of a PostgreSQL server; None for SQLite.
        now: The instant at which it is set up.
        prefect_api_url: Where runs and events are recorded; None for nowhere.
        engine: Whether to begin an engine, under which everything inside runs.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bihuan-bench-")))
        ours, floor = _addresses(stack, server, folder)
        recorded = {"prefect": "off"} if prefect_api_url is None else {"prefect": "on", "prefect_api_url": prefect_api_url}
        settings = load(data_dir=folder, database_url=ours, demo=True, **recorded)
        prepare(settings, now)
        database = stack.enter_context(opened(settings))
        engine_id = _begin(stack, settings, database, now) if engine else None
        yield Place(settings, database, floor, engine_id)


def _addresses(stack: ExitStack, server: str | None, folder: Path) -> tuple[str, str]:
    if server is None:
        return f"sqlite:///{folder}/bihuan.db", str(folder / "floor.db")
    return stack.enter_context(fresh_database(server)), stack.enter_context(fresh_database(server))


def _begin(stack: ExitStack, settings: Settings, database: Database, now: datetime) -> int:
    with database.unit_of_work() as session:
        engine_id = engines.begin(session, now, events_on=settings.prefect == "on")
    claimer = Claimer(engine_id, timedelta(seconds=settings.lease_seconds))
    channels = Channels(settings.channels, settings.data_dir / "outbox.jsonl")
    voice = Voice(settings.lang, settings.sms_sign)
    stack.enter_context(at_work(EngineContext(database, claimer, channels, voice, settings.batch_size, settings.small)))
    return engine_id
