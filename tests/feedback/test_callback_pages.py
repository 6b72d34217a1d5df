"""What providers bring to the secret path of their channel: taken once, answered as they want, and nothing at all without the secret."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from models import Message, Receipt, Reply, table
from notifications.outcome import Confirmation, Inbound
from services import callbacks
from services.channels.stored import SYSTEM, Wanted, configure, set_enabled
from tests.support.rated import FIRST, fed_back, ratings
from tests.support.town import Town
from tests.support.website import app_on, at
from web.layers import BODY_LIMIT

SECRET = "an-Aliyun-secret-nobody-guesses"
_message, _receipt, _reply = table(Message), table(Receipt), table(Reply)


def configured(town: Town, url: str = "alisms://KEY:SECRET@dysms.example/?sign=澄湖治理", code: str = "sms", secret: str = SECRET) -> None:
    with town.context.database.unit_of_work() as session:
        assert configure(session, Wanted(code, url), SYSTEM, town.now, secret=secret) == secret


@pytest.fixture
def provider(town: Town, tmp_path: Path, encryption_key: bytes) -> Iterator[TestClient]:
    """A provider that pushes, on SQLite and on PostgreSQL."""
    configured(town)
    app = app_on(town.context.database, tmp_path, encryption_key)
    at(app, town.now)
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


def asked(town: Town) -> tuple[int, int]:
    """A case whose reporter was asked by short message, and that message, taken by the provider as `biz-1`."""
    case = fed_back(town)
    wanted = select(_message.c.id).where(_message.c.case_id == case, _message.c.notice == "fed_back")
    message_id = int(town.rows(wanted)[0].id)
    with town.context.database.unit_of_work() as session:
        taken = {"state": "accepted", "provider_id": "biz-1", "sent_at": town.now, "tried_at": town.now, "attend_at": None}
        session.connection().execute(update(_message).where(_message.c.id == message_id).values(taken))
    return case, message_id


def report(message_id: int, **more: Any) -> dict[str, Any]:
    return {
        "phone_number": FIRST,
        "send_time": "2026-11-20 10:42:00",
        "report_time": "2026-11-20 10:42:03",
        "success": True,
        "err_code": "DELIVERED",
        "err_msg": "用户接收成功",
        "sms_size": "1",
        "biz_id": "biz-1",
        "out_id": f"BH{message_id}",
        **more,
    }


def reply(text: str = "Y", **more: Any) -> dict[str, Any]:
    return {
        "phone_number": FIRST,
        "content": text,
        "send_time": "2026-11-20 10:42:00",
        "dest_code": "10690",
        "sequence_id": 7,
        **more,
    }


def pushes(provider: TestClient, *entries: dict[str, Any], path: str = f"/callbacks/{SECRET}") -> Any:
    return provider.post(path, content=json.dumps(entries).encode(), headers={"Content-Type": "application/json"})


def state(town: Town, message_id: int) -> str:
    return str(town.rows(select(_message.c.state).where(_message.c.id == message_id))[0].state)


@pytest.mark.parametrize("path", [f"/callbacks/{SECRET}", f"/callbacks/sms/{SECRET}"])
def test_a_receipt_is_taken_once_however_often_it_is_brought(town: Town, provider: TestClient, path: str) -> None:
    _, message_id = asked(town)
    for _ in range(2):
        answer = pushes(provider, report(message_id), path=path)
        assert (answer.status_code, answer.json()["code"]) == (200, 0)
    assert state(town, message_id) == "delivered"
    assert [(r.provider_id, r.message_id) for r in town.rows(select(_receipt))] == [("biz-1", message_id)]


def test_a_reply_is_a_rating_once_however_often_it_is_brought(town: Town, provider: TestClient) -> None:
    case, _ = asked(town)
    for _ in range(2):
        assert pushes(provider, reply("Y")).status_code == 200
    assert [(r.solved, r.channel) for r in ratings(town, case)] == [(True, "sms")]
    assert [(r.channel, r.provider_id, r.outcome) for r in town.rows(select(_reply))] == [("sms", "7", "done")]


def test_receipts_and_replies_may_come_together(town: Town, provider: TestClient) -> None:
    case, message_id = asked(town)
    assert pushes(provider, report(message_id), reply("没解决")).status_code == 200
    assert state(town, message_id) == "delivered"
    assert [r.solved for r in ratings(town, case)] == [False]


@pytest.mark.parametrize("path", ["/callbacks/guess", "/callbacks/sms/guess", f"/callbacks/voice/{SECRET}", "/callbacks/x/y/z"])
def test_an_unknown_secret_is_a_page_that_does_not_exist(town: Town, provider: TestClient, path: str) -> None:
    _, message_id = asked(town)
    answer, nowhere = pushes(provider, report(message_id), path=path), provider.post("/nowhere")
    assert (answer.status_code, answer.text) == (404, nowhere.text)
    assert {k: v for k, v in answer.headers.items() if k != "date"} == {k: v for k, v in nowhere.headers.items() if k != "date"}
    assert state(town, message_id) == "accepted"
    assert provider.get(f"/callbacks/{SECRET}").status_code == 405, "looking brings nothing"


def test_what_cannot_be_read_is_refused_with_its_place_and_nothing_is_half_taken(town: Town, provider: TestClient) -> None:
    case, message_id = asked(town)
    broken = pushes(provider, reply("Y"), report(message_id, success="perhaps"))
    assert (broken.status_code, "[1].success" in broken.text) == (400, True)
    assert provider.post(f"/callbacks/{SECRET}", content=b"\xff{").status_code == 400
    assert (state(town, message_id), ratings(town, case), town.rows(select(_reply))) == ("accepted", [], [])


def test_more_than_any_provider_pushes_is_not_read(provider: TestClient) -> None:
    assert provider.post(f"/callbacks/{SECRET}", content=b"[" + b" " * BODY_LIMIT).status_code == 413


def test_a_paused_channel_still_gets_its_receipts(town: Town, provider: TestClient) -> None:
    _, message_id = asked(town)
    with town.context.database.unit_of_work() as session:
        set_enabled(session, "sms", "admin", town.now, enabled=False)
    assert pushes(provider, report(message_id)).status_code == 200
    assert state(town, message_id) == "delivered"


def test_nothing_is_pushed_to_a_mail_server(town: Town, provider: TestClient) -> None:
    configured(town, "mail://u:p@mail.example/?from=a@b.example", "email", "mail-secret")
    assert pushes(provider, path="/callbacks/mail-secret").status_code == 404


def test_what_comes_over_a_kept_connection_is_taken_the_same_way(town: Town) -> None:
    case, message_id = asked(town)
    heard = [Confirmation("biz-1", message_id, "DELIVRD", True, at=town.now), Inbound("mo-1", FIRST, "N", None)]
    for _ in range(2):
        with town.context.database.unit_of_work() as session:
            callbacks.take(session, "sms", heard, town.now)
    assert state(town, message_id) == "delivered"
    assert [r.solved for r in ratings(town, case)] == [False]
