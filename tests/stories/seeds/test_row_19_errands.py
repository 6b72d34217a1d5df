"""帮办代办清单, 延时服务, 24h 自助 (row 19, seeds 002 and 001): 30 errands, an agent at home, a hall that stays open in the evening."""

from datetime import UTC, datetime, time

import pytest

from rules.facts import Refused
from rules.workdays import Window
from services.calendars import CalendarUnconfirmed, catch_up
from services.catalogue import catalogue
from services.errands import Extra, Wish, begin_errand, content, extend, extended
from services.moves import Setting
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town

PHONE = "13800000020"


def begun(town: Town, user: str, wish: Wish) -> str:
    with town.context.database.unit_of_work() as session:
        return begin_errand(session, wish, town.actor(user), Setting(town.now)).no


def steps_of(town: Town, no: str) -> list[str]:
    return [part["state"] for part in seen(town, no).parts]


def due_of(town: Town, no: str) -> list[str]:
    """Local due moments of the open clocks of an errand: of the whole, of the step."""
    clocks = sorted(seen(town, no).clocks, key=lambda c: c["part_no"] or 0)
    with town.context.database.unit_of_work() as session:
        zone = catalogue(session).zone
    return [f"{c['due_at'].astimezone(zone):%m-%d %H:%M}" for c in clocks]


def test_an_agent_goes_for_an_old_man_who_first_looks_for_a_paper(town: Town) -> None:
    town.turn()
    wish = Wish("chronic", PHONE, "周爷爷", area="chenguang-1", agent="chenguang-1.worker", home=True)
    no = begun(town, "chenguang.clerk", wish)
    assert no.startswith("BS-")
    town.turn()
    assert any(no in text for text in town.heard("chenguang-1.worker")), "the agent is asked"
    assert any("有人代办" in text for text in town.heard(f"resident:{PHONE}"))
    first, *_ = (p["no"] for p in seen(town, no).parts)
    does(town, no, "tick_material", "chenguang.clerk", material="id_card")
    with pytest.raises(Refused, match="materials_wanting"):
        does(town, no, "do_step", "chenguang.clerk", first, words="核对过了")
    town.fast_forward(hours=1)
    does(town, no, "ask_material", "chenguang.clerk", materials=("diagnosis",))
    found = seen(town, no)
    waits = [(c["kind"], c["part_no"]) for c in found.clocks]
    assert (found.affair["state"], waits) == ("missing", [("assent", None)]), "the steps' time does not run, but somebody asks after it"
    town.turn()
    assert any("诊断证明" in text for text in town.heard(f"resident:{PHONE}"))
    town.fast_forward(days=3)
    does(town, no, "visit_home", "chenguang.clerk", words="到家里帮着找诊断证明")
    does(town, no, "waive_material", "chenguang.clerk", material="form", reason="表格由代办员代填")
    does(town, no, "tick_material", "chenguang.clerk", material="diagnosis")
    found = seen(town, no)
    assert (found.affair["state"], [c["limit"] for c in found.clocks if c["part_no"] == first]) == ("under_way", ["3wh"])
    for part in found.parts:
        does(town, no, "do_step", "chenguang.clerk", part["no"], words=f"{part['title']}已办")
    assert (seen(town, no).affair["state"], steps_of(town, no)) == ("done", ["done"] * 4)
    does(town, no, "redo_errand", f"resident:{PHONE}", reason="病种写错了一个字")
    assert (seen(town, no).affair["state"], steps_of(town, no)) == ("under_way", ["done"] * 3 + ["open"])
    does(town, no, "do_step", "chenguang.clerk", seen(town, no).parts[-1]["no"], words="改好送到家")
    with pytest.raises(Refused, match="asker_may_still_answer"):
        does(town, no, "confirm_errand", "chenguang.head", reason="应该好了")
    does(town, no, "confirm_errand", f"resident:{PHONE}")
    found = seen(town, no)
    told = found.affair["data"]
    assert (found.affair["state"], len(told["visited"]), told["redone"], found.clocks) == ("confirmed", 1, 1, [])
    with town.context.database.unit_of_work() as session:
        listed = content(session, town.now)
    assert len(listed.items) == 30, "30 items of the catalogue"
    assert {p.code for p in listed.points if "deed_query" in p.items} == {"hubin-24h", "hall-24h"}
    assert complaints(town.context.database, town.now) == []


def test_a_hall_that_stays_open_in_the_evening_is_due_in_the_evening(town: Town) -> None:
    town.now = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)  # a Friday, 16:30 in Shanghai
    town.turn()
    no = begun(town, "hall.clerk", Wish("deed_query", PHONE, area="chenguang-1"))
    assert due_of(town, no) == ["11-23 17:30", "11-23 11:30"], "four working hours end on Monday morning"
    late = Extra("hall", [Window(time(17, 30), time(20, 30))])
    with pytest.raises(CalendarUnconfirmed), town.context.database.unit_of_work() as session:
        extend(session, late, "admin", town.now)
    with town.context.database.unit_of_work() as session:
        done = extend(session, late, "admin", town.now, confirm=True)
    with town.context.database.unit_of_work() as session:
        assert catch_up(session, done, town.now) == []
    assert due_of(town, no) == ["11-23 20:30", "11-20 20:30"], "with the hall open until 20:30 they end this evening"
    with town.context.database.unit_of_work() as session:
        (told,) = extended(session)
    assert (told.unit, told.days, told.hours) == ("hall", "workday", ("08:30-12:00", "14:30-17:30", "17:30-20:30"))
    assert complaints(town.context.database, town.now) == []
