"""Who is let in, and whose forms are taken."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models import Database
from tests.support.website import HTML, NOW, OURS, TOKEN, at, hand_in_many
from web.guards import own_path


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic !!"},
        {"Authorization": "Basic dTpwCg=="},
        {"Cookie": "bihuan_session=9999999999.forged"},
        {"Cookie": "bihuan_session="},
    ],
)
def test_without_the_token_nothing_is_shown_or_taken(stranger: TestClient, headers: dict[str, str]) -> None:
    for method, path in (("GET", "/api/cases"), ("POST", "/api/cases"), ("GET", "/api/cases/BH-20261120-0001"), ("GET", "/cases")):
        answer = stranger.request(method, path, headers=headers)
        assert answer.status_code == 401
        assert "www-authenticate" in answer.headers
    page = stranger.get("/cases?state=filed", headers={**headers, **HTML})
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=%2Fcases%3Fstate%3Dfiled")


def test_curl_may_give_the_token_as_a_password(stranger: TestClient) -> None:
    assert stranger.get("/cases", auth=("anybody", TOKEN)).status_code == 200


def sign_in(client: TestClient, token: str = TOKEN, there: str = "/cases", **headers: str) -> Any:
    return client.post("/login", data={"token": token, "next": there}, headers={**OURS, **headers})


def test_signing_in_hands_out_a_cookie_that_is_not_the_token(stranger: TestClient) -> None:
    answer = sign_in(stranger, there="/cases?state=filed")
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases?state=filed")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert TOKEN not in cookie
    assert stranger.get("/cases").status_code == 200
    assert stranger.post("/logout", headers=OURS).status_code == 303
    assert stranger.get("/cases").status_code == 401


def test_a_session_ends_by_itself(stranger: TestClient) -> None:
    sign_in(stranger)
    at(stranger.app, NOW + timedelta(hours=12))
    assert stranger.get("/cases").status_code == 401


def test_a_wrong_token_is_told_on_the_form(stranger: TestClient) -> None:
    answer = sign_in(stranger, token="guess")
    assert answer.status_code == 401
    assert "令牌不对" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "/cases\r\nX: y", "javascript:alert(1)", "/cases/../x"]
)
def test_signing_in_never_leads_elsewhere(wanted: str) -> None:
    assert own_path(wanted) == "/cases"


FORM = {"subject": "", "body": "路灯不亮", "source": "resident", "area": "", "key": "one"}


def test_the_form_hands_in_one_case_however_often_it_is_sent(clerk: TestClient) -> None:
    answers = [clerk.post("/cases", data=FORM, headers=OURS) for _ in range(2)]
    assert [a.status_code for a in answers] == [303, 303]
    assert {a.headers["location"] for a in answers} == {"/cases/BH-20261120-0001"}


def test_a_form_with_a_mistake_comes_back_filled_in(clerk: TestClient) -> None:
    answer = clerk.post("/cases", data={**FORM, "phone": "abc", "place": "湖滨路3号"}, headers=OURS)
    assert answer.status_code == 422
    assert "电话的写法无效" in answer.text
    assert "湖滨路3号" in answer.text
    refused = clerk.post("/cases", data={**FORM, "area": "atlantis"}, headers=OURS)
    assert refused.status_code == 409
    assert "atlantis" in refused.text


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {**OURS, "Sec-Fetch-Site": "same-site"}],
)
def test_a_form_from_elsewhere_is_refused(stranger: TestClient, headers: dict[str, str]) -> None:
    sign_in(stranger)
    answer = stranger.post("/cases", data=FORM, headers={**headers, **HTML})
    assert answer.status_code == 403
    assert "不是从本站提交" in answer.text
    assert stranger.get("/api/cases").json()["cases"] == []


def test_reading_changes_nothing(clerk: TestClient, sqlite_database: Database) -> None:
    hand_in_many(clerk, 1)

    def changes() -> int:
        with sqlite_database.unit_of_work() as session:
            return int(session.connection().exec_driver_sql("PRAGMA data_version").scalar_one())

    with sqlite_database.unit_of_work() as session:  # data_version is told apart by one connection
        session.connection()
    before = changes()
    for path in ("/", "/cases", "/cases/BH-20261120-0001", "/api/cases", "/metrics", "/readyz", "/login", "/logout", "/cases?lang=en"):
        clerk.get(path, headers=HTML)
    assert changes() == before
