"""A case returned, ruled, not returnable; a climb over four levels; a hold that is reviewed and lifted."""

from datetime import timedelta

import pytest

from rules.facts import Level, Refused
from tests.support.sound import complaints
from tests.support.town import Town

RESIDENT = "resident:10000000001"


def test_a_case_is_returned_ruled_and_then_not_returnable(town: Town) -> None:
    case = town.reports("人行道上路灯不亮三天了")
    town.turn()
    first = town.orders(case)[0]
    assert first.code == "municipal"
    with pytest.raises(Refused, match="return_code_missing"):
        town.order(case, "ask_return", "municipal.clerk", reason="不是我们的灯")
    why = {"code": "not_our_asset", "reason": "是小区物业的灯"}
    town.order(case, "ask_return", "municipal.clerk", unit=town.unit_id("chenguang-estate"), **why)
    assert town.open_clock(case, "rule").unit_id == town.unit_id("centre"), "the centre has to rule, under a clock"
    assert town.unit_code(town.journal(case)[-1].ball_unit_id) == "centre"
    with pytest.raises(Refused, match="already_returning"):
        town.order(case, "ask_return", "municipal.clerk", **why)
    with pytest.raises(Refused, match="not_yours"):
        town.request(case, "uphold_return", "municipal.clerk", unit=town.unit_id("chenguang-estate"), reason="同意")
    town.turn()
    assert any("退单" in text for text in town.heard("centre.duty", case))
    ruling = {"unit": town.unit_id("housing"), "reason": "物业主管部门牵头", "override": True}
    town.request(case, "uphold_return", "centre.duty", **ruling)
    lead = next(o for o in town.orders(case) if o.lead and o.state != "recalled")
    assert (town.state(case), lead.code, lead.returnable) == ("dispatched", "housing", False)
    with pytest.raises(Refused, match="not_returnable"):
        town.order(case, "ask_return", "housing.clerk", code="not_our_duty", reason="也不归我们")
    town.turn()
    assert town.heard("housing.clerk", case), "the ruled unit hears of it"
    assert town.heard("municipal.clerk", case), "and so does the one that gave it back"
    assert town.case(case).hops == 2
    assert complaints(town.context.database, town.now) == []


def test_a_return_that_is_rejected_counts_and_cannot_be_asked_again(town: Town) -> None:
    case = town.reports("人行道上路灯不亮三天了")
    town.turn()
    town.order(case, "ask_return", "municipal.clerk", code="not_our_duty", reason="不归我们")
    town.request(case, "reject_return", "centre.duty", reason="路灯归市政")
    assert town.orders(case)[0].state in ("sent", "working")
    with pytest.raises(Refused, match="not_returnable"):
        town.order(case, "ask_return", "municipal.clerk", code="not_our_duty", reason="真的不归我们")
    late = town.reports("河边路灯也不亮")
    town.turn()
    town.fast_forward(days=5)
    with pytest.raises(Refused, match="return_window_over"):
        town.order(late, "ask_return", "municipal.clerk", code="not_our_area", reason="不在辖区")


def test_a_case_climbs_four_levels_with_a_send_down_on_the_way(town: Town) -> None:
    case = town.reports("共享单车乱停乱放，人行道走不了", source="grid_worker")
    town.turn()
    path = ["chenguang-1"]

    def step(action: str, user: str, **args: object) -> None:
        town.act(case, action, user, **args)
        path.append(town.unit_code(town.case(case).holder_unit_id))

    step("report_up", "chenguang-1.worker")
    step("report_up", "chenguang.clerk")
    step("send_down", "hubin.clerk", level=Level.COMMUNITY, reason="请社区先核实位置")
    step("report_up", "chenguang.clerk")
    step("report_up", "hubin.clerk")
    assert path == ["chenguang-1", "chenguang", "hubin", "chenguang", "hubin", "centre"]
    town.act(case, "dispatch", "centre.duty", lead=town.unit_id("urban"))
    decided = [town.unit_code(c.unit_id) for c in town.clocks(case) if c.kind == "decide"]
    assert decided == path, "each level had a clock of its own"
    town.turn()
    for who in ("chenguang.clerk", "hubin.clerk", "urban.clerk"):
        assert town.heard(who, case), who


def test_a_hold_is_asked_for_reviewed_and_lifted(town: Town) -> None:
    case = town.reports("小区东边围墙违法建设，占了公共绿地")
    town.turn()
    lead = town.orders(case)[0].code
    town.order(case, "acknowledge", f"{lead}.clerk")
    due = town.open_clock(case, "handle", lead).due_at
    until = (town.now + timedelta(days=90)).isoformat()
    town.act(case, "ask_hold", f"{lead}.clerk", code="procedure", reason="等法院裁定", until=until)
    with pytest.raises(Refused, match="not_yours"):
        town.request(case, "approve_hold", f"{lead}.clerk")
    town.request(case, "approve_hold", "centre.duty")
    assert town.state(case) == "on_hold"
    town.turn()
    assert any("挂账" in text or "暂缓" in text for text in town.heard(RESIDENT, case)), "the resident is told"
    review = town.open_clock(case, "hold_review").due_at
    town.fast_forward(until=review + timedelta(minutes=1))
    assert ("hold_review", "urge") in [(k, r) for k, r, _ in town.fired(case)]
    town.act(case, "review_hold", "centre.duty", reason="法院仍在审理")
    assert town.open_clock(case, "hold_review").due_at > town.now, "the next review has a date"
    town.act(case, "resume", "centre.duty")
    assert town.state(case) == "handling"
    assert town.open_clock(case, "handle", lead).due_at > due, "what was left is left, no more and no less"
    town.turn()
    assert complaints(town.context.database, town.now) == []
