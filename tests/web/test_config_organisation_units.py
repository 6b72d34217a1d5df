"""Units on their pages: found in the tree, renamed, merged, split by a table; people who come and go."""

import re
from datetime import timedelta

from fastapi import FastAPI
from sqlalchemy import select

from models import Unit, table
from services.catalogue import Catalogue, catalogue
from tests.support.town import Town
from tests.support.website import NOW, at, visit

PATH = "/config/units"
_unit = table(Unit)


def known(town: Town) -> Catalogue:
    with town.context.database.unit_of_work() as session:
        return catalogue(session)


def test_units_are_found_and_looked_at(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin, duty = visit(sqlite_app, "admin", "en"), visit(sqlite_app, "centre.duty")
    page = admin.get(PATH).text
    assert not re.search(r"[\u4e00-\u9fff]", page.partition("<main")[2])
    assert ("Hubin Subdistrict" in page, "chenguang-1" in page, 'href="/config/units?under=hubin"' in page) == (True, False, True)
    assert "chenguang-1" in admin.get(f"{PATH}?under=chenguang").text
    assert "区水务排水中心" in duty.get(f"{PATH}?q=水务").text
    assert "没有这样的单位" in duty.get(f"{PATH}?q=飞船").text
    one = duty.get(f"{PATH}/chenguang").text
    assert ("只提醒和帮助" in one, "晨光社区第1网格" in one, 'value="rename"' in one, "离岗" in one) == (True, True, False, False)
    assert duty.get(f"{PATH}/nowhere").status_code == 409
    assert visit(sqlite_app, "water.clerk").get(PATH).status_code == 403
    refused = duty.send_form(f"{PATH}/water", do="rename", zh="水务", en="Water")
    assert (refused.status_code, "只有配置管理员" in refused.text) == (409, True)


def test_a_unit_is_renamed_merged_and_a_change_is_taken_back(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    case = sqlite_town.reports("路灯不亮", "晨光小区门口路灯不亮")
    sqlite_town.turn()
    admin = visit(sqlite_app, "admin")
    assert admin.send_form(f"{PATH}/municipal", do="rename", zh="区市政中心", en="Municipal Centre").status_code == 303
    assert known(sqlite_town).names[sqlite_town.unit_id("municipal")].zh == "区市政中心"
    page = admin.get(f"{PATH}/municipal").text
    assert ("区市政设施中心" in page, "曾用名" in page) == (True, True)
    later = {"do": "merge", "into": "garden", "since": "2026-12-01T08:30"}
    assert admin.send_form(f"{PATH}/municipal", **later).headers["location"] == f"{PATH}/municipal?done=asked"
    again = admin.send_form(f"{PATH}/municipal", **later)
    assert (again.status_code, "先撤回它" in again.text, 'value="garden" selected' in again.text) == (409, True, True)
    assert "2026-12-01 08:30" in admin.get(PATH).text
    (number,) = re.findall(r'name="number" value="(\d+)"', admin.get(f"{PATH}/municipal").text)
    assert admin.send_form(f"{PATH}/municipal", do="cancel", number=number).headers["location"].endswith("?done=cancelled")
    assert admin.send_form(f"{PATH}/municipal", do="merge", into="garden", since="12月").status_code == 409
    assert admin.send_form(f"{PATH}/municipal", do="merge", into="garden").status_code == 303
    heir = sqlite_town.unit_id("garden")
    assert known(sqlite_town).units[sqlite_town.unit_id("municipal")].successor_id == heir
    assert {order.unit_id for order in sqlite_town.orders(case)} >= {heir}
    assert "已撤并，不再派单" in admin.get(f"{PATH}/municipal").text


def test_a_unit_is_split_by_a_table_and_has_a_duty_phone(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin = visit(sqlite_app, "admin")
    part = {"do": "split", "code1": "lamps", "zh1": "区路灯所", "en1": "Street Lights"}
    sheet = {"shares": ("分.csv", b"category,area,user,unit\nA03,,,lamps\n,,municipal.head,lamps\n", "text/csv")}
    assert admin.send_form(f"{PATH}/municipal", **part).status_code == 409  # no table
    wrong = {"shares": ("分.csv", b"category,area,user,unit\nA03,,,lamps\n", "text/csv")}
    refused = admin.send_form(f"{PATH}/municipal", wrong, **part)
    assert (refused.status_code, 'value="区路灯所"' in refused.text, "没有人" in refused.text) == (409, True, True)
    assert admin.send_form(f"{PATH}/municipal", sheet, **part).status_code == 303
    assert known(sqlite_town).people["municipal.head"].unit_id == sqlite_town.unit_id("lamps")
    bad = admin.send_form(f"{PATH}/water", do="phone", phone="12")
    assert (bad.status_code, 'value="12"' in bad.text) == (409, True)
    assert admin.send_form(f"{PATH}/water", do="phone", phone="057181234567").status_code == 303
    page = admin.get(f"{PATH}/water").text
    assert ("057181234567" in page, 'tag--ok">有<' in page) == (False, True)
    (row,) = sqlite_town.rows(select(_unit.c.duty_phone).where(_unit.c.code == "water"))
    assert row.duty_phone == "057181234567"


def test_people_come_and_go(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin = visit(sqlite_app, "admin")
    post = {"do": "hire", "user": "water.second", "role": "clerk", "zh": "经办二", "en": "second clerk", "phone": "1380013"}
    refused = admin.send_form(f"{PATH}/water", **post)
    assert (refused.status_code, 'value="经办二"' in refused.text) == (409, True)
    assert admin.send_form(f"{PATH}/water", **(post | {"phone": "13800138000"})).status_code == 303
    assert "13800138000" not in admin.get(f"{PATH}/water").text
    case = sqlite_town.reports("下水道堵了", "晨光小区5号楼下水道堵了，污水外溢")
    sqlite_town.turn()
    sqlite_town.order(case, "acknowledge", "water.clerk", "water")
    sqlite_town.order(case, "hand_to", "water.clerk", "water", person=sqlite_town.person_id("water.clerk"))
    at(sqlite_app, NOW + timedelta(minutes=1))
    page = admin.get(f"{PATH}/water?user=water.clerk").text
    assert "本人在办的工单" in page
    leave = {"do": "leave", "user": "water.clerk"}
    refused = admin.send_form(f"{PATH}/water", **leave)
    assert (refused.status_code, "请选同单位的接手人" in refused.text) == (409, True)
    assert admin.send_form(f"{PATH}/urban", **leave).status_code == 409  # nobody of theirs
    assert admin.send_form(f"{PATH}/water", **leave, to="water.second").status_code == 303
    assert known(sqlite_town).people["water.clerk"].left_at == NOW + timedelta(minutes=1)
