"""Being woken by a commit of somebody else: SQLite's data version, PostgreSQL's notifications."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import Connection, text

from models import Database

_GRAIN_S = 0.05  #: how often SQLite is asked whether anybody has committed


class Waker(Protocol):
    """Waits until somebody has committed something, or the time is over."""

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Wait at most so long.

        Returns:
            Whether there was a commit.
        """


class _SqliteWaker:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._seen = self._version()

    def _version(self) -> int:
        return int(self._connection.connection.cursor().execute("PRAGMA data_version").fetchone()[0])

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        for _ in range(max(1, round(seconds / _GRAIN_S))):
            version = self._version()
            if version != self._seen:
                self._seen = version
                return True
            if stop.wait(min(seconds, _GRAIN_S)):
                return False
        return False


class _PostgresWaker:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        try:
            return self._wait(seconds)
        except Exception:  # whatever broke the connection: open a new one next time
            self.close()
            stop.wait(seconds)
            return False

    def _wait(self, seconds: float) -> bool:
        if self._connection is None:
            self._connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection.execute(text("LISTEN bihuan"))
        driver = self._connection.connection.driver_connection
        return driver is not None and next(driver.notifies(timeout=seconds, stop_after=1), None) is not None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


@contextmanager
def open_waker(database: Database) -> Iterator[Waker]:
    """A waker on a connection of its own."""
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.rollback()
            yield _SqliteWaker(connection)
        return
    waker = _PostgresWaker(database)
    try:
        yield waker
    finally:
        waker.close()
