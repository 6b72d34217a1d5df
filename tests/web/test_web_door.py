"""Programs with the token; forms of our own pages only; pages for who is signed in."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from models import Database
from tests.support.website import HTML, OURS, PASSWORD, TOKEN, Visitor, hand_in_many, visit
from web.access.browsers import browser_of
from web.console.nav import NAV
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


def test_the_token_opens_the_api_and_no_page(stranger: TestClient) -> None:
    assert stranger.get("/api/cases", auth=("anybody", TOKEN)).status_code == 200
    assert stranger.get("/cases", auth=("anybody", TOKEN)).status_code == 401


def test_a_session_of_the_console_does_not_open_the_api(sqlite_app: FastAPI) -> None:
    assert visit(sqlite_app, "admin").get("/api/cases").status_code == 401


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "/cases\r\nX: y", "javascript:alert(1)", "/cases/../x"]
)
def test_signing_in_never_leads_elsewhere(wanted: str) -> None:
    assert own_path(wanted) == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {**OURS, "Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_elsewhere_is_refused_even_with_the_right_token(sqlite_app: FastAPI, headers: dict[str, str]) -> None:
    admin = visit(sqlite_app, "admin")
    answer = admin.post("/me/sessions", data={"csrf": admin.csrf}, headers=headers)
    assert answer.status_code == 403
    assert "不是从本站提交" in answer.text
    refused = admin.post("/login", data={"user": "admin", "password": PASSWORD}, headers=headers)
    assert refused.status_code == 403
    assert "set-cookie" not in refused.headers


def test_a_form_needs_the_token_of_its_own_session(sqlite_app: FastAPI) -> None:
    admin, clerk = visit(sqlite_app, "admin"), visit(sqlite_app, "water.clerk")
    for csrf in ("", clerk.csrf, admin.csrf[:-1], "é"):
        assert admin.post("/me/sessions", data={"csrf": csrf}).status_code == 403, csrf
    assert admin.send_form("/me/sessions").status_code == 303


def test_where_one_is_signed_in_is_told_by_browser_and_system(sqlite_app: FastAPI) -> None:
    edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
    wechat = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.50"
    said = [browser_of(header, "zh") for header in (edge, wechat, edge.partition(" Edg")[0], "curl/8.5", "")]
    assert said == ["Edge · Windows", "微信 · Android", "Chrome · Windows", "其他浏览器", "其他浏览器"]
    page = visit(sqlite_app, "water.clerk").get("/me").text
    assert re.search(r'<span title="testclient">其他浏览器</span>', page)


def test_every_page_opens_for_whom_it_is_shown_and_changes_nothing(sqlite_app: FastAPI, sqlite_database: Database) -> None:
    hand_in_many(TestClient(sqlite_app, headers={"Authorization": b"Bearer " + TOKEN.encode()}), 1)
    people = [visit(sqlite_app, user) for user in ("admin", "centre.duty", "water.clerk", "chenguang-1.worker", "chenghu.leader")]

    def changes() -> int:
        with sqlite_database.unit_of_work() as session:
            return int(session.connection().exec_driver_sql("PRAGMA data_version").scalar_one())

    with sqlite_database.unit_of_work() as session:  # data_version is told apart by one connection
        session.connection()
    before = changes()
    for each in people:
        shown = each.get("/me").text
        for entry in (entry for entries in NAV.values() for entry in entries):
            if f'href="{entry.path}"' in shown:
                assert each.get(entry.path).status_code == 200, entry.path
        for path in ("/", "/me", "/password", "/login", "/logout", "/cases?lang=en"):
            each.get(path)
    assert changes() == before


def test_pages_of_the_door_carry_no_script_and_no_inline_style(sqlite_app: FastAPI) -> None:
    admin: Visitor = visit(sqlite_app, "admin")
    for path in ("/login", "/me", "/password", "/people", "/nothing"):
        page = admin.get(path).text
        assert not any(sign in page for sign in ("<script>", "<style", " style=", " onclick=", "javascript:")), path
