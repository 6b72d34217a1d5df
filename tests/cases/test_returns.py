"""Returns (退单): once, inside the window, with a coded reason; the centre rules, and what was ruled is not returnable."""

from datetime import timedelta

import pytest

from tests.support.in_hand import at, in_hand, refused, sent, standing, told, unsound
from tests.support.town import Town

WHY = {"code": "not_our_area", "reason": "这段管网移交给市政了"}


def asks(town: Town, case: int, unit: str = "water", owner: int | None = None, **args: object) -> None:
    town.order(case, "ask_return", f"{unit}.clerk", unit, **{**WHY, "unit": owner, **args})


def rules(town: Town, case: int, unit: str, **args: object) -> None:
    town.request(case, "uphold_return", "centre.duty", unit=town.unit_id(unit), **{"reason": "权属在市政", **args})


def test_the_centre_is_asked_and_the_units_own_limit_runs_on(town: Town) -> None:
    case = in_hand(town)
    before = town.open_clock(case, "handle", "water")
    asks(town, case, owner=town.unit_id("municipal"))
    town.turn()
    (row,) = town.requests(case)
    assert (row.kind, row.state, row.order_no, town.unit_code(row.unit_id), town.unit_code(row.to_unit_id), row.code) == (
        *("return", "asked", 1, "water", "municipal", "not_our_area"),
    )
    clock = town.open_clock(case, "rule")
    assert (clock.order_no, town.unit_code(clock.unit_id), clock.limit) == (1, "centre", "4wh")
    after = town.open_clock(case, "handle", "water")
    assert (after.id, after.due_at, after.running_since) == (before.id, before.due_at, before.running_since)
    assert town.unit_code(town.journal(case)[-1].ball_unit_id) == "centre", "the centre has to rule before anybody goes on"
    heard = town.heard("centre.duty", case)[-1]
    assert "要退单，等中心裁定" in heard
    assert "区水务排水中心" in heard
    assert "这段管网移交给市政了" in heard
    assert unsound(town) == []


def test_the_one_that_was_ruled_leads_and_may_not_return_it(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    town.now += timedelta(minutes=30)
    rules(town, case, "municipal", override=True)
    town.turn()
    assert town.state(case) == "dispatched"
    assert standing(town, case) == {"housing": "working", "chenguang-estate": "working", "municipal": "sent"}
    old, new = (o for o in town.orders(case) if o.lead)
    assert (old.state, old.returnable, new.returnable) == ("recalled", False, False)
    (row,) = town.requests(case)
    assert (row.state, town.unit_code(row.to_unit_id), row.decided_by, row.answer) == ("granted", "municipal", "centre.duty", "权属在市政")
    assert town.case(case).hops == 2
    kinds = {(c.kind, town.unit_code(c.unit_id)) for c in town.clocks(case) if c.stopped_at is None}
    assert ("rule", "centre") not in kinds
    assert ("handle", "water") not in kinds
    assert {("handle", "municipal"), ("acknowledge", "municipal"), ("handle", "housing")} <= kinds
    assert [e.action for e in town.journal(case) if e.at == town.now][:3] == ["recall", "uphold_return", "redispatch"]
    town.order(case, "acknowledge", "municipal.clerk")
    refused("not_returnable", lambda: asks(town, case, "municipal"))
    assert town.state(case) == "handling"
    assert unsound(town) == []


def test_everybody_concerned_hears_of_the_ruling(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    rules(town, case, "municipal", override=True)
    town.turn()
    assert "改由区市政设施中心办理" in town.heard("water.clerk", case)[-1]
    assert "权属在市政" in town.heard("water.head", case)[-1]
    ruled = town.heard("municipal.clerk", case)[-1]
    assert "裁定主办" in ruled
    assert "不能退单" in ruled
    assert "权属在市政" in town.heard("municipal.head", case)[-1]
    assert "现在主办：区市政设施中心" in town.heard("housing.clerk", case)[-1]
    resident = town.heard("resident:10000000001", case)[-1]
    assert "区市政设施中心" in resident
    assert told(town, case, "lead_changed") == ["housing.clerk", "chenguang-estate.clerk"]
    assert told(town, case, "recalled") == []


def test_a_rejected_return_counts_and_cannot_be_asked_again(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    refused("reason_missing", lambda: town.request(case, "reject_return", "centre.duty"))
    town.request(case, "reject_return", "centre.duty", reason="管网仍归水务")
    town.turn()
    (row,) = town.requests(case)
    assert (row.state, row.answer, town.state(case)) == ("refused", "管网仍归水务", "handling")
    assert town.case(case).asks == []
    assert town.unit_code(town.journal(case)[-1].ball_unit_id) == "water"
    assert "不能再退" in town.heard("water.clerk", case)[-1]
    assert "管网仍归水务" in town.heard("water.head", case)[-1]
    refused("not_returnable", lambda: asks(town, case))
    refused("wrong_state", lambda: rules(town, case, "municipal"))
    assert unsound(town) == []


def test_once_per_unit_and_case_even_with_another_work_order(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    town.request(case, "reject_return", "centre.duty", reason="管网仍归水务")
    town.act(case, "recall", "centre.duty", reason="重新分派")
    town.act(case, "dispatch", "centre.duty", lead=town.unit_id("water"))
    refused("returned_before", lambda: asks(town, case))
    assert [r.state for r in town.requests(case)] == ["refused"]


def test_a_return_that_nobody_ruled_on_lapses_with_the_order_and_may_be_asked_again(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    town.act(case, "recall", "centre.duty", reason="重新分派")
    (row,) = town.requests(case)
    assert (row.state, row.decided_by, town.case(case).asks) == ("lapsed", "system", [])
    assert not [c for c in town.clocks(case) if c.kind == "rule" and c.stopped_at is None]
    town.act(case, "dispatch", "centre.duty", lead=town.unit_id("water"))
    asks(town, case)
    assert [r.state for r in town.requests(case)] == ["lapsed", "asked"]
    town.order(case, "acknowledge", "water.clerk")
    town.order(case, "finish", "water.clerk", result="已疏通")
    assert [r.state for r in town.requests(case)] == ["lapsed", "lapsed"], "who finishes has taken it as his own"
    assert unsound(town) == []


def test_what_a_return_needs(town: Town) -> None:
    case = sent(town)
    refused("return_code_missing", lambda: asks(town, case, code=None))
    refused("return_code_missing", lambda: asks(town, case, code="funding"))
    refused("reason_missing", lambda: asks(town, case, reason=""))
    refused("not_yours", lambda: town.order(case, "ask_return", "housing.clerk", "water", **WHY))
    refused("unknown_unit", lambda: asks(town, case, owner=999_999))
    refused("unit_cannot_handle", lambda: asks(town, case, owner=town.unit_id("chenghu")))
    refused("proposes_itself", lambda: asks(town, case, owner=town.unit_id("water")))
    assert town.requests(case) == []
    asks(town, case)
    refused("already_returning", lambda: asks(town, case))


def test_only_inside_the_window_and_never_an_emergency(town: Town) -> None:
    case = sent(town)
    town.now = at(20, 16, 12)
    asks(town, case)
    late = sent(town)
    town.now = at(23, 12)
    town.turn()
    refused("return_window_over", lambda: asks(town, late))
    emergency = sent(town, "P0", category="A02")
    refused("return_window_over", lambda: asks(town, emergency, "municipal"))


@pytest.mark.parametrize("user", ["water.head", "municipal.head", "chenghu.leader"])
def test_only_the_centre_rules(sqlite_town: Town, user: str) -> None:
    town = sqlite_town
    case = in_hand(town)
    asks(town, case)
    municipal = town.unit_id("municipal")
    refused("not_yours", lambda: town.request(case, "uphold_return", user, unit=municipal, reason="x"))
    assert town.requests(case)[0].state == "asked"


def test_who_may_be_ruled(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    refused("unit_missing", lambda: town.request(case, "uphold_return", "centre.duty", reason="x"))
    refused("unknown_unit", lambda: town.request(case, "uphold_return", "centre.duty", unit=999_999, reason="x"))
    refused("unit_cannot_handle", lambda: rules(town, case, "chenghu"))
    refused("unit_gave_it_back", lambda: rules(town, case, "water"))
    refused("not_a_hold", lambda: town.request(case, "approve_hold", "centre.duty"))
    refused("outside_duty_list", lambda: rules(town, case, "eco"))
    assert town.requests(case)[0].state == "asked"
    rules(town, case, "housing")
    leads = {o.code: (o.lead, o.state) for o in town.orders(case) if o.state != "recalled"}
    assert leads == {"chenguang-estate": (False, "working"), "housing": (True, "sent")}, "who co-handled leads now, with one order"
    assert unsound(town) == []


def test_who_gave_it_back_or_gave_up_is_not_chosen_again(town: Town) -> None:
    case = in_hand(town)
    town.order(case, "give_up", "chenguang-estate.clerk", "chenguang-estate", reason="没有设备")
    asks(town, case, "housing")
    refused("unit_gave_it_back", lambda: rules(town, case, "chenguang-estate"))
    refused("unit_gave_it_back", lambda: rules(town, case, "housing"))
    rules(town, case, "municipal", override=True)
    assert {o.code: o.lead for o in town.orders(case) if o.state != "recalled"} == {"water": True, "municipal": False}
    asks(town, case)
    refused("unit_gave_it_back", lambda: rules(town, case, "housing"))


def test_a_co_handlers_return_leaves_the_lead_alone(town: Town) -> None:
    case = in_hand(town)
    asks(town, case, "housing")
    town.turn()
    assert town.unit_code(town.journal(case)[-1].ball_unit_id) == "water"
    rules(town, case, "municipal", override=True)
    town.turn()
    assert (town.state(case), town.case(case).hops) == ("handling", 1)
    assert standing(town, case) == {"water": "working", "chenguang-estate": "working", "municipal": "sent"}
    assert [o.returnable for o in town.orders(case) if o.code == "municipal"] == [False]
    assert told(town, case, "ruled_co") == ["municipal.clerk", "municipal.head"]
    assert unsound(town) == []


def test_a_co_handlers_matter_that_is_the_leads_makes_no_further_order(town: Town) -> None:
    case = in_hand(town)
    asks(town, case, "housing")
    rules(town, case, "water")
    assert standing(town, case) == {"water": "working", "chenguang-estate": "working"}
    assert [r.state for r in town.requests(case)] == ["granted"]
    for unit in ("water", "chenguang-estate"):
        town.order(case, "finish", f"{unit}.clerk", unit, result="已疏通")
    town.turn()
    assert town.state(case) == "handled"


def test_the_last_open_order_given_back_lets_the_case_go_on(town: Town) -> None:
    case = in_hand(town)
    for unit in ("water", "chenguang-estate"):
        town.order(case, "finish", f"{unit}.clerk", unit, result="已疏通")
    asks(town, case, "housing")
    rules(town, case, "water")
    town.turn()
    assert town.state(case) == "handled"


def test_two_returns_wait_under_a_clock_each(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    asks(town, case, "housing")
    assert sorted(c.order_no for c in town.clocks(case) if c.kind == "rule" and c.stopped_at is None) == [1, 2]
    town.request(case, "reject_return", "centre.duty", no=1, reason="管网仍归水务")
    assert [c.order_no for c in town.clocks(case) if c.kind == "rule" and c.stopped_at is None] == [2]
    assert unsound(town) == []


def test_the_third_lead_unit_alerts_the_centres_head(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    rules(town, case, "municipal", override=True)
    town.turn()
    assert told(town, case, "passed_around") == []
    town.act(case, "reassign", "centre.duty", lead=town.unit_id("urban"), reason="占道施工", override=True)
    town.turn()
    assert town.case(case).hops == 3
    assert told(town, case, "passed_around") == ["centre.head"]
    assert "区城管执法局" in town.heard("centre.head", case)[-1]


def test_a_case_that_is_recalled_and_dispatched_anew_is_counted_too(town: Town) -> None:
    case = in_hand(town)
    for _ in range(2):
        town.act(case, "recall", "centre.duty", reason="派错了")
        town.act(case, "dispatch", "centre.duty", lead=town.unit_id("water"))
    town.turn()
    assert town.case(case).hops == 3
    assert told(town, case, "passed_around") == ["centre.head"]
