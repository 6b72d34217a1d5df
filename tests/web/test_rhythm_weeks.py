"""Scores of a week: a sheet is signed, appealed, decided; the week is published and read on its page, as a PDF and as a workbook."""

import io
from datetime import timedelta

from fastapi import FastAPI
from pypdfium2 import PdfDocument
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from models import Case, table
from services.moves import Setting
from services.rhythm import sheets, weeks
from services.rhythm.sheets import Filled, Taken
from tests.support.in_hand import at as moment
from tests.support.pictures import photo
from tests.support.town import Town
from tests.support.website import Visitor, at, visit

WEEK = "2026-11-16"
SCORED = moment(17, 9, 30)


def filled(town: Town) -> None:
    """A sheet about the streets, as a draft."""
    about = Filled(
        "streets", "chenguang-1", "湖滨路口", "sanitation", (Taken("roads", 20, "树下落叶未清"), Taken("green", 10, "绿地有垃圾"))
    )
    with town.context.database.unit_of_work() as session:
        sheets.open_sheet(session, about, town.actor("centre.clerk"), Setting(SCORED))


def test_a_week_from_the_draft_of_a_sheet_until_it_is_published(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    filled(sqlite_town)
    at(sqlite_app, SCORED)
    scorer, unit, head = (visit(sqlite_app, who) for who in ("centre.clerk", "sanitation.clerk", "centre.head"))
    assert unit.get("/sheets/CP-1").status_code == 409, "a draft is not the unit's to read"
    assert f"/weeks/{WEEK}" not in unit.get("/bulletins").text
    assert 'value="sign"' not in head.get("/sheets/CP-1").text, "who scored signs"
    assert 'value="sign"' in scorer.get("/sheets/CP-1").text
    assert scorer.send_form("/sheets/CP-1", do="sign").headers["location"] == "/sheets/CP-1"
    assert "98" not in unit.get("/sheets/CP-9").text
    head = _appealed(sqlite_app)
    page = head.get(f"/weeks/{WEEK}").text
    assert "公布后才有各专题的结果" in page
    assert "公布这一周" not in page, "the week is not over"
    assert head.send_form(f"/weeks/{WEEK}").status_code == 409
    at(sqlite_app, moment(23, 9))
    head, unit = visit(sqlite_app, "centre.head"), visit(sqlite_app, "sanitation.clerk")
    assert "可以公布" in head.get("/bulletins").text
    assert "公布这一周" in head.get(f"/weeks/{WEEK}").text
    assert "公布这一周" not in unit.get(f"/weeks/{WEEK}").text
    assert unit.send_form(f"/weeks/{WEEK}").status_code == 409
    assert head.send_form(f"/weeks/{WEEK}").headers["location"] == f"/weeks/{WEEK}"
    with sqlite_town.context.database.unit_of_work() as session:
        (everywhere, street) = weeks.result(session, SCORED.date())
    assert (everywhere.mean, street.mean) == (9900, 9900)
    _read(sqlite_app)


def test_a_sheet_is_filled_in_on_the_spot(sqlite_app: FastAPI, sqlite_town: Town) -> None:
    at(sqlite_app, SCORED)
    clerk = visit(sqlite_app, "centre.clerk")
    assert "市容环境" in clerk.get("/sheets/new").text
    page = clerk.get("/sheets/new?topic=streets").text
    assert 'name="off-roads"' in page
    assert 'name="photo-roads"' not in page, "no photo is taken where none is asked for"
    where = {"topic": "streets", "unit": "sanitation", "area": "chenguang-1", "place": "湖滨路口"}
    bare = {**where, "off-garbage": "5", "why-garbage": "桶边有散落垃圾", "off-roads": "1.5", "why-roads": "落叶"}
    refused = clerk.send_form("/sheets/new", **bare)
    assert (refused.status_code, "“暴露垃圾”扣分要附照片" in refused.text, 'value="1.5"' in refused.text) == (409, True, True)
    for wrong, said in (
        ({"off-roads": "一分"}, "读不懂"),
        ({"case-green": "yes"}, "没有写扣几分：绿地养护"),
        ({"off-roads": "1.2"}, "0.5 的倍数"),
    ):
        assert said in clerk.send_form("/sheets/new", **bare | {"off-garbage": ""} | wrong).text
    taken = {"photo-garbage": ("桶.jpg", photo(), "image/jpeg")}
    done = clerk.send_form("/sheets/new", files=taken, **bare, **{"case-garbage": "yes"})
    assert done.headers["location"] == "/sheets/CP-1", done.text
    told = clerk.get("/sheets/CP-1").text
    assert all(said in told for said in ("93.5分", "照片1张", "-1.5", "草稿"))
    (case,) = sqlite_town.rows(select(table(Case)))
    assert (case.source, case.subject) == ("inspection", "市容环境：暴露垃圾")
    assert f'href="/cases/{case.no}"' in told
    assert visit(sqlite_app, "sanitation.clerk").send_form("/sheets/new", **where).status_code == 409, "nobody scores the own unit"
    assert visit(sqlite_app, "admin").get("/sheets/new").status_code == 409


def _appealed(app: FastAPI) -> Visitor:
    at(app, SCORED + timedelta(hours=3))
    unit, head, scorer = (visit(app, who) for who in ("sanitation.clerk", "centre.head", "centre.clerk"))
    assert "道路保洁" in unit.get("/sheets/CP-1").text
    refused = unit.send_form("/sheets/CP-1", do="appeal", reason="", item=["roads"])
    assert (refused.status_code, 'value="roads" checked' in refused.text) == (409, True), "what was ticked is kept"
    assert unit.send_form("/sheets/CP-1", do="appeal", reason="当日由街道作业", item=["roads"]).status_code == 303
    assert 'value="decide"' not in scorer.get("/sheets/CP-1").text
    assert scorer.send_form("/sheets/CP-1", do="decide", answer="不采纳").status_code == 409
    page = head.get("/sheets/CP-1").text
    assert ('value="roads"' in page, 'value="green"' in page) == (True, False), "only what was appealed is decided"
    assert head.send_form("/sheets/CP-1", do="decide", answer="合同属实", item=["roads"]).status_code == 303
    assert "采纳，已退还" in unit.get("/sheets/CP-1").text
    return head


def _read(app: FastAPI) -> None:
    """By anybody on the staff, in both languages."""
    reader = visit(app, "water.clerk")
    page = reader.get(f"/weeks/{WEEK}").text
    assert "99.00" in page
    assert "99/100" in page
    paper = reader.get(f"/weeks/{WEEK}/pdf")
    said = "".join("".join(each.get_textpage().get_text_range() for each in PdfDocument(paper.content)).split())
    assert [word for word in ("每周测评", "99.00", "已退还", "绿地有垃圾") if word not in said] == []
    book = CalamineWorkbook.from_filelike(io.BytesIO(reader.get(f"/weeks/{WEEK}/xlsx").content))
    assert book.get_sheet_by_name("各专题结果").to_python()[1][:4] == ["市容环境", "全区", "1", "99.00"]
    assert "Points taken off" in visit(app, "water.clerk", "en").get(f"/weeks/{WEEK}").text
    assert "没有可以看的测评单" in reader.get("/weeks/2026-01-05").text
    assert reader.get("/weeks/yesterday").status_code == 409
    admin = visit(app, "admin")
    assert admin.get(f"/weeks/{WEEK}").status_code == 409, "administrators who are on nobody's staff read bulletins only"
