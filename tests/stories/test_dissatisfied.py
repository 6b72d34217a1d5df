"""Verification refused, rework, dissatisfied twice, escalated; and an emergency handed in at night that nobody holds up."""

from datetime import UTC, datetime

import pytest

from rules.facts import Refused
from tests.support.sound import complaints
from tests.support.town import Town

RESIDENT = "resident:10000000001"


def _done(town: Town, case: int, words: str) -> None:
    for order in town.orders(case):
        if order.state == "sent":
            town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
        if order.state in ("sent", "working"):
            town.order(case, "finish", f"{order.code}.clerk", order.code, result=words)
    town.turn()


def test_a_refused_check_a_rework_and_dissatisfaction_twice(town: Town) -> None:
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    first = town.open_clock(case, "handle", "water")
    _done(town, case, "已疏通")
    with pytest.raises(Refused, match=r"checks_own_work|not_yours"):
        town.act(case, "pass_check", "water.clerk")
    town.act(case, "fail_check", "hubin.clerk", reason="井口仍在冒水")
    assert (town.state(case), town.case(case).round) == ("handling", 2)
    town.turn()
    assert any("返工" in text or "重办" in text for text in town.heard("water.clerk", case))
    again = town.open_clock(case, "handle", "water")
    assert (again.due_at - again.started_at) < (first.due_at - first.started_at), "half the limit"
    for n, words in enumerate(("又通了一遍", "换了一段管", "再换一段"), start=1):
        _done(town, case, words)
        town.act(case, "pass_check", "hubin.clerk")
        town.turn()
        assert words in town.case(case).result
        if n < 3:
            town.act(case, "rate", RESIDENT, solved=False, score=1)
            town.turn()
            assert any("评" in text for text in town.heard("centre.duty", case)), "the centre has to judge"
            assert town.open_clock(case, "judge").unit_id == town.unit_id("centre")
            town.act(case, "rework", "centre.duty", reason="居民说没解决，现场属实")
    assert [m.notice for m in town.messages(case)].count("rework_again") >= 1, "the second time goes up"
    (order,) = [s for s in town.supervision(case) if s.origin == "rework"]
    assert order.state == "proposed"
    town.sign(case, "dismiss", "chenghu.leader", order.seq, reason="已换管，再看一次评价")
    town.act(case, "rate", RESIDENT, solved=True, score=4)
    town.turn()
    assert town.state(case) == "closed"
    assert complaints(town.context.database, town.now) == []


def test_a_gas_leak_at_night_waits_for_nobody(town: Town) -> None:
    town.now = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)  # Sunday, half past two in the morning
    case = town.reports("厨房一股煤气味，头晕，快来人", source="grid_worker")
    town.turn()
    assert (town.state(case), town.case(case).urgency) == ("dispatched", "P0"), "no level holds it up"
    assert town.heard("utility.clerk", case), "told at once"
    due = town.open_clock(case, "acknowledge", "utility").due_at
    assert (due - town.now).total_seconds() <= 15 * 60
    with pytest.raises(Refused, match=r"return_window_over"):
        town.order(case, "ask_return", "utility.clerk", code="not_our_duty", reason="不归我们")
    with pytest.raises(Refused, match="p0_not_withdrawn"):
        town.act(case, "withdraw", RESIDENT, reason="好像没味了")
