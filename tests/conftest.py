"""Fixtures of all tests: both databases, an engine's context, a town."""

import logging
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from concurrent_log_handler import ConcurrentRotatingFileHandler
from cryptography.fernet import Fernet
from hypothesis import settings
from sqlalchemy.engine import URL

from models import Database, Sealed
from models import session as models_session
from notifications.channels.bus import Channels
from services.catalogue import reading
from services.deliveries import Voice
from services.deliveries.lenient import heed_no_limits
from services.engine import engines
from services.engine.claims import Claimer
from tasks.context import EngineContext
from tests.support.databases import ByAddress, PostgresSupply, SqliteSupply, Supply, beginning_alike, fresh_database, one_dialect
from tests.support.postgres import named_or_private
from tests.support.prefect import PrefectServer
from tests.support.sim import SimServer
from tests.support.town import START, Town

KINDS = ("sqlite", "postgres")
#: Files that take long, most of them waiting for processes: begun first, so that no worker is left with one of them at the end.
LONGEST = frozenset(
    (
        *("test_engine", "test_messages_live", "test_heartbeat", "test_up", "test_policies", "test_soundness", "test_lanes"),
        *("test_firing_order", "test_units_merged", "test_why_stories", "test_audit_findings", "test_calendar_others"),
        *("test_engine_threads", "test_template_versions", "test_delivery_ways", "test_model_cases", "test_model_classes"),
        *("test_stories", "test_demo", "test_house"),
    )
)
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """Warnings are errors, except those of other people's imports that we cannot change."""
    config.addinivalue_line("filterwarnings", "ignore:'imghdr' is deprecated:DeprecationWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first, whatever the order of the others."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)


@pytest.fixture(autouse=True)
def no_log_file_left() -> Iterator[None]:
    """Take off the log file that a test has set up: its folder goes, and the next test has none or its own."""
    yield
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, ConcurrentRotatingFileHandler)]:
        root.removeHandler(handler)
        handler.close()


@pytest.fixture(scope="session", autouse=True)
def encryption_key() -> bytes:
    """One key for all personal data of this run; processes that tests start are given the same."""
    key = Fernet.generate_key()
    Sealed.use_keys([key])
    return key


@pytest.fixture(autouse=True)
def _our_key(encryption_key: bytes) -> None:
    """Whatever keys the test before had put in force, this one finds those of the run."""
    Sealed.use_keys([encryption_key])


@pytest.fixture(scope="session", autouse=True)
def _what_is_known_of_databases() -> Iterator[None]:
    """Thousands of databases are opened that are all alike: what was compiled for one, and read from one, serves the next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models_session, "create_engine", one_dialect(models_session.create_engine))
        patch.setattr(reading, "_cache", ByAddress())
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """A PostgreSQL where databases may be made; fails when there is none."""
    yield from named_or_private()


@pytest.fixture(scope="session")
def sqlite_supply(tmp_path_factory: pytest.TempPathFactory, encryption_key: bytes) -> SqliteSupply:
    """Fresh SQLite files."""
    return SqliteSupply(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_supply(postgres_server: URL, encryption_key: bytes) -> Iterator[PostgresSupply]:
    """Fresh PostgreSQL databases."""
    supply = PostgresSupply(postgres_server)
    yield supply
    supply.close()


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """One real Prefect server for all tests that need one; a test that ends or freezes it starts it again."""
    server = PrefectServer(tmp_path_factory.mktemp("prefect"))
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def sim_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimServer]:
    """One real simulator of the outside world; tests ask for `sim`."""
    server = SimServer(tmp_path_factory.mktemp("sim"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def sim(sim_server: SimServer) -> SimServer:
    """The outside world, empty and well."""
    sim_server.clear()
    return sim_server


@pytest.fixture(params=KINDS)
def supply(request: pytest.FixtureRequest) -> Supply:
    """Fresh databases of one kind, then of the other."""
    found: Supply = request.getfixturevalue(f"{request.param}_supply")
    return found


@pytest.fixture
def database(supply: Supply) -> Iterator[Database]:
    """A fresh migrated and seeded database, on SQLite and on PostgreSQL."""
    with fresh_database(supply) as made:
        yield made


@pytest.fixture
def sqlite_database(sqlite_supply: SqliteSupply) -> Iterator[Database]:
    """A fresh SQLite file, where one kind of database is enough."""
    with fresh_database(sqlite_supply) as made:
        yield made


@pytest.fixture
def postgres_database(postgres_supply: PostgresSupply) -> Iterator[Database]:
    """A fresh PostgreSQL database, for what only it can do."""
    with fresh_database(postgres_supply) as made:
        yield made


def context_for(database: Database, folder: Path) -> EngineContext:
    """An engine's context on this database, its engine entered at the town's first moment."""
    with beginning_alike(database), database.unit_of_work() as session:
        engine_id = engines.begin(session, START, events_on=False)
        heed_no_limits(session)
    channels = Channels({"sms": "record://", "email": "record://"}, folder / "outbox.jsonl")
    return EngineContext(database, Claimer(engine_id, timedelta(seconds=60)), channels, Voice("zh", "澄湖治理"))


@pytest.fixture
def engine_context(database: Database, tmp_path: Path) -> EngineContext:
    """An engine's context; messages are recorded in a file of the test."""
    return context_for(database, tmp_path)


@pytest.fixture
def town(engine_context: EngineContext) -> Town:
    """A town on a fresh database, on SQLite and on PostgreSQL."""
    return Town(engine_context)


@pytest.fixture
def sqlite_town(sqlite_database: Database, tmp_path: Path) -> Town:
    """A town on SQLite, for stories that do not depend on the database."""
    return Town(context_for(sqlite_database, tmp_path))


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on what the developer's shell has set, nor on the language in which the one before has spoken."""
    monkeypatch.setenv("BIHUAN_LANG", "zh")
    for name in os.environ:
        if name.startswith("PREFECT_"):
            monkeypatch.delenv(name)
