"""Changing the working calendars on real databases: notices, stoppages, hours; every open clock follows, none ends earlier in silence."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from models import CalendarDay, CalendarInfo, CalendarYear, Case, Clock, Database, Journal, System, table
from rules.facts import Refused, Thing
from services.audit.rounds import audit_clocks
from services.calendars import (
    CalendarUnconfirmed,
    Done,
    Loading,
    NoticeDay,
    NoticeRefused,
    OneDay,
    add_calendar,
    catch_up,
    change_calendars,
    load,
    read_notice,
    set_day,
    set_hours,
    use,
)
from services.calendars.layers import Edit
from services.calendars.listing import Day, calendar_named, list_calendars, month_of
from services.catalogue import catalogue
from services.clocks import fire_due
from services.moves import Intent, Setting, make_moves, one
from services.sheets import workbook
from services.tables import TableRefused
from services.why import explain
from tests.support.sound import complaints
from tests.support.together import together
from tests.support.town import Town
from tests.worktime.calendars import window

_clock, _day, _year, _journal = table(Clock), table(CalendarDay), table(CalendarYear), table(Journal)
DRAIN, PARKING, LAMP = "5号楼前下水道堵了，污水外溢", "小区停车位不够，想增加停车位", "路灯不亮"
#: 27 January 2027, 10:00 in Shanghai, a Wednesday.
JANUARY = datetime(2027, 1, 27, 2, 0, tzinfo=UTC)
#: Our own invention: the Spring Festival from 5 to 12 February, paid for by two Saturdays; the other holidays as the law has them.
FESTIVAL = [(f"2027-02-{n:02d}", False) for n in range(5, 13)] + [("2027-01-30", True), ("2027-02-27", True)]
OTHERS = ("01-01", "04-05", "05-03", "05-04", "06-09", "09-15", "10-01", "10-04", "10-05")
SPRING = FESTIVAL + [(f"2027-{day}", False) for day in OTHERS]


def told(days: Sequence[tuple[str, bool]] = SPRING) -> list[NoticeDay]:
    return [NoticeDay(n, date.fromisoformat(day), on, "调休上班" if on else "春节", "") for n, (day, on) in enumerate(days, start=2)]


def notice(days: Sequence[tuple[str, bool]] = SPRING, **values: Any) -> Edit:
    return load(Loading("cn", told(days), "国办发明电〔2026〕99号", JANUARY, **values))


def off(day: str, calendar: str = "cn", layer: str = "stoppage") -> Edit:
    return set_day(OneDay(calendar, date.fromisoformat(day), False, layer, "台风停工", "三防指挥部"))


def back(day: str, calendar: str = "cn", layer: str = "stoppage") -> Edit:
    return set_day(OneDay(calendar, date.fromisoformat(day), None, layer, "", ""))


def change(town: Town, edit: Edit, *, confirm: bool = False, by: str = "admin") -> Done:
    with town.context.database.unit_of_work() as session:
        done = change_calendars(session, edit, by, town.now, confirm=confirm)
    with town.context.database.unit_of_work() as session:
        assert catch_up(session, done, town.now) == []
    return done


def due(town: Town, case: int, kind: str, unit: str | None = None) -> str:
    """Local due moment of an open clock of a case."""
    (found,) = [c for c in town.clocks(case) if c.kind == kind and c.stopped_at is None and unit in (None, town.unit_code(c.unit_id))]
    return str((found.due_at + timedelta(hours=8)).strftime("%m-%d %H:%M"))


def entries(town: Town, case: int) -> list[Any]:
    return [e for e in town.journal(case) if e.action == "reprojected"]


def sound(town: Town) -> None:
    """Nothing wrong with any journal or clock, and every clock can be explained."""
    assert complaints(town.context.database, town.now) == []
    with town.context.database.unit_of_work() as session:
        assert audit_clocks(session, town.now, timedelta(minutes=2)) == []
    explained(town, *(row.id for row in town.rows(select(table(Case).c.id))))


def explained(town: Town, *cases: int) -> None:
    """What journal and calendar alone say of every open clock adds up to what is stored."""
    for case in cases:
        with town.context.database.unit_of_work() as session:
            told = explain(session, town.case(case).no, town.now)
        assert [(e.kind, e.problem, e.due_at, e.stored_due_at) for e in told if e.agrees is False] == []


def month(database: Database, code: str, year: int, number: int) -> dict[int, Day]:
    with database.unit_of_work() as session:
        return {d.day.day: d for d in month_of(calendar_named(catalogue(session), code), year, number)}


# a notice is loaded ---------------------------------------------------------------------------------------------------


def dispatched(town: Town, text: str) -> int:
    case = town.reports(text)
    town.turn()
    assert town.state(case) == "dispatched"
    return case


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


# the file of a notice -------------------------------------------------------------------------------------------------


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


# stoppages, areas, duty -----------------------------------------------------------------------------------------------


def test_a_typhoon_stops_the_units_of_its_area_only(town: Town) -> None:
    change(town, add_calendar("wharf", "滨水片区", "Waterfront", "cn", "area"))
    change(town, add_calendar("duty", "全天值守", "Round the clock", "wharf", "unit"))
    change(town, set_hours("duty", window("00:00-00:00", "every"), [window("00:00-00:00", "every")]))
    change(town, use("hubin", "wharf", below=True))
    change(town, use("chenguang-estate", "duty"))
    lamp, parking = dispatched(town, LAMP), dispatched(town, PARKING)
    estate = due(town, lamp, "handle", "chenguang-estate")
    assert (due(town, lamp, "handle", "municipal"), due(town, parking, "handle", "hubin")) == ("11-25 17:30", "12-11 17:30")
    done = change(town, off("2026-11-24", "wharf"))
    assert done.versions == {"duty": 3, "wharf": 2}
    assert (due(town, lamp, "handle", "municipal"), due(town, parking, "handle", "traffic")) == ("11-25 17:30", "12-11 17:30")
    assert due(town, parking, "handle", "hubin") == "12-14 17:30"
    assert due(town, lamp, "handle", "chenguang-estate") == estate
    assert {m.unit for m in done.moves} == {"hubin"}
    assert month(town.context.database, "wharf", 2026, 11)[24].mark == "stoppage"
    assert month(town.context.database, "duty", 2026, 11)[24].hours == ("00:00-00:00",)
    assert month(town.context.database, "cn", 2026, 11)[24].mark == "work"
    sound(town)


def test_a_stoppage_taken_back_gives_the_due_moments_back(town: Town) -> None:
    case = dispatched(town, PARKING)
    before = {c.id: c.due_at for c in town.clocks(case)}
    assert change(town, off("2026-11-30")).moves
    with pytest.raises(CalendarUnconfirmed):
        change(town, back("2026-11-30"))
    change(town, back("2026-11-30"), confirm=True)
    assert {c.id: c.due_at for c in town.clocks(case)} == before
    assert {e.data["clock"] for e in entries(town, case)} == {"handle", "overall"}
    sound(town)


def test_what_was_due_stays_due_when_its_past_is_counted_anew(town: Town) -> None:
    case = dispatched(town, LAMP)
    town.fast_forward(until=datetime(2026, 11, 27, 2, 0, tzinfo=UTC))
    breached = {c.id: c.due_at for c in town.clocks(case) if c.stopped_at is None and c.due_at <= town.now}
    assert breached
    fired = [rung for kind, rung, _ in town.fired(case) if kind == "handle"]
    change(town, off("2026-11-24"), confirm=True)
    sound(town)
    town.fast_forward(days=10)
    assert {c.id: c.due_at for c in town.clocks(case) if c.id in breached} == breached
    assert [rung for kind, rung, _ in town.fired(case) if kind == "handle"][: len(fired)] == fired
    assert complaints(town.context.database, town.now) == []


def test_a_case_on_hold_waits_by_the_new_calendar_too(town: Town) -> None:
    case = dispatched(town, PARKING)
    town.order(case, "acknowledge", "hubin.clerk")
    town.now = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    town.act(case, "hold", "centre.duty", reason="等待用地批复")
    paused = next(c for c in town.clocks(case) if c.kind == "handle" and c.order_no == 1)
    town.now = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
    done = change(town, off("2026-12-01"))
    assert "hold_review" in {m.clock for m in done.moves}
    assert "handle" not in {m.clock for m in done.moves}  # as much of its limit is left as before
    town.now = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
    town.act(case, "resume", "centre.duty")
    sound(town)
    # two days of hold and one of stoppage later than 11 December, at the minute at which it would have ended
    resumed = next(c for c in town.clocks(case) if c.id == paused.id)
    assert resumed.budget_s - resumed.consumed_s == paused.budget_s - paused.consumed_s
    assert due(town, case, "handle", "hubin") == "12-16 17:30"


def test_a_co_handler_never_ends_later_than_its_lead(town: Town) -> None:
    """The lead works by another calendar, which a make-up day shortens."""
    change(town, add_calendar("lead", "主办单位", "Lead", "cn", "unit"))
    change(town, use("hubin", "lead"))
    case = dispatched(town, PARKING)
    co = next(c for c in town.clocks(case) if c.kind == "handle" and c.order_no == 2)
    assert (due(town, case, "handle", "hubin"), co.bound_by) == ("12-11 17:30", None)
    worked = set_day(OneDay("lead", date(2026, 11, 21), True, "unit", "周六上班", "单位"))
    change(town, worked, confirm=True)
    assert due(town, case, "handle", "hubin") == "12-10 17:30"


def test_summer_hours_and_extended_service_move_clocks(town: Town) -> None:
    case = dispatched(town, PARKING)
    later = [window("08:30-12:00", first="2026-12-01", last="2026-12-31"), window("14:30-18:30", first="2026-12-01", last="2026-12-31")]
    change(town, set_hours("cn", later[0], later))
    assert due(town, case, "handle", "hubin") == "12-11 18:30"
    assert month(town.context.database, "cn", 2026, 12)[1].hours == ("08:30-12:00", "14:30-18:30")
    assert not change(town, set_hours("cn", later[0], later)).changed
    with pytest.raises(CalendarUnconfirmed):
        change(town, set_hours("cn", later[0], []))
    change(town, set_hours("cn", later[0], []), confirm=True)
    assert due(town, case, "handle", "hubin") == "12-11 17:30"
    sound(town)


def test_no_working_day_of_two_years_is_left_without_hours(sqlite_town: Town) -> None:
    summer = [window("08:00-12:00", first="2026-12-01", last="2026-12-31")]
    change(sqlite_town, set_hours("cn", summer[0], summer))
    with pytest.raises(Refused, match="hours_gap") as refusal:
        change(sqlite_town, set_hours("cn", window("00:00-00:00"), []), confirm=True)
    assert refusal.value.details["first"] == date(2026, 11, 20)
    change(sqlite_town, add_calendar("hall", "大厅", "Hall", "cn", "unit"))
    change(sqlite_town, set_hours("hall", window("00:00-00:00"), [window("08:30-20:00")]))
    assert change(sqlite_town, set_hours("hall", window("00:00-00:00"), []), confirm=True).changed  # it inherits those of cn


def test_a_deadline_far_later_wants_a_yes(sqlite_town: Town) -> None:
    case = dispatched(sqlite_town, PARKING)
    idle = load(Loading("cn", told([(f"{date(2026, 11, 23) + timedelta(days=n)}", False) for n in range(70)]), "x", JANUARY, "stoppage"))
    with pytest.raises(CalendarUnconfirmed, match="calendar_delays") as refusal:
        change(sqlite_town, idle)
    assert refusal.value.details["count"] == sum(m.by_s > 60 * 86_400 for m in refusal.value.moves) > 0
    assert entries(sqlite_town, case) == []
    assert change(sqlite_town, idle, confirm=True).changed


def test_seasons_that_meet_are_told(sqlite_town: Town) -> None:
    summer = [window("08:00-12:00", first="2027-06-01", last="2027-09-30")]
    assert change(sqlite_town, set_hours("cn", summer[0], summer)).seasons == []
    august = [window("08:00-11:00", first="2027-08-01", last="2027-12-31")]
    (season,) = change(sqlite_town, set_hours("cn", august[0], august)).seasons
    assert (season.first, season.last) == (date(2027, 8, 1), date(2027, 9, 30))
    winter = [window("09:00-12:00", first="2028-01-01")]
    assert change(sqlite_town, set_hours("cn", winter[0], winter)).seasons == []


def test_clocks_stamped_with_a_calendar_follow_their_unit_to_another(town: Town) -> None:
    change(town, add_calendar("late", "延时服务", "Late service", "cn", "unit"))
    hours = [window("08:30-12:00"), window("14:30-20:00")]
    change(town, set_hours("late", hours[0], hours))
    case = dispatched(town, PARKING)
    done = change(town, use("hubin", "late"))
    assert {m.unit for m in done.moves} == {"hubin"}
    stamps = {(town.unit_code(c.unit_id), c.calendar, c.calendar_version) for c in town.clocks(case) if c.stopped_at is None}
    assert {("hubin", "late", 2), ("traffic", "cn", 1)} <= stamps
    assert due(town, case, "handle", "hubin") == "12-11 20:00"
    sound(town)


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (off("2026-12-01", "nowhere"), "unknown_calendar"),
        (off("2026-12-01", "cn", "village"), "unknown_layer"),
        (off("2199-12-01"), "day_out_of_reach"),
        (use("nobody", "cn"), "unknown_unit"),
        (use("hubin", "nowhere"), "unknown_calendar"),
        (add_calendar("Bad", "x", "x", "cn", "area"), "bad_calendar_code"),
        (add_calendar("cn", "x", "x", "cn", "area"), "calendar_exists"),
        (add_calendar("x", "x", "x", "nowhere", "area"), "unknown_calendar"),
        (add_calendar("x", "x", "x", "cn", "national"), "unknown_layer"),
        (set_hours("cn", window("00:00-00:00"), [window("08:00-12:00"), window("11:00-13:00")]), "hours_overlap"),
        (set_hours("cn", window("00:00-00:00", "every"), [window("11:00-13:00", "every")]), "hours_overlap"),
        (set_hours("cn", window("00:00-00:00"), []), "calendar_without_hours"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_and_leaves_nothing(sqlite_town: Town, edit: Edit, code: str) -> None:
    with pytest.raises(Refused, match=code):
        change(sqlite_town, edit)
    assert [c.version for c in sqlite_town.rows(select(table(CalendarInfo)))] == [1]


def test_national_days_stand_in_the_national_calendar_only(sqlite_town: Town) -> None:
    change(sqlite_town, add_calendar("area", "片区", "Area", "cn", "area"))
    change(sqlite_town, add_calendar("office", "单位", "Office", "area", "unit"))
    with pytest.raises(Refused, match="layer_is_national"):
        change(sqlite_town, off("2026-12-01", "area", "national"))
    with pytest.raises(Refused, match="layer_not_below"):
        change(sqlite_town, add_calendar("x", "x", "x", "office", "area"))
    change(sqlite_town, off("2026-12-01", "area", "area"))
    assert month(sqlite_town.context.database, "office", 2026, 12)[1].mark == "changed"
    with sqlite_town.context.database.unit_of_work() as session:
        found = {c.code: (c.above, c.layer, c.version, c.awaiting) for c in list_calendars(session)}
    assert found["office"] == ("area", "unit", 2, (2027, 2028))


# others at the same moment --------------------------------------------------------------------------------------------


def test_a_refused_change_leaves_no_trace_in_this_process(town: Town) -> None:
    change(town, off("2026-11-30"))
    dispatched(town, PARKING)
    with pytest.raises(CalendarUnconfirmed):
        change(town, back("2026-11-30"))
    with town.context.database.unit_of_work() as session:
        assert catalogue(session).calendars["cn"].version == 2
        assert not catalogue(session).calendars["cn"].days[date(2026, 11, 30)]


def test_engines_and_people_at_the_same_moment_lose_nothing(town: Town) -> None:
    cases = [dispatched(town, text) for text in (LAMP, PARKING, LAMP, PARKING, DRAIN)]
    town.now = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)  # acknowledgements have become due
    database = town.context.database

    def fires() -> None:
        with database.unit_of_work() as session:
            rows = session.connection().execute(select(_clock.c.id, _clock.c.case_id).where(_clock.c.next_fire_at <= town.now))
            fire_due(session, {row.id: row.case_id for row in rows}, Setting(town.now))

    def moves() -> None:
        for case in cases:
            with database.unit_of_work() as session:
                actor = catalogue(session).actor("centre.duty")
                make_moves(session, [Intent(case, "bind", actor, args=BOUND)], Setting(town.now))

    def changes() -> None:
        with database.unit_of_work() as session:
            change_calendars(session, off("2026-11-24"), "admin", town.now)

    together([fires, moves, changes])
    town.turn()
    assert complaints(database, town.now) == []
    assert all(entries(town, case) for case in cases)
    for case in cases:
        rungs = [rung for _, rung, _ in town.fired(case, "acknowledge")]
        assert rungs.count("urge") == len([c for c in town.clocks(case) if c.ladder == "acknowledge" and c.due_at <= town.now])


BOUND = {"due_at": "2026-12-20T17:30+08:00", "by": "upstream", "reason": "12345"}


def test_a_clock_started_by_the_old_calendar_meanwhile_is_caught_up_with(town: Town) -> None:
    case = dispatched(town, PARKING)
    other = town.reports(LAMP)
    with town.context.database.unit_of_work() as session:
        done = change_calendars(session, off("2026-11-24"), "admin", town.now)
    town.turn()
    late = next(c for c in town.clocks(other) if c.kind == "overall")
    with town.context.database.unit_of_work() as session:  # as somebody leaves it who had read the calendar before the change
        old = {"calendar_version": 1, "due_at": late.due_at - timedelta(days=1)}
        session.connection().execute(_clock.update().where(_clock.c.id == late.id).values(old))
    with town.context.database.unit_of_work() as session:
        (move,) = catch_up(session, done, town.now)
    assert (move.clock, move.after) == ("overall", late.due_at)
    assert len(entries(town, case)) == len({e.data["clock_id"] for e in entries(town, case)})
    sound(town)
    with town.context.database.unit_of_work() as session:
        assert catch_up(session, done, town.now) == []


def test_a_limit_from_outside_binds_by_any_calendar(town: Town) -> None:
    case = dispatched(town, PARKING)
    outside = {"due_at": "2026-11-30T17:30+08:00", "by": "upstream", "reason": "12345"}
    town.act(case, "bind", "centre.duty", **outside)
    assert due(town, case, "handle", "hubin") == "11-30 17:30"
    done = change(town, off("2026-11-25"))
    assert due(town, case, "handle", "hubin") == "11-30 17:30"
    assert "handle" not in {m.clock for m in done.moves}
    sound(town)


def test_a_limit_from_outside_stays_at_its_own_moment_when_its_day_is_declared_off(town: Town) -> None:
    case = dispatched(town, PARKING)
    town.act(case, "bind", "centre.duty", due_at="2026-11-24T12:00+08:00", by="upstream", reason="12345")
    for day in ("2026-11-24", "2026-11-23"):
        done = change(town, off(day))
        assert due(town, case, "handle", "hubin") == "11-24 12:00"
        assert not [m for m in done.moves if m.by_s < 0]
        sound(town)
    change(town, back("2026-11-24"), confirm=True)
    assert due(town, case, "handle", "hubin") == "11-24 12:00"
    sound(town)


def test_an_extended_limit_is_moved_with_its_extension(town: Town) -> None:
    case = dispatched(town, PARKING)
    town.order(case, "acknowledge", "hubin.clerk", "hubin")
    town.order(case, "ask_extension", "hubin.clerk", "hubin", amount="3wd", reason="等材料")
    with town.context.database.unit_of_work() as session:
        actor = catalogue(session).actor("centre.duty")
        one(make_moves(session, [Intent(case, "grant", actor, Thing.EXTENSION, 1)], Setting(town.now)))
    assert due(town, case, "handle", "hubin") == "12-16 17:30"
    change(town, off("2026-12-15"))
    assert due(town, case, "handle", "hubin") == "12-17 17:30"
    assert due(town, case, "handle", "traffic") == "12-11 17:30"
    sound(town)


# anything goes --------------------------------------------------------------------------------------------------------


def _live(town: Town, dice: Random, case: int) -> None:
    """Somebody does something with a case, if it can be done."""
    ways = (
        lambda: town.act(case, "hold", "centre.duty", reason="等待"),
        lambda: town.act(case, "resume", "centre.duty"),
        lambda: town.order(case, "acknowledge", f"{town.orders(case)[0].code}.clerk"),
        lambda: town.act(case, "bind", "centre.duty", **BOUND),
        lambda: _extend(town, case),
    )
    with suppress(Refused):
        dice.choice(ways)()


def _extend(town: Town, case: int) -> None:
    town.order(case, "ask_extension", f"{town.orders(case)[0].code}.clerk", amount="2wd", reason="等材料")
    with town.context.database.unit_of_work() as session:
        actor = catalogue(session).actor("centre.duty")
        one(make_moves(session, [Intent(case, "grant", actor, Thing.EXTENSION, 1)], Setting(town.now)))


def _some_edit(dice: Random, day: date) -> Edit:
    code = dice.choice(["cn", "wharf"])
    hours = [window("08:00-12:00", first=day.isoformat()), window("15:00-18:30", first=day.isoformat())]
    rest = [window("09:00-11:00", "restday", first=day.isoformat())]
    said = OneDay(code, day, dice.random() < 0.4, "stoppage", "停工或加班", "")
    ways = (set_day(said), set_day(said), back(day.isoformat(), code), set_hours(code, hours[0], hours), set_hours(code, rest[0], rest))
    return dice.choice(ways)


@pytest.mark.parametrize("seed", [3, *(pytest.param(n, marks=pytest.mark.soak) for n in (0, 4, 57))])
def test_after_any_changes_every_clock_is_sound_and_explained(sqlite_town: Town, seed: int) -> None:
    """Stoppages, extra working days and other hours come and go while cases are held, extended, bound and become due."""
    town, dice = sqlite_town, Random(seed)
    change(town, add_calendar("wharf", "滨水片区", "Waterfront", "cn", "area"))
    change(town, use("hubin", "wharf", below=True))
    cases = [dispatched(town, text) for text in (PARKING, LAMP, PARKING)]
    for _ in range(10):
        case, day = dice.choice(cases), (town.now + timedelta(days=dice.randint(-4, 12))).date()
        _live(town, dice, case)
        before = {c.id: c for c in town.rows(select(_clock).where(_clock.c.stopped_at.is_(None)))}
        change(town, _some_edit(dice, day), confirm=True)
        after = {c.id: c for c in town.rows(select(_clock).where(_clock.c.id.in_(before)))}
        gone = [c.id for c in before.values() if c.running_since is not None and c.due_at <= town.now]
        assert {i: after[i].due_at for i in gone} == {i: before[i].due_at for i in gone}
        moved = [c for c in after.values() if c.due_at != before[c.id].due_at]
        assert all(c.due_at >= town.now.replace(microsecond=0) for c in moved)
        town.turn()
        sound(town)
        town.fast_forward(hours=dice.randint(1, 40))
