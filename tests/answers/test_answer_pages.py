"""The pages of those who answer without a login: calm, without anything personal, and looking never acts."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from services.catalogue import catalogue
from tests.support.answered import SITE, answers, keys_of, leaves, tries
from tests.support.in_hand import sent
from tests.support.rated import fed_back, ratings
from tests.support.town import Town
from tests.support.website import app_on, at
from web.layers import BODY_LIMIT

ZONE = ZoneInfo("Asia/Shanghai")
HERE = {"Origin": "http://testserver"}
#: What browsers send from a page that tells nobody where it was.
PRIVATE = {"Origin": "null"}
ACT = {"act": "yes"}


@pytest.fixture
def app(town: Town, tmp_path: Path, encryption_key: bytes) -> FastAPI:
    return app_on(town.context.database, tmp_path, encryption_key)


@pytest.fixture
def phone(app: FastAPI, town: Town) -> Iterator[TestClient]:
    """Somebody with a phone and no login, on SQLite and on PostgreSQL."""
    at(app, town.now)
    with TestClient(app, headers={"Accept": "text/html", "Accept-Language": "zh-CN"}, follow_redirects=False) as found:
        yield found


def path_of(link: str) -> str:
    return link.removeprefix(SITE)


def stands(town: Town, case: int) -> str:
    return next(str(o.state) for o in town.orders(case) if o.lead)


def test_a_link_shows_the_case_without_anything_personal_and_acts_only_when_asked(town: Town, phone: TestClient) -> None:
    case = sent(town)
    path = path_of(keys_of(town, case, "dispatched_lead")[1])
    for _ in range(2):
        page = phone.get(path)
        assert page.status_code == 200
    row = town.case(case)
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
    shown = (row.no, known.categories["A01"].name.zh, known.names[row.area_unit_id].zh, "一般", "已派单", "签收")
    assert [word for word in shown if word not in page.text] == []
    assert not any(word in page.text for word in (row.subject, "10000000001", "water.clerk"))
    assert stands(town, case) == "sent"
    done = phone.post(path, data=ACT, headers=PRIVATE)
    assert (done.status_code, "已签收" in done.text) == (200, True)
    assert stands(town, case) == "working"
    for again in (phone.get(path), phone.post(path, data=ACT, headers=PRIVATE)):
        assert (again.status_code, "已经用过" in again.text) == (410, True)


def test_pages_of_answers_are_kept_by_nobody_and_tell_nobody(town: Town, phone: TestClient) -> None:
    path = path_of(keys_of(town, sent(town), "dispatched_lead")[1])
    for page in (phone.get("/a"), phone.get(path), phone.get("/a/unknown"), phone.post("/a", data={"code": "222222"}, headers=HERE)):
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "script-src 'none'" in page.headers["Content-Security-Policy"]
        assert "noindex" in page.headers["X-Robots-Tag"]
        assert "set-cookie" not in page.headers
        assert "<script" not in page.text
        assert 'href="/cases' not in page.text, "nobody who answers is led to a login"
    assert phone.get("/login").headers["Referrer-Policy"] == "same-origin"


def test_a_code_is_typed_in_and_travels_in_no_address(town: Town, phone: TestClient) -> None:
    case = sent(town)
    code, _ = keys_of(town, case, "dispatched_lead")
    assert 'name="code"' in phone.get("/a").text
    page = phone.post("/a", data={"code": f" {code.lower()} "}, headers=HERE)
    assert (page.status_code, town.case(case).no in page.text) == (200, True)
    assert f'value="{code}"' in page.text
    assert f"/a/{code}" not in page.text
    assert stands(town, case) == "sent"
    done = phone.post("/a", data={"code": code, **ACT}, headers=HERE)
    assert "已签收" in done.text
    assert stands(town, case) == "working"


def test_a_code_written_into_the_address_is_only_filled_in(town: Town, phone: TestClient) -> None:
    code, _ = keys_of(town, sent(town), "dispatched_lead")
    page = phone.get(f"/a/{code.lower()}")
    assert (page.status_code, f'value="{code}"' in page.text) == (200, True)
    assert phone.get("/a/222222").text.replace("222222", code) == page.text, "a guess in the address learns nothing"
    assert tries(town) == 0


def test_a_resident_rates_on_the_page(town: Town, phone: TestClient) -> None:
    case = fed_back(town)
    code, link = keys_of(town, case, "fed_back")
    page = phone.get(path_of(link))
    assert all(word in page.text for word in ("已解决", "没解决", "很满意", town.case(case).no))
    assert phone.post(path_of(link), data=ACT, headers=PRIVATE).status_code == 422
    assert phone.post(path_of(link), data={**ACT, "solved": "yes", "score": "9"}, headers=PRIVATE).status_code == 422
    assert ratings(town, case) == []
    done = phone.post("/a", data={"code": code, **ACT, "solved": "no", "score": "2"}, headers=PRIVATE)
    assert (done.status_code, "谢谢" in done.text) == (200, True)
    (row,) = ratings(town, case)
    assert (row.solved, row.score, row.channel, row.device is not None) == (False, 2, "link", True)
    late = phone.get(path_of(link))
    assert (late.status_code, "已经评过" in late.text, "<form" in late.text.partition("<main")[2]) == (200, True, False)
    assert "<h1>不用再办</h1>" in late.text
    assert phone.post(path_of(link), data={**ACT, "solved": "yes"}, headers=PRIVATE).status_code == 409


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_cannot_have_it_sent(town: Town, phone: TestClient, headers: dict[str, str]) -> None:
    case = sent(town)
    code, link = keys_of(town, case, "dispatched_lead")
    for path, form in ((path_of(link), ACT), ("/a", {"code": code, **ACT})):
        assert phone.post(path, data=form, headers=headers).status_code == 403
    assert stands(town, case) == "sent"


def test_what_opens_nothing_gets_a_calm_page_that_says_what_to_do(town: Town, phone: TestClient, app: FastAPI) -> None:
    case = sent(town)
    code, link = keys_of(town, case, "dispatched_lead")
    assert answers(town, code) == "done"
    for path, status, words in (("/a/" + "A" * 28, 404, "没有这个办理码"), ("/a/" + "长" * 300, 404, "没有这个办理码")):
        page = phone.get(path)
        assert (page.status_code, words in page.text, "值班电话" in page.text) == (status, True, True)
    settled = phone.get(path_of(link))
    assert (settled.status_code, "已经签收" in settled.text) == (200, True)
    at(app, town.now.replace(year=town.now.year + 1))
    expired = phone.get(path_of(link))
    assert (expired.status_code, "已经过期" in expired.text) == (410, True)
    leaves(town, "water.clerk")
    at(app, town.now)
    assert phone.get(path_of(link)).status_code == 404


def test_after_some_wrong_codes_even_a_right_one_waits(town: Town, phone: TestClient) -> None:
    case = sent(town)
    code, link = keys_of(town, case, "dispatched_lead")
    assert [phone.post("/a", data={"code": "222222"}, headers=HERE).status_code for _ in range(6)] == [404] * 5 + [429]
    page = phone.post("/a", data={"code": code, **ACT}, headers=HERE)
    assert (page.status_code, "15 分钟" in page.text) == (429, True)
    assert stands(town, case) == "sent"
    assert phone.get(path_of(link)).status_code == 200
    assert tries(town) == 5


def test_english_by_switch_chinese_first(town: Town, phone: TestClient) -> None:
    code, link = keys_of(town, sent(town), "dispatched_lead")
    assert f"{path_of(link)}?lang=en" in phone.get(path_of(link)).text
    assert "Acknowledge" in phone.get(f"{path_of(link)}?lang=en").text
    phone.cookies.clear()
    page = phone.post("/a", data={"code": code}, headers=HERE)
    assert 'action="/a?lang=en"' in page.text
    assert "Acknowledge" in phone.post("/a?lang=en", data={"code": code}, headers=HERE).text


def test_a_page_to_look_at_says_what_the_e_mail_said_and_which_clock_runs(town: Town, phone: TestClient) -> None:
    case = town.reports("说不清楚是什么事", phone="10000000001")
    town.turn()
    code, link = keys_of(town, case, "unclaimed")
    (clock,) = town.open_clocks(case)
    page = phone.get(path_of(link)).text
    assert all(
        words in page for words in ("案件情况", "下一步：", "指定承办单位", "研判", f"{clock.due_at.astimezone(ZONE):%Y-%m-%d %H:%M}")
    )
    assert all(words in page for words in ("网格中心值班电话", "链接有效到"))
    assert not any(words in page for words in ("请您办理", "没有在走的时限", "办理码有效到"))
    assert "办理码有效到" in phone.post("/a", data={"code": code}, headers=HERE).text
    reporter = phone.get(path_of(keys_of(town, case, "accepted")[1])).text
    assert ("12345" in reporter, "研判 20" in reporter) == (True, False), "the clocks of desks are the office's own"


def test_what_is_asked_heads_the_page(town: Town, phone: TestClient) -> None:
    order, done = sent(town), fed_back(town, place="chenguang-2")
    heads = ((order, "dispatched_lead", "请签收"), (done, "fed_back", "请您评价"))
    for case, notice, head in heads:
        assert f"<h1>{head}</h1>" in phone.get(path_of(keys_of(town, case, notice)[1])).text


def test_who_comes_to_the_door_with_a_code_types_it_in_there(town: Town, phone: TestClient) -> None:
    at_the_door = phone.get(phone.get("/").headers["location"])
    form = phone.get("/a").text.partition('action="/a"')[2].partition("</form>")[0]
    assert ("有办理码" in at_the_door.text, 'href="/a"' in at_the_door.text, 'name="code"' in form) == (True, True, True)
    case = sent(town)
    code, _ = keys_of(town, case, "dispatched_lead")
    assert town.case(case).no in phone.post("/a", data={"code": code}, headers=HERE).text


def test_too_much_is_refused(phone: TestClient) -> None:
    assert phone.post("/a", content=b"code=" + b"A" * BODY_LIMIT, headers=HERE).status_code == 413
