"""The web app on a database, running; somebody who shows the token, and somebody who shows nothing. Signed in: `website.visit`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from models import Database
from tests.support.website import BEARER, app_on, running


@pytest.fixture
def app(database: Database, tmp_path: Path, encryption_key: bytes) -> Iterator[FastAPI]:
    """The app on the database of `database` and `town`, on SQLite and on PostgreSQL."""
    with running(app_on(database, tmp_path, encryption_key)) as found:
        yield found


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """Somebody who shows the token, on SQLite and on PostgreSQL."""
    return TestClient(app, headers=BEARER, follow_redirects=False)


@pytest.fixture
def sqlite_app(sqlite_database: Database, tmp_path: Path, encryption_key: bytes) -> Iterator[FastAPI]:
    """The app on the database of `sqlite_database` and `sqlite_town`."""
    with running(app_on(sqlite_database, tmp_path, encryption_key)) as found:
        yield found


@pytest.fixture
def clerk(sqlite_app: FastAPI) -> TestClient:
    """Somebody who shows the token, where one kind of database is enough."""
    return TestClient(sqlite_app, headers=BEARER, follow_redirects=False, raise_server_exceptions=False)


@pytest.fixture
def stranger(sqlite_app: FastAPI) -> TestClient:
    """Somebody who shows nothing."""
    return TestClient(sqlite_app, follow_redirects=False)
