"""Opening the database of an installation: keys, migrations with a copy before, seeds on the first start."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from cryptography.fernet import Fernet
from sqlalchemy import Engine, text

from models import Base, Database, Sealed
from rules.facts import Refused
from services.seeding import demo_accounts, seed
from settings import Settings


def use_keys(settings: Settings) -> None:
    """Load the keys that encrypt names and phones; the first start makes one, readable by its owner only.

    Raises:
        Refused: `key_broken`, the file holds something else.
    """
    file = settings.key_file
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(Fernet.generate_key() + b"\n")
    try:
        Sealed.use_keys([line for line in file.read_bytes().splitlines() if line])
    except (ValueError, IndexError):
        raise Refused("key_broken", file=str(file)) from None


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The installation's database, ready for use; given back on leaving."""
    use_keys(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url, synchronous=settings.sqlite_synchronous)
    try:
        yield database
    finally:
        database.close()


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("migrations")))
    config.attributes["engine"] = engine
    return config


def head() -> str | None:
    """The newest revision that this program knows."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("migrations")))
    return ScriptDirectory.from_config(config).get_current_head()


def revision(engine: Engine) -> str | None:
    """The revision the database is at; None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(database: Database, now: datetime) -> Path | None:
    """Bring the tables up to this program; a SQLite file that holds anything is copied first.

    Returns:
        The copy, if one was made.
    """
    present = revision(database.engine)
    if present == head():
        return None
    copy = _copy_before(database, now) if database.is_sqlite and present is not None else None
    command.upgrade(_config(database.engine), "head")
    return copy


def _copy_before(database: Database, now: datetime) -> Path | None:
    file = database.engine.url.database
    if not file or file == ":memory:" or not Path(file).exists():
        return None
    copy = Path(f"{file}.before-{now:%Y%m%dT%H%M%SZ}")
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy2(file, copy)
    return copy


def prepare(settings: Settings, now: datetime) -> list[tuple[str, str, str]]:
    """Everything a start needs: migrate, and seed what is empty.

    Returns:
        The demonstration accounts as (user, post in Chinese, post in English); empty without the demonstration.
    """
    with opened(settings) as database:
        upgrade(database, now)
        with database.unit_of_work() as session:
            seed(session, demo=settings.demo, events_on=settings.prefect == "on")
        with database.unit_of_work() as session:
            return demo_accounts(session) if settings.demo else []


def reset(settings: Settings, now: datetime) -> list[tuple[str, str, str]]:
    """Throw everything away and start anew."""
    with opened(settings) as database:
        Base.metadata.drop_all(database.engine)
        with database.engine.begin() as connection:
            connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    return prepare(settings, now)
