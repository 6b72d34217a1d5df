"""The engine and a real Prefect server: what an administrator sees there, and that the engine never waits for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from clock import pause
from models import Database
from tests.support.feed import as_if_never_answered, dispatched, feed_is_the_journal, hand_in, number_apart, states_of, waiting
from tests.support.prefect import PrefectServer
from tests.support.processes import Installation, Process, installed, until

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]


@pytest.fixture
def server(prefect_server: PrefectServer) -> Iterator[PrefectServer]:
    """The server, running before and after."""
    prefect_server.start()
    yield prefect_server
    prefect_server.start()


@pytest.fixture
def installation(database: Database, server: PrefectServer, tmp_path: Path, encryption_key: bytes) -> Iterator[Installation]:
    number_apart(database)
    with installed(tmp_path / "data", database, encryption_key, BIHUAN_PREFECT="on", BIHUAN_PREFECT_API_URL=server.api) as made:
        yield made


def recorded_singly(installation: Installation, server: PrefectServer, engine: Process) -> dict[int, str]:
    """Hand in three cases, each of which gets a run; once more where the engine took a busy Prefect for away and went on without."""
    handed_in: dict[int, str] = {}
    for _ in range(3):
        few = hand_in(installation.database, 3)
        handed_in |= few
        count = len(handed_in)
        until(lambda count=count: dispatched(installation.database) == count, 30, "three dispatches")
        away = engine.said().count("Prefect's API is away")
        for no in few.values():
            if not away:
                until(lambda no=no: states_of(server.runs(f"case:{no}")) == {"Completed"}, 20, f"the run of {no}")
            for run in server.runs(f"case:{no}"):
                assert run["name"] == f"{no} · collect", engine.said()
                assert {"bihuan", f"case:{no}"} <= set(run["tags"])
        if all(len(server.runs(f"case:{no}")) == 1 for no in few.values()):
            return handed_in
        until(lambda: engine.said().count("Prefect's API is back") == engine.said().count("Prefect's API is away"), 30, "Prefect")
    raise AssertionError(engine.said())


def test_few_cases_have_a_run_each_and_many_have_one(installation: Installation, server: PrefectServer) -> None:
    database = installation.database
    engine = installation.engine()
    few = recorded_singly(installation, server, engine)
    many = hand_in(database, 40)
    until(lambda: dispatched(database) == 40 + len(few), 30, "forty more")
    numbers = sorted(many.values())
    name = f"closed loop × 40 · {numbers[0]} … {numbers[-1]}"
    until(lambda: name in {r["name"] for r in server.runs("batch")}, 20, "the batch run")
    (run,) = [r for r in server.runs("batch") if r["name"] == name]
    until(lambda: states_of([r for r in server.runs("batch") if r["name"] == name]) == {"Completed"}, 20, "its end")
    assert "bihuan" in run["tags"]
    assert not any(server.runs(f"case:{no}") for no in numbers[:3])
    feed_is_the_journal(server, database, few | many)
    assert engine.stop() == 0, engine.said()


def test_the_feed_is_whole_after_the_server_was_killed(installation: Installation, server: PrefectServer) -> None:
    database = installation.database
    engine = installation.engine()
    before = hand_in(database, 10)
    until(lambda: dispatched(database) == 10, 30, "the first ten")
    server.kill()
    meanwhile = hand_in(database, 10)
    until(lambda: dispatched(database) == 20, 20, "the cases go on while Prefect is away")
    assert waiting(database) > 0
    server.start()
    after = hand_in(database, 2)
    until(lambda: dispatched(database) == 22, 30, "the last two")
    feed_is_the_journal(server, database, before | meanwhile | after)
    more = hand_in(database, 1)
    until(lambda: states_of(server.runs(f"case:{next(iter(more.values()))}")) == {"Completed"}, 30, "runs are recorded again")
    assert engine.stop() == 0, engine.said()


def test_cases_go_on_while_the_server_is_frozen(installation: Installation, server: PrefectServer) -> None:
    database = installation.database
    engine = installation.engine()
    before = hand_in(database, 2)
    until(lambda: dispatched(database) == 2, 30, "the first two")
    server.freeze()
    try:
        meanwhile = hand_in(database, 2)
        until(lambda: dispatched(database) == 4, 30, "the cases go on while Prefect hangs")
        quick = hand_in(database, 2)
        until(lambda: dispatched(database) == 6, 5, "they no longer wait for it")
        pause(12)
    finally:
        server.thaw()
    feed_is_the_journal(server, database, before | meanwhile | quick)
    assert engine.stop() == 0, engine.said()


def test_the_server_is_away_when_the_engine_starts(installation: Installation, server: PrefectServer) -> None:
    database = installation.database
    server.kill()
    engine = installation.engine()
    cases = hand_in(database, 5)
    until(lambda: dispatched(database) == 5, 20, "the cases go on without Prefect")
    server.start()
    feed_is_the_journal(server, database, cases)
    late = hand_in(database, 1)
    until(lambda: states_of(server.runs(f"case:{next(iter(late.values()))}")) == {"Completed"}, 30, "runs are recorded")
    assert engine.stop() == 0, engine.said()


def test_runs_of_a_killed_engine_are_closed_by_the_next(installation: Installation, server: PrefectServer) -> None:
    database = installation.database
    cases = hand_in(database, 100)
    others = {r["id"] for r in open_runs(server)}  # left by other tests' installations, which are not ours to close
    left: list[str] = []
    for statement in (60, 90, 120, 150, 190, 240, 300):
        dead = installation.engine(die=f"statement:{statement}")
        assert dead.ends(60) == -9, dead.said()
        left += [r["id"] for r in open_runs(server) if r["id"] not in others]
    assert left, "no kill hit a run: the test proves nothing"
    engine = installation.engine()
    until(lambda: dispatched(database) == 100, 40, "the work")
    until(lambda: not [r for r in open_runs(server) if r["id"] in left], 40, "the runs of the dead")
    states = {server.client.get(f"/flow_runs/{i}").json()["state_name"] for i in left}
    assert states == {"Crashed"}
    feed_is_the_journal(server, database, cases)
    assert engine.stop() == 0, engine.said()
    until(lambda: not {r["id"] for r in open_runs(server)} - others, 20, "nothing is left running")


def open_runs(server: PrefectServer) -> list[dict[str, str]]:
    """Runs that are said to be under way."""
    return [r for r in server.runs("bihuan") if r["state_type"] in ("RUNNING", "PENDING", "SCHEDULED")]


def test_the_feed_is_whole_after_engine_and_server_were_killed_together(installation: Installation, server: PrefectServer) -> None:
    database = installation.database
    cases = hand_in(database, 60)
    engine = installation.engine()
    pause(0.5)
    server.kill()
    engine.kill()
    more = hand_in(database, 5)
    server.start()
    engine = installation.engine()
    until(lambda: dispatched(database) == 65, 40, "the work")
    feed_is_the_journal(server, database, cases | more)
    assert engine.stop() == 0, engine.said()


def test_nothing_is_lost_when_prefect_has_already_stored_most_of_what_is_sent_again(
    installation: Installation, server: PrefectServer
) -> None:
    """An engine died after Prefect's answer and before it had noted it; a server on SQLite gives up batches with enough old events."""
    database = installation.database
    cases = hand_in(database, 60)
    engine = installation.engine()
    until(lambda: dispatched(database) == 60, 40, "the work")
    feed_is_the_journal(server, database, cases)
    engine.kill()
    as_if_never_answered(database)
    server.kill()
    server.start()
    more = hand_in(database, 5)
    engine = installation.engine()
    until(lambda: dispatched(database) == 65, 40, "the work of the next engine")
    feed_is_the_journal(server, database, cases | more)
    assert engine.stop() == 0, engine.said()
