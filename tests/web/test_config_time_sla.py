"""Time limits on their page: a draft is edited by one, tried, published by another; what is refused says why and keeps what was typed."""

import io
import re

from fastapi import FastAPI

from services.catalogue import catalogue
from services.policies.stored import policy_file, version_of
from tests.support.town import Town
from tests.support.website import NOW, visit

PATH = "/config/sla"
LIGHTS = {"n_acknowledge": "2", "u_acknowledge": "wh", "n_contact": "1", "u_contact": "wd", "u_control": "none", "u_handle": "wd"}
LIGHTS |= {"n_feedback": "1", "u_feedback": "wd", "n_overall": "7", "u_overall": "wd", "basis": "c"}


def line_of(town: Town, version: int, category: str, urgency: str) -> int:
    with town.context.database.unit_of_work() as session:
        return next(r.line for r in policy_file(session, version).rows if (r.category, r.urgency, r.source) == (category, urgency, None))


def limits(town: Town, version: int, line: int) -> dict[str, str]:
    with town.context.database.unit_of_work() as session:
        return next(dict(r.limits) for r in policy_file(session, version).rows if r.line == line)


def test_a_draft_is_edited_by_one_tried_and_published_by_another(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin, head = visit(sqlite_app, "admin"), visit(sqlite_app, "centre.head")
    page = admin.get(PATH).text
    assert all(each in page for each in ("路灯不亮", "3个工作日", "建议值，待确认", "系统自带的建议值"))
    assert admin.send_form(PATH, do="draft").headers["location"] == f"{PATH}?v=2&done=drafted"
    line = line_of(sqlite_town, 2, "A03", "P2")
    form = admin.get(f"{PATH}?v=2&edit={line}").text
    assert re.search(r'id="n-handle" name="n_handle" value="3"', form)
    row = {"do": "row", "v": "2", "line": str(line)}
    assert admin.send_form(PATH, **row, **LIGHTS, n_handle="2").headers["location"] == f"{PATH}?v=2#row-{line}"
    assert limits(sqlite_town, 2, line)["handle"] == "2wd"
    assert limits(sqlite_town, 2, line)["control"] == "none"
    page = admin.get(f"{PATH}?v=2&only=1&q=路灯").text
    assert re.search(r'diff-old">3个工作日</span><span class="diff-new">2个工作日', page)
    assert "处置 3个工作日 → 2个工作日" in page  # on record, with who and when
    tried = head.get(f"{PATH}?v=2&try=reproject&days=90").text
    assert "没有时限会变动" in tried
    refused = admin.send_form(PATH, do="publish", v="2", treatment="keep")
    assert (refused.status_code, "请由另一人发布" in refused.text) == (409, True)
    assert admin.send_form(PATH, do="submit", v="2", note="路灯提速", **{"from": "2026-11-20"}).status_code == 303
    assert "路灯提速" in head.get(f"{PATH}?v=2").text
    assert head.send_form(PATH, do="publish", v="2", treatment="keep").headers["location"] == f"{PATH}?v=2&done=published"
    with sqlite_town.context.database.unit_of_work() as session:
        assert catalogue(session).policy_at(NOW) == 2
        assert version_of(session, 2).published_by == "centre.head"
        assert next(r.confirmed_by for r in policy_file(session, 2).rows if r.line == line) == "centre.head"
    again = head.send_form(PATH, do="publish", v="2", treatment="keep")
    assert (again.status_code, "已不是草稿" in again.text) == (409, True)


def test_who_writes_into_a_draft_does_not_publish_it(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin, head = visit(sqlite_app, "admin"), visit(sqlite_app, "centre.head")
    admin.send_form(PATH, do="draft")
    line = line_of(sqlite_town, 2, "A03", "P2")
    assert head.send_form(PATH, do="drop", v="2", line=str(line)).status_code == 303
    assert 'tag--warn">删去<' in head.get(f"{PATH}?v=2").text
    for person in (admin, head):
        assert person.send_form(PATH, do="publish", v="2", treatment="keep").status_code == 409
    assert head.send_form(PATH, do="turn_down", v="2", reason="再商量").headers["location"] == f"{PATH}?v=2&done=turned_down"
    assert "再商量" in admin.get(f"{PATH}?v=2").text
    with sqlite_town.context.database.unit_of_work() as session:
        assert version_of(session, 2).state == "withdrawn"


def test_what_cannot_be_is_refused_with_its_place_and_kept(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin, duty = visit(sqlite_app, "admin"), visit(sqlite_app, "centre.duty")
    admin.send_form(PATH, do="draft")
    line = line_of(sqlite_town, 2, "A02", "P0")
    wrong = {"do": "row", "v": "2", "line": str(line), "n_handle": "2", "u_handle": "wd", "basis": "抄错了"}
    refused = admin.send_form(PATH, **wrong)
    assert (refused.status_code, "特急件不等上班" in refused.text, 'value="抄错了"' in refused.text) == (409, True, True)
    assert re.search(r'name="n_handle" value="2"', refused.text)
    assert limits(sqlite_town, 2, line)["handle"] == "24h"
    new = {"do": "row", "v": "2", "line": "new", "category": "A03", "urgency": "P2", "n_handle": "4", "u_handle": "wd"}
    assert "同一种情形" in admin.send_form(PATH, **new).text
    assert admin.send_form(PATH, **new | {"source": "nowhere"}).status_code == 409
    added = admin.send_form(PATH, **new | {"source": "hotline"}).headers["location"]
    assert limits(sqlite_town, 2, int(added.rpartition("-")[2])) == {"handle": "4wd"}
    assert "不能处理时限政策" in duty.send_form(PATH, do="draft").text
    assert "从现行版本起草" not in duty.get(PATH).text
    assert visit(sqlite_app, "water.clerk").get(PATH).status_code == 409
    assert admin.get(f"{PATH}?v=99").status_code == 409
    assert admin.send_form(PATH, do="confirm", v="2").status_code == 409
    admin.send_form(PATH, do="confirm", v="2", line=[str(line)])
    with sqlite_town.context.database.unit_of_work() as session:
        assert [r.line for r in policy_file(session, 2).rows if r.confirmed_by] == [line]


def test_a_version_goes_out_as_a_workbook_and_comes_back_as_a_draft(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin = visit(sqlite_app, "admin")
    book = admin.get(f"{PATH}/1.xlsx")
    assert book.content.startswith(b"PK")
    brought = admin.send_form(PATH, files={"file": ("时限.xlsx", io.BytesIO(book.content))}, do="bring", v="1")
    assert brought.headers["location"] == f"{PATH}?v=2&done=drafted"
    with sqlite_town.context.database.unit_of_work() as session:
        assert policy_file(session, 2).rows == policy_file(session, 1).rows
    empty = admin.send_form(PATH, files={"file": ("a.toml", io.BytesIO(b"note = 3"))}, do="bring", v="1")
    assert empty.status_code == 409


def test_the_index_says_what_waits(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin = visit(sqlite_app, "admin")
    assert "个草稿等第二人发布" not in admin.get("/config").text
    admin.send_form(PATH, do="draft")
    page = admin.get("/config").text
    assert "1 个草稿等第二人发布" in page
    assert "2027 年放假安排未发布" in page
    english = visit(sqlite_app, "admin", "en").get("/config").text
    assert not re.search("[\u4e00-\u9fff]", re.sub("中文", "", re.sub("<title>.*?</title>", "", english)).split("<main")[1])
    assert visit(sqlite_app, "water.clerk").get("/config").status_code == 409
