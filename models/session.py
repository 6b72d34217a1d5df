"""Opening the database, and the unit of work: one commit, opened by a task or a request, never by a service."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from models.errors import keep_values_out
from models.prepared import run_plain

_POSTGRES: Final[dict[str, Any]] = {"pool_size": 10, "max_overflow": 10, "connect_args": {"connect_timeout": 5}}
_TRIES: Final = 20  #: how often a new file is switched to WAL before its being busy is taken seriously
_CHANGES = "changes"  #: key in Connection.info: rows the connection had changed when the transaction began
CONNECTION = "connection"  #: key in Session.info: the connection of this unit of work
WRITING = "writing"  #: key in Session.info: this unit of work holds the write lock


class Database:
    """One database: its engine and its sessions."""

    def __init__(self, url: str, *, synchronous: str = "FULL") -> None:
        options: dict[str, Any] = {} if make_url(url).get_backend_name() == "sqlite" else _POSTGRES
        self.engine: Engine = create_engine(url, hide_parameters=True, **options)
        keep_values_out(self.engine)
        self.sessions = sessionmaker(self.engine, expire_on_commit=False)
        if self.is_sqlite:
            _set_up_sqlite(self.engine, synchronous)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the one-machine database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """Everything inside is committed together on leaving, or nothing at all when it raises."""
        with self.sessions() as session:
            session.info[CONNECTION] = session.connection()
            yield session
            session.commit()

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def _use_wal(cursor: DBAPICursor) -> None:
    """Two that open a new file at once stand in each other's way here, and here SQLite does not wait; so wait where it does."""
    for _ in range(_TRIES):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("COMMIT")
        else:
            return
    cursor.execute("PRAGMA journal_mode=WAL")


def _set_up_sqlite(engine: Engine, synchronous: str) -> None:
    """WAL, foreign keys, patience with other writers; transactions are begun by us, not by the driver."""

    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=60000")
        _use_wal(cursor)
        for pragma in (f"synchronous={synchronous}", "foreign_keys=ON", "temp_store=MEMORY"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's event passes its own Connection
        run_plain(connection, "BEGIN")
        connection.info[_CHANGES] = connection.connection.driver_connection.total_changes


def connection_of(session: Session) -> Connection:
    """The connection of this unit of work, without having SQLAlchemy look for it at each call."""
    found = session.info.get(CONNECTION)
    return found if isinstance(found, Connection) else session.connection()


def begin_write(session: Session) -> None:
    """From here on this unit of work writes: on SQLite take the write lock (and see the newest data), elsewhere nothing.

    Reading and deciding happen before, without the lock; so whatever was decided must be checked again after this call.
    May be called twice.

    Raises:
        RuntimeError: this unit of work has written already; taking the lock now would lose that.
    """
    if session.info.get(WRITING):
        return
    connection = connection_of(session)
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        if driver is not None and driver.total_changes != connection.info[_CHANGES]:
            msg = "something was written before begin_write"
            raise RuntimeError(msg)
        run_plain(connection, "ROLLBACK")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    session.info[WRITING] = True


def wake(session: Session) -> None:
    """Tell waiting engines, when this unit of work commits, that there is something to do (PostgreSQL; SQLite is polled)."""
    connection = connection_of(session)
    if connection.dialect.name == "postgresql":
        run_plain(connection, "NOTIFY bihuan")
