"""每周一测评、每月一通报 (row 13): a week of score sheets with one appeal upheld; a month of sixty cases, recounted by hand."""

import io
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from models import BulletinCase, Message, ScoreSheet, table
from rules.facts import Refused
from rules.indicators import INDICATORS
from services import mechanisms
from services.moves import Setting
from services.rhythm import bulletins, objections, paper, sheets, weeks
from services.rhythm.figures import figures_of, ranking
from services.rhythm.sheets import Filled, Taken
from tests.support.in_hand import at
from tests.support.month import Month
from tests.support.recounted import of_the_district, recounted
from tests.support.sound import complaints
from tests.support.town import Town

PHOTO: Final = {"note": "", "name": "stalls.jpg", "media": "image/jpeg", "sha256": "0" * 64, "size": 1}
_sheet, _member, _message = table(ScoreSheet), table(BulletinCase), table(Message)


# the week -------------------------------------------------------------------------------------------------------------


def scored(town: Town, scorer: str, topic: str, unit: str, area: str, *taken: Taken) -> int:
    """Somebody fills in a sheet and signs it."""
    with town.context.database.unit_of_work() as session:
        filled = Filled(topic, area, f"{area}路口", unit, taken)
        done = sheets.open_sheet(session, filled, town.actor(scorer), Setting(town.now))
        sheets.sign(session, done.sheet_id, town.actor(scorer), town.now)
    return done.sheet_id


def fills(session: Any, town: Town, scorer: str, *taken: Taken) -> None:
    """Somebody fills in a sheet about the streets."""
    sheets.open_sheet(session, Filled("streets", "dukou", "路口", "sanitation", taken), town.actor(scorer), Setting(town.now))


def test_a_week_is_scored_appealed_and_published(town: Town) -> None:
    town.now = at(17, 9, 30)  # a Tuesday
    littered = Taken("garbage", 50, "路口垃圾桶边有散落垃圾", (PHOTO,), open_case=True)
    first = scored(town, "centre.clerk", "streets", "sanitation", "chenguang-1", littered, Taken("roads", 20, "树下落叶未清"))
    market = scored(town, "centre.clerk", "markets", "market", "dukou", Taken("stalls", 105, "三个摊位越线", (PHOTO,)))
    scored(town, "hubin.clerk", "estates", "chenguang-estate", "chenguang-1")
    scored(town, "centre.duty", "traffic", "traffic", "chenguang-1", Taken("bikes", 55, "人行道上停车", (PHOTO,)))
    case = town.rows(select(table_of("case_file")).order_by(table_of("case_file").c.id))[0]
    assert (case.source, case.subject) == ("inspection", "市容环境：暴露垃圾"), "a deduction opened a case on the spot"
    with town.context.database.unit_of_work() as session:
        for taken, code in (
            ((Taken("garbage", 50, "散落垃圾"),), "score_photo_missing"),
            ((Taken("roads", 20, "落叶", (PHOTO,)),), "photo_not_asked"),
            ((Taken("roads", 205, "落叶"),), "bad_points"),
            ((Taken("roads", 20, " "),), "score_reason_missing"),
        ):
            with pytest.raises(Refused, match=code):
                fills(session, town, "centre.clerk", *taken)
        with pytest.raises(Refused, match="scores_own_unit"):
            fills(session, town, "sanitation.clerk")
    town.turn()
    assert any("CP-1" in text for text in town.heard("sanitation.head")), "the unit is told"
    with town.context.database.unit_of_work() as session:
        now = town.now + timedelta(hours=3)
        with pytest.raises(Refused, match="not_the_scored_unit"):
            weeks.appeal(session, first, [], "不是我们", town.actor("market.clerk"), now)
        weeks.appeal(session, first, ["garbage"], "该点位当日由街道承包作业", town.actor("sanitation.clerk"), now)
        weeks.appeal(session, market, [], "当日市场改造", town.actor("market.clerk"), now)
        with pytest.raises(Refused, match="decides_own_sheet"):
            weeks.decide(session, first, ["garbage"], "属实", town.actor("centre.clerk"), now)
        weeks.decide(session, first, ["garbage"], "作业合同属实，退还", town.actor("centre.head"), now)
    monday = at(23, 9)
    with town.context.database.unit_of_work() as session:
        with pytest.raises(Refused, match="week_not_over"):
            weeks.publish(session, date(2026, 11, 17), town.actor("centre.head"), at(20, 9))
        with pytest.raises(Refused, match="week_not_settled") as waiting:
            weeks.publish(session, date(2026, 11, 17), town.actor("centre.head"), monday)
        assert waiting.value.details["sheets"] == "CP-2", "one appeal is not decided"
        assert weeks.remind(session, monday) == []
        weeks.decide(session, market, [], "划线清楚，不采纳", town.actor("centre.head"), monday)
        assert weeks.remind(session, monday) == [date(2026, 11, 16)]
        assert weeks.remind(session, monday) == [], "told once"
        assert weeks.result(session, date(2026, 11, 17)) == [], "nothing before it is published"
        weeks.publish(session, date(2026, 11, 17), town.actor("centre.head"), monday)
        found = {(s.topic, s.area_unit_id): (s.sheets, s.mean, s.small) for s in weeks.result(session, date(2026, 11, 17))}
        with pytest.raises(Refused, match="week_published"):
            weeks.publish(session, date(2026, 11, 17), town.actor("centre.head"), monday)
    assert found["streets", None] == (1, 9800, True), "the points given back count, and one sheet says little"
    assert found["markets", town.unit_id("wanghai")] == (1, 8950, True)
    kept = town.rows(select(_sheet.c.topic, _sheet.c.state, _sheet.c.week, _sheet.c.upheld).order_by(_sheet.c.id))
    assert {(row.topic, row.state, row.week, row.upheld) for row in kept} == {
        ("streets", "published", "2026-11-16", True),
        ("markets", "published", "2026-11-16", False),
        ("estates", "published", "2026-11-16", None),
        ("traffic", "published", "2026-11-16", None),
    }
    assert complaints(town.context.database, town.now) == []


def table_of(name: str) -> Any:
    """A table by its name."""
    from models import Base

    return Base.metadata.tables[name]


# the month ------------------------------------------------------------------------------------------------------------


def test_a_month_is_drafted_objected_to_corrected_and_published(town: Town) -> None:
    town.without_photos()
    month = Month(town)
    parts = [month.in_time(), month.late(), month.lengthened(), month.held(), month.on_the_spot()]
    cases = [case for part in parts for case in part]
    assert len(cases) == 60
    with town.context.database.unit_of_work() as session, pytest.raises(Refused, match="month_not_over"):
        bulletins.draft(session, "2026-12", "centre.clerk", town.now)
    town.fast_forward(until=at(1, 6, month=1, year=2027))
    with town.context.database.unit_of_work() as session:
        (row,) = bulletins.draft_what_is_due(session, town.now)
        assert bulletins.draft_what_is_due(session, town.now) == [], "drafted once"
        found = figures_of(session, row)
        again = bulletins.recheck(session, "2026-12")
    assert (row["month"], row["state"], row["made_by"]) == ("2026-12", "draft", "system")
    assert of_the_district(found.tables[0].figures) == recounted(town, cases, row["since"], row["until"])
    assert (again.things, again.gone, again.come) == (again.same, [], [])
    figures = {(t.by, t.key, f.code): f for t in found.tables for f in t.figures}
    assert set(INDICATORS) == {code for by, _, code in figures if by == "district"}
    returns = figures["district", "", "rejected_return_rate"]
    assert (returns.hits, returns.n, returns.small) == (2, 3, True), "three say little"
    on_time = figures["unit", "utility", "on_time_rate"]
    assert on_time.low is not None
    assert on_time.low < (on_time.rate or 0) < (on_time.high or 0)
    assert figures["district", "", "self_handled_rate"].hits == 12
    _objected_to_and_published(town, parts[1])
    _nothing_personal(town)
    assert complaints(town.context.database, town.now) == []


def _objected_to_and_published(town: Town, late: Sequence[int]) -> None:
    """One objection is upheld and one is not; two people publish; ranking only once it is switched on."""
    now, no = at(4, 9, month=1, year=2027), town.case(late[5]).no
    with town.context.database.unit_of_work() as session:
        before = {f.code: f for f in figures_of(session, bulletins.row_of(session, "2026-12")).tables[0].figures}["on_time_rate"]
        with pytest.raises(Refused, match="bulletin_not_for_you"):
            bulletins.read_bulletin(session, "2026-12", town.actor("utility.clerk"))
        opened = bulletins.open_to_objections(session, "2026-12", town.actor("centre.clerk"), now)
        against = objections.Against("handle", no, "12月3日全区停电，见调度令")
        assert objections.ask(session, "2026-12", against, town.actor("utility.clerk"), now) == 1
        with pytest.raises(Refused, match="objected_already"):
            objections.ask(session, "2026-12", against, town.actor("utility.clerk"), now)
        with pytest.raises(Refused, match="not_in_the_list"):
            objections.ask(session, "2026-12", against, town.actor("water.clerk"), now)
        contact = objections.Against("contact", no, "打过电话")
        assert objections.ask(session, "2026-12", contact, town.actor("utility.clerk"), now) == 2
        with pytest.raises(Refused, match="objections_still_open"):
            bulletins.approve(session, "2026-12", town.actor("centre.head"), now)
        after = opened["objections_until"] + timedelta(minutes=1)
        with pytest.raises(Refused, match="objections_wait"):
            bulletins.approve(session, "2026-12", town.actor("centre.head"), after)
        objections.decide(session, "2026-12", 1, "met", "停电属实", town.actor("centre.head"), after)
        objections.decide(session, "2026-12", 2, None, "没有通话记录", town.actor("centre.head"), after)
        row = bulletins.approve(session, "2026-12", town.actor("centre.head"), after)
        with pytest.raises(Refused, match="second_publisher"):
            bulletins.publish(session, "2026-12", town.actor("centre.head"), after)
        row = bulletins.publish(session, "2026-12", town.actor("chenghu.leader"), after)
        corrected = {f.code: f for f in figures_of(session, row).tables[0].figures}["on_time_rate"]
        assert (corrected.n, corrected.hits) == (before.n, (before.hits or 0) + 1)
        with pytest.raises(Refused, match="mechanism_off"):
            ranking(session, "2026-12", "on_time_rate")
        mechanisms.switch(session, "ranking", town.actor("admin"), after, on=True)
        assert ranking(session, "2026-12", "on_time_rate") == {}, "one unit of each class: there is nobody to compare with"
    published = town.rows(select(_message.c.staff_id).where(_message.c.notice == "rhythm_published"))
    assert town.person_id("utility.head") in {row.staff_id for row in published}


def _nothing_personal(town: Town) -> None:
    """The workbook has a sheet of cases for every figure, from which it can be recounted, and nothing of any resident."""
    with town.context.database.unit_of_work() as session:
        row = bulletins.row_of(session, "2026-12")
        data, text = paper.as_workbook(session, row, "zh"), paper.as_text(session, row, "zh")
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    listed = {name: book.get_sheet_by_name(name).to_python()[1:] for name in book.sheet_names}
    due = listed["本月处置到期的工单"]
    met = sum("时限内" in str(line[4]).split() or line[5] == "计为按期" for line in due)
    (kept,) = town.rows(select(func.count().label("n")).select_from(_member).where(_member.c.family == "handle"))
    assert len(due) == kept.n
    assert f"（{met}/{len(due)}；" in text, "the figure is what its sheet counts"
    everything = text + str(listed)
    assert "100000000" not in everything
    assert "停水" not in everything
    assert "centre.clerk" not in text, "no figure is about a person"
