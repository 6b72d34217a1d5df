"""The bulletin of a month on its page, as a PDF and as a workbook, from the draft until two people publish it."""

import io
from datetime import datetime, timedelta
from typing import Any

from fastapi import FastAPI
from pypdfium2 import PdfDocument
from python_calamine import CalamineWorkbook

from services import mechanisms
from services.rhythm import bulletins, objections
from services.rhythm.figures import figures_of
from tests.support.in_hand import at as moment
from tests.support.month import Month
from tests.support.town import Town
from tests.support.website import at, visit

MONTH = "2026-12"


def lived(town: Town) -> list[int]:
    """A month of 24 cases, half of them late, drafted by the system on the first of the next one."""
    town.without_photos()
    month = Month(town)
    month.in_time()
    late = month.late()
    town.fast_forward(until=moment(1, 6, month=1, year=2027))
    with town.context.database.unit_of_work() as session:
        bulletins.draft_what_is_due(session, town.now)
    return late


def words_of(answer: Any) -> str:
    """What a PDF says, without spaces and ends of lines."""
    assert answer.headers["content-type"] == "application/pdf"
    return "".join("".join(page.get_textpage().get_text_range() for page in PdfDocument(answer.content)).split())


def test_from_the_draft_until_two_people_publish_it(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    late, town = lived(sqlite_town), sqlite_town
    now = moment(4, 9, month=1, year=2027)
    at(sqlite_app, now)
    clerk, unit, head = (visit(sqlite_app, who) for who in ("centre.clerk", "utility.clerk", "centre.head"))
    path = f"/bulletins/{MONTH}"
    assert path not in unit.get("/bulletins").text, "a draft is the centre's"
    assert (unit.get(path).status_code, unit.get(f"{path}/pdf").status_code, unit.get(f"{path}/xlsx").status_code) == (409, 409, 409)
    draft = clerk.get(path).text
    assert f'href="{path}"' in clerk.get("/bulletins").text
    assert all(said in draft for said in ("剔除挂账和延期", "挂账延期不算按期", "不排名", f"{on_time(town)}%", "样本少"))
    assert "排名：" not in draft
    assert 'value="publish"' not in draft
    assert clerk.post(path, data={"do": "open"}).status_code == 403
    assert clerk.send_form(path, do="open").headers["location"] == path
    assert clerk.send_form(path, do="open").status_code == 409
    _objected(sqlite_app, town, late[5], unit, head)
    after = _closes(town)
    at(sqlite_app, after)
    head, leader, unit = (visit(sqlite_app, who) for who in ("centre.head", "chenghu.leader", "utility.clerk"))
    assert head.send_form(path, do="approve").status_code == 303
    assert 'value="publish"' not in head.get(path).text
    assert head.send_form(path, do="publish").status_code == 409
    assert 'value="publish"' in leader.get(path).text
    assert leader.send_form(path, do="publish").status_code == 303
    _read_by_everybody(unit, town, after)


def _objected(app: FastAPI, town: Town, case: int, unit: Any, head: Any) -> None:
    """A unit objects to how one of its cases was counted, and the head of the centre finds it right."""
    path, no = f"/bulletins/{MONTH}", town.case(case).no
    refused = unit.send_form(path, do="object", family="handle", case=no, reason=" ", item="")
    assert (refused.status_code, "请写明异议的理由" in refused.text, f'value="{no}"' in refused.text) == (409, True, True)
    assert unit.send_form(path, do="object", family="handle", case=no, reason="12月3日全区停电", item="").status_code == 303
    page = head.get(path).text
    assert "等您裁定的异议1件" in page
    assert "12月3日全区停电" in page
    assert "等您裁定" not in unit.get(path).text
    refused = head.send_form(path, do="decide", no="1", correction="met", answer="")
    assert (refused.status_code, '<option value="met" selected>' in refused.text) == (409, True)
    assert head.send_form(path, do="decide", no="1", correction="met", answer="停电属实").headers["location"].endswith("#objections")
    assert head.send_form(path, do="decide", no="x", correction="", answer="停电属实").status_code == 409
    with town.context.database.unit_of_work() as session:
        (row,) = objections.objections(session, MONTH)
    assert (row["state"], row["correction"], row["decided_by"]) == ("upheld", "met", "centre.head")


def on_time(town: Town) -> float:
    """What came out for the whole district, per cent."""
    with town.context.database.unit_of_work() as session:
        found = figures_of(session, bulletins.row_of(session, MONTH)).tables[0].figures
    return next(figure.rate for figure in found if figure.code == "on_time_rate" and figure.rate) / 10


def _closes(town: Town) -> datetime:
    with town.context.database.unit_of_work() as session:
        until: datetime = bulletins.bulletins(session)[0]["objections_until"]
    return until + timedelta(minutes=1)


def _read_by_everybody(unit: Any, town: Town, now: datetime) -> None:
    """On the page, as a PDF and as a workbook, in both languages; a ranking only once it is switched on."""
    path = f"/bulletins/{MONTH}"
    page, paper, book = unit.get(path).text, unit.get(f"{path}/pdf"), unit.get(f"{path}/xlsx")
    assert "已公布" in page
    rate = on_time(town)
    assert f"{rate}%" in page
    said = words_of(paper)
    assert [word for word in ("澄湖区2026年12月通报", f"{rate}%", "剔除挂账和延期", "停电属实", "没有个人的数") if word not in said] == []
    assert "100000000" not in page + said
    assert "%E6%9C%88%E9%80%9A%E6%8A%A5.pdf" in paper.headers["content-disposition"]
    assert "本月处置到期的工单" in CalamineWorkbook.from_filelike(io.BytesIO(book.content)).sheet_names
    english = words_of(unit.get(f"{path}/pdf?lang=en"))
    assert "Withholdsandextensions" in english
    assert "Without them" in unit.get(f"{path}?lang=en").text
    assert "排名：" not in page
    with town.context.database.unit_of_work() as session:
        mechanisms.switch(session, "ranking", town.actor("admin"), now, on=True)
    assert unit.get(f"{path}?lang=zh").status_code == 200


def test_the_centre_drafts_a_month_that_is_missing(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    at(sqlite_app, moment(4, 9, month=1, year=2027))
    clerk, unit = visit(sqlite_app, "centre.clerk"), visit(sqlite_app, "water.clerk")
    assert "起草2026-12的通报" in clerk.get("/bulletins").text
    assert "起草2026-12" not in unit.get("/bulletins").text
    assert unit.send_form("/bulletins", month=MONTH).status_code == 409
    assert clerk.send_form("/bulletins", month="2027-01").status_code == 409
    assert clerk.send_form("/bulletins", month=MONTH).headers["location"] == f"/bulletins/{MONTH}"
    assert clerk.get(f"/bulletins/{MONTH}").status_code == 200, "a month in which nothing happened reads as well"
    assert clerk.get(f"/bulletins/{MONTH}/pdf").content.startswith(b"%PDF-")
    assert clerk.get("/bulletins/2020-01").status_code == 409
    with sqlite_town.context.database.unit_of_work() as session:
        mechanisms.switch(session, "bulletin", sqlite_town.actor("admin"), sqlite_town.now, on=False)
    assert "还没有可以看的通报" in clerk.get("/bulletins").text
