"""A fresh migrated and seeded database for each test, copied from a template that is made once."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import update
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from models import Database, System, begin_write, table
from services.catalogue import Catalogue, catalogue, reading
from services.seeding import seed
from services.upkeep import upgrade
from tests.support.postgres import connect

MADE_AT: Final = datetime(2026, 11, 20, tzinfo=UTC)
_serial = itertools.count(1)
_catalogues: "dict[Supply, Catalogue]" = {}


class Supply(Protocol):
    """Gives out fresh databases of one kind."""

    def fresh(self) -> str:
        """Address of a new migrated and seeded database."""

    def drop(self, url: str) -> None:
        """Throw it away."""


def make_template(url: str) -> None:
    """Migrate and seed."""
    database = Database(url)
    try:
        upgrade(database, MADE_AT)
        with database.unit_of_work() as session:
            seed(session, demo=True)
        if database.is_sqlite:
            with database.engine.connect() as connection:
                connection.rollback()
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        database.close()


class SqliteSupply:
    """Copies of one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.db"
        make_template(f"sqlite:///{self._template}")

    def fresh(self) -> str:
        """Copy the file."""
        file = self._folder / f"test-{next(_serial)}.db"
        shutil.copy(self._template, file)
        return f"sqlite:///{file}"

    def drop(self, url: str) -> None:
        """Remove the file and what SQLite keeps beside it."""
        file = Path(url.removeprefix("sqlite:///"))
        for each in file.parent.glob(f"{file.name}*"):
            each.unlink()


class PostgresSupply:
    """Copies of one database."""

    def __init__(self, server: URL) -> None:
        self._server = server
        self._stem = f"bihuan_test_{os.getpid()}"
        self._create(f"{self._stem}_template", "template0")
        make_template(self._url(f"{self._stem}_template"))

    def _url(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _create(self, name: str, template: str) -> None:
        with connect(self._server) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')  # type: ignore[arg-type]

    def fresh(self) -> str:
        """Copy the template."""
        name = f"{self._stem}_{next(_serial)}"
        self._create(name, f"{self._stem}_template")
        return self._url(name)

    def drop(self, url: str) -> None:
        """Drop it, whoever is still connected."""
        name = url.rsplit("/", 1)[1].split("?", 1)[0]
        with connect(self._server) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]

    def close(self) -> None:
        """Drop the template too."""
        self.drop(self._url(f"{self._stem}_template"))


def _known(database: Database, supply: Supply) -> None:
    """All copies of one template hold the same reference data: they are read once; who changes them says so, and they are read anew."""
    if supply not in _catalogues:
        with database.unit_of_work() as session:
            _catalogues[supply] = catalogue(session)
    reading._cache[database.engine] = _catalogues[supply]


@contextmanager
def fresh_database(supply: Supply) -> Iterator[Database]:
    """One database for one test."""
    url = supply.fresh()
    database = Database(url)
    _known(database, supply)
    try:
        yield database
    finally:
        database.close()
        supply.drop(url)


def reference_data_changed(session: Session) -> None:
    """Say that reference data has changed, as whoever edits it must; every process reads it anew."""
    system = table(System)
    begin_write(session)
    session.connection().execute(update(system).values(revision=system.c.revision + 1))
