"""One lead and three co-handling units: each its own clocks, the gate waits for all, and who held the ball adds up."""

import itertools
from datetime import timedelta

import pytest

from rules.facts import Refused
from services.ball import by_unit, held, minutes
from tests.support.sound import complaints
from tests.support.town import Town

RESIDENT = "resident:10000000001"


def test_a_blocked_drain_with_three_co_handlers_of_which_one_never_acknowledges(town: Town) -> None:
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    assert {o.code for o in town.orders(case)} == {"water", "housing", "chenguang-estate"}
    more = {"override": True, "reason": "污水流进绿地，请园林一起清"}
    town.act(case, "add_co", "centre.duty", unit=town.unit_id("garden"), **more)
    town.turn()
    assert [(o.code, o.lead) for o in town.orders(case)][-1] == ("garden", False)
    assert any("污水" in text or "协办" in text for text in town.heard("garden.clerk", case)), "who is added hears of it"
    for unit in ("water", "housing", "chenguang-estate"):
        town.order(case, "acknowledge", f"{unit}.clerk", unit)
        town.order(case, "contact", f"{unit}.clerk", unit)
    town.fast_forward(hours=2)
    for unit in ("water", "housing", "chenguang-estate"):
        town.order(case, "finish", f"{unit}.clerk", unit, result="本单位部分已完成")
    town.turn()
    assert town.state(case) == "handling", "the gate waits for all"
    assert town.unit_code(town.journal(case)[-1].ball_unit_id) == "garden"
    town.fast_forward(hours=4)
    silent = next(o for o in town.orders(case) if o.code == "garden")
    assert (silent.state, silent.deemed) == ("working", True), "it never acknowledged: the clock did"
    rungs = [rung for kind, rung, _ in town.fired(case) if kind == "acknowledge"]
    assert "urge" in rungs
    assert "deem" in rungs
    assert any("签收" in text for text in town.heard("garden.head", case)), "its head is told"
    with pytest.raises(Refused, match="not_yours"):
        town.order(case, "finish", "water.clerk", "garden", result="替他们做了")
    town.order(case, "finish", "garden.clerk", "garden", result="绿地已清")
    town.turn()
    assert town.state(case) == "handled"
    town.act(case, "pass_check", "hubin.clerk")
    town.turn()
    told = town.heard(RESIDENT, case)
    assert any("由区水务排水中心办理" in text for text in told)
    assert any("已办完" in text for text in told)
    town.act(case, "rate", RESIDENT, solved=True, score=4)
    town.turn()
    assert town.state(case) == "closed"
    _adds_up(town, case)
    assert complaints(town.context.database, town.now) == []


def _adds_up(town: Town, case: int) -> None:
    """Who held the ball, unit by unit, is the whole time from the first entry to the last move of the case."""
    with town.context.database.unit_of_work() as session:
        spells = held(session, [case], town.now)[case]
    assert all(a.until == b.since for a, b in itertools.pairwise(spells)), "no gap, no overlap"
    journal = town.journal(case)
    end = next(e.at for e in reversed(journal) if e.thing == "case" and e.after == "closed")
    whole = end - journal[0].at
    assert sum(by_unit(spells).values(), timedelta()) == whole
    assert sum(minutes(by_unit(spells)).values()) == whole // timedelta(minutes=1)
    assert town.unit_id("garden") in by_unit(spells), "who kept the others waiting is named"


def test_an_outside_unit_gives_up_and_the_case_moves_up(town: Town) -> None:
    case = town.reports("小区里垃圾桶满了没人收", source="block_captain")
    town.turn()
    if town.state(case) == "reporting":
        town.act(case, "report_up", "chenguang.clerk")
        town.act(case, "dispatch", "centre.duty", lead=town.unit_id("chenguang-estate"), override=True, reason="小区内先由物业收")
    assert town.orders(case)[0].code == "chenguang-estate"
    town.order(case, "acknowledge", "chenguang-estate.clerk")
    with pytest.raises(Refused, match="reason_missing"):
        town.order(case, "give_up", "chenguang-estate.clerk")
    town.order(case, "give_up", "chenguang-estate.clerk", reason="清运车坏了，物业做不了")
    assert town.state(case) == "reporting"
    holder = town.unit_code(town.case(case).holder_unit_id)
    assert holder in ("chenguang", "hubin", "centre"), "the level above holds it now"
    assert town.orders(case)[0].state == "recalled"
    assert not [f for f in town.fired(case) if f[1] in ("red", "escalate_1")], "no penalty for a unit without penalties"
    town.turn()
    assert complaints(town.context.database, town.now) == []
