"""A notice is loaded, from a file of whatever kind."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from models import CalendarDay, CalendarInfo, CalendarYear, Clock, Journal, System, table
from rules.facts import Refused
from services.calendars import CalendarUnconfirmed, Loading, NoticeRefused, add_calendar, load, read_notice, use
from services.calendars.layers import Edit
from services.sheets import workbook
from services.tables import TableRefused
from tests.support.changing_calendars import DRAIN, JANUARY, PARKING, SPRING, change, dispatched, due, entries, month, off, sound, told
from tests.support.town import Town

_clock = table(Clock)
_day = table(CalendarDay)
_year = table(CalendarYear)
_journal = table(Journal)


def notice(days: Sequence[tuple[str, bool]] = SPRING, **values: Any) -> Edit:
    return load(Loading("cn", told(days), "国办发明电〔2026〕99号", JANUARY, **values))


# a notice is loaded ----------------------------------------------------------------------------------------------------


def test_a_notice_moves_open_clocks_and_shortens_none_in_silence(town: Town) -> None:
    town.now = JANUARY
    drain, parking = dispatched(town, DRAIN), dispatched(town, PARKING)
    assert (due(town, drain, "overall"), due(town, parking, "handle", "hubin")) == ("02-01 17:30", "02-23 17:30")
    assert all(c.provisional for c in town.clocks(parking) if c.limit.endswith("wd"))
    before = [dict(c._mapping) for c in town.rows(select(_clock).order_by(_clock.c.id))]
    with pytest.raises(CalendarUnconfirmed) as refusal:
        change(town, notice())
    shorter = {(m.no, m.clock, m.unit): (m.before, m.after) for m in refusal.value.moves if m.by_s < 0}
    expected = datetime(2027, 2, 1, 9, 30, tzinfo=UTC), datetime(2027, 1, 30, 9, 30, tzinfo=UTC)
    assert shorter == {(town.case(drain).no, "overall", "centre"): expected}
    assert refusal.value.details == {"count": 1}
    assert [dict(c._mapping) for c in town.rows(select(_clock).order_by(_clock.c.id))] == before
    assert town.rows(select(_year.c.published).where(_year.c.year == 2027))[0].published is False
    done = change(town, notice(), confirm=True)
    assert done.versions == {"cn": 2}
    assert (due(town, drain, "overall"), due(town, parking, "handle", "hubin")) == ("01-30 17:30", "02-24 17:30")
    assert not any(c.provisional for c in town.clocks(parking) if c.stopped_at is None)
    sound(town)
    town.turn()
    assert [text for text in town.heard("centre.clerk", drain) if "提前" in text and "1月30日17:30" in text]
    assert not [text for text in town.heard("resident:10000000001") if "提前" in text]
    assert not [text for text in town.heard("hubin.clerk", parking) if "提前" in text]


def test_the_journal_says_from_when_to_when(town: Town) -> None:
    town.now = JANUARY
    case = dispatched(town, PARKING)
    town.now += timedelta(hours=5)
    change(town, notice(), confirm=True)
    said = {(e.data["clock"], e.thing_no): e.data for e in entries(town, case)}
    data = said["handle", 1]
    clock = next(c for c in town.clocks(case) if c.kind == "handle" and c.order_no == 1)
    assert (data["from"], data["to"]) == ("2027-02-23T09:30:00+00:00", "2027-02-24T09:30:00+00:00")
    assert (data["why"], data["by"], data["calendar_version"], data["policy_version"]) == ("calendar", "admin", 2, 1)
    assert (data["consumed_s"], data["budget_s"], data["clock_id"]) == (clock.consumed_s, clock.budget_s, clock.id)
    assert clock.consumed_s == 2 * 3600 + 1800  # 10:00-12:00 and 14:30-15:00 had been worked
    assert {e.actor for e in entries(town, case)} == {"admin"}
    assert ("acknowledge", 1) not in said  # due before anything of the notice: it did not move


def test_the_same_notice_twice_changes_nothing(town: Town) -> None:
    town.now = JANUARY
    case = dispatched(town, PARKING)
    change(town, notice(), confirm=True)
    written, revision = len(town.journal(case)), town.rows(select(table(System).c.revision))[0].revision
    town.now += timedelta(hours=3)
    done = change(town, notice())
    assert (done.changed, done.moves, done.versions) == (False, [], {})
    assert len(town.journal(case)) == written
    assert town.rows(select(table(System).c.revision))[0].revision == revision
    assert town.rows(select(table(CalendarInfo).c.version))[0].version == 2


def test_a_notice_publishes_its_year_and_ends_what_was_provisional(town: Town) -> None:
    change(town, notice())
    days = town.rows(select(_day).where(_day.c.day.between(date(2027, 1, 1), date(2027, 12, 31))))
    assert {d.day.isoformat(): d.working for d in days} == dict(SPRING)
    year = town.rows(select(_year).where(_year.c.year == 2027))[0]
    assert (year.published, year.source, year.loaded_at) == (True, "国办发明电〔2026〕99号", JANUARY)
    shown = month(town.context.database, "cn", 2027, 2)
    assert [shown[n].mark for n in (4, 5, 6, 13, 27)] == ["work", "holiday", "holiday", "rest", "make_up"]
    assert not any(d.provisional for d in shown.values())
    assert all(d.provisional for d in month(town.context.database, "cn", 2028, 2).values())


def test_the_horizon_grows_with_a_notice(town: Town) -> None:
    change(town, notice([("2030-10-01", False), ("2030-10-02", False), ("2029-12-31", False)]), confirm=True)
    assert town.rows(select(table(CalendarInfo).c.last))[0].last == date(2030, 12, 31)
    assert {y.year: y.published for y in town.rows(select(_year).where(_year.c.year > 2027))} == {2028: False, 2029: False, 2030: True}
    assert month(town.context.database, "cn", 2029, 5)[2].provisional
    assert not month(town.context.database, "cn", 2030, 10)[2].provisional


@pytest.mark.parametrize(
    ("days", "values", "code"),
    [
        ([("2206-02-05", False)], {}, "day_out_of_reach"),
        ([("1999-02-05", False)], {}, "day_out_of_reach"),
        (SPRING, {"year": 2028}, "notice_of_other_year"),
        (SPRING, {"layer": "village"}, "unknown_layer"),
    ],
)
def test_what_no_calendar_can_hold_is_refused(sqlite_town: Town, days: Any, values: Any, code: str) -> None:
    with pytest.raises(Refused, match=code):
        change(sqlite_town, notice(days, **values))
    assert sqlite_town.rows(select(table(CalendarInfo).c.version))[0].version == 1


@pytest.mark.parametrize(
    ("days", "holidays"),
    [
        ([("2027-02-05", False), ("2027-02-27", True)], "元旦、春节、清明节、劳动节、端午节、中秋节、国庆节"),
        ([day for day in SPRING if day[0] != "2027-06-09"], "端午节"),
        ([("2027-06-09", True), *(day for day in SPRING if day[0] != "2027-06-09")], "端午节"),
        ([day for day in SPRING if day[0] < "2027-10-04"], "国庆节"),
        ([("2029-02-13", False)], "元旦、劳动节、国庆节"),
    ],
)
def test_a_notice_that_leaves_holidays_out_publishes_no_year_in_silence(sqlite_town: Town, days: Any, holidays: str) -> None:
    year = int(days[0][0][:4])
    with pytest.raises(Refused, match="notice_incomplete") as refusal:
        change(sqlite_town, notice(days))
    assert refusal.value.details == {"holidays": holidays}
    assert not any(row.published for row in sqlite_town.rows(select(_year).where(_year.c.year == year)))
    assert change(sqlite_town, notice(days), confirm=True).lost == holidays.split("、")
    assert [row.published for row in sqlite_town.rows(select(_year).where(_year.c.year == year))] == [True]
    assert not change(sqlite_town, notice(days)).changed


def test_only_the_centre_and_administrators_change_calendars(sqlite_town: Town) -> None:
    for edit in (off("2026-12-01"), notice(), add_calendar("x", "x", "x", "cn", "area"), use("hubin", "cn")):
        for user, code in (("hubin.clerk", "not_your_calendar"), ("centre.duty", "not_your_calendar"), ("nobody", "unknown_user")):
            with pytest.raises(Refused, match=code):
                change(sqlite_town, edit, by=user)
    assert [c.version for c in sqlite_town.rows(select(table(CalendarInfo)))] == [1]
    assert change(sqlite_town, off("2026-12-01"), by="centre.head").changed


# the file of a notice --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize(
    "text",
    [
        "date,working,name,source\n2027-02-06,0,春节,甲\n2027-02-20,1,调休上班,甲\n",
        "日期,上班,名称,来源\n2027/2/6,否,春节,甲\n2027年2月20日,是,调休上班,甲\n",
        "名称,日期,备注,是否上班,来源\n春节,2027.2.6,x,休,甲\n调休上班,2027-02-20,,班,甲\n",
    ],
)
def test_a_notice_is_read_however_it_is_written(tmp_path: Path, text: str, encoding: str) -> None:
    file = tmp_path / "notice.csv"
    file.write_bytes(text.encode(encoding))
    found = read_notice(file)
    assert [(d.line, d.day.isoformat(), d.working, d.name, d.source) for d in found] == [
        (2, "2027-02-06", False, "春节", "甲"),
        (3, "2027-02-20", True, "调休上班", "甲"),
    ]


def test_a_notice_may_be_a_workbook(tmp_path: Path) -> None:
    file = tmp_path / "notice.xlsx"
    file.write_bytes(workbook({"2027": [["日期", "上班", "名称"], ["2027-02-06", "0", "春节"], ["2027-02-20", "1", "调休上班"]]}))
    assert [(d.day.isoformat(), d.working) for d in read_notice(file)] == [("2027-02-06", False), ("2027-02-20", True)]


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        ("2027-02-30,0,春节", "date", "bad_date"),
        ("明天,0,春节", "date", "bad_date"),
        ("2027-02-07,,春节", "working", "bad_flag"),
        ("2027-02-07,2,春节", "working", "bad_flag"),
        ("2027-02-07,0,", "name", "no_name"),
        (f"2027-02-07,0,{'节' * 61}", "name", "too_long"),
        ("2027-02-06,1,春节", "date", "day_twice"),
        ("2027-02-07,0", "", "too_few_fields"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_with_its_field(tmp_path: Path, line: str, field: str, code: str) -> None:
    file = tmp_path / "notice.csv"
    file.write_text(f"date,working,name\n2027-02-06,0,春节\n{line}\n", encoding="utf-8")
    with pytest.raises(NoticeRefused) as refusal:
        read_notice(file)
    assert [(f.line, f.field, f.code) for f in refusal.value.faults] == [(3, field, code)]
    assert "3" in str(refusal.value.details["reason"])


def test_a_table_without_days_is_no_notice(tmp_path: Path) -> None:
    file = tmp_path / "notice.csv"
    file.write_text("编号,标题\n1,x\n", encoding="utf-8")
    with pytest.raises(TableRefused, match="table_columns_missing"):
        read_notice(file)
