"""Opening the database of an installation: keys, migrations with a copy before, seeds on the first start."""

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from cryptography.fernet import Fernet
from sqlalchemy import Engine, func, inspect, select, text

from models import Base, Database, Sealed, begin_write
from rules.facts import Refused
from services.engine import engines
from services.privacy import keyring
from services.seeding import add_missing, demo_accounts, seed
from settings import Settings

_UPGRADING: Final = 0x62696875616E  #: PostgreSQL's advisory lock of whoever migrates ("bihuan")


def use_keys(settings: Settings) -> None:
    """Load the keys that encrypt names and phones; as long as nothing is encrypted, one is made, readable by its owner only.

    Raises:
        Refused: `key_broken`, `keys_broken`, the file or the environment holds something else; `key_missing`, it is gone, and a new
            key opens nothing that is kept.
    """
    file = settings.key_file
    if not settings.keys and not file.exists():
        with connected(settings) as database:
            if _holds_sealed(database):
                raise Refused("key_missing", file=str(file))
        _make_key(file)
    keyring.load(settings)


def _holds_sealed(database: Database) -> bool:
    """Whether anything was encrypted here; a SQLite file that is not there is not made by asking."""
    file = _file_of(database)
    if file is not None and not file.exists():
        return False
    there = set(inspect(database.engine).get_table_names())
    columns = [c for t in Base.metadata.sorted_tables if t.name in there for c in t.c if isinstance(c.type, Sealed)]
    with database.engine.connect() as connection:
        return any(connection.execute(select(1).where(column.is_not(None)).limit(1)).first() for column in columns)


def _make_key(file: Path) -> None:
    """Write a new key aside and link it into place whole: of several processes that start at once the first one's key is everybody's."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")  # readable by its owner only
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(Fernet.generate_key() + b"\n")
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):
            os.link(draft, file)
        with _folder(file.parent) as folder:
            os.fsync(folder)  # the new name outlives a power cut
    finally:
        Path(draft).unlink()


@contextmanager
def _folder(path: Path) -> Iterator[int]:
    """A folder's descriptor."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def connected(settings: Settings) -> Iterator[Database]:
    """The installation's database without its keys: nothing personal can be read or written; given back on leaving."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url, synchronous=settings.sqlite_synchronous)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The installation's database, ready for use; given back on leaving."""
    use_keys(settings)
    with connected(settings) as database:
        yield database


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

    Safe when two processes start at once: the second one waits, and finds nothing left to do.

    Returns:
        The copy, if one was made.

    Raises:
        Refused: `engine_in_the_way`, an engine works with the tables as they are.
    """
    _keep_private(database)
    if revision(database.engine) == head():
        return None
    with _one_at_a_time(database):
        present = revision(database.engine)
        if present == head():
            return None
        copy = None
        if present is not None:
            refuse_while_engines_run(database, now)
            copy = _copy_before(database, now)
        command.upgrade(_config(database.engine), "head")
        with database.unit_of_work() as session:
            begin_write(session)
            add_missing(session)
        return copy


def _keep_private(database: Database) -> None:
    """A SQLite file without tables yet is made readable by its owner only, and so is what SQLite has put beside it."""
    file = _file_of(database)
    if file is not None and revision(database.engine) is None:
        for each in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
            with suppress(FileNotFoundError):
                each.chmod(0o600)


@contextmanager
def _one_at_a_time(database: Database) -> Iterator[None]:
    """Keep every other process from migrating; the lock is let go when this process ends, however that happens."""
    file = _file_of(database)
    if file is not None:
        with _folder(file.parent) as folder:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
    elif database.is_sqlite:
        yield
    else:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(select(func.pg_advisory_lock(_UPGRADING)))
            try:
                yield
            finally:
                connection.execute(select(func.pg_advisory_unlock(_UPGRADING)))


def refuse_while_engines_run(database: Database, now: datetime) -> None:
    """An engine whose tables change or vanish under it would complain without end; so it has to be stopped first.

    Raises:
        Refused: `engine_in_the_way`, one is alive.
    """
    if revision(database.engine) is None:
        return
    with database.unit_of_work() as session:
        running = engines.take_over(session, now)
    if running:
        raise Refused("engine_in_the_way", pid=running[0].pid, host=running[0].host)


def _file_of(database: Database) -> Path | None:
    """The file of a SQLite database; None for one in memory and for PostgreSQL."""
    name = database.engine.url.database
    return Path(name) if database.is_sqlite and name and name != ":memory:" else None


def _copy_before(database: Database, now: datetime) -> Path | None:
    """Copy a SQLite file by SQLite itself, so that the copy is whole whoever writes meanwhile; half a copy never has its name."""
    file = _file_of(database)
    if file is None:
        return None
    copy = file.with_name(f"{file.name}.before-{now:%Y%m%dT%H%M%SZ}")
    draft = copy.with_name(f"{copy.name}.part")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    shutil.copymode(file, draft)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(draft)) as target:
        source.backup(target)
    return draft.replace(copy)


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
    """Throw everything away and start anew; what a lost key had encrypted goes too, so its loss is no obstacle.

    Raises:
        Refused: `engine_in_the_way`, an engine is alive; `key_broken`. Nothing is then thrown away.
    """
    if settings.keys or settings.key_file.exists():
        use_keys(settings)
    with connected(settings) as database:
        refuse_while_engines_run(database, now)
        with _one_at_a_time(database), database.engine.begin() as connection:
            Base.metadata.drop_all(connection)
            connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    return prepare(settings, now)
