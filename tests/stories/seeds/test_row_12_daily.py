"""每日一调度、一点评、一清单 (row 12): at 08:30 the list of the day is there; what is said becomes an urge and a supervision order."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from models import DutyLine, DutyList, Message, table
from rules.facts import Refused
from services.moves import Setting
from services.rhythm import lists, rechecking
from services.rhythm.remarks import Said, remark, remarks
from services.supervision import Wish
from tests.support.in_hand import at
from tests.support.sound import complaints
from tests.support.town import Town

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
_line, _list, _message = table(DutyLine), table(DutyList), table(Message)


def made(town: Town) -> list[str]:
    """What the round of 08:30 makes now."""
    with town.context.database.unit_of_work() as session:
        return [f"{row['span']} {row['day']}" for row in lists.make_what_is_due(session, town.now)]


def seen(town: Town, day: date, user: str | None = None, of: str | None = None) -> lists.Seen:
    """The list as somebody sees it."""
    with town.context.database.unit_of_work() as session:
        return lists.read_list(session, "day", day, town.actor(user) if user else None, of)


def line_of(town: Town, case: int, part: str) -> Any:
    """The first line of a case in one part of Monday's list."""
    return next(line for line in seen(town, MONDAY).lines if line["case"] == town.case(case).no and line["part"] == part)


def owners(town: Town, day: date, case: int, of: tuple[str, str]) -> set[str]:
    """Whose clocks of this kind and part of a case stand on a list."""
    lines = (line for line in seen(town, day).lines if (line["case"], line["why"], line["part"]) == (town.case(case).no, *of))
    return {town.unit_code(line["unit_id"]) for line in lines}


def says(town: Town, user: str, said: Said) -> int:
    """Somebody says something about Monday's list."""
    with town.context.database.unit_of_work() as session:
        return remark(session, "day", MONDAY, said, town.actor(user), Setting(town.now))


def became(town: Town) -> list[Any]:
    """What became of what was said on Monday."""
    with town.context.database.unit_of_work() as session:
        return list(remarks(session, "day", MONDAY, None))


def test_a_day_is_listed_commented_on_and_looked_at_again_the_next_day(town: Town) -> None:
    late = town.reports("5号楼前下水道堵了，污水外溢")
    held = town.reports("小区东边围墙违法建设，占了公共绿地", phone="10000000002")
    town.turn()
    for case in (late, held):
        town.order(case, "acknowledge", f"{town.orders(case)[0].code}.clerk")
    lead = town.orders(held)[0].code
    until = (town.now + timedelta(days=60)).isoformat()
    town.act(held, "ask_hold", f"{lead}.clerk", code="procedure", reason="等法院裁定", until=until)
    town.request(held, "approve_hold", "centre.duty")
    town.fast_forward(until=at(23, 8, 5))
    new = town.reports("7号楼前下水道堵了，污水倒灌进地下室", phone="10000000003")
    town.turn()

    town.now = at(23, 8, 29)
    assert made(town) == [], "the list is made at 08:30, not before"
    town.now = at(23, 8, 30)
    assert made(town) == ["day 2026-11-23", "week 2026-11-23"]
    assert made(town) == [], "and once"
    lines = seen(town, MONDAY).lines
    parts = {part: {line["case"] for line in lines if line["part"] == part} for part in ("overdue", "due", "blocked", "new")}
    no = {case: town.case(case).no for case in (late, held, new)}
    assert no[late] in parts["overdue"]
    due = {line["why"] for line in lines if (line["part"], line["case"]) == ("due", no[new])}
    assert due >= {"acknowledge", "contact", "control"}, "all of it today"
    assert {(line["case"], line["why"]) for line in lines if line["part"] == "blocked"} >= {(no[held], "on_hold")}
    assert parts["new"] == {no[new]}
    assert {line["case"] for line in seen(town, MONDAY, of="water").lines} == {no[late], no[new]}
    assert seen(town, MONDAY, of="dongtang").lines == [], "nothing lies in that street"
    of_the_day = _message.c.dedupe_key.startswith("alarm:day:")
    told = town.rows(select(_message.c.staff_id, func.count().label("n")).where(of_the_day).group_by(_message.c.staff_id))
    assert {town.person_id("chenghu.leader"), town.person_id("water.clerk"), town.person_id("hubin.head")} <= {row.staff_id for row in told}
    assert {row.n for row in told} == {1}, "one message a person"

    overdue = line_of(town, late, "overdue")
    with pytest.raises(Refused, match="centre_only"):
        says(town, "water.clerk", Said("已在路上", overdue["no"], urge=True))
    with pytest.raises(Refused, match="task_needs_line"):
        says(town, "centre.duty", Said("抓紧", urge=True))
    town.now = at(23, 8, 45)
    order = Wish(town.unit_id("water"), "今天疏通到位，查明上游管段是否塌陷", "1wd")
    assert says(town, "centre.duty", Said("周五就该办完，上午到场", overdue["no"], urge=True)) == 1
    assert says(town, "centre.duty", Said(order.demand, overdue["no"], order=order)) == 2
    assert says(town, "centre.head", Said("本日重点：排水")) == 3
    assert [(row["task"], row["became"]) for row in became(town)] == [("urge", "working"), ("supervise", "proposed"), (None, None)]
    town.turn()
    urged_ones = {message.name for message in town.messages(late) if message.notice == "urged"}
    assert {"water.clerk", "water.head"} <= urged_ones, "the urge reaches who heads the unit"

    proposed = next(row for row in town.supervision(late) if row.origin == "person")
    town.sign(late, "sign", "centre.head", proposed.seq)
    town.order(late, "finish", "water.clerk", "water", result="已疏通，上游管段无塌陷")
    town.fast_forward(until=at(24, 8, 30))
    assert made(town) == ["day 2026-11-24"], "the week's list is there already"
    urged, supervised, _ = became(town)
    assert (urged["case"], urged["became"]) == (no[late], "done")
    assert (supervised["became"], supervised["number"]) == ("signed", "DB-20261123-0001")
    assert "water" in owners(town, MONDAY, late, ("handle", "overdue"))
    assert "water" not in owners(town, TUESDAY, late, ("handle", "overdue")), "what was late yesterday is done"
    assert owners(town, TUESDAY, late, ("rectify", "due")) == {"water"}, "and what was demanded is due today"
    with town.context.database.unit_of_work() as session:
        for day in (MONDAY, TUESDAY):
            found = rechecking.recheck(session, "day", day)
            assert (found.wrong, found.missing) == ((), ()), day
            assert found.confirmed + found.unknown == found.lines
            assert found.confirmed
    kept = town.rows(select(_list.c.span, _list.c.day, func.count(_line.c.no).label("n")).join(_line).group_by(_list.c.span, _list.c.day))
    assert {(row.span, row.day) for row in kept} == {("day", "2026-11-23"), ("day", "2026-11-24"), ("week", "2026-11-23")}
    assert complaints(town.context.database, town.now) == []
