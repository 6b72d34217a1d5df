"""Holds (挂账): asked for with a coded reason and approved, or ordered by the centre; reviewed, capped, prolonged, lifted."""

from datetime import timedelta
from typing import Any

from rules.facts import Thing
from services.moves import Along, read_drafts
from services.moves.act import Act
from services.moves.holding import EFFECTS
from services.why import explain
from tests.support.in_hand import at, in_hand, refused, told, unsound
from tests.support.town import Town

WHY = {"code": "season", "reason": "汛期过后才能开挖"}


def asks(town: Town, case: int, user: str = "water.clerk", **args: Any) -> None:
    town.act(case, "ask_hold", user, **{**WHY, **args})


def on_hold(town: Town, case: int, **args: Any) -> None:
    asks(town, case, **args)
    town.request(case, "approve_hold", "centre.duty")
    town.turn()


def test_the_lead_asks_and_the_limit_runs_on(town: Town) -> None:
    case = in_hand(town)
    before = town.open_clock(case, "handle", "water")
    asks(town, case, until=at(15, 9, month=12).isoformat())
    town.turn()
    (row,) = town.requests(case)
    assert (row.kind, row.state, row.order_no, town.unit_code(row.unit_id), row.code, row.until) == (
        *("hold", "asked", None, "water", "season", at(15, 9, month=12)),
    )
    clock = town.open_clock(case, "approve")
    assert (clock.order_no, town.unit_code(clock.unit_id), clock.limit) == (None, "centre", "1wd")
    assert town.open_clock(case, "handle", "water").running_since == before.running_since
    assert town.state(case) == "handling"
    heard = town.heard("centre.duty", case)[-1]
    assert "要挂账，等中心审批" in heard
    assert "汛期过后才能开挖" in heard
    assert unsound(town) == []


def test_approved_it_is_on_hold_and_everybody_hears(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    town.now += timedelta(hours=1)
    town.request(case, "approve_hold", "centre.duty")
    town.turn()
    assert town.state(case) == "on_hold"
    assert [(r.state, r.decided_by) for r in town.requests(case)] == [("granted", "centre.duty")]
    assert [e.action for e in town.journal(case)][-2:] == ["approve_hold", "hold"]
    still = [c for c in town.clocks(case) if c.stopped_at is None]
    assert {c.kind for c in still if c.running_since is not None} == {"hold_review", "hold_cap"}
    assert told(town, case, "held_unit") == ["water.clerk", "housing.clerk", "chenguang-estate.clerk"]
    assert told(town, case, "held") == [None]
    resident = town.heard("resident:10000000001", case)[-1]
    assert "暂缓办理" in resident
    assert "12月22日17:30" in resident, "the next review"
    assert "汛期过后才能开挖" in town.heard("housing.clerk", case)[-1]
    assert unsound(town) == []


def test_refused_the_unit_hears_why_and_may_ask_again(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    refused("already_asking_hold", lambda: asks(town, case))
    refused("reason_missing", lambda: town.request(case, "refuse_hold", "centre.duty"))
    town.request(case, "refuse_hold", "centre.duty", reason="可以先做临时排水")
    town.turn()
    assert (town.state(case), [r.state for r in town.requests(case)], town.case(case).asks) == ("handling", ["refused"], [])
    assert "不同意挂账" in town.heard("water.clerk", case)[-1]
    assert "可以先做临时排水" in town.heard("water.head", case)[-1]
    asks(town, case)
    assert [r.state for r in town.requests(case)] == ["refused", "asked"]
    assert unsound(town) == []


def test_what_a_hold_needs(town: Town) -> None:
    case = in_hand(town)
    refused("hold_code_missing", lambda: asks(town, case, code=None))
    refused("hold_code_missing", lambda: asks(town, case, code="too_vague"))
    refused("reason_missing", lambda: asks(town, case, reason=""))
    refused("not_yours", lambda: asks(town, case, "housing.clerk"))
    refused("bad_moment", lambda: asks(town, case, until="开春"))
    refused("deadline_past", lambda: asks(town, case, until=at(19, 9).isoformat()))
    refused("deadline_past", lambda: asks(town, case, until="2026-12-15T09:00"))
    found = refused("hold_too_long", lambda: asks(town, case, until=at(1, 9, month=6, year=2027).isoformat()))
    assert found.details["most"] > "2027-02"
    refused("hold_code_missing", lambda: town.act(case, "hold", "centre.duty", reason="等料", code="weather"))
    assert town.requests(case) == []


def test_never_an_emergency(town: Town) -> None:
    case = in_hand(town, "P0", category="A02")
    refused("p0_never_held", lambda: asks(town, case, "municipal.clerk"))
    refused("p0_never_held", lambda: town.act(case, "hold", "centre.duty", reason="等料"))


def test_who_asked_never_approves(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    refused("not_yours", lambda: town.request(case, "approve_hold", "water.head"))
    refused("not_a_return", lambda: town.request(case, "reject_return", "centre.duty", reason="x"))


def test_whose_matter_it_is_comes_first(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    town.order(case, "ask_return", "housing.clerk", "housing", code="not_our_duty", reason="不是我们的管网")
    refused("return_waits", lambda: town.request(case, "approve_hold", "centre.duty", no=1))
    refused("return_waits", lambda: town.act(case, "hold", "centre.duty", reason="等料"))
    town.request(case, "reject_return", "centre.duty", no=2, reason="需要你们配合")
    town.request(case, "approve_hold", "centre.duty", no=1)
    assert town.state(case) == "on_hold"


def test_what_the_centre_orders_itself_is_on_record_too(town: Town) -> None:
    case = in_hand(town)
    town.act(case, "hold", "centre.duty", reason="等电缆到货")
    town.turn()
    (row,) = town.requests(case)
    assert (row.kind, row.state, row.code, row.reason, row.answer) == ("hold", "granted", "other", "等电缆到货", None)
    assert (row.unit_id, row.asked_by, row.decided_by, row.until) == (None, "centre.duty", "centre.duty", None)
    assert (town.state(case), town.case(case).asks) == ("on_hold", [])
    assert "approve" not in {c.kind for c in town.clocks(case)}
    assert told(town, case, "held_unit") == ["water.clerk", "housing.clerk", "chenguang-estate.clerk"]
    town.act(case, "resume", "centre.duty")
    town.act(case, "hold", "centre.duty", reason="等资金", code="funding")
    assert [(r.no, r.code) for r in town.requests(case)] == [(1, "other"), (2, "funding")]
    assert unsound(town) == []


def test_a_request_lapses_when_the_centre_holds_the_case_itself(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    town.act(case, "hold", "centre.duty", reason="汛期", code="season")
    assert [(r.no, r.state) for r in town.requests(case)] == [(1, "lapsed"), (2, "granted")]
    assert not [c for c in town.clocks(case) if c.kind == "approve" and c.stopped_at is None]
    assert unsound(town) == []


def test_a_request_lapses_when_the_units_are_done_or_the_case_is_recalled(town: Town) -> None:
    done, recalled = in_hand(town), in_hand(town)
    for case in (done, recalled):
        asks(town, case)
    for order in town.orders(done):
        town.order(done, "finish", f"{order.code}.clerk", order.code, result="已疏通")
    town.turn()
    town.act(recalled, "recall", "centre.duty", reason="派错了")
    assert (town.state(done), town.state(recalled)) == ("handled", "filed")
    for case in (done, recalled):
        assert [(r.state, r.decided_by) for r in town.requests(case)] == [("lapsed", "system")]
        assert town.case(case).asks == []
    assert unsound(town) == []


def test_reviewed_it_is_reviewed_again_one_limit_later(town: Town) -> None:
    case = in_hand(town)
    on_hold(town, case)
    first = town.open_clock(case, "hold_review")
    cap = town.open_clock(case, "hold_cap")
    town.now = at(10, 10, month=12)
    refused("reason_missing", lambda: town.act(case, "review_hold", "centre.duty"))
    refused("not_yours", lambda: town.act(case, "review_hold", "water.clerk", reason="x"))
    town.act(case, "review_hold", "centre.duty", reason="水位仍高")
    town.turn()
    second = town.open_clock(case, "hold_review")
    assert (second.started_at, second.due_at > first.due_at, second.id != first.id) == (town.now, True, True)
    assert town.open_clock(case, "hold_cap").due_at == cap.due_at, "the longest hold goes on"
    assert town.state(case) == "on_hold"
    assert told(town, case, "hold_goes_on") == ["water.clerk", "housing.clerk", "chenguang-estate.clerk"]
    assert "水位仍高" in town.heard("water.clerk", case)[-1]
    assert told(town, case, "held") == [None, None]
    assert unsound(town) == []


def test_only_a_signer_prolongs_it_beyond_the_cap(town: Town) -> None:
    case = in_hand(town)
    on_hold(town, case)
    cap = town.open_clock(case, "hold_cap")
    refused("not_yours", lambda: town.act(case, "prolong_hold", "centre.duty", reason="x"))
    refused("reason_missing", lambda: town.act(case, "prolong_hold", "chenghu.leader"))
    refused("bad_limit", lambda: town.act(case, "prolong_hold", "chenghu.leader", reason="x", amount="一个月"))
    refused("extension_of_other_time", lambda: town.act(case, "prolong_hold", "chenghu.leader", reason="x", amount="24h"))
    town.act(case, "prolong_hold", "chenghu.leader", reason="改造工程已立项", amount="22wd")
    town.turn()
    after = town.open_clock(case, "hold_cap")
    assert (after.id, after.round, after.due_at > cap.due_at) == (cap.id, 2, True)
    (entry,) = [e for e in town.journal(case) if e.action == "extended"]
    assert (entry.data["clock"], entry.data["amount"], entry.data["reason"], entry.actor) == (
        *("hold_cap", "22wd", "改造工程已立项", "chenghu.leader"),
    )
    assert "改造工程已立项" in town.heard("water.clerk", case)[-1]
    assert unsound(town) == []


def test_a_cap_that_has_passed_is_prolonged_from_where_it_ended(town: Town) -> None:
    case = in_hand(town)
    on_hold(town, case)
    cap = town.open_clock(case, "hold_cap")
    town.fast_forward(until=cap.due_at + timedelta(days=10))
    assert ("hold_cap", "urge") in [(kind, rung) for kind, rung, _ in town.fired(case, "hold_cap")]
    refused("prolonged_too_little", lambda: town.act(case, "prolong_hold", "centre.head", reason="立项", amount="1wd"))
    town.act(case, "prolong_hold", "centre.head", reason="立项")
    after = town.open_clock(case, "hold_cap")
    assert (after.round, after.due_at > town.now, after.limit) == (2, True, "66wd")
    town.turn()
    fired = len(town.fired(case, "hold_cap"))
    town.fast_forward(until=after.due_at)
    assert len(town.fired(case, "hold_cap")) == fired + 1, "the new round is told of when it ends"
    with town.context.database.unit_of_work() as session:
        said = [(e.agrees, e.due_at) for e in explain(session, town.case(case).no, town.now) if e.kind == "hold_cap"]
    assert said == [(True, after.due_at)]
    assert unsound(town) == []


def test_lifted_all_clocks_run_on_and_the_hold_says_when(town: Town) -> None:
    case = in_hand(town)
    left = town.open_clock(case, "handle", "water")
    on_hold(town, case)
    town.fast_forward(until=at(4, 10, month=12))
    town.act(case, "resume", "centre.duty", reason="水位已退")
    town.turn()
    assert town.state(case) == "handling"
    assert [r.until for r in town.requests(case)] == [at(4, 10, month=12)]
    after = town.open_clock(case, "handle", "water")
    assert (after.id, after.budget_s, after.consumed_s) == (left.id, left.budget_s, 0)
    assert told(town, case, "resumed") == ["water.clerk", "housing.clerk", "chenguang-estate.clerk"]
    assert "水位已退" in town.heard("housing.clerk", case)[-1]
    assert told(town, case, "resumed_reporter") == [None]
    assert unsound(town) == []


def test_a_case_that_ends_on_hold_ends_the_hold(town: Town) -> None:
    case = in_hand(town)
    on_hold(town, case)
    town.now = at(23, 10)
    town.act(case, "withdraw", "resident:10000000001", reason="自己解决了")
    assert (town.state(case), [r.until for r in town.requests(case)]) == ("withdrawn", [at(23, 10)])
    assert unsound(town) == []


def test_a_cap_is_there_to_be_prolonged(town: Town) -> None:
    case = in_hand(town)
    on_hold(town, case)
    with town.context.database.unit_of_work() as session:
        draft = read_drafts(session, [case], Along(requests={case}), lock=False)[case]
    draft.clocks = [c for c in draft.clocks if c["kind"] != "hold_cap"]
    act = Act(town.actor("chenghu.leader"), {"reason": "x"}, town.now)
    refused("hold_without_cap", lambda: EFFECTS[Thing.CASE, "prolong_hold"](draft, act))
