"""Stories in virtual time, through the real engine on both databases; what people heard is asserted."""

from datetime import timedelta

import pytest

from rules.facts import Level, Refused, Thing
from services.catalogue import catalogue
from services.moves import Intent, Setting, make_moves
from tests.support.town import Town


def test_a_blocked_drain_goes_once_around_the_loop(town: Town) -> None:
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    assert town.state(case) == "dispatched"
    assert next((o.code, o.lead) for o in town.orders(case)) == ("water", True)
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    assert town.state(case) == "handling"
    town.now += timedelta(hours=1)
    for order in town.orders(case):
        town.order(case, "finish", f"{order.code}.clerk", order.code, result="已疏通")
    town.turn()
    assert town.state(case) == "handled"
    with pytest.raises(Refused, match=r"checks_own_work|not_yours"):
        town.act(case, "pass_check", "water.clerk")
    town.act(case, "pass_check", "hubin.clerk")
    town.turn()
    assert town.state(case) == "fed_back"
    town.act(case, "rate", "resident:10000000001", solved=True, score=5)
    town.turn()
    assert town.state(case) == "closed"
    told = town.heard("resident:10000000001", case)
    assert len(told) == 2, "that it was received is overtaken by who handles it: both came in one moment"
    assert "区水务排水中心" in told[0]
    assert "已办完" in told[1]


def test_a_case_climbs_from_the_grid_to_the_district_and_once_down_again(town: Town) -> None:
    case = town.reports("共享单车乱停乱放，人行道走不了", source="grid_worker")
    town.turn()
    assert (town.state(case), town.case(case).level) == ("reporting", "grid")
    town.act(case, "report_up", "chenguang-1.worker")
    with pytest.raises(Refused, match="level_lacks_authority"):
        town.act(case, "dispatch", "chenguang.clerk", lead=town.unit_id("urban"))
    town.act(case, "report_up", "chenguang.clerk")
    assert town.case(case).level == "street"
    town.act(case, "send_down", "hubin.clerk", level=Level.COMMUNITY, reason="请社区先核实位置")
    assert (town.case(case).level, town.unit_code(town.case(case).holder_unit_id)) == ("community", "chenguang")
    town.act(case, "report_up", "chenguang.clerk")
    town.act(case, "report_up", "hubin.clerk")
    assert (town.case(case).level, town.unit_code(town.case(case).holder_unit_id)) == ("district", "centre")
    more = {"co": (town.unit_id("traffic"),), "override": True, "reason": "路口违停，请交警一并处理"}
    town.act(case, "dispatch", "centre.duty", lead=town.unit_id("urban"), **more)
    assert town.state(case) == "dispatched"
    held = [town.unit_code(e.ball_unit_id) for e in town.journal(case) if e.action in ("place", "report_up", "send_down", "dispatch")]
    assert held == ["chenguang-1", "chenguang", "hubin", "chenguang", "hubin", "centre", "urban"]
    town.turn()
    assert any("请" in text or "决定" in text for text in town.heard("chenguang.clerk", case))


def test_each_level_has_its_own_decision_clock(town: Town) -> None:
    case = town.reports("桥下路灯坏了一周没人修", source="grid_worker")
    town.turn()
    town.act(case, "report_up", "chenguang-1.worker")
    clocks = [(c.kind, town.unit_code(c.unit_id), c.stopped_at is None) for c in town.clocks(case) if c.kind == "decide"]
    assert clocks == [("decide", "chenguang-1", False), ("decide", "chenguang", True)]


def test_a_street_dispatches_on_inside_itself(town: Town) -> None:
    case = town.reports("小区里乱堆乱放杂物没人管", source="resident")
    town.turn()
    lead = town.orders(case)[0]
    assert lead.code == "hubin"
    sections = [u for u in ("hubin-enforcement", "hubin-station") if u in _codes(town)]
    section = sections[0] if sections else next(c for c in _codes(town) if c.startswith("hubin-") and not c.startswith("hubin-centre"))
    town.order(case, "assign", "hubin.clerk", "hubin", section=town.unit_id(section))
    assert town.orders(case)[0].assigned_unit_id == town.unit_id(section)
    town.order(case, "acknowledge", f"{section}.clerk", "hubin")
    with pytest.raises(Refused, match="section_not_inside"):
        town.order(case, "assign", "hubin.clerk", "hubin", section=town.unit_id("water"))


def test_whoever_is_below_a_unit_is_no_section_of_it(town: Town) -> None:
    case = town.reports("小区里乱堆乱放杂物没人管", source="resident")
    town.turn()
    assert town.orders(case)[0].code == "hubin"
    for stranger in ("lianchi.clerk", "chenguang-estate.clerk", "chenguang-1.worker", "hubin-centre.duty"):
        with pytest.raises(Refused, match="not_yours"):
            town.order(case, "acknowledge", stranger, "hubin")
        if "centre" not in stranger:
            with pytest.raises(Refused, match="not_yours"):
                town.act(case, "ask_terminate", stranger, code="refuses_access", reason="不让进")
    town.order(case, "acknowledge", "hubin-works.clerk", "hubin")


def _codes(town: Town) -> list[str]:
    with town.context.database.unit_of_work() as session:
        return list(catalogue(session).unit_ids)


def test_nobody_acknowledges_and_the_ladder_goes_up(town: Town) -> None:
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    town.fast_forward(days=3)
    rungs = [rung for kind, rung, _ in town.fired(case) if kind == "acknowledge"]
    assert {o.code for o in town.orders(case)} == {"water", "housing", "chenguang-estate"}
    assert sorted(rungs) == ["deem", "deem", "deem", "remind", "urge", "urge"], "a unit without penalties is reminded, not urged"
    assert all(o.state == "working" and o.deemed for o in town.orders(case))
    lead = [(rung, at) for kind, rung, at in town.fired(case) if kind == "handle" and rung in ("red", "escalate_1", "escalate_2")]
    assert [rung for rung, _ in lead[:1]] == ["red"]
    assert {"red", "escalate_1", "escalate_2"} <= {rung for rung, _ in lead}
    assert [s.state for s in town.supervision(case)][:1] == ["proposed"]
    assert any("BH-" in text for text in town.heard("chenghu.leader", case))
    assert town.heard("resident:10000000001", case), "the resident is told of the delay"


def test_a_proposed_supervision_order_is_signed_by_a_person(town: Town) -> None:
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    town.fast_forward(days=2)
    order = town.supervision(case)[0]
    assert (order.state, order.number, order.form) == ("proposed", None, "order")
    with pytest.raises(Refused, match="not_yours"):
        town.sign(case, "sign", "water.clerk", order.seq)
    town.sign(case, "sign", "chenghu.leader", order.seq)
    town.turn()
    signed = town.supervision(case)[0]
    assert (signed.state, signed.number, signed.signed_by) == ("signed", "DB-20261122-0001", "chenghu.leader")
    assert town.state(case) == "handling"
    assert any("督办" in text for text in town.heard("water.head", case))


def test_an_emergency_of_a_grid_worker_skips_the_levels(town: Town) -> None:
    case = town.reports("楼道里有很浓的煤气味，燃气泄漏了", source="grid_worker")
    town.turn()
    assert town.case(case).urgency == "P0"
    assert town.state(case) == "dispatched"
    assert next(e.data["skipped"] for e in town.journal(case) if e.action == "dispatch") == "grid"


def test_what_no_rule_claims_waits_at_the_centres_desk_under_a_clock(town: Town) -> None:
    case = town.reports("孩子上学的学区怎么划分的", area=None)
    town.turn()
    assert town.state(case) == "accepted"
    assert "unclaimed" in town.actions(case)
    assert [(c.kind, town.unit_code(c.unit_id)) for c in town.clocks(case) if c.stopped_at is None] == [("triage", "centre")]
    assert town.heard("centre.duty", case)
    town.fast_forward(days=5)
    assert {"remind", "urge", "escalate_1"} <= {rung for _, rung, _ in town.fired(case)}
    town.act(case, "file", "centre.duty", category="G05", urgency="P2")
    town.turn()
    assert town.state(case) == "dispatched"


def test_silence_closes_the_case_and_counts_as_neither(town: Town) -> None:
    case = town.reports("咨询一下老年证怎么办理", source="resident")
    town.turn()
    if town.state(case) == "accepted":
        town.act(case, "file", "centre.duty", category="G05", urgency="P2")
        town.turn()
    town.order(case, "acknowledge", "gov-svc.clerk" if "gov-svc" in _codes(town) else f"{town.orders(case)[0].code}.clerk")
    town.order(case, "finish", f"{town.orders(case)[0].code}.clerk", result="已电话答复")
    town.turn()
    assert town.state(case) == "fed_back"
    town.fast_forward(until=lambda: town.state(case) == "closed")
    row = town.case(case)
    assert (row.solved, row.score) == (None, None)
    assert town.actions(case)[-1] == "close_unrated"


def test_a_bad_rating_is_judged_and_done_again_on_half_the_limit(town: Town) -> None:
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
        town.order(case, "finish", f"{order.code}.clerk", order.code, result="已疏通")
    town.turn()
    town.act(case, "pass_check", "hubin.clerk")
    town.turn()
    town.act(case, "rate", "resident:10000000001", solved=False, score=1)
    town.turn()
    assert town.state(case) == "evaluated"
    town.act(case, "rework", "centre.duty", reason="现场复查仍有外溢")
    assert town.state(case) == "handling"
    handle = [c for c in town.clocks(case) if c.kind == "handle" and c.stopped_at is None]
    assert [c.limit for c in handle] == ["12h"]
    assert town.case(case).round == 2


def test_a_hold_pauses_the_clocks_of_the_units(town: Town) -> None:
    case = town.reports("桥下路灯坏了一周没人修")
    town.turn()
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    before = {c.id: c.due_at for c in town.clocks(case) if c.kind == "handle"}
    town.act(case, "hold", "centre.duty", reason="等电缆到货")
    assert all(c.running_since is None and c.next_fire_at is None for c in town.clocks(case) if c.kind == "handle")
    town.fast_forward(days=10)
    assert "red" not in [rung for kind, rung, _ in town.fired(case) if kind == "handle"]
    town.act(case, "resume", "centre.duty")
    after = {c.id: c.due_at for c in town.clocks(case) if c.kind == "handle"}
    assert all(after[i] == before[i] + timedelta(days=8) for i in before), "six working days in the pause, two weekends less"


def test_after_downtime_missed_rungs_fire_in_order_and_each_hears_only_the_highest(town: Town) -> None:
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    town.now += timedelta(days=4)
    town.turn()
    lead = next(o for o in town.orders(case) if o.lead)
    entries = [e.action for e in town.journal(case) if e.thing == "clock" and e.thing_no == lead.no and e.data["clock"] == "handle"]
    assert entries == ["remind", "yellow", "red", "escalate_1", "escalate_2"]
    heard = {
        who: [m.notice for m in town.messages(case) if m.name == who and m.about.get("clock") == "handle" and m.notice.startswith("clock_")]
        for who in ("water.clerk", "water.head", "chenghu.leader", None)
    }
    assert heard["water.clerk"] == ["clock_red"], "the highest that speaks to the one who does the work"
    assert heard["water.head"] == ["clock_red"]
    assert heard["chenghu.leader"][:1] == ["clock_escalate_2"]
    assert heard[None] == ["clock_red_reporter"], "the resident is told of the delay even so"


def test_the_checker_is_reminded_not_nobody(town: Town) -> None:
    case = _handled(town)
    town.fast_forward(days=4)
    verify = [c for c in town.clocks(case) if c.kind == "verify"]
    assert [town.unit_code(c.unit_id) for c in verify] == ["hubin-centre"]
    assert "nobody_to_tell" not in town.actions(case)
    assert any("核查" in text for text in town.heard("hubin-centre.clerk", case))


def _handled(town: Town) -> int:
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
        town.order(case, "finish", f"{order.code}.clerk", order.code, result="已疏通")
    town.turn()
    assert town.state(case) == "handled"
    return case


def test_what_the_centre_recalls_waits_for_the_centre(town: Town) -> None:
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    town.act(case, "recall", "centre.duty", reason="派错了")
    town.turn()
    assert town.state(case) == "filed"
    assert {c.kind for c in town.clocks(case) if c.stopped_at is None} == {"dispatch", "overall"}
    town.act(case, "refile", "centre.duty", category="A03", urgency="P2")
    town.turn()
    assert next(o.code for o in town.orders(case) if o.state == "sent") == "municipal"


def test_the_district_itself_cannot_handle_so_somebody_can_always_verify(town: Town) -> None:
    case = town.reports("孩子上学的学区怎么划分的", area="chenguang-1", source="grid_worker")
    town.turn()
    town.act(case, "file", "centre.duty", category="F01", urgency="P2")
    town.turn()
    with pytest.raises(Refused, match="unit_cannot_handle"):
        town.act(case, "dispatch", "centre.duty", lead=town.unit_id("water"), co=(town.unit_id("chenghu"),))
    everybody = ("chenguang-1", "chenguang", "police", "centre")
    town.act(case, "dispatch", "centre.duty", lead=town.unit_id("hubin"), co=tuple(town.unit_id(u) for u in everybody))
    for order in town.orders(case):
        user = f"{order.code}.{'worker' if order.code == 'chenguang-1' else 'clerk'}"
        town.order(case, "acknowledge", user, order.code)
        town.order(case, "finish", user, order.code, result="办了")
    town.turn()
    town.act(case, "pass_check", "chenghu.leader")
    assert town.state(case) == "verified"


def test_cases_cannot_be_merged_into_each_other_nor_into_what_has_ended(town: Town) -> None:
    first, second = (town.reports("孩子上学的学区怎么划分的", phone=p) for p in ("10000000001", "10000000002"))
    town.turn()
    town.act(first, "merge", "centre.duty", into=second)
    assert "absorb" in town.actions(second)
    for target in (first, second, 10**6):
        with pytest.raises(Refused, match="merge_target_missing"):
            town.act(second, "merge", "centre.duty", into=target)
    assert [c.kind for c in town.clocks(second) if c.stopped_at is None] == ["triage"]


def test_an_urgency_that_is_none_is_refused(town: Town) -> None:
    case = town.reports("孩子上学的学区怎么划分的")
    with pytest.raises(Refused, match="unknown_urgency"):
        town.act(case, "accept", "centre.duty", urgency="p0")


def test_a_section_hears_of_what_is_assigned_to_it_and_of_its_clocks(town: Town) -> None:
    case = town.reports("小区里乱堆乱放杂物没人管", source="resident")
    town.turn()
    section = next(c for c in _codes(town) if c.startswith("hubin-") and not c.startswith(("hubin-centre", "hubin-estates")))
    town.order(case, "assign", "hubin.clerk", "hubin", section=town.unit_id(section))
    town.fast_forward(days=4)
    texts = town.heard(f"{section}.clerk", case)
    assert len(texts) >= 2
    assert "派单" in texts[0]


def test_who_proposes_asks_somebody_who_may_sign(town: Town) -> None:
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    town.fast_forward(days=2)
    assert any(m.notice == "order_proposed" and m.name == "centre.head" for m in town.messages(case))
    town.sign(case, "sign", "centre.head", town.supervision(case)[0].seq)


def test_a_supervision_order_of_another_case_is_refused(town: Town) -> None:
    case, other = town.reports("5号楼前下水道堵了，污水外溢"), town.reports("桥下路灯坏了一周没人修")
    town.turn()
    town.fast_forward(days=2)
    seq = town.supervision(case)[0].seq
    with town.context.database.unit_of_work() as session:
        intent = Intent(other, "sign", town.actor("centre.head"), Thing.SUPERVISION, seq)
        (outcome,) = make_moves(session, [intent], Setting(town.now))
    assert isinstance(outcome, Refused)
    assert outcome.code == "wrong_state", "the other case knows of no such order"
    assert [o.state for o in town.supervision(case)] == ["proposed"]
