"""Being woken by a commit of somebody else: SQLite's data version, PostgreSQL's notifications."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import Connection, text

from models import Database
from tasks.context import log

_GRAIN_S = 0.05  #: how often SQLite is asked whether anybody has committed
_PATIENCE_S = 1.0  #: how often a wait for PostgreSQL looks at whether to stop


class Waker(Protocol):
    """Waits until somebody has committed something, or the time is over."""

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Wait at most so long.

        Returns:
            Whether there was a commit.
        """


class _Waker(ABC):
    """Waits on a connection of its own; whatever breaks that, a new one is opened next time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        try:
            if self._connection is None:
                self._connection = self._database.engine.connect()
                self._begin(self._connection)
                return True  # nobody knows what was committed meanwhile
            return self._wait(self._connection, seconds, stop)
        except Exception as problem:  # of two drivers, asked past SQLAlchemy; the poll goes on, the next wait opens a new connection
            if self._connection is not None:
                log.warning("the waker has lost its connection: %s", type(problem).__name__)
            self.close()
            stop.wait(seconds)
            return False

    @abstractmethod
    def _begin(self, connection: Connection) -> None:
        """From here on commits are seen."""

    @abstractmethod
    def _wait(self, connection: Connection, seconds: float, stop: threading.Event) -> bool: ...

    def close(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


class _SqliteWaker(_Waker):
    _seen = 0

    def _begin(self, connection: Connection) -> None:
        self._seen = _data_version(connection)

    def _wait(self, connection: Connection, seconds: float, stop: threading.Event) -> bool:
        for _ in range(max(1, round(seconds / _GRAIN_S))):
            version = _data_version(connection)
            if version != self._seen:
                self._seen = version
                return True
            if stop.wait(min(seconds, _GRAIN_S)):
                return False
        return False


def _data_version(connection: Connection) -> int:
    """Asked of the driver itself, outside of any transaction."""
    return int(connection.connection.cursor().execute("PRAGMA data_version").fetchone()[0])


class _PostgresWaker(_Waker):
    def _begin(self, connection: Connection) -> None:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("LISTEN bihuan"))

    def _wait(self, connection: Connection, seconds: float, stop: threading.Event) -> bool:
        driver = connection.connection.driver_connection
        while driver is not None and seconds > 0 and not stop.is_set():
            if next(driver.notifies(timeout=min(seconds, _PATIENCE_S), stop_after=1), None) is not None:
                return True
            seconds -= _PATIENCE_S
        return False


@contextmanager
def open_waker(database: Database) -> Iterator[Waker]:
    """A waker on a connection of its own, opened when it waits for the first time."""
    waker = _SqliteWaker(database) if database.is_sqlite else _PostgresWaker(database)
    try:
        yield waker
    finally:
        waker.close()
