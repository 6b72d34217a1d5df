"""Links of the engine page into the pages of a real Prefect server: the run, the case's runs, its event feed."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from models import Database
from settings import Settings
from tests.support.feed import hand_in, number_apart, states_of
from tests.support.prefect import PrefectServer
from tests.support.processes import installed, until
from web.console import prefect_links

pytestmark = [pytest.mark.soak, pytest.mark.timeout(180)]


def test_each_address_shows_the_case_in_prefects_own_pages(
    prefect_server: PrefectServer, sqlite_database: Database, tmp_path: Path, encryption_key: bytes, browser: Browser
) -> None:
    number_apart(sqlite_database)
    settings = Settings(data_dir=tmp_path, prefect="on", prefect_api_url=prefect_server.api)
    with installed(
        tmp_path / "data", sqlite_database, encryption_key, BIHUAN_PREFECT="on", BIHUAN_PREFECT_API_URL=prefect_server.api
    ) as installation:
        installation.engine()
        (no,) = hand_in(sqlite_database, 1).values()
        until(lambda: states_of(prefect_server.runs(f"case:{no}")) == {"Completed"}, 60, "the run")
        until(lambda: len(prefect_server.events(no)) > 1, 30, "the events")
        (run,) = prefect_server.runs(f"case:{no}")
        page = browser.new_page()
        assert f"bihuan.case.{no}" in shown(page, prefect_links.feed(settings, no), "bihuan.case.collect")
        assert run["name"] in shown(page, prefect_links.runs_of_case(settings, no), run["name"])
        assert f"case:{no}" in shown(page, prefect_links.run(settings, run["id"]), "closed-loop")
        assert "batch" in shown(page, prefect_links.batches(settings), "batch")
        page.close()


def shown(page: Page, address: str, wanted: str) -> str:
    """What a page of Prefect says once it says what is wanted."""
    page.goto(address)
    page.get_by_text(wanted).first.wait_for(timeout=30_000)
    return page.inner_text("body")
