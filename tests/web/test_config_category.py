"""A category is made, written anew and used, by those who may."""

import re

from fastapi import FastAPI
from sqlalchemy import select

from models import AdminEntry, table
from services.categories import written
from tests.support.town import Town
from tests.support.website import visit

PATH = "/config/categories"
NEW = {"code": "h01", "zh": "共享雨伞", "en": "Shared umbrellas", "kind": "component", "urgency": "P3", "lead": "MUNICIPAL"}
MORE = {"authority": "community", "co": "PROPERTY", "closing": "photo_after"}
_entry = table(AdminEntry)


def acts(town: Town) -> list[tuple[str, str, str]]:
    with town.context.database.unit_of_work() as session:
        rows = session.connection().execute(select(_entry).where(_entry.c.action.startswith("category_")).order_by(_entry.c.id))
        return [(row.action, row.actor, row.subject) for row in rows]


def test_a_category_is_made_on_the_page_and_takes_a_case_at_once(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin = visit(sqlite_app, "admin")
    assert "添加类别" in admin.get(PATH).text
    assert 'name="code"' in admin.get(f"{PATH}/new").text
    bad = admin.send_form(f"{PATH}/new", **NEW | MORE | {"code": "雨伞"})
    assert (bad.status_code, "例如 H01" in bad.text, "共享雨伞" in bad.text) == (409, True, True)
    twice = admin.send_form(f"{PATH}/new", **NEW | MORE | {"code": "A03"})
    assert (twice.status_code, "已经有类别 A03" in twice.text) == (409, True)
    nobody = admin.send_form(f"{PATH}/new", **NEW | MORE | {"lead": "DISTRICT"})
    assert (nobody.status_code, "主办种类不能是" in nobody.text) == (409, True)
    assert acts(sqlite_town) == []

    made = admin.send_form(f"{PATH}/new", **NEW | MORE)
    assert made.headers["location"] == f"{PATH}/H01?done=add"
    assert "现在就能用" in admin.get(made.headers["location"]).text
    assert acts(sqlite_town) == [("category_added", "admin", "H01")]
    assert admin.send_form("/config/rules", do="add", target="H01", words="共享雨伞 雨伞架").status_code == 303
    case_id = sqlite_town.reports("共享雨伞架倒了", "门口的共享雨伞架倒了，雨伞撒了一地")
    sqlite_town.turn()
    case = sqlite_town.case(case_id)
    assert (case.category, case.urgency) == ("H01", "P3")
    page = admin.get(f"{PATH}/H01").text
    assert ("现有1件没办结" in page, "研判用语1条" in page) == (True, True)
    assert case.no in admin.get("/cases?category=H01").text


def test_a_category_is_written_anew_and_only_a_difference_is_on_record(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin, head = visit(sqlite_app, "admin"), visit(sqlite_app, "centre.head")
    with sqlite_town.context.database.unit_of_work() as session:
        was = written(session, "A03")
    same = {name: value for name, value in was.plain().items() if name in (*NEW, "authority") and name != "code"}
    same |= {"verify": "yes"} if was.verify else {}
    kept = same | {"co": list(was.co), "closing": list(was.closing)}
    assert head.send_form(f"{PATH}/A03", **kept).status_code == 303
    assert acts(sqlite_town) == []
    assert admin.send_form(f"{PATH}/A03", **kept | {"zh": "路灯、景观灯不亮", "verify": ""}).status_code == 303
    with sqlite_town.context.database.unit_of_work() as session:
        now = written(session, "A03")
    assert (now.zh, now.verify, now.co, now.lead) == ("路灯、景观灯不亮", False, was.co, was.lead)
    assert acts(sqlite_town) == [("category_changed", "admin", "A03")]
    assert "路灯、景观灯不亮" in admin.get(PATH).text


def test_others_look_and_change_nothing(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    duty = visit(sqlite_app, "centre.duty")
    page = duty.get(f"{PATH}/A03").text
    assert ("由管理员或网格中心负责人改" in page, "保存" in page, "添加类别" in duty.get(PATH).text) == (True, False, False)
    assert duty.get(f"{PATH}/new").status_code in (403, 409)
    assert duty.send_form(f"{PATH}/A03", **NEW | MORE).status_code == 409
    assert visit(sqlite_app, "admin").get(f"{PATH}/Z99").status_code == 404
    assert visit(sqlite_app, "water.clerk").get(f"{PATH}/A03").status_code == 403
    assert acts(sqlite_town) == []
    english = visit(sqlite_app, "admin", "en").get(f"{PATH}/A03").text.partition("<main")[2]
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r'<span lang="zh-CN">[^<]*</span>', "", english.replace("路灯不亮/损坏", "")))
