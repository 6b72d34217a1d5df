"""Working on one order by its link: no persons are shown, a login or a code to the phone comes before anything is done, GET never acts."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from models import Database, Message, table
from notifications import answering
from services.accounts import codes
from tests.support.answered import SITE, keys_of
from tests.support.in_hand import sent
from tests.support.pictures import photo
from tests.support.rated import fed_back
from tests.support.town import Town
from tests.support.website import HTML, app_on, at, running, visit

PRIVATE = {"Origin": "null", **HTML}
SUBJECT = "有件事想问问"
_message = table(Message)


@pytest.fixture
def site(database: Database, tmp_path: Path, encryption_key: bytes, town: Town) -> Iterator[FastAPI]:
    with running(app_on(database, tmp_path, encryption_key, demo=True)) as found:
        at(found, town.now)
        yield found


@pytest.fixture
def sqlite_site(sqlite_database: Database, tmp_path: Path, encryption_key: bytes, sqlite_town: Town) -> Iterator[FastAPI]:
    with running(app_on(sqlite_database, tmp_path, encryption_key, demo=True)) as found:
        at(found, sqlite_town.now)
        yield found


def phone_of(site: FastAPI) -> TestClient:
    return TestClient(site, headers={**PRIVATE, "Accept-Language": "zh-CN"}, follow_redirects=False)


def link_of(town: Town, case: int, notice: str = "dispatched_lead") -> str:
    return keys_of(town, case, notice)[1].removeprefix(SITE)


def code_of(town: Town) -> str:
    """The code that the newest message carries."""
    rows = town.rows(select(_message).where(_message.c.notice == codes.NOTICE).order_by(_message.c.id.desc()).limit(1))
    return codes.carried(rows)[rows[0].id][0]


def hidden(page: str, name: str) -> str:
    return unescape(re.search(rf'name="{name}" value="([^"]*)"', page)[1])  # type: ignore[index]


def move(client: TestClient, path: str, page: str, action: str, files: object = None, **fields: str) -> object:
    form = {"act": "move", "action": action, "csrf": hidden(page, "csrf"), "version": hidden(page, "version"), **fields}
    return client.post(path, data=form, files=files)


def signs_in_by_code(town: Town, client: TestClient, path: str) -> str:
    asked = client.post(path, data={"act": "send_code"})
    assert "短信里的6位登录码" in asked.text
    page = client.post(path, data={"act": "enter_code", "signin": code_of(town)})
    assert (page.status_code, "身份办理" in page.text) == (200, True)
    return str(page.text)


def test_by_a_code_to_the_phone_an_order_is_worked_to_its_end(town: Town, site: FastAPI) -> None:
    """签收 by the link alone; then who it is, by a code; 先行联系, 延期, 办结 with photos; each is on record as that person's."""
    case, client = sent(town, category="A04"), phone_of(site)
    path = link_of(town, case)
    first = client.get(path).text
    assert "先确认是您本人" in first
    assert SUBJECT not in first
    assert 'name="version"' not in first, "nothing of the moves is there before"
    assert client.post(path, data={"act": "yes"}).status_code == 200
    used = client.get(path)
    assert (used.status_code, "已经用过" in used.text, "发登录码到登记的手机" in used.text) == (410, True, True)
    page = signs_in_by_code(town, client, path)
    assert SUBJECT in page
    assert "10000000001" not in page
    assert all(word in page for word in ("先行联系", "申请延期", "申请退单", "办结", "时限已用"))
    assert "已登记" in move(client, path, page, "contact", reached="yes").text
    stale = move(client, path, page, "finish", result="已经疏通")
    assert (stale.status_code, "刚刚有变化" in stale.text, "已经疏通" in stale.text) == (409, True, True), "what was typed is kept"
    page = client.get(path).text
    unit = hidden(page, "amount_unit")
    assert "已登记" in move(client, path, page, "ask_extension", amount="1", amount_unit=unit, extension_reason="等配件").text
    page = client.get(path).text
    assert all(word in page for word in ("办理前照片", "办理后照片", "一份延期申请在等审批"))
    bare = move(client, path, page, "finish", result="已经修好")
    assert (bare.status_code, "要附现场照片" in bare.text, "已经修好" in bare.text) == (409, True, True)
    photos = {"after": ("a.jpg", photo(), "image/jpeg"), "before": ("b.jpg", photo(shade=9), "image/jpeg")}
    done = move(client, path, page, "finish", photos, result="已经修好")
    assert "已登记“办结”" in done.text
    assert next(str(o.state) for o in town.orders(case) if o.lead) == "done"
    acted = [(e.action, e.actor) for e in town.journal(case) if e.action in ("contact", "ask_extension", "attach", "finish")]
    assert {actor for _, actor in acted if actor != "system"} == {"municipal.clerk"}
    assert {"contact", "ask_extension", "attach", "finish"} <= {action for action, _ in acted}
    picture = f"/a/photos/{town.case(case).no}/1"
    assert client.get(picture).headers["content-type"] == "image/jpeg"
    assert phone_of(site).get(picture).status_code == 404, "photos are for who has said who he is"


def test_who_is_signed_in_acts_as_himself_and_only_for_his_unit(sqlite_town: Town, sqlite_site: FastAPI) -> None:
    town, case = sqlite_town, sent(sqlite_town)
    path = link_of(town, case)
    mate, other = visit(sqlite_site, "water.head"), visit(sqlite_site, "housing.clerk")
    for client in (mate, other):
        client.headers.update(PRIVATE)
    page = mate.get(path).text
    assert "先确认是您本人" not in page
    back = move(mate, path, page, "ask_return", return_code="not_our_duty", return_reason="移交清单第18项")
    assert "已登记" in back.text
    (request,) = town.requests(case)
    assert (request.code, request.asked_by) == ("not_our_duty", "water.head")
    foreign = move(other, path, page, "try_contact", try_reason="无人接听", csrf=other.csrf)
    assert foreign.status_code in (403, 409)
    assert "try_contact" not in town.actions(case)
    assert move(mate, path, page, "finish", result="x", csrf="wrong").status_code == 403
    locked = mate.get(path).text
    assert "退单申请正在等裁定" in locked, "a move that is not open says why"


def test_nothing_is_done_before_it_is_known_who_acts(sqlite_town: Town, sqlite_site: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    town, case, client = sqlite_town, sent(sqlite_town), phone_of(sqlite_site)
    path = link_of(town, case)
    before = town.actions(case)
    form = {"act": "move", "action": "finish", "version": "1", "result": "完了"}
    nobody = client.post(path, data=form)
    assert (nobody.status_code, "先登录" in nobody.text, "完了" in nobody.text) == (403, True, False)
    wrong = client.post(path, data={"act": "enter_code", "signin": "12"})
    assert (wrong.status_code, "没有有效的登录码" in wrong.text) == (403, True)
    assert "set-cookie" not in wrong.headers
    client.post(path, data={"act": "send_code"})
    again = client.post(path, data={"act": "send_code"})
    assert (again.status_code, "要得太勤" in again.text) == (429, True)
    rating = link_of(town, fed_back(town, place="chenguang-2"), "fed_back")
    assert client.post(rating, data={"act": "send_code"}).status_code == 409, "residents are sent none"
    monkeypatch.setitem(answering.ASKS, "dispatched_lead", replace(answering.ASKS["dispatched_lead"], enough=False))
    strict = client.post(path, data={"act": "yes"})
    assert (strict.status_code, "先登录" in strict.text) == (403, True), "where the policy says that the link is not enough"
    assert town.actions(case) == before


def test_a_typed_code_stays_out_of_every_address(sqlite_town: Town, sqlite_site: FastAPI) -> None:
    town, case, client = sqlite_town, sent(sqlite_town), phone_of(sqlite_site)
    code, _ = keys_of(town, case, "dispatched_lead")
    client.post("/a", data={"code": code, "act": "send_code"})
    page = client.post("/a", data={"code": code, "act": "enter_code", "signin": code_of(town)})
    assert "bihuan_link" in page.headers["set-cookie"]
    assert "Path=/a" in page.headers["set-cookie"]
    assert not re.search(rf'(?:href|action|src)="[^"]*{code}', page.text)
    assert "已登记" in move(client, "/a", page.text, "acknowledge", code=code).text
    assert next(str(o.state) for o in town.orders(case) if o.lead) == "working"
    large = client.post("/a?size=large&lang=en", data={"code": code})
    assert ('data-size="large"' in large.text, "You act as" in large.text) == (True, True)


def test_people_get_a_sentence_and_a_way_back(sqlite_site: FastAPI) -> None:
    for path, status in (("/nothing", 404), ("/a/photos/BH-20261120-0001/1", 404)):
        page = phone_of(sqlite_site).get(path)
        assert (page.status_code, 'data-surface="phone"' in page.text, 'href="/"' in page.text) == (status, True, True)
    evil = phone_of(sqlite_site).post("/a", data={"code": "222222"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (evil.status_code, 'data-surface="phone"' in evil.text) == (403, True)
