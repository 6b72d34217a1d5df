"""/s: number and token open a case for its reporter alone, for a while; there it is followed, rated, reopened and taken back."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from models import Evaluation, table
from services.following import token_of
from tests.support.rated import fed_back
from tests.support.town import Town
from tests.support.website import OURS, at


@pytest.fixture
def phone(sqlite_app: FastAPI) -> TestClient:
    """A resident's phone."""
    return TestClient(sqlite_app, headers=OURS, follow_redirects=False)


def let_in(phone: TestClient, town: Town, case_id: int) -> Any:
    """Type number and token at the town's time; gives back the row of the case."""
    at(phone.app, town.now)
    case = town.case(case_id)
    answer = phone.post("/s", data={"no": case.no.lower(), "token": token_of(case.no, case.requester_id).lower()})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/s/{case.no}"), answer.text
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert f"Path=/s/{case.no}" in cookie
    return case


def test_number_and_token_open_the_case_and_nothing_else_does(phone: TestClient, sqlite_town: Town) -> None:
    mine, other = (sqlite_town.reports("楼道灯坏了", phone=f"1390000000{n}") for n in (1, 2))
    at(phone.app, sqlite_town.now)
    wrong = phone.post(
        "/s", data={"no": sqlite_town.case(mine).no, "token": token_of(sqlite_town.case(other).no, sqlite_town.case(other).requester_id)}
    )
    assert wrong.status_code == 404
    case = let_in(phone, sqlite_town, mine)
    page = phone.get(f"/s/{case.no}")
    assert page.status_code == 200
    assert "楼道灯坏了" in page.text
    assert 'aria-current="step"' in page.text
    assert phone.get(f"/s/{sqlite_town.case(other).no}").status_code == 303
    phone.cookies.set("bihuan_case", phone.cookies["bihuan_case"], path=f"/s/{sqlite_town.case(other).no}")
    assert phone.get(f"/s/{sqlite_town.case(other).no}").status_code == 303  # signed for one case only
    at(phone.app, sqlite_town.now + timedelta(minutes=31))
    assert phone.get(f"/s/{case.no}").status_code == 303


def test_wrong_tokens_are_counted_and_then_even_the_right_one_waits(phone: TestClient, sqlite_town: Town) -> None:
    case = sqlite_town.case(sqlite_town.reports("楼道灯坏了"))
    at(phone.app, sqlite_town.now)
    tries = [phone.post("/s", data={"no": case.no, "token": "2222-2222"}).status_code for _ in range(6)]
    assert tries == [404] * 5 + [429]
    assert phone.post("/s", data={"no": case.no, "token": token_of(case.no, case.requester_id)}).status_code == 429


def test_taken_back_with_a_reason(phone: TestClient, sqlite_town: Town) -> None:
    case = let_in(phone, sqlite_town, sqlite_town.reports("楼道灯坏了"))
    without = phone.post(f"/s/{case.no}", data={"do": "withdraw", "reason": ""})
    assert without.status_code == 409
    done = phone.post(f"/s/{case.no}", data={"do": "withdraw", "reason": "自己换好了"})
    assert done.status_code == 303, done.text
    assert sqlite_town.state(case.id) == "withdrawn"
    page = phone.get(f"/s/{case.no}?lang=en").text
    assert "You took it back" in page
    left = phone.post(f"/s/{case.no}", data={"do": "leave"})
    assert left.headers["location"] == "/s"
    assert phone.get(f"/s/{case.no}").status_code == 303


def test_rated_once_then_reopened(phone: TestClient, sqlite_town: Town) -> None:
    case = let_in(phone, sqlite_town, fed_back(sqlite_town))
    page = phone.get(f"/s/{case.no}").text
    assert "现在到您这里" in page
    assert "办理结果" in page
    assert phone.post(f"/s/{case.no}", data={"do": "rate", "score": "5"}).status_code == 422
    rated = phone.post(f"/s/{case.no}", data={"do": "rate", "solved": "yes", "score": "5", "say": "很快"})
    assert rated.status_code == 303, rated.text
    (row,) = sqlite_town.rows(select(table(Evaluation)).where(table(Evaluation).c.case_id == case.id))
    assert (row.solved, row.score, row.words, row.channel) == (True, 5, "很快", "self")
    assert row.device is not None
    assert phone.post(f"/s/{case.no}", data={"do": "rate", "solved": "no"}).status_code == 409
    sqlite_town.turn()
    assert sqlite_town.state(case.id) == "closed"
    assert "已办完" in phone.get(f"/s/{case.no}").text
    assert phone.post(f"/s/{case.no}", data={"do": "reopen", "reason": "又堵了"}).status_code == 303
    assert sqlite_town.state(case.id) == "filed"
    words = phone.get(f"/s/{case.no}").text
    assert "案卷" not in words
    assert "派遣" not in words
