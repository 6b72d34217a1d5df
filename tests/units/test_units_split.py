"""Units that are split or renamed, their calendars, and what is refused."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from models import Clock, UnitChange, UnitName, table
from rules.facts import Refused
from services.calendars import OneDay, add_calendar, change_calendars, set_day, set_hours, use
from services.catalogue import Named, catalogue
from services.tables import read_table
from services.units import asking
from services.units.applying import apply_due
from services.units.names import line_at, name_at
from services.units.splitting import Part, read_shares
from tests.support.reordering import do, drain, lamp, merge, sound, untouched
from tests.support.town import Town
from tests.worktime.calendars import ZONE, window

_change = table(UnitChange)
_clock = table(Clock)


def calendars(town: Town, edit: Any) -> list[Any]:
    with town.context.database.unit_of_work() as session:
        return change_calendars(session, edit, "admin", town.now, confirm=True).moves


def off(day: date, calendar: str) -> Any:
    return set_day(OneDay(calendar, day, False, "stoppage", "停工", "x"))


# calendars -------------------------------------------------------------------------------------------------------------


def test_a_clock_that_is_taken_over_keeps_the_hours_it_began_with(town: Town) -> None:
    calendars(town, add_calendar("late", "晚班", "Late shift", "cn", "unit"))
    calendars(town, set_hours("late", window("14:00-20:00"), [window("14:00-20:00")]))
    lead = next(o.code for o in town.orders(lamp(town)) if o.lead)
    calendars(town, use(lead, "late"))
    case = lamp(town)
    town.order(case, "acknowledge", f"{lead}.clerk", lead)
    town.fast_forward(hours=5)
    before = untouched(town)
    merge(town, lead, "urban")
    town.now += timedelta(minutes=1)
    town.turn()
    assert untouched(town) == before
    handle = town.open_clock(case, "handle", "urban")
    assert (handle.calendar, handle.due_at.astimezone(ZONE).hour) == ("late", 20)
    sound(town)
    town.act(case, "hold", "centre.duty", reason="等配件")
    town.fast_forward(days=1)
    town.act(case, "resume", "centre.duty", reason="到货")
    sound(town)


def test_a_clock_that_is_taken_over_follows_changes_of_its_own_calendar_only(town: Town) -> None:
    calendars(town, add_calendar("late", "晚班", "Late shift", "cn", "unit"))
    calendars(town, set_hours("late", window("14:00-20:00"), [window("14:00-20:00")]))
    lead = next(o.code for o in town.orders(lamp(town)) if o.lead)
    calendars(town, use(lead, "late"))
    case = lamp(town)
    town.order(case, "acknowledge", f"{lead}.clerk", lead)
    merge(town, lead, "urban")
    town.now += timedelta(minutes=1)
    town.turn()
    handle = town.open_clock(case, "handle", "urban")
    monday = date(2026, 11, 23)
    moved = calendars(town, off(monday, "late"))
    assert {m.unit for m in moved if m.no == town.case(case).no and m.clock == "handle" and m.order == handle.order_no} == {"urban"}
    later = town.open_clock(case, "handle", "urban")
    assert later.due_at == handle.due_at + timedelta(days=1)
    assert (later.calendar, later.calendar_version) == ("late", handle.calendar_version + 1)
    sound(town)
    calendars(town, add_calendar("early", "早班", "Early shift", "cn", "unit"))
    calendars(town, set_hours("early", window("06:00-12:00"), [window("06:00-12:00")]))
    calendars(town, use("urban", "early"))
    assert town.open_clock(case, "handle", "urban").due_at == later.due_at
    sound(town)
    town.order(case, "ask_extension", "urban.clerk", "urban", amount="1wd", reason="等配件")
    town.extension(case, "grant", "centre.duty")
    assert town.open_clock(case, "handle", "urban").due_at.astimezone(ZONE).hour == 20
    sound(town)


# names -----------------------------------------------------------------------------------------------------------------


def test_a_renamed_unit_is_called_so_from_its_moment_on(town: Town) -> None:
    case = drain(town)
    lead = next(o for o in town.orders(case) if o.lead)
    moment = town.now + timedelta(hours=3)
    do(town, lambda s: asking.ask_rename(s, lead.code, "新名称中心", "New Name Centre", moment, "admin", town.now))
    town.fast_forward(until=moment - timedelta(minutes=1))
    before = untouched(town)
    with town.context.database.unit_of_work() as session:
        assert catalogue(session).names[lead.unit_id].zh != "新名称中心"
        assert apply_due(session, moment) == 0
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
    old, new = name_at(known, lead.unit_id, moment - timedelta(seconds=1)), name_at(known, lead.unit_id, moment)
    assert (old, new) == (former(town), known.names[lead.unit_id])
    assert new == Named("新名称中心", "New Name Centre")
    assert untouched(town) == before
    town.fast_forward(hours=1)
    sound(town)


def former(town: Town) -> Named:
    (row,) = town.rows(select(table(UnitName)))
    return Named(row.zh, row.en)


def table_of(folder: Path, *rows: str) -> Any:
    file = folder / "split.csv"
    file.write_text("\n".join(("category,area,user,unit", *rows)) + "\n", encoding="utf-8")
    return read_table(file, ("unit",))


def split(town: Town, code: str, parts: list[Part], rows: Any) -> int:
    def ask(session: Any) -> int:
        known = catalogue(session)
        shares = read_shares(rows, known, known.unit_ids[code], [p.code for p in parts])
        return asking.ask_split(session, code, parts, shares, town.now, "admin", town.now)

    return do(town, ask)


# split -----------------------------------------------------------------------------------------------------------------


def test_a_split_gives_each_case_to_the_part_that_the_table_names(town: Town, tmp_path: Path) -> None:
    first, second = drain(town), drain(town, "jinqiao-1")
    lead = next(o.code for o in town.orders(first) if o.lead)
    category = town.case(first).category
    before = untouched(town)
    part = Part("east-works", "东片处置中心", "Eastern Works")
    split(town, lead, [part], table_of(tmp_path, f"{category},dongtang,,east-works", f",,{lead}.head,east-works"))
    town.now += timedelta(minutes=1)
    town.turn()
    assert untouched(town) == before
    assert next(o.code for o in town.orders(first) if o.lead) == lead
    assert next(o.code for o in town.orders(second) if o.lead) == "east-works"
    heard = {(m.notice, m.name) for m in town.messages(second)}
    assert ("taken_over", f"{lead}.head") in heard
    assert ("units_changed", f"{lead}.head") in heard
    sound(town)
    town.order(second, "acknowledge", f"{lead}.head")
    sound(town)


def test_grids_go_along_with_a_split_community(town: Town, tmp_path: Path) -> None:
    case = drain(town, "chenguang-3")
    part = Part("xinchen", "新晨社区", "Xinchen Community")
    split(town, "chenguang", [part], table_of(tmp_path, ",chenguang-3,,xinchen", ",,chenguang.head,xinchen"))
    start = town.now
    town.now += timedelta(minutes=1)
    town.turn()
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
    grid = town.unit_id("chenguang-3")
    assert known.units[known.line(grid)[1]].code == "xinchen"
    assert known.units[line_at(known, grid, start)[1]].code == "chenguang"
    assert {o.code for o in town.orders(case)} & {"chenguang"} == set()
    sound(town)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (",,,nobody", "unit"),
        ("9999,,,east-works", "category"),
        (",nowhere,,east-works", "area"),
        (",,admin,east-works", "user"),
        (",,,east-works", "category"),
    ],
)
def test_a_wrong_row_of_a_split_is_named_and_nothing_is_done(sqlite_town: Town, tmp_path: Path, row: str, field: str) -> None:
    part = Part("east-works", "东片处置中心", "Eastern Works")
    with pytest.raises(Refused) as refused:
        split(sqlite_town, "water", [part], table_of(tmp_path, row))
    assert (refused.value.code, refused.value.details["line"], refused.value.details["field"]) == ("split_row_wrong", 2, field)
    assert sqlite_town.rows(select(_change)) == []


# refused ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "into", "why"),
    [
        ("water", "water", "merge_into_itself"),
        ("chenghu", "water", "district_stays"),
        ("water", "chenghu", "district_stays"),
        ("municipal", "municipal-lights", "merge_into_own_section"),
        ("chenguang", "water", "kinds_differ"),
        ("water", "chenguang", "kinds_differ"),
        ("centre", "hubin-centre", "desk_stays"),
        ("nowhere", "water", "unknown_unit"),
    ],
)
def test_a_merge_that_cannot_be_is_refused(sqlite_town: Town, code: str, into: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        merge(sqlite_town, code, into)
    assert refused.value.code == why


def test_only_administrators_change_units_and_one_change_at_a_time(sqlite_town: Town) -> None:
    town, later = sqlite_town, sqlite_town.now + timedelta(days=9)
    with pytest.raises(Refused, match="admins_only"):
        do(town, lambda s: asking.ask_merge(s, "water", "urban", town.now, "water.head", town.now))
    merge(town, "water", "urban", later)
    for code, into in (("water", "municipal"), ("municipal", "water")):
        with pytest.raises(Refused, match="unit_change_waits"):
            merge(town, code, into, later)
