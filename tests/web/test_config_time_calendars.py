"""The working calendars on their page: what a change moves is shown first, nothing is written before it is confirmed."""

import io
import re
from datetime import date

from fastapi import FastAPI

from services.calendars.listing import list_calendars, month_of
from services.catalogue import catalogue
from tests.support.town import Town
from tests.support.website import visit

PATH = "/config/calendars"
DAY = {"do": "day", "c": "cn", "m": "2026-11", "day": "2026-11-23", "working": "off", "layer": "stoppage", "reason": "台风停工"}


def working(town: Town, code: str, day: date) -> bool:
    with town.context.database.unit_of_work() as session:
        calendar = catalogue(session).calendars[code]
    return next(each.working for each in month_of(calendar, day.year, day.month) if each.day == day)


def test_a_month_as_a_grid_with_what_is_not_certain(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    duty = visit(sqlite_app, "centre.duty")
    page = duty.get(PATH).text
    assert "2026年11月" in page
    assert "2027年放假安排未发布" in page
    assert 'id="forms"' not in page
    october = duty.get(f"{PATH}?m=2026-10").text
    assert october.count('class="m-holiday"') >= 5
    assert "国庆" in october
    assert "暂定" in duty.get(f"{PATH}?m=2027-10").text
    assert duty.get(f"{PATH}?m=2026-13").status_code == 409
    assert duty.get(f"{PATH}?c=moon").status_code == 409
    assert visit(sqlite_app, "water.clerk").get(PATH).status_code == 409
    assert duty.send_form(PATH, **DAY, go="try").status_code == 409


def test_a_stoppage_is_shown_with_what_it_moves_and_then_confirmed(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    sqlite_town.reports("晨光小区5号楼下水道堵了")
    sqlite_town.turn()
    admin = visit(sqlite_app, "admin")
    shown = admin.send_form(PATH, **DAY, go="try")
    assert shown.status_code == 200
    assert re.search(r"\d+个时限会变动", shown.text)
    assert working(sqlite_town, "cn", date(2026, 11, 23))
    assert 'name="reason" value="台风停工"' in shown.text
    made = admin.send_form(PATH, **DAY, go="do", confirm="yes")
    assert made.headers["location"] == f"{PATH}?c=cn&m=2026-11&done=changed"
    assert not working(sqlite_town, "cn", date(2026, 11, 23))
    page = admin.get(made.headers["location"]).text
    assert all(each in page for each in ("已录入", 'class="m-stoppage"', "台风停工"))
    again = admin.send_form(PATH, **DAY, go="try").text
    assert ("没有变化" in again, ">确认录入<" in again) == (True, False)
    back = DAY | {"working": "clear"}
    refused = admin.send_form(PATH, **back, go="do")  # hand-made: never looked at
    assert (refused.status_code, "会提前到期，还没有写入" in refused.text) == (409, True)
    assert not working(sqlite_town, "cn", date(2026, 11, 23))
    assert admin.send_form(PATH, **DAY | {"reason": ""}, go="try").status_code == 409


def test_a_notice_is_read_tried_and_loaded(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    head = visit(sqlite_app, "centre.head")
    notice = "日期,上班,名称\n2027-01-01,否,元旦\n2027-01-32,否,元旦\n2027-01-03,也许,元旦\n"
    load = {"do": "load", "c": "cn", "m": "2027-01", "source": "国办发明电"}
    wrong = head.send_form(PATH, files={"file": ("2027.csv", io.BytesIO(notice.encode()))}, **load, go="try")
    assert (wrong.status_code, "有2处不对" in wrong.text, "第 3 行" in wrong.text) == (409, True, True)
    days = "date,working,name\n2027-01-01,0,元旦\n2027-01-02,0,元旦\n2027-01-03,0,元旦\n2027-01-09,1,元旦调休\n"
    shown = head.send_form(PATH, files={"file": ("2027.csv", io.BytesIO(days.encode()))}, **load, go="try")
    assert "漏写" in shown.text  # the other holidays of the year
    text = re.search(r'name="text" value="([^"]+)"', shown.text)
    assert text is not None
    assert "2027-01-09,1,元旦调休," in text[1]
    early = head.send_form(PATH, **load, text=text[1], go="do")
    assert (early.status_code, "没有写全这些节日" in early.text) == (409, True)
    assert head.send_form(PATH, **load, text=text[1], go="do", confirm="yes").status_code == 303
    assert working(sqlite_town, "cn", date(2027, 1, 9))
    with sqlite_town.context.database.unit_of_work() as session:
        assert 2027 not in next(each for each in list_calendars(session) if each.code == "cn").awaiting
    assert "2027年放假安排未发布" not in head.get(PATH).text


def test_a_unit_gets_a_calendar_with_hours_of_its_own(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    admin = visit(sqlite_app, "admin")
    new = {"do": "add", "c": "cn", "m": "2026-11", "code": "water", "zh": "水务值守", "en": "Water, on duty", "layer": "unit"}
    assert admin.send_form(PATH, **new, go="do", confirm="yes").headers["location"] == f"{PATH}?c=water&m=2026-11&done=changed"
    hours = {"do": "hours", "c": "water", "m": "2026-11", "hours": "08:00-12:00、14:00-18：00", "days": "workday"}
    assert admin.send_form(PATH, **hours, go="do", confirm="yes").status_code == 303
    assert "08:00–12:00" in admin.get(f"{PATH}?c=water").text
    assert admin.send_form(PATH, **hours | {"hours": "12:00-08:00"}, go="try").status_code == 409
    assert admin.send_form(PATH, do="use", c="water", m="", unit="water", go="do", confirm="yes").status_code == 303
    with sqlite_town.context.database.unit_of_work() as session:
        known = catalogue(session)
        assert known.calendars_of[known.unit_ids["water"]] == "water"
    english = visit(sqlite_app, "admin", "en").get(PATH).text.split("<main")[1]
    assert not re.search("[\u4e00-\u9fff]", re.sub(r'title="[^"]*"|placeholder="[^"]*"', "", english))
