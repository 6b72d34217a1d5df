"""The engine's threads go on, and so it does without Prefect."""

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text

from clock import pause, utcnow
from flows import engine, lanes
from flows.wakeup import open_waker
from models import Database, EngineInstance, table
from rules.facts import Refused
from services.engine import engines
from services.upkeep import prepare
from settings import Settings, load
from tasks import events, recording
from tasks.context import at_work
from tests.support.feed import hand_in, number_apart, states_of
from tests.support.prefect import PrefectServer
from tests.support.processes import installed, until
from tests.support.town import START, Town


@pytest.fixture
def settings(tmp_path: Path, encryption_key: bytes) -> Settings:
    made = load(data_dir=tmp_path / "data", prefect="off", poll_ms=20)
    made.data_dir.mkdir()
    made.key_file.write_bytes(encryption_key)
    prepare(made, utcnow())
    return made


@pytest.fixture
def running(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, list[BaseException]]]:
    """Start an engine in a thread: its stop and what it raised; started by the test's first `begin`."""
    monkeypatch.setattr(engine, "LONGER_S", 0.02)
    monkeypatch.setattr(engine, "BEAT_S", 0.02)
    stop, raised = threading.Event(), list[BaseException]()
    yield stop, raised
    stop.set()


def started(settings: Settings, stop: threading.Event, raised: list[BaseException]) -> threading.Thread:
    def work() -> None:
        try:
            engine.run(settings, stop)
        except BaseException as problem:
            raised.append(problem)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


# the engine's threads --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "name"), [(engine, "live_turn"), (lanes, "lane"), (engines, "beat")])
def test_no_loop_ends_because_something_is_raised(
    place: Any,
    name: str,
    settings: Settings,
    running: tuple[threading.Event, list[BaseException]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls: list[int] = []

    def broken(*_: object) -> None:
        calls.append(1)
        raise LookupError("nobody has foreseen this")

    monkeypatch.setattr(place, name, broken)
    stop, raised = running
    with caplog.at_level(logging.ERROR, "bihuan.engine"):
        thread = started(settings, stop, raised)
        for _ in range(200):
            if len(calls) > 2:
                break
            pause(0.05)
        stop.set()
        thread.join(20)
    assert len(calls) > 2
    assert raised == []
    assert any("nobody has foreseen this" in (r.exc_text or "") for r in caplog.records)


def test_a_thread_that_dies_nevertheless_stops_the_engine(
    settings: Settings, running: tuple[threading.Event, list[BaseException]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(engines, "beat", dies)
    stop, raised = running
    started(settings, stop, raised).join(20)
    assert [type(r) for r in raised] == [engine.ThreadDiedError]
    with Database(settings.database_url).unit_of_work() as session:
        still = select(func.count()).select_from(table(EngineInstance)).where(table(EngineInstance).c.stopped_at.is_(None))
        assert session.connection().execute(still).scalar_one() == 0


def test_a_waker_whose_connection_breaks_opens_another(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    with open_waker(database) as waker:
        assert waker.wait(0.05, stop)
        assert not waker.wait(0.05, stop)
        waker._connection.connection.driver_connection.close()  # type: ignore[attr-defined]
        assert not waker.wait(0.05, stop)
        assert waker.wait(0.05, stop), "whoever was away may have missed something"


@pytest.fixture
def breaker(monkeypatch: pytest.MonkeyPatch) -> recording.Breaker:
    made = recording.Breaker()
    monkeypatch.setattr(recording, "_breaker", made)
    return made


class Signal(BaseException):
    """Prefect's Abort and Pause are no Exceptions either."""


# Prefect ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", [LookupError("ObjectNotFound"), ValueError("a field of another version"), Signal()])
@pytest.mark.parametrize("when", ["before", "after"])
def test_whatever_prefect_raises_the_body_runs_once(breaker: recording.Breaker, problem: BaseException, when: str) -> None:
    calls: list[int] = []

    def body(n: int) -> int:
        calls.append(n)
        return n + 1

    def recorded(n: int) -> int:
        if when == "after":
            recording._watched(body)(n)
        raise problem

    assert recording._call(recorded, body, 1) == 2
    assert calls == [1]
    assert breaker.is_open


def test_what_our_body_raises_is_raised_as_it_was(breaker: recording.Breaker) -> None:
    ours = Refused("x")
    ours.__cause__ = cause = KeyError("why")

    def body() -> None:
        raise ours

    def recorded() -> None:
        try:
            recording._watched(body)()
        except Refused as problem:
            raise RuntimeError("Prefect's own words for it") from problem

    with pytest.raises(Refused) as found:
        recording._call(recorded, body)
    assert found.value is ours
    assert found.value.__cause__ is cause
    assert not breaker.is_open


def test_an_interruption_passes_through(breaker: recording.Breaker) -> None:
    def recorded() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recording._call(recorded, lambda: None)


def test_a_prefect_that_answers_but_does_not_record_is_asked_less_and_less_often(breaker: recording.Breaker) -> None:
    answers = []
    for _ in range(4):
        assert breaker.open()
        answers.append(next(n for n in range(1, 100) if breaker.answered()))
    assert answers == [1, 2, 4, 8]
    breaker.went_well()
    assert breaker.open()
    assert breaker.answered()


def prefect(handler: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(base_url="http://prefect.test/api", transport=httpx.MockTransport(handler))


def test_a_wrong_password_is_noticed_by_the_probe_and_said_once(breaker: recording.Breaker, caplog: pytest.LogCaptureFixture) -> None:
    client = prefect(lambda request: httpx.Response(200 if request.url.path.endswith("/health") else 401, json=True))
    with caplog.at_level(logging.WARNING, "bihuan.prefect"):
        assert [events.probe(client) for _ in range(5)] == [False] * 5
    assert [r.getMessage() for r in caplog.records if "BIHUAN_PREFECT_AUTH" in r.getMessage()] == [caplog.records[0].getMessage()]
    assert len(caplog.records) == 1


def test_a_page_of_a_proxy_is_no_answer_of_prefect(town: Town, breaker: recording.Breaker) -> None:
    client = prefect(lambda _: httpx.Response(200, html="<html>sign in</html>"))
    assert not events.probe(client)
    with town.context.database.unit_of_work() as session:
        engines.end(session, town.context.claimer.engine_id, START)
    with at_work(town.context):
        assert events.close_runs_of_the_dead(client, START) == 0
    assert breaker.is_open


def test_runs_of_the_dead_are_those_of_this_installation(town: Town, breaker: recording.Breaker) -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.content.decode())
        return httpx.Response(200, json=[])

    with town.context.database.unit_of_work() as session:
        engine_id = town.context.claimer.engine_id
        installation = session.connection().execute(text("SELECT installation FROM system")).scalar_one()
        assert events.engine_tag(session, engine_id) == f"engine:{installation[:8]}:{engine_id}"
        engines.end(session, engine_id, START)
    with at_work(town.context):
        events.close_runs_of_the_dead(prefect(handler), START)
    assert [f"engine:{installation[:8]}:{engine_id}" in body for body in asked] == [True]


@pytest.mark.soak
def test_deliveries_are_runs_too_under_the_engines_own_tag(
    prefect_server: PrefectServer, sqlite_database: Database, tmp_path: Path, encryption_key: bytes
) -> None:
    number_apart(sqlite_database)
    with sqlite_database.unit_of_work() as session:
        mine = events.engine_tag(session, 1)
    data, address = tmp_path / "data", prefect_server.api
    with installed(data, sqlite_database, encryption_key, BIHUAN_PREFECT="on", BIHUAN_PREFECT_API_URL=address) as installation:
        running = installation.engine()
        hand_in(sqlite_database, 1)
        until(lambda: [r for r in prefect_server.runs(mine) if r["name"].startswith("messages × ")], 30, "a delivery")
        assert running.stop() == 0, running.said()
    assert states_of(prefect_server.runs("bihuan", mine)) == {"Completed"}
