"""A fresh migrated and seeded database for each test, copied from a template that is made once."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from psycopg import OperationalError
from sqlalchemy import Engine, update
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from models import Database, System, begin_write, table
from services.catalogue import Catalogue, catalogue, reading
from services.seeding import seed
from services.upkeep import upgrade
from tests.support.postgres import connect

MADE_AT: Final = datetime(2026, 11, 20, tzinfo=UTC)
_serial = itertools.count(1)
_templates: dict[str, Engine] = {}
_seeded: "dict[Supply, Catalogue]" = {}
_begun: dict[int, Catalogue] = {}


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
        _templates[database.engine.dialect.name] = database.engine
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
        self._connection = connect(server)
        self._stem = f"bihuan_test_{os.getpid()}"
        self._create(f"{self._stem}_template", "template0")
        try:
            make_template(self._url(f"{self._stem}_template"))
        except BaseException:
            self._connection.close()
            raise

    def _url(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _create(self, name: str, template: str) -> None:
        self._order(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')

    def _order(self, statement: str) -> None:
        """Over one kept connection, another for each order would cost half as much as the order; a server that was torn down breaks it."""
        try:
            self._connection.execute(statement)  # type: ignore[arg-type]
        except OperationalError:
            self._connection.close()
            self._connection = connect(self._server)
            self._connection.execute(statement)  # type: ignore[arg-type]

    def fresh(self) -> str:
        """Copy the template."""
        name = f"{self._stem}_{next(_serial)}"
        self._create(name, f"{self._stem}_template")
        return self._url(name)

    def drop(self, url: str) -> None:
        """Drop it, whoever is still connected."""
        name = url.rsplit("/", 1)[1].split("?", 1)[0]
        self._order(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def close(self) -> None:
        """Drop the template too."""
        self.drop(self._url(f"{self._stem}_template"))
        self._connection.close()


class ByAddress:
    """Catalogues by the address of their database: whoever opens it again finds what was read last."""

    def __init__(self) -> None:
        self._found: dict[URL, Catalogue] = {}

    def get(self, engine: Engine) -> Catalogue | None:
        """What was read last from this database."""
        return self._found.get(engine.url)

    def __setitem__(self, engine: Engine, known: Catalogue) -> None:
        self._found[engine.url] = known

    def forget(self, engine: Engine) -> None:
        """The database is no more."""
        self._found.pop(engine.url, None)


def one_dialect(create: Callable[..., Engine]) -> Callable[..., Engine]:
    """Make engines that share what the template's has learned of its kind of database: a statement is compiled once, not for each test."""

    def made(url: str, **options: Any) -> Engine:
        engine = create(url, query_cache_size=5000, **options)
        if shared := _templates.get(engine.dialect.name):
            engine.dialect, engine._compiled_cache = shared.dialect, shared._compiled_cache
        return engine

    return made


def _known(database: Database, supply: Supply) -> None:
    """All copies of one template hold the same reference data: they are read once; who changes them says so, and they are read anew."""
    if supply not in _seeded:
        with database.unit_of_work() as session:
            _seeded[supply] = catalogue(session)
    reading._cache[database.engine] = _seeded[supply]


@contextmanager
def beginning_alike(database: Database) -> Iterator[None]:
    """What is done here is done with every copy in the same way, so what the reference data are afterwards is read once too."""
    before = reading._cache.get(database.engine)
    yield
    if any(before is each for each in _seeded.values()):
        if id(before) not in _begun:
            with database.unit_of_work() as session:
                _begun[id(before)] = catalogue(session)
        reading._cache[database.engine] = _begun[id(before)]


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
        reading._cache.forget(database.engine)
        supply.drop(url)


def reference_data_changed(session: Session) -> None:
    """Say that reference data has changed, as whoever edits it must; every process reads it anew."""
    system = table(System)
    begin_write(session)
    session.connection().execute(update(system).values(revision=system.c.revision + 1))
