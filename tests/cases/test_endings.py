"""Other ends: withdrawn by who reported it, voided or terminated by two people; everybody concerned is told."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from models import Case, CaseReporter, table
from tests.support.in_hand import climbing, in_hand, refused, standing, told, unsound
from tests.support.town import Town

UNITS = ["chenguang-estate.clerk", "chenguang-estate.head", "housing.clerk", "housing.head", "water.clerk", "water.head"]
RESIDENT = "resident:10000000001"


def no_clock_runs(town: Town, case: int) -> bool:
    return all(c.stopped_at is not None for c in town.clocks(case))


# withdrawn ------------------------------------------------------------------------------------------------------------


def test_the_only_reporter_takes_it_back(town: Town) -> None:
    case = in_hand(town)
    refused("reason_missing", lambda: town.act(case, "withdraw", RESIDENT))
    refused("not_yours", lambda: town.act(case, "withdraw", "centre.duty", reason="x"))
    town.act(case, "withdraw", RESIDENT, reason="物业已经修好了")
    town.turn()
    assert town.state(case) == "withdrawn"
    assert standing(town, case) == {}
    assert no_clock_runs(town, case)
    assert sorted(str(name) for name in told(town, case, "case_ended")) == UNITS
    assert "物业已经修好了" in town.heard("water.head", case)[-1]
    assert "按您的意思撤回" in town.heard(RESIDENT, case)[-1]
    assert town.journal(case)[-1].ball_unit_id is None
    refused("wrong_state", lambda: town.act(case, "resume", "centre.duty"))
    assert unsound(town) == []


def test_where_others_reported_it_too_only_he_leaves(town: Town) -> None:
    case, other = in_hand(town), town.reports("同一件事", phone="10000000002")
    joined(town, case, other)
    town.act(case, "withdraw", RESIDENT, reason="我不再关心")
    town.turn()
    assert (town.state(case), town.case(case).requester_id) == ("handling", None)
    entry = next(e for e in town.journal(case) if e.action == "withdraw")
    assert (entry.before, entry.after) == ("handling", "handling")
    assert told(town, case, "withdrawn") == [None]
    assert "按您的意思撤回" in town.heard(RESIDENT, case)[-1]
    assert told(town, case, "case_ended") == []
    assert len(standing(town, case)) == 3
    refused("not_yours", lambda: town.act(case, "withdraw", RESIDENT, reason="再撤一次"))
    town.act(case, "withdraw", "resident:10000000002", reason="好了")
    assert town.state(case) == "withdrawn"


def test_a_later_reporter_may_leave_as_well(town: Town) -> None:
    case, other = in_hand(town), town.reports("同一件事", phone="10000000002")
    joined(town, case, other)
    town.act(case, "withdraw", "resident:10000000002", reason="搬走了")
    town.turn()
    assert town.state(case) == "handling"
    reporter = table(CaseReporter)
    (row,) = town.rows(reporter.select().where(reporter.c.case_id == case))
    assert row.until == town.now
    assert "按您的意思撤回" in town.heard("resident:10000000002", case)[-1]
    assert told(town, case, "withdrawn") == [None]
    town.act(case, "withdraw", RESIDENT, reason="好了")
    assert town.state(case) == "withdrawn", "now he was the only one"


def joined(town: Town, case: int, other: int) -> None:
    """Let the reporter of another case be one of this case as well."""
    with town.context.database.unit_of_work() as session:
        requester = town.case(other).requester_id
        row = {"case_id": case, "via_case_id": other, "requester_id": requester, "since": town.now, "until": None}
        session.connection().execute(insert(table(CaseReporter)).values(row))
        session.connection().execute(update(table(Case)).where(table(Case).c.id == case).values(reporters=1))


def test_whoever_had_to_decide_hears_of_it(town: Town) -> None:
    case = climbing(town)
    town.act(case, "withdraw", RESIDENT, reason="好了")
    town.turn()
    assert (town.state(case), town.case(case).holder_unit_id, town.case(case).level) == ("withdrawn", None, None)
    assert told(town, case, "case_ended") == ["hubin.clerk", "hubin.head"]
    assert unsound(town) == []


def test_an_emergency_is_not_taken_back(town: Town) -> None:
    case = in_hand(town, "P0", category="A02")
    refused("p0_not_withdrawn", lambda: town.act(case, "withdraw", RESIDENT, reason="算了"))


# voided, terminated ---------------------------------------------------------------------------------------------------


def test_two_people_void_a_case(town: Town) -> None:
    case = in_hand(town)
    refused("reason_missing", lambda: town.act(case, "ask_void", "centre.duty"))
    refused("not_yours", lambda: town.act(case, "ask_void", "water.clerk", reason="x"))
    town.act(case, "ask_void", "centre.duty", reason="测试时误录")
    town.turn()
    (row,) = town.requests(case)
    assert (row.kind, row.state, row.unit_id, row.asked_by) == ("void", "asked", None, "centre.duty")
    assert town.open_clock(case, "confirm").limit == "1wd"
    assert told(town, case, "end_asked") == ["centre.head", "chenghu.leader"]
    refused("already_ending", lambda: town.act(case, "ask_terminate", "centre.duty", code="refuses_access", reason="x"))
    refused("decides_own_request", lambda: town.request(case, "confirm_end", "centre.duty"))
    refused("not_yours", lambda: town.request(case, "confirm_end", "water.head"))
    assert unsound(town) == []
    town.now += timedelta(minutes=5)
    town.request(case, "confirm_end", "centre.head")
    town.turn()
    assert town.state(case) == "voided"
    assert [e.action for e in town.journal(case) if e.at == town.now] == ["confirm_end", "recall", "recall", "recall", "void"]
    assert no_clock_runs(town, case)
    assert sorted(str(name) for name in told(town, case, "case_ended")) == UNITS
    assert "测试时误录" in town.heard("water.head", case)[-1]
    assert "不再单独办理" in town.heard(RESIDENT, case)[-1]
    assert unsound(town) == []


def test_a_second_person_who_disagrees_lets_it_go_on(town: Town) -> None:
    case = in_hand(town)
    town.act(case, "ask_void", "centre.duty", reason="重复")
    refused("reason_missing", lambda: town.request(case, "refuse_end", "centre.head"))
    town.request(case, "refuse_end", "centre.head", reason="不是重复")
    town.turn()
    assert (town.state(case), [r.state for r in town.requests(case)], town.case(case).asks) == ("handling", ["refused"], [])
    assert told(town, case, "end_refused") == ["centre.duty"]
    assert not [c for c in town.clocks(case) if c.kind == "confirm" and c.stopped_at is None]
    assert unsound(town) == []


def test_out_of_reach_takes_three_tries_on_record(town: Town) -> None:
    case = in_hand(town)
    why: dict[str, Any] = {"code": "unreachable", "reason": "三天三次无人接听"}
    for done in range(3):
        refused("too_few_tries", lambda: town.act(case, "ask_terminate", "water.clerk", **why))
        refused("reason_missing", lambda: town.order(case, "try_contact", "water.clerk"))
        town.order(case, "try_contact", "water.clerk", reason="无人接听")
        assert town.orders(case)[0].tries == done + 1
        town.now += timedelta(hours=1)
    town.act(case, "ask_terminate", "water.clerk", **why)
    town.turn()
    (row,) = town.requests(case)
    assert (row.kind, row.code, town.unit_code(row.unit_id)) == ("terminate", "unreachable", "water")
    assert told(town, case, "end_asked") == ["centre.head", "centre.duty"]
    town.request(case, "confirm_end", "centre.duty")
    town.turn()
    assert town.state(case) == "terminated"
    resident = town.heard(RESIDENT, case)[-1]
    assert "不具备办理条件" in resident
    assert unsound(town) == []


@pytest.mark.parametrize("code", ["refuses_access", "statutory_channel"])
def test_other_reasons_need_no_tries(sqlite_town: Town, code: str) -> None:
    town = sqlite_town
    case = in_hand(town)
    town.act(case, "ask_terminate", "centre.duty", code=code, reason="已起诉")
    town.request(case, "confirm_end", "chenghu.leader")
    assert town.state(case) == "terminated"


def test_what_a_termination_needs(town: Town) -> None:
    case = in_hand(town)
    refused("terminate_code_missing", lambda: town.act(case, "ask_terminate", "water.clerk", reason="x"))
    refused("terminate_code_missing", lambda: town.act(case, "ask_terminate", "water.clerk", reason="x", code="season"))
    refused("reason_missing", lambda: town.act(case, "ask_terminate", "water.clerk", code="refuses_access"))
    refused("not_yours", lambda: town.act(case, "ask_terminate", "housing.clerk", code="refuses_access", reason="x"))
    town.act(case, "ask_terminate", "water.clerk", code="refuses_access", reason="x")
    refused("not_a_return", lambda: town.request(case, "uphold_return", "centre.duty", unit=town.unit_id("municipal"), reason="x"))
    refused("not_yours", lambda: town.request(case, "confirm_end", "water.head"))
    town.request(case, "refuse_end", "centre.duty", reason="再试")
    town.turn()
    assert told(town, case, "end_refused") == ["water.clerk"]


def test_the_unit_that_asks_never_confirms_though_it_be_the_centre(town: Town) -> None:
    case = town.reports("有件事想问问")
    town.turn()
    town.act(case, "file", "centre.duty", category="A01", urgency="P2")
    town.act(case, "place", "centre.duty", level="district", holder=town.unit_id("centre"))
    town.act(case, "handle_here", "centre.duty", override=True, reason="本级直接处置")
    town.act(case, "ask_terminate", "centre.duty", code="refuses_access", reason="x")
    refused("decides_own_request", lambda: town.request(case, "confirm_end", "centre.head"))
    town.request(case, "confirm_end", "chenghu.leader")
    assert town.state(case) == "terminated"


def test_an_emergency_ends_too_and_is_told_at_once(town: Town) -> None:
    case = in_hand(town, "P0", category="A02")
    town.act(case, "ask_void", "centre.duty", reason="误报")
    assert town.open_clock(case, "confirm").limit == "1h"
    town.request(case, "confirm_end", "chenghu.leader")
    town.turn()
    assert town.state(case) == "voided"
    sms = [m.name for m in town.messages(case) if m.notice == "case_ended" and m.channel == "sms"]
    assert sms == [f"{o.code}.clerk" for o in town.orders(case)]


def test_before_any_unit_has_it_only_the_reporter_is_told(town: Town) -> None:
    case = town.reports("有件事想问问")
    town.turn()
    town.act(case, "ask_void", "centre.duty", reason="测试")
    town.request(case, "confirm_end", "centre.head")
    town.turn()
    assert (town.state(case), told(town, case, "case_ended"), told(town, case, "voided")) == ("voided", [], [None])
    assert unsound(town) == []


def test_a_request_to_end_lapses_when_the_case_goes_beyond_it(town: Town) -> None:
    case = in_hand(town)
    town.act(case, "ask_terminate", "water.clerk", code="refuses_access", reason="x")
    for order in town.orders(case):
        town.order(case, "finish", f"{order.code}.clerk", order.code, result="已疏通")
    town.turn()
    assert (town.state(case), [r.state for r in town.requests(case)]) == ("handled", ["lapsed"])
    refused("wrong_state", lambda: town.request(case, "confirm_end", "centre.head"))
    assert unsound(town) == []


def test_requests_of_the_units_lapse_with_the_case(town: Town) -> None:
    case = in_hand(town)
    town.order(case, "ask_extension", "water.clerk", "water", amount="1wd", reason="x")
    town.act(case, "ask_hold", "water.clerk", code="funding", reason="x")
    town.order(case, "ask_return", "housing.clerk", "housing", code="not_our_duty", reason="x")
    town.act(case, "withdraw", RESIDENT, reason="好了")
    assert [r.state for r in town.requests(case)] == ["lapsed", "lapsed"]
    assert [e.state for e in town.extensions(case)] == ["lapsed"]
    assert town.case(case).asks == []
    assert unsound(town) == []


def test_a_case_on_hold_may_end(town: Town) -> None:
    case = in_hand(town)
    town.act(case, "hold", "centre.duty", reason="等诉讼", code="procedure")
    town.act(case, "ask_terminate", "centre.duty", code="statutory_channel", reason="法院已受理")
    assert town.open_clock(case, "confirm").running_since is not None, "the desk's own clock does not stand still"
    assert unsound(town) == []
    town.now += timedelta(days=1)
    town.request(case, "confirm_end", "centre.head")
    assert (town.state(case), town.requests(case)[0].until) == ("terminated", town.now)
    assert unsound(town) == []
