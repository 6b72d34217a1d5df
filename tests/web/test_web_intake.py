"""Intake: one case however often it is sent, personal data in and never out, mistakes told with their place."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from models import Case, Database, table
from rules.geo import Point, distance_m
from tests.support.together import together
from tests.support.website import DRAIN
from web.layers import BODY_LIMIT


def test_a_report_handed_in_becomes_a_case_and_says_its_number(client: TestClient) -> None:
    answer = client.post("/api/cases", json=DRAIN)
    assert answer.status_code == 201, answer.text
    expected = {"no": "BH-20261120-0001", "state": "submitted", "submitted_at": "2026-11-20T02:42:00Z", "status": "已提交"}
    assert answer.json() == expected
    assert answer.headers["location"] == "/api/cases/BH-20261120-0001"


def test_the_same_key_twice_is_one_case(client: TestClient) -> None:
    key = {"Idempotency-Key": "abc-1"}
    first, second = (client.post("/api/cases", json=DRAIN, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert client.post("/api/cases", json=DRAIN, headers={"Idempotency-Key": "abc-2"}).json()["no"] == "BH-20261120-0002"


def test_one_key_from_many_at_the_same_instant_is_one_case(client: TestClient) -> None:
    seen: list[tuple[int, str]] = []

    def send() -> None:
        answer = client.post("/api/cases", json=DRAIN, headers={"Idempotency-Key": "at-once"})
        seen.append((answer.status_code, answer.json()["no"]))

    together([send] * 6)
    assert sorted(seen) == [(200, "BH-20261120-0001")] * 5 + [(201, "BH-20261120-0001")]


def test_personal_data_goes_in_encrypted_and_never_comes_out(client: TestClient, database: Database) -> None:
    report = {**DRAIN, "body": "请回电13912345678", "requester": {"name": "王小明", "phone": "+86 139-1234-5678"}}
    no = client.post("/api/cases", json=report).json()["no"]
    with database.unit_of_work() as session:
        row = session.connection().execute(select(table(Case).c.requester_id)).one()
        stored = session.connection().exec_driver_sql("SELECT name, phone FROM requester").one()
    assert row.requester_id is not None
    assert b"139" not in bytes(stored.phone)
    assert "小明".encode() not in bytes(stored.name)
    for path in ("/api/cases", f"/api/cases/{no}"):
        text = client.get(path).text
        assert "13912345678" not in text
        assert "王小明" not in text
    assert client.get(f"/api/cases/{no}").json()["body"] == "请回电139****"


def test_two_reporters_who_give_the_same_name_and_no_phone_stay_two(clerk: TestClient, sqlite_database: Database) -> None:
    for _ in range(2):
        clerk.post("/api/cases", json={**DRAIN, "requester": {"name": "王小明"}})
    with sqlite_database.unit_of_work() as session:
        assert len(set(session.connection().execute(select(table(Case).c.requester_id)).scalars())) == 2


def test_one_phone_written_two_ways_is_one_reporter(clerk: TestClient, sqlite_database: Database) -> None:
    for phone in ("+86 139-1234-5678", "13912345678"):
        clerk.post("/api/cases", json={**DRAIN, "requester": {"phone": phone}})
    with sqlite_database.unit_of_work() as session:
        assert len(set(session.connection().execute(select(table(Case).c.requester_id)).scalars())) == 1


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"body": None}, "body", "反映内容应为文字"),
        ({"subject": "长" * 201}, "subject", "主题最多 200 个字"),
        ({"requester": {"phone": "not a phone"}}, "requester.phone", "电话的写法无效，请填写数字"),
        ({"body": "a\x00b"}, "body", "反映内容含有不可见的控制字符，请去掉"),
        ({"colour": "red"}, "colour", "没有“colour”这一项，请去掉"),
        ({"point": {"lat": 121.5, "lon": 31.2}}, "point.lat", "纬度不能大于 90.0"),
        ({"upstream": {"system": "12345"}}, "upstream.no", "请填写上级工单号"),
        ({"source": "Résident!"}, "source", "来源的写法无效，请检查"),
    ],
)
def test_bad_input_is_told_with_its_place(clerk: TestClient, wrong: dict[str, Any], field: str, sentence: str) -> None:
    answer = clerk.post("/api/cases", json={**DRAIN, **wrong})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": field, "sentence": sentence}]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "the content is not valid JSON"),
        (b"[]", "the content must be a JSON object"),
        (b"", "the content is missing"),
        (b'{"body": "\\ud800"}', "body has characters that cannot be read"),
        (b"\xff\xfe", "the content is not valid JSON"),
    ],
)
def test_what_is_not_json_is_told_in_the_language_asked_for(clerk: TestClient, content: bytes, sentence: str) -> None:
    answer = clerk.post("/api/cases", content=content, headers={"Content-Type": "application/json", "Accept-Language": "en-GB, zh;q=0.5"})
    assert (answer.status_code, answer.json()["sentence"]) == (422, sentence)


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"source": "rumour"}, "unknown_source", "source"),
        ({"source": "walk_in"}, "source_needs_staff", "source"),
        ({"source": "leader_inspection"}, "source_needs_staff", "source"),
        ({"area": "atlantis"}, "unknown_area", "area"),
        ({"body": " ", "subject": " "}, "empty_report", "body"),
    ],
)
def test_a_refused_report_says_why_and_leaves_nothing(clerk: TestClient, wrong: dict[str, str], code: str, field: str) -> None:
    answer = clerk.post("/api/cases", json={**DRAIN, **wrong})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (409, code, field)
    assert "{" not in answer.json()["sentence"]
    assert clerk.get("/api/cases").json()["cases"] == []


@pytest.mark.parametrize("key", ["", "a b", "键", "x" * 101])
def test_a_key_that_cannot_be_one_is_refused(clerk: TestClient, key: str) -> None:
    answer = clerk.post("/api/cases", json=DRAIN, headers={"Idempotency-Key": key.encode()})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_too_much_is_refused_whether_said_or_only_sent(clerk: TestClient) -> None:
    said = clerk.post("/api/cases", content=b"x" * (BODY_LIMIT + 1))
    sent = clerk.post("/api/cases", content=(b"x" * 65536 for _ in range(5)))
    assert (said.status_code, sent.status_code) == (413, 413)
    assert said.json()["code"] == sent.json()["code"] == "too_large"


def test_a_limit_set_upstream_and_a_special_group_come_along(client: TestClient) -> None:
    sent = {**DRAIN, "due_at": "2026-12-01T17:30:00+08:00", "due_note": "12345-42", "special_group": "elder_alone"}
    no = client.post("/api/cases", json=sent).json()["no"]
    case = client.get(f"/api/cases/{no}").json()
    told = {name: case[name] for name in ("outside_due_at", "outside_by", "outside_note", "special_group", "special_group_name")}
    assert told == {
        "outside_due_at": "2026-12-01T09:30:00Z",
        "outside_by": "upstream",
        "outside_note": "12345-42",
        "special_group": "elder_alone",
        "special_group_name": "独居老人",
    }
    assert (case["stages"], case["extensions"]) == ([], [])


@pytest.mark.parametrize(
    ("more", "status", "field"),
    [
        ({"due_at": "2026-12-01T17:30:00"}, 422, "due_at"),
        ({"due_at": "tomorrow"}, 422, "due_at"),
        ({"due_note": "长" * 121}, 422, "due_note"),
        ({"due_at": "2020-12-01T17:30:00+08:00"}, 409, "due_at"),
        ({"due_at": "2999-12-01T17:30:00+08:00"}, 409, "due_at"),
        ({"due_note": "12345-42"}, 409, "due_at"),
        ({"special_group": "heroes"}, 409, "special_group"),
    ],
)
def test_a_limit_or_a_group_that_is_none_is_refused_with_its_field(
    clerk: TestClient, more: dict[str, str], status: int, field: str
) -> None:
    answer = clerk.post("/api/cases", json=DRAIN | more)
    assert answer.status_code == status, answer.text
    found = answer.json()
    assert field == (found["field"] if status == 409 else found["errors"][0]["field"])
    assert clerk.get("/api/cases").json()["cases"] == []


def rows(database: Database, model: type) -> list[Any]:
    with database.unit_of_work() as session:
        return list(session.connection().execute(select(table(model))))


def test_point_ticket_and_wish_to_be_left_alone_come_along(client: TestClient, database: Database) -> None:
    point = {"lat": 31.175303983646, "lon": 121.531541859215, "datum": "GCJ02", "accuracy_m": 20}
    sent = {**DRAIN, "point": point, "contact_allowed": False, "upstream": {"no": "T-1", "reply_to": "系统回填"}}
    first = client.post("/api/cases", json=sent, headers={"Idempotency-Key": "a"})
    again = client.post("/api/cases", json=sent, headers={"Idempotency-Key": "b"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["no"] == again.json()["no"], "the same number upstream"
    (case,) = rows(database, Case)
    assert distance_m(Point(case.lat, case.lon), Point(31.1774276, 121.5272106)) < 0.5
    assert (case.datum, case.accuracy_m, case.contact_allowed) == ("GCJ02", 20, False)
    assert (case.upstream_system, case.upstream_no, case.upstream_reply_to) == ("12345", "T-1", "系统回填")
