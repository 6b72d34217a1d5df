"""One case on a real Prefect server, in short: its run has its name, its history is found by its number."""

from pathlib import Path

import pytest

from models import Database
from tests.support.feed import dispatched, feed_is_the_journal, hand_in, number_apart, states_of
from tests.support.prefect import PrefectServer
from tests.support.processes import installed, until


@pytest.mark.soak
def test_a_case_has_a_run_and_a_feed_of_its_own(
    prefect_server: PrefectServer, sqlite_database: Database, tmp_path: Path, encryption_key: bytes
) -> None:
    number_apart(sqlite_database)
    with installed(
        tmp_path / "data", sqlite_database, encryption_key, BIHUAN_PREFECT="on", BIHUAN_PREFECT_API_URL=prefect_server.api
    ) as installation:
        engine = installation.engine()
        cases = hand_in(sqlite_database, 1)
        (no,) = cases.values()
        until(lambda: dispatched(sqlite_database) == 1, 30, "the dispatch")
        until(lambda: states_of(prefect_server.runs(f"case:{no}")) == {"Completed"}, 20, "the run")
        (run,) = prefect_server.runs(f"case:{no}")
        assert run["name"] == f"{no} · collect"
        feed_is_the_journal(prefect_server, sqlite_database, cases)
        related = {r["prefect.resource.id"] for e in prefect_server.events(no) for r in e["related"]}
        assert f"prefect.flow-run.{run['id']}" in related
        assert engine.stop() == 0, engine.said()
