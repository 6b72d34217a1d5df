"""The routing catalogue on its page: who gets a matter, a draft edited by one and published by another, what rulings teach."""

import re

from fastapi import FastAPI
from sqlalchemy import insert, select

from models import Journal, table
from services.catalogue import catalogue
from services.routing.stored import routing_file, version_of
from tests.support.town import Town
from tests.support.website import NOW, visit

_journal = table(Journal)
PATH = "/config/routing"
ROW = {"do": "add", "v": "2", "category": "A04", "area": "jinqiao-1", "lead": "MUNICIPAL", "basis": "移交清单"}


def routes(town: Town, version: int) -> dict[str, str]:
    with town.context.database.unit_of_work() as session:
        return {f"{r.category} {r.area}": f"{r.owner} {r.lead} {'+'.join(r.co)}".strip() for r in routing_file(session, version).routes}


def test_a_draft_is_edited_by_one_and_published_by_another(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    duty, admin = visit(sqlite_app, "centre.duty"), visit(sqlite_app, "admin")
    before = routes(sqlite_town, 1)
    assert "松岭小区物业" in duty.get(PATH).text
    assert duty.send_form(PATH, do="draft").headers["location"] == f"{PATH}?v=2"
    assert duty.send_form(PATH, **ROW).headers["location"] == f"{PATH}?v=2#row-5"
    assert routes(sqlite_town, 2) == before | {"A04 jinqiao-1": "owner MUNICIPAL"}  # a component: by owner
    assert duty.send_form(PATH, **ROW, owner="area").status_code == 303
    duty.send_form(PATH, do="drop", v="2", line="1")
    page = duty.get(f"{PATH}?v=2").text
    assert "您起草或改过这一版，不能自己发布" in page
    assert 'name="do" value="publish"' not in page
    refused = duty.send_form(PATH, do="publish", v="2")
    assert (refused.status_code, "发布须为管理员" in refused.text) == (409, True)
    wrong = duty.send_form(PATH, **{**ROW, "lead": "TELECOM", "basis": "抄错了的依据"})
    assert (wrong.status_code, 'value="抄错了的依据"' in wrong.text, "通信保障 A04 路面破损 不在它自己的职责清单上" in wrong.text) == (
        409,
        True,
        True,
    )
    assert duty.post(PATH, data={"do": "withdraw", "v": "2"}).status_code == 403
    page = admin.get(f"{PATH}?v=2").text
    assert re.search(r'diff-old">松岭小区物业、市政设施<', page)
    assert admin.send_form(PATH, do="publish", v="2").headers["location"] == f"{PATH}?done=published"
    assert "已发布，即时生效" in admin.get(f"{PATH}?done=published").text
    again = admin.send_form(PATH, do="publish", v="2")
    assert (again.status_code, "已不是草稿" in again.text) == (409, True)
    with sqlite_town.context.database.unit_of_work() as session:
        assert catalogue(session).routing.version == 2
        assert version_of(session, 2).published_by == "admin"


def test_a_draft_of_an_older_version_is_published_only_on_purpose(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    duty, admin = visit(sqlite_app, "centre.duty"), visit(sqlite_app, "admin")
    duty.send_form(PATH, do="draft")
    duty.send_form(PATH, do="draft")
    duty.send_form(PATH, do="drop", v="3", line="4")
    admin.send_form(PATH, do="publish", v="3")
    assert "底本已旧" in admin.get(f"{PATH}?v=2").text
    refused = admin.send_form(PATH, do="publish", v="2")
    assert (refused.status_code, "勾选“照样发布”" in refused.text, "--anyway" in refused.text) == (409, True, False)
    assert admin.send_form(PATH, do="publish", v="2", anyway="yes").status_code == 303
    assert routes(sqlite_town, 2) == routes(sqlite_town, 1)
    duty.send_form(PATH, do="draft")
    assert duty.send_form(PATH, do="withdraw", v="4").headers["location"] == f"{PATH}?done=withdrawn"
    assert "v4 草稿" not in duty.get(PATH).text


def test_who_gets_it_and_why(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    case = sqlite_town.reports("路灯不亮", "金桥路连着六盏路灯不亮", area="jinqiao-1")
    sqlite_town.turn()
    no = sqlite_town.case(case).no
    duty = visit(sqlite_app, "centre.duty")
    page = duty.get(f"{PATH}?category=A03&area=jinqiao-1").text
    assert "金桥公寓物业。 依据：公寓区内路灯，物业自有。" in page
    assert "（市政设施）" in duty.get(f"{PATH}?category=A03&area=chenguang-1").text
    assert "派单目录 v1 第 3 行" in duty.get(f"{PATH}?no={no.lower()}").text
    missing = duty.get(f"{PATH}?no=BH-20200101-0001")
    assert (missing.status_code, "没有" in missing.text) == (409, True)
    assert duty.get(f"{PATH}?v=99").status_code == 409
    assert "路面破损" not in duty.get(f"{PATH}?q=路灯").text.partition('id="rows"')[2].partition("</tbody>")[0]
    assert "没有这样的规则" in duty.get(f"{PATH}?q=飞船").text
    clerk = visit(sqlite_app, "water.clerk")
    assert (clerk.get(PATH).status_code, clerk.send_form(PATH, do="draft").status_code) == (409, 409)
    leader = visit(sqlite_app, "chenghu.leader", "en").get(PATH)
    assert (leader.status_code, 'value="draft"' in leader.text) == (200, False)
    shown = re.sub(r"<td>(小区内|公寓|自管会).*?</td>", "", leader.text.partition("<main")[2])
    assert not re.search(r"[\u4e00-\u9fff]", shown)


def test_a_ruling_is_proposed_and_becomes_a_row(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    case = sqlite_town.reports("路灯不亮", "晨光小区门口路灯不亮", area="chenguang-1")
    sqlite_town.turn()
    row = sqlite_town.case(case)
    ruled = {"case_id": case, "seq": 99, "at": NOW, "step": "handle", "thing": "request", "action": "uphold_return", "actor": "centre.duty"}
    with sqlite_town.context.database.unit_of_work() as session:
        newest = select(_journal.c.hash).where(_journal.c.case_id == case).order_by(_journal.c.seq.desc()).limit(1)
        chain = {"previous": session.connection().execute(newest).scalar_one(), "hash": "x"}
        session.connection().execute(insert(_journal).values(**ruled, **chain, data={"unit": sqlite_town.unit_id("municipal")}))
    duty = visit(sqlite_app, "centre.duty")
    page = duty.get(PATH).text.partition('id="lessons"')[2]
    assert (row.no in page, "区市政设施中心" in page) == (True, True)
    assert duty.send_form(PATH, do="learn", no=row.no).headers["location"] == f"{PATH}?v=2#row-5"
    assert duty.send_form(PATH, do="learn", no=row.no).headers["location"] == f"{PATH}?v=2#row-5"  # twice: one row
    assert routes(sqlite_town, 2)["A03 chenguang-1"] == "owner municipal"
    assert 'id="lessons"' not in duty.get(PATH).text
    assert duty.send_form(PATH, do="learn", no="BH-20200101-0001").status_code == 409
