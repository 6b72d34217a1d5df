"""The web app with and without the token shown."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from models import Database
from tests.support.website import BEARER, app_on


@pytest.fixture
def app(database: Database, tmp_path: Path, encryption_key: bytes) -> FastAPI:
    return app_on(database, tmp_path, encryption_key)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Somebody who shows the token, on SQLite and on PostgreSQL."""
    with TestClient(app, headers=BEARER, follow_redirects=False) as found:
        yield found


@pytest.fixture
def sqlite_app(sqlite_database: Database, tmp_path: Path, encryption_key: bytes) -> FastAPI:
    return app_on(sqlite_database, tmp_path, encryption_key)


@pytest.fixture
def clerk(sqlite_app: FastAPI) -> Iterator[TestClient]:
    """Somebody who shows the token, where one kind of database is enough."""
    with TestClient(sqlite_app, headers=BEARER, follow_redirects=False, raise_server_exceptions=False) as found:
        yield found


@pytest.fixture
def stranger(sqlite_app: FastAPI) -> Iterator[TestClient]:
    """Somebody who shows nothing."""
    with TestClient(sqlite_app, follow_redirects=False) as found:
        yield found
