"""Health, meters, failures, and a real server."""

import re
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient
from sqlalchemy import event

from models import Database, EngineInstance, table
from services.engine import set_aside
from services.moves import Setting
from settings import Settings
from tests.support.town import Town
from tests.support.website import BEARER, DRAIN, HTML, NOW, TOKEN, app_on, at, hand_in_many
from web.app import create_app
from wording import sentences


def test_a_healthy_process_is_alive_and_ready(client: TestClient) -> None:
    assert client.get("/livez").json() == {"alive": True}
    at(client.app, datetime.now(UTC))  # noqa: TID251 - PostgreSQL compares its own clock
    assert client.get("/readyz").json() == {"ready": True, "reasons": []}
    assert client.head("/readyz").status_code == 200


def unmigrated(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")


def unseeded(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM system")


def engine_of_tomorrow(database: Database) -> None:
    with database.unit_of_work() as session:
        row = {"host": "h", "pid": 1, "started_at": NOW, "heartbeat_at": NOW + timedelta(days=1)}
        session.connection().execute(table(EngineInstance).insert().values(row))


@pytest.mark.parametrize(("spoil", "code"), [(unmigrated, "not_migrated"), (unseeded, "not_seeded"), (engine_of_tomorrow, "clock_behind")])
def test_what_is_missing_is_told_and_nothing_else_breaks(
    clerk: TestClient, sqlite_database: Database, spoil: Callable[[Database], None], code: str
) -> None:
    spoil(sqlite_database)
    answer = clerk.get("/readyz")
    assert answer.status_code == 503
    assert [reason["code"] for reason in answer.json()["reasons"]] == [code]
    assert clerk.get("/livez").status_code == 200


def test_a_clock_far_from_the_databases_is_told(postgres_database: Database, tmp_path: Path, encryption_key: bytes) -> None:
    app = app_on(postgres_database, tmp_path, encryption_key)
    at(app, datetime(2030, 1, 1, tzinfo=UTC))
    with TestClient(app) as client:
        assert [r["code"] for r in client.get("/readyz").json()["reasons"]] == ["clock_differs"]
        at(app, datetime(1970, 1, 1, tzinfo=UTC))
        assert "clock_wrong" in [r["code"] for r in client.get("/readyz").json()["reasons"]]


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:9/none", "sqlite:////nonexistent/folder/x.db"])
def test_a_database_away_is_a_sentence_everywhere(url: str, tmp_path: Path, encryption_key: bytes) -> None:
    (tmp_path / "secret.key").write_bytes(encryption_key)
    app = create_app(Settings(data_dir=tmp_path, database_url=url, token=TOKEN))
    with TestClient(app, headers=BEARER) as client:
        assert client.get("/livez").status_code == 200
        assert client.get("/readyz").json()["reasons"][0]["code"] == "database_away"
        for path in ("/api/cases", "/cases"):
            answer = client.get(path, headers={**HTML, "Cookie": "bihuan_session=anybody"})
            assert answer.status_code == 503
            assert "数据库暂时无法访问" in answer.text
            assert "Traceback" not in answer.text
        assert client.post("/api/cases", json=DRAIN).json()["code"] == "database_away"
        assert "bihuan_database_up 0.0" in client.get("/metrics").text


def test_a_bug_is_a_sentence_outside_and_on_record_inside(clerk: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.api.list_cases", lambda *_: 1 / 0)
    answer = clerk.get("/api/cases")
    assert (answer.status_code, answer.json()["code"]) == (500, "bug")
    assert "ZeroDivisionError" not in answer.text
    assert "Content-Security-Policy" in answer.headers
    assert "ZeroDivisionError" in (tmp_path / "logs" / "web.log").read_text(encoding="utf-8")


def test_unknown_addresses_are_told_as_page_or_as_json(clerk: TestClient) -> None:
    assert clerk.get("/api/nothing").json()["code"] == "not_found"
    page = clerk.get("/nothing", headers=HTML)
    assert page.status_code == 404
    assert "没有这个页面" in page.text
    assert clerk.delete("/api/cases").status_code == 405


def test_every_answer_carries_the_security_headers(clerk: TestClient) -> None:
    for path in ("/cases", "/api/cases", "/login", "/nothing", "/livez", "/static/components.css"):
        headers = clerk.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'"), path
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert ("no-store" in headers["cache-control"]) != path.startswith("/static/")


def meter(client: TestClient, line: str) -> float:
    found = re.search(rf"^{re.escape(line)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    assert found is not None, line
    return float(found[1])


def test_meters_tell_how_the_whole_stands(town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    broken = town.reports("路灯不亮")
    town.reports("晨光小区5号楼下水道堵了", "污水外溢")
    database = town.context.database
    with database.unit_of_work() as session:
        set_aside.set_aside(session, broken, "triage", "boom", Setting(town.now))
    app = app_on(database, tmp_path, encryption_key)
    at(app, town.now + timedelta(days=3))
    with TestClient(app, headers=BEARER) as client:
        get = partial(meter, client)
        assert get('bihuan_cases{state="submitted"}') == 2
        assert get("bihuan_cases_ended") == 0
        assert get("bihuan_clocks_open") == 2
        assert get("bihuan_clock_oldest_unfired_rung_seconds") > 0
        assert get('bihuan_messages_waiting{state="queued"}') > 0
        assert get("bihuan_cases_set_aside") == 1
        assert get("bihuan_events_waiting") == 0
        assert get("bihuan_engines_running") == 1
        assert get("bihuan_engine_heartbeat_age_seconds") == timedelta(days=3).total_seconds()
        assert get('bihuan_http_requests_total{method="GET",route="/metrics",status="200"}') > 0


def test_figures_are_read_at_most_every_five_seconds(clerk: TestClient, sqlite_database: Database) -> None:
    assert meter(clerk, "bihuan_clocks_open") == 0
    hand_in_many(clerk, 1)
    assert meter(clerk, "bihuan_clocks_open") == 0
    at(clerk.app, NOW + timedelta(seconds=5))
    assert meter(clerk, "bihuan_clocks_open") == 1


def test_requests_are_counted_by_route_not_by_address(clerk: TestClient) -> None:
    for n in range(3):
        clerk.get(f"/api/cases/BH-20261120-000{n}")
        clerk.get(f"/scan-{n}.php")
    assert meter(clerk, 'bihuan_http_requests_total{method="GET",route="/api/cases/{no}",status="404"}') == 3
    assert meter(clerk, 'bihuan_http_requests_total{method="GET",route="unknown",status="404"}') == 3
    assert "scan" not in clerk.get("/metrics").text


def test_the_figures_are_answered_from_indexes(sqlite_database: Database) -> None:
    from services.metrics import read_figures

    asked: list[str] = []
    with sqlite_database.unit_of_work() as session:
        event.listen(session.connection(), "before_cursor_execute", lambda _c, _cur, s, *_: asked.append(s))
        read_figures(session, NOW)
        plans = []
        for statement in tuple(asked):
            rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (10_000,) * statement.count("?"))
            plans += [row[3] for row in rows]
    big = re.compile(r"SCAN (case_file|clock|journal|message)(?! USING)")
    assert [p for p in plans if big.search(p) and "ORDER BY" not in p] in ([], ["SCAN message"]), "only the newest messages, by id"


def test_every_sentence_of_the_pages_is_there_in_both_languages() -> None:
    for section in ("web", "light", "actor", "supervision", "field", "invalid", "ready"):
        assert sentences("zh")[section].keys() == sentences("en")[section].keys()


def test_a_real_server_on_a_real_socket_answers(database: Database, tmp_path: Path, encryption_key: bytes) -> None:
    app = app_on(database, tmp_path, encryption_key)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    running = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    running.start()
    try:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=base, transport=httpx.HTTPTransport(retries=20), trust_env=False) as client:
            assert client.get("/livez", timeout=20).status_code == 200
            made = client.post("/api/cases", json=DRAIN, headers=BEARER)
            assert made.status_code == 201
            assert client.get("/api/cases", auth=("curl", TOKEN)).json()["cases"][0]["no"] == made.json()["no"]
    finally:
        server.should_exit = True
        running.join(20)
        listener.close()
    assert not running.is_alive()
