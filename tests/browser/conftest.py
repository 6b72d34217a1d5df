"""A demonstration that has lived for three days, a web process before it, and Debian's Chromium."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import context_for
from tests.support.browsing import ARGUMENTS, Website, chromium, website
from tests.support.databases import SqliteSupply, fresh_database
from tests.support.district import District, lived_in


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all; where there is none, nothing here is tested, and pytest says so."""
    found = chromium()
    if found is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures are kept: `BIHUAN_SCREENSHOTS`, or a folder of pytest's."""
    named = os.environ.get("BIHUAN_SCREENSHOTS")
    return Path(named) if named else tmp_path_factory.mktemp("screenshots")


@pytest.fixture(scope="session")
def district(sqlite_supply: SqliteSupply, tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    """Cases in every state."""
    with fresh_database(sqlite_supply) as database:
        yield lived_in(context_for(database, tmp_path_factory.mktemp("engine")))


@pytest.fixture(scope="session")
def site(
    district: District, browser: Browser, shots: Path, tmp_path_factory: pytest.TempPathFactory, encryption_key: bytes
) -> Iterator[Website]:
    """The pages of that demonstration."""
    with website(district.database, tmp_path_factory.mktemp("site"), encryption_key, browser, shots) as started:
        yield started
