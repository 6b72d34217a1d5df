"""What the engine survives: one bad message or thread among many, a Prefect that answers nonsense, a long queue, a stop in its midst."""

import logging
import stat
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError

from clock import pause, utcnow
from flows import engine, lanes, turn
from flows.wakeup import open_waker
from models import Case, Database, EngineInstance, Message, SetAside, begin_write, table
from notifications.channels.bus import Channels
from notifications.outcome import Outcome, Outgoing, Verdict
from rules.facts import Refused
from services import deliveries, engines
from services.deliveries import Before, Ready, Result, Try
from services.upkeep import prepare
from settings import Settings, load
from tasks import claiming, events, recording
from tasks.context import at_work
from tests.support.feed import hand_in, number_apart, states_of
from tests.support.prefect import PrefectServer
from tests.support.processes import installed, until
from tests.support.town import START, Town
from wording import say

_case, _message = table(Case), table(Message)


def queued(town: Town, cases: int) -> int:
    """Hand in cases and let the engine go on without its post; how many messages wait then."""
    for n in range(cases):
        town.reports("路灯不亮", f"三盏路灯不亮{n}", source="hotline", phone=f"1000000{n:04d}")
    with at_work(town.context):
        turn.turn(town.now)
    return len(town.rows(select(_message.c.id).where(_message.c.state == "queued")))


def messages(town: Town) -> list[Any]:
    return town.rows(select(_message).order_by(_message.c.id))


@pytest.fixture
def unwell(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Outgoing], None]], list[int]]:
    """Lets something happen before each message is sent; gives back the list of those sent."""

    def let(happen: Callable[[Outgoing], None]) -> list[int]:
        sent: list[int] = []

        def send(_: Channels, outgoing: Outgoing) -> Outcome:
            happen(outgoing)
            sent.append(outgoing.message_id)
            return Outcome(Verdict.ACCEPTED)

        monkeypatch.setattr(Channels, "send", send)
        return sent

    return let


# messages -------------------------------------------------------------------------------------------------------------


def test_a_phone_that_no_key_opens_stops_no_other_message(town: Town) -> None:
    waiting = queued(town, 3)
    foreign = Fernet(Fernet.generate_key()).encrypt(b"10000000000")
    with town.context.database.unit_of_work() as session:
        session.connection().execute(text("UPDATE requester SET phone = :p WHERE id = 1"), {"p": foreign})
    with at_work(town.context):
        turn.post(lambda: town.now)
    bad = [m for m in messages(town) if m.requester_id == 1]
    assert {m.state for m in bad} == {"failed_temp"}
    assert {m.error for m in bad} == {"no key opens the address"}
    assert sum(m.state == "delivered" for m in messages(town)) == waiting - len(bad) > 0


def test_what_a_channel_raises_over_may_have_been_sent_and_the_others_are_sent_once(
    town: Town, unwell: Callable[[Callable[[Outgoing], None]], list[int]]
) -> None:
    queued(town, 10)
    third = messages(town)[2].id

    def happen(outgoing: Outgoing) -> None:
        if outgoing.message_id == third:
            raise LookupError("a secret of the channel")

    sent = unwell(happen)
    with at_work(town.context):
        turn.post(lambda: town.now)
        turn.post(lambda: town.now)
    bad = next(m for m in messages(town) if m.id == third)
    assert (bad.state, bad.error, bad.attempts) == ("unknown", "LookupError", 1)
    assert len(sent) == len(set(sent)) == len(messages(town)) - 1


def test_a_late_engine_does_not_overwrite_what_another_has_sent(town: Town) -> None:
    queued(town, 1)
    first = messages(town)[0].id
    late, quick = town.context.claimer.engine_id, town.context.claimer.engine_id + 1
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        session.connection().execute(update(_message).values(claimed_by=quick))
        for engine_id, verdict in ((quick, Verdict.ACCEPTED), (late, Verdict.TEMPORARY)):
            tried = Try(False, Outcome(verdict), town.now, town.now)
            ready = Ready(Outgoing(first, "sms", "10000000000", "", "said"), Before("queued", 0, None))
            deliveries.record(session, "sms", [Result(ready, (tried,))], engine_id, town.context.setup, town.now)
    assert messages(town)[0].state == "accepted"


def test_who_has_no_address_is_not_sent_anything(sqlite_town: Town) -> None:
    town = sqlite_town
    queued(town, 1)
    with town.context.database.unit_of_work() as session:
        session.connection().execute(text("UPDATE requester SET phone = NULL"))
        session.connection().execute(text("UPDATE staff SET phone = NULL"))
    with at_work(town.context):
        turn.post(lambda: town.now)
    mute = [m for m in messages(town) if m.channel == "sms"]
    assert {(m.state, m.error, m.attend_at, m.wording) for m in mute} == {("suppressed", "no_address", None, None)}
    assert {m.requester_id is None for m in mute} == {True, False}
    assert {say("delivery.suppressed", lang) for lang in ("zh", "en")} == {
        "不发（另有去处，或不必发）",
        "not sent (told otherwise, or rightly not)",
    }


def test_each_portion_is_planned_at_its_own_moment_and_recorded_at_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "PORTION", 20)
    waiting = queued(town, 30)
    planned: list[Any] = []

    def now() -> Any:
        """A moment later whenever a plan was recorded."""
        done = [m for m in messages(town) if m.tried_at is not None and m.state == "delivered"]
        planned.append(len(done))
        return town.now + timedelta(milliseconds=len(done))

    with at_work(town.context):
        assert turn.post(now) == waiting
    portions = Counter(m.tried_at for m in messages(town))
    assert len(portions) >= -(-waiting // 20) > 2
    assert max(portions.values()) == 20
    assert {0, 20, 40} <= set(planned), "recorded before the next is planned"


def test_a_stop_ends_the_post_after_the_message_under_way(town: Town, unwell: Callable[[Callable[[Outgoing], None]], list[int]]) -> None:
    queued(town, 10)
    stop = threading.Event()
    sent = unwell(lambda _: stop.set())
    with at_work(town.context):
        assert turn.post(lambda: town.now, stop.is_set) == 1
    assert {(m.state, m.attempts, m.tried_at) for m in messages(town) if m.id not in sent} == {("queued", 0, None)}
    assert [m.id for m in messages(town) if m.state == "accepted"] == sent
    assert not [m for m in messages(town) if m.claimed_by is not None], "the rest is given back"


def test_a_slow_channel_never_outlasts_its_lease(town: Town, unwell: Callable[[Callable[[Outgoing], None]], list[int]]) -> None:
    queued(town, 10)
    spent: list[Outgoing] = []
    overtaken: list[int] = []

    def happen(outgoing: Outgoing) -> None:
        spent.append(outgoing)
        (row,) = town.rows(select(_message.c.claimed_until).where(_message.c.id == outgoing.message_id))
        if row.claimed_until < now():
            overtaken.append(outgoing.message_id)

    def now() -> Any:
        return town.now + timedelta(seconds=20 * len(spent))

    sent = unwell(happen)
    with at_work(town.context):
        turn.post(now)
    assert overtaken == []
    assert len(sent) == len(set(sent)) == len(messages(town))


def test_the_record_of_messages_is_for_its_owner_only(sqlite_town: Town, tmp_path: Path) -> None:
    queued(sqlite_town, 1)
    with at_work(sqlite_town.context):
        turn.post(lambda: sqlite_town.now)
    assert stat.S_IMODE((tmp_path / "outbox.jsonl").stat().st_mode) == 0o600


# a long queue ---------------------------------------------------------------------------------------------------------


def test_clocks_do_not_wait_behind_a_long_queue_of_cases(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.context = replace(town.context, batch=2)
    first = town.reports("路灯不亮", source="hotline")
    town.turn()
    town.now = town.next_moment(after=town.now) or town.now
    for n in range(9):
        town.reports("路灯不亮", f"{n}", source="hotline")
    done: list[str] = []
    cases, clocks = turn._some_cases, turn._some_clocks
    moments = (town.now + timedelta(seconds=n) for n in count())
    monkeypatch.setattr(turn, "_some_cases", lambda now: done.append(f"case {now:%S}") or cases(now))
    monkeypatch.setattr(turn, "_some_clocks", lambda now: done.append(f"clock {now:%S}") or clocks(now))
    with at_work(town.context):
        turn.live_turn(lambda: next(moments), lambda: False)
    assert [d.split()[0] for d in done[:4]] == ["case", "clock"] * 2
    assert town.fired(first)
    assert len({d.split()[1] for d in done}) == len(done), "each claim has a moment of its own"
    assert all(c.state == "dispatched" for c in town.rows(select(_case.c.state)))


def test_a_stop_leaves_the_rest_of_a_long_queue(town: Town) -> None:
    town.context = replace(town.context, batch=2)
    for n in range(9):
        town.reports("路灯不亮", f"{n}", source="hotline")
    looks = iter([False, True])
    with at_work(town.context):
        turn.live_turn(lambda: town.now, lambda: next(looks))
    assert sum(c.state == "dispatched" for c in town.rows(select(_case.c.state))) == 2
    assert not town.rows(select(_case.c.id).where(_case.c.claimed_by.is_not(None)))


def test_what_was_set_aside_stays_so_when_the_turn_breaks_off(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    case = town.reports("路灯不亮", source="hotline")
    aside = table(SetAside)
    with town.context.database.unit_of_work() as session:
        hour_ago = town.now - timedelta(hours=1)
        session.connection().execute(
            aside.insert().values(case_id=case, step="report", error="x", tries=1, first_at=hour_ago, last_at=hour_ago)
        )

    def away(*_: object) -> int:
        raise OperationalError("x", {}, ConnectionError())

    with monkeypatch.context() as broken, at_work(town.context):
        broken.setattr(turn, "closed_loop", away)
        with pytest.raises(OperationalError):
            turn.turn(town.now)
        assert town.set_aside(case)[0].resolved_at is None
        claiming.give_back_work()
    town.turn()
    assert town.state(case) == "dispatched"
    assert town.set_aside(case)[0].resolved_at == town.now


# the engine's threads -------------------------------------------------------------------------------------------------


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


# Prefect --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def breaker(monkeypatch: pytest.MonkeyPatch) -> recording.Breaker:
    made = recording.Breaker()
    monkeypatch.setattr(recording, "_breaker", made)
    return made


class Signal(BaseException):
    """Prefect's Abort and Pause are no Exceptions either."""


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
