"""The heartbeat to the outside, against a real server: it comes while all is well, and silence is the alarm."""

import json
import logging
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from clock import pause, utcnow
from commands.upkeep.checks import Check, examine
from models import Case, Clock, Database, table
from services import audit
from services.audit import Watch
from services.engine.claims import Claimer
from services.engine.engines import begin
from services.engine.heartbeat import STALE, masked, take_pulse
from services.intake import Report, submit
from services.moves import Setting
from settings import SettingsError, load
from tasks.context import at_work
from tasks.heartbeat import Heart, look_on
from tests.conftest import context_for
from tests.support.processes import installed, until
from tests.support.town import Town
from web.meters import Meters

_case, _clock = table(Case), table(Clock)
SECRET = "0b3e-ping-key"


@dataclass
class Outside:
    """A monitor somewhere else; what it was told, by path.

    Attributes:
        hangs: It takes what it is told and never answers.
        status: What it answers.
    """

    address: str
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    hangs: threading.Event = field(default_factory=threading.Event)
    status: int = 200

    def paths(self) -> list[str]:
        return [path for path, _ in self.told]


@pytest.fixture
def outside() -> Iterator[Outside]:
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            here.told.append((self.path, json.loads(body)))
            if here.hangs.is_set():
                over.wait(60)
                return
            self.send_response(here.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quietly."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        here = Outside(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield here
        over.set()
        server.shutdown()
        thread.join()


@contextmanager
def heart_of(town: Town, outside: Outside, *, failing: bool = True) -> Iterator[Heart]:
    with at_work(town.context):
        url = f"{outside.address}/{SECRET}"
        yield Heart(url, f"{url}/fail" if failing else "", Watch())


def spoil(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        session.execute(update(_clock).values(due_at=_clock.c.started_at))


def heartbeat_at(database: Database) -> Any:
    with database.unit_of_work() as session:
        row = audit.last_round(session)
    return row.heartbeat_at if row is not None else None


# one heart ------------------------------------------------------------------------------------------------------------


def test_it_comes_when_a_round_has_found_nothing(town: Town, outside: Outside) -> None:
    case = town.reports("路灯不亮", "灯坏了，我叫张三，电话 13800000000")
    town.turn()
    with heart_of(town, outside) as heart:
        assert not heart.beat(town.now), "nobody has looked yet"
        look_on(heart.watch, town.now)
        assert heart.beat(town.now)
    ((path, told),) = outside.told
    assert path == f"/{SECRET}"
    assert set(told) == {"installation", "at", "well", "lag_s", "findings", "oldest_rung", "round_at"}
    assert (told["well"], told["lag_s"], told["findings"], told["at"]) == (True, 0.0, {}, town.now.isoformat())
    assert told["oldest_rung"] > told["at"]
    assert town.case(case).no not in json.dumps(told)
    assert heartbeat_at(town.context.database) == town.now


def test_it_stops_when_a_row_is_corrupt_and_comes_again_when_it_is_mended(town: Town, outside: Outside) -> None:
    town.reports("路灯不亮")
    town.turn()
    good = town.rows(select(_clock.c.id, _clock.c.due_at).where(_clock.c.stopped_at.is_(None)))
    with heart_of(town, outside) as heart:
        look_on(heart.watch, town.now)
        heart.beat(town.now)
        spoil(town)
        look_on(heart.watch, town.now)
        assert heart.beat(town.now + timedelta(seconds=1)), "how things stand is known"
        for row in good:
            with town.context.database.unit_of_work() as session:
                session.execute(update(_clock).where(_clock.c.id == row.id).values(due_at=row.due_at))
        look_on(heart.watch, town.now)
        heart.beat(town.now)
    assert outside.paths() == [f"/{SECRET}", f"/{SECRET}/fail", f"/{SECRET}"]
    assert outside.told[1][1]["findings"]["due_moved"] == len(good)
    assert heartbeat_at(town.context.database) == town.now


def test_without_an_address_for_it_what_is_wrong_is_silence(sqlite_town: Town, outside: Outside) -> None:
    town = sqlite_town
    town.reports("路灯不亮")
    town.turn()
    spoil(town)
    with heart_of(town, outside, failing=False) as heart:
        look_on(heart.watch, town.now)
        assert heart.beat(town.now)
    assert outside.told == []
    assert heartbeat_at(town.context.database) is None


def test_an_engine_that_is_behind_or_does_not_look_is_not_well(sqlite_town: Town, outside: Outside) -> None:
    town = sqlite_town
    town.reports("路灯不亮")
    town.turn()
    with heart_of(town, outside) as heart:
        look_on(heart.watch, town.now)
        with town.context.database.unit_of_work() as session:
            first = audit.oldest_rung(session)
            assert first is not None
            assert take_pulse(session, heart.watch, town.now + STALE) is not None
            assert take_pulse(session, heart.watch, town.now + STALE + timedelta(seconds=1)) is None
            heart.watch.looked_at = first
            pulse = take_pulse(session, heart.watch, first + timedelta(seconds=30))
            assert pulse is not None
            assert (pulse.well, pulse.lag_s) == (True, 30.0)
            heart.watch.looked_at = first + audit.LAG
            behind = take_pulse(session, heart.watch, first + audit.LAG + timedelta(seconds=1))
        assert behind is not None
        assert not behind.well


def test_only_the_oldest_engine_goes_the_rounds(postgres_database: Database, tmp_path: Path) -> None:
    town = Town(context_for(postgres_database, tmp_path))
    with postgres_database.unit_of_work() as session:
        younger = begin(session, town.now, events_on=False, alive=lambda *_: True)
    for engine_id, looks in ((younger, False), (town.context.claimer.engine_id, True)):
        watch = Watch()
        with at_work(replace(town.context, claimer=Claimer(engine_id, timedelta(seconds=60)))):
            look_on(watch, town.now)
        assert (watch.last is not None) == looks


def test_trouble_is_logged_once_until_it_works_again_and_never_tells_the_secret(
    sqlite_town: Town, outside: Outside, caplog: pytest.LogCaptureFixture
) -> None:
    town = sqlite_town
    caplog.set_level(logging.INFO, logger="bihuan.heartbeat")
    with heart_of(town, outside) as heart:
        look_on(heart.watch, town.now)
        outside.status = 503
        assert heart.beat(town.now)
        assert heart.beat(town.now)
        outside.status = 200
        heart.beat(town.now)
        heart.beat(town.now)
    said = [record.getMessage() for record in caplog.records if record.name == "bihuan.heartbeat"]
    assert [line.split(" ")[0] for line in said] == [f"{outside.address}/***"] * 2
    assert "503" in said[0]
    assert "again" in said[1]
    assert SECRET not in caplog.text


def test_where_nobody_listens_nothing_is_raised(sqlite_town: Town) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with at_work(sqlite_town.context):
        heart = Heart(f"http://127.0.0.1:{port}/{SECRET}", "", Watch())
        look_on(heart.watch, sqlite_town.now)
        assert heart.beat(sqlite_town.now)
    assert heartbeat_at(sqlite_town.context.database) is None


@pytest.mark.parametrize("url", ["hc.example/ping", "ftp://hc.example/ping", "http://", "http://[::1/ping"])
def test_an_address_that_is_none_is_refused_at_the_door_without_being_told(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(heartbeat_url=url)
    assert "BIHUAN_HEARTBEAT_URL" in str(refused.value)
    assert url not in str(refused.value).replace("http://… | https://…", "")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hc.example/ping/0b3e", "https://hc.example/***"),
        ("https://user:password@hc.example:8443/0b3e?key=1", "https://hc.example:8443/***"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert masked(url) == shown


# a real engine --------------------------------------------------------------------------------------------------------


def hand_in(database: Database) -> None:
    with database.unit_of_work() as session:
        submit(session, [Report("路灯不亮", "三盏路灯不亮", source="hotline", area="chenguang-1")], Setting(utcnow()))


def dispatched(database: Database) -> int:
    with database.unit_of_work() as session:
        states = list(session.connection().execute(select(_case.c.state)).scalars())
    return len(states) if set(states) == {"dispatched"} else 0


#: An engine as any other, in more of a hurry than its settings may ask for.
BRISK = """
import flows.engine
from tests.support import engine_main

load = engine_main.load
flows.engine.ROUND_S = flows.engine.PATIENCE_S = 0.2
engine_main.load = lambda: load().model_copy(update={"heartbeat_seconds": 0.3})
engine_main.main()
"""


def test_an_engine_tells_the_outside_until_its_database_is_corrupt(
    database: Database, outside: Outside, tmp_path: Path, encryption_key: bytes
) -> None:
    url = f"{outside.address}/{SECRET}"
    more = {"BIHUAN_HEARTBEAT_URL": url, "BIHUAN_HEARTBEAT_FAIL_URL": f"{url}/fail"}
    with installed(tmp_path / "data", database, encryption_key, **more) as installation:
        engine = installation.start(sys.executable, "-c", BRISK)
        hand_in(database)
        until(lambda: dispatched(database) == 1, 30, "the dispatch")
        until(lambda: outside.paths().count(f"/{SECRET}") >= 2, 30, "two heartbeats")
        with database.unit_of_work() as session:
            session.execute(update(_clock).values(budget_s=1))
        until(lambda: f"/{SECRET}/fail" in outside.paths(), 30, "the bad news")
        heard = len(outside.told)
        until(lambda: len(outside.told) > heard, 30, "more bad news")
        assert set(outside.paths()[heard:]) == {f"/{SECRET}/fail"}
        assert engine.stop() == 0, engine.said()
        assert SECRET not in engine.said()


@pytest.mark.parametrize("how", ["hangs", pytest.param("refuses", marks=pytest.mark.soak)])
def test_an_engine_goes_on_whatever_the_outside_does(
    sqlite_database: Database, outside: Outside, tmp_path: Path, encryption_key: bytes, how: str
) -> None:
    outside.hangs.set()
    address = outside.address if how == "hangs" else "http://127.0.0.1:9"
    more = {"BIHUAN_HEARTBEAT_URL": f"{address}/{SECRET}", "BIHUAN_HEARTBEAT_SECONDS": "1"}
    with installed(tmp_path / "data", sqlite_database, encryption_key, **more) as installation:
        engine = installation.engine()
        if how == "hangs":
            until(lambda: outside.told, 30, "the first heartbeat")
        else:
            until(lambda: "/***" in engine.said(), 30, "the first complaint")
        for n in range(1, 4):
            hand_in(sqlite_database)
            until(lambda n=n: dispatched(sqlite_database) == n, 30, "the dispatch")
            pause(0.2)
        assert engine.stop() == 0, engine.said()
        assert engine.said().count("/***") <= 1, "said once"
        assert SECRET not in engine.said()


# doctor and /metrics --------------------------------------------------------------------------------------------------


def doctor(town: Town, folder: Path, key: bytes, **more: str) -> dict[str, Check]:
    database = town.context.database
    with installed(folder / "data", database, key) as installation:
        url = database.engine.url.render_as_string(hide_password=False)
        settings = load(data_dir=installation.folder, database_url=url, prefect="off", **more)
        return {check.name: check for check in examine(settings, town.now)}


def test_doctor_tells_lag_orphans_the_round_and_the_heartbeat(
    town: Town, outside: Outside, tmp_path: Path, encryption_key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIHUAN_LANG", "en")
    town.reports("路灯不亮")
    town.turn()
    checks = doctor(town, tmp_path, encryption_key)
    assert checks["clocks"].ok
    assert "0 s late" in checks["clocks"].lines[-1]
    assert "belong to nothing: 0" in checks["clocks"].lines[-1]
    assert checks["round"].ok
    assert "first" in checks["round"].text
    assert "BIHUAN_HEARTBEAT_URL" in checks["heartbeat"].text
    url = f"{outside.address}/{SECRET}"
    assert not doctor(town, tmp_path, encryption_key, heartbeat_url=url)["heartbeat"].ok
    with heart_of(town, outside) as heart:
        look_on(heart.watch, town.now)
        heart.beat(town.now)
        checks = doctor(town, tmp_path, encryption_key, heartbeat_url=url)
        assert checks["heartbeat"].ok
        assert checks["heartbeat"].text.endswith(f"({outside.address}/***)")
        assert "1 cases, nothing wrong" in checks["round"].text
        spoil(town)
        look_on(heart.watch, town.now)
    town.now += timedelta(minutes=4)
    checks = doctor(town, tmp_path, encryption_key, heartbeat_url=url)
    assert not checks["clocks"].ok
    assert any("bihuan case why" in line for line in checks["clocks"].lines)
    assert not checks["round"].ok
    assert checks["round"].lines[0].endswith(": due_moved")
    assert not checks["heartbeat"].ok, "three heartbeats are missing"
    assert SECRET not in str(checks)


def meter(exposition: bytes, line: str) -> float:
    (found,) = [text for text in exposition.decode().splitlines() if text.startswith(f"{line} ")]
    return float(found.rpartition(" ")[2])


def test_the_meters_tell_what_the_audit_found(town: Town, outside: Outside) -> None:
    case = town.reports("路灯不亮", source="hotline")
    town.turn()
    before = Meters().exposition(town.context.database, town.now)
    assert meter(before, "bihuan_clock_lag_seconds") == 0
    assert meter(before, "bihuan_clock_orphans") == 0
    assert str(meter(before, "bihuan_audit_round_age_seconds")) == "nan"
    assert meter(before, "bihuan_provisional_clocks") == 0
    seq = town.supervise(case, "centre.duty", "water")
    with town.context.database.unit_of_work() as session:
        first = audit.oldest_rung(session)
        assert first is not None
        session.execute(update(_clock).where(_clock.c.supervision_seq == seq).values(provisional=True, budget_s=1))
    with heart_of(town, outside) as heart:
        look_on(heart.watch, town.now)
    later = first + timedelta(seconds=90)
    now = Meters().exposition(town.context.database, later)
    assert meter(now, "bihuan_clock_lag_seconds") == 90
    assert meter(now, "bihuan_oldest_unfired_rung_timestamp_seconds") == first.timestamp()
    assert meter(now, 'bihuan_clock_findings{code="due_moved"}') == 1
    assert meter(now, "bihuan_audit_round_age_seconds") == (later - town.now).total_seconds()
    assert meter(now, "bihuan_provisional_clocks") == 1
    assert meter(now, 'bihuan_supervision_open{state="proposed"}') == 1
