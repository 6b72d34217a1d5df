"""Who does the work changes while it is being done: reassigned, a further co-handler, given up, urged, handed to a person."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from models import Absence, begin_write, table
from tests.support.databases import reference_data_changed
from tests.support.in_hand import in_hand, refused, sent, standing, told, unsound
from tests.support.rated import FIRST, done
from tests.support.town import Town


def reassigns(town: Town, case: int, unit: str, user: str = "centre.duty", **args: Any) -> None:
    town.act(case, "reassign", user, **{"lead": town.unit_id(unit), "reason": "主责是市政", "override": True, **args})


# another lead ---------------------------------------------------------------------------------------------------------


def test_another_unit_leads_and_the_others_go_on(town: Town) -> None:
    case = in_hand(town)
    kept = town.open_clock(case, "handle", "housing")
    town.now += timedelta(minutes=10)
    reassigns(town, case, "municipal")
    town.turn()
    assert (town.state(case), town.case(case).hops) == ("dispatched", 2)
    assert standing(town, case) == {"housing": "working", "chenguang-estate": "working", "municipal": "sent"}
    assert town.open_clock(case, "handle", "housing").id == kept.id
    assert town.open_clock(case, "handle", "municipal").started_at == town.now
    assert not [c for c in town.clocks(case) if c.stopped_at is None and c.unit_id == town.unit_id("water")]
    assert told(town, case, "recalled") == ["water.clerk"]
    assert "主责是市政" in town.heard("water.clerk", case)[-1]
    assert "派单" in town.heard("municipal.clerk", case)[-1]
    assert told(town, case, "lead_changed") == ["housing.clerk", "chenguang-estate.clerk"]
    assert "区市政设施中心" in town.heard("resident:10000000001", case)[-1]
    town.order(case, "acknowledge", "municipal.clerk")
    assert town.state(case) == "handling"
    assert unsound(town) == []


def test_who_co_handles_may_lead_with_one_order(town: Town) -> None:
    case = in_hand(town)
    reassigns(town, case, "housing")
    assert [(o.code, o.lead, o.state) for o in town.orders(case) if o.state != "recalled"] == [
        ("chenguang-estate", False, "working"),
        ("housing", True, "sent"),
    ]
    assert unsound(town) == []


def test_reassigned_with_further_co_handlers(town: Town) -> None:
    case = in_hand(town)
    refused("already_in_case", lambda: reassigns(town, case, "municipal", co=(town.unit_id("housing"),)))
    reassigns(town, case, "municipal", co=(town.unit_id("water"), town.unit_id("municipal")))
    assert standing(town, case) == {"housing": "working", "chenguang-estate": "working", "municipal": "sent", "water": "sent"}
    assert [o.lead for o in town.orders(case) if o.state == "sent"] == [True, False], "who led before may help from now on"


def test_what_reassigning_needs(town: Town) -> None:
    case = in_hand(town)
    refused("reason_missing", lambda: reassigns(town, case, "municipal", reason=""))
    refused("lead_missing", lambda: town.act(case, "reassign", "centre.duty", reason="x"))
    refused("not_yours", lambda: reassigns(town, case, "municipal", "water.head"))
    refused("leads_already", lambda: reassigns(town, case, "water"))
    refused("unit_cannot_handle", lambda: reassigns(town, case, "chenghu"))
    refused("unknown_unit", lambda: reassigns(town, case, "municipal", lead=999_999))
    refused("unknown_unit", lambda: reassigns(town, case, "municipal", co=(999_999,)))
    refused("outside_duty_list", lambda: reassigns(town, case, "eco", override=None))
    assert town.case(case).hops == 1
    assert unsound(town) == []


def test_what_waited_for_a_decision_lapses(town: Town) -> None:
    case = in_hand(town)
    town.order(case, "ask_extension", "water.clerk", "water", amount="1wd", reason="x")
    town.act(case, "ask_hold", "water.clerk", code="funding", reason="x")
    town.order(case, "ask_return", "water.clerk", "water", code="not_our_duty", reason="x")
    town.order(case, "ask_return", "housing.clerk", "housing", code="not_our_duty", reason="x")
    reassigns(town, case, "municipal")
    assert [(r.kind, r.state) for r in town.requests(case)] == [("hold", "lapsed"), ("return", "lapsed"), ("return", "asked")]
    assert [e.state for e in town.extensions(case)] == ["lapsed"]
    assert [no for no, *_ in town.case(case).asks] == [3], "the co-handler's own waits on"
    assert unsound(town) == []


# after a rework, after a reopening -------------------------------------------------------------------------------------


def reworked(town: Town) -> int:
    """Done, rated badly an hour later, and in the hands of its lead again."""
    case = in_hand(town)
    town.now += timedelta(hours=1)
    done(town, case)
    town.act(case, "rate", f"resident:{FIRST}", solved=False, score=1)
    town.act(case, "rework", "centre.duty", reason="没修好")
    town.turn()
    return case


def test_after_a_rework_another_unit_leads_alone(town: Town) -> None:
    case = reworked(town)
    refused("already_in_case", lambda: town.act(case, "add_co", "centre.duty", unit=town.unit_id("housing"), reason="x"))
    reassigns(town, case, "municipal")
    town.turn()
    assert standing(town, case) == {"housing": "done", "chenguang-estate": "done", "municipal": "sent"}
    assert told(town, case, "recalled") == ["water.clerk"]
    assert unsound(town) == []


def test_what_is_ended_or_held_after_a_rework_is_told_to_who_works(town: Town) -> None:
    case = reworked(town)
    town.act(case, "hold", "centre.duty", code="funding", reason="等经费")
    assert told(town, case, "held_unit") == ["water.clerk"]
    town.act(case, "ask_void", "centre.duty", reason="重复")
    town.request(case, "confirm_end", "centre.head")
    assert standing(town, case) == {}
    assert "water.clerk" in told(town, case, "case_ended")
    assert unsound(town) == []


def test_who_led_before_a_reopening_has_no_say(town: Town) -> None:
    case = in_hand(town)
    done(town, case)
    town.act(case, "rate", f"resident:{FIRST}", solved=True, score=5)
    town.turn()
    town.act(case, "reopen", "centre.duty", reason="又堵了")
    ends = {"code": "refuses_access", "reason": "x"}
    refused("not_yours", lambda: town.act(case, "ask_terminate", "water.clerk", **ends))
    town.act(case, "dispatch", "centre.duty", lead=town.unit_id("municipal"), override=True, reason="市政")
    town.order(case, "acknowledge", "municipal.clerk")
    refused("not_yours", lambda: town.act(case, "ask_hold", "water.clerk", code="funding", reason="x"))
    refused("not_yours", lambda: town.act(case, "add_co", "water.clerk", unit=town.unit_id("hubin-estates"), reason="x"))
    town.act(case, "recall", "centre.duty", reason="再看看")
    assert standing(town, case) == {"water": "done", "housing": "done", "chenguang-estate": "done"}, "what was done then stays on record"
    assert told(town, case, "recalled") == ["municipal.clerk"]
    assert unsound(town) == []


# out of reach, too late ------------------------------------------------------------------------------------------------


def test_attempts_count_an_hour_apart_and_the_leads_only(town: Town) -> None:
    case = in_hand(town)
    why = {"code": "unreachable", "reason": "无人接听"}
    for _ in range(3):
        town.order(case, "try_contact", "water.clerk", reason="无人接听")
        refused("tried_lately", lambda: town.order(case, "try_contact", "water.clerk", reason="无人接听"))
        town.order(case, "try_contact", "housing.clerk", "housing", reason="无人接听")
        town.now += timedelta(hours=1)
    reassigns(town, case, "municipal")
    town.order(case, "acknowledge", "municipal.clerk")
    refused("too_few_tries", lambda: town.act(case, "ask_terminate", "municipal.clerk", **why))


def test_a_hold_is_not_approved_until_a_moment_that_has_passed(town: Town) -> None:
    case = in_hand(town)
    until = (town.now + timedelta(hours=1)).isoformat()
    town.act(case, "ask_hold", "water.clerk", code="funding", reason="x", until=until)
    town.now += timedelta(hours=2)
    refused("deadline_past", lambda: town.request(case, "approve_hold", "centre.duty"))
    assert [r.state for r in town.requests(case)] == ["asked"]
    later = town.now + timedelta(days=2)
    town.request(case, "approve_hold", "centre.duty", until=later.isoformat())
    assert (town.state(case), town.requests(case)[-1].until) == ("on_hold", later)


# further co-handlers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("user", "heard"), [("centre.duty", ["water.clerk"]), ("water.clerk", [])])
def test_a_further_unit_co_handles(town: Town, user: str, heard: list[str]) -> None:
    case = in_hand(town)
    town.act(case, "add_co", user, unit=town.unit_id("hubin-estates"), reason="要停水")
    town.turn()
    assert standing(town, case)["hubin-estates"] == "sent"
    assert (town.state(case), town.case(case).hops) == ("handling", 1)
    assert told(town, case, "dispatched_co")[-1:] == ["hubin-estates.clerk"]
    assert told(town, case, "co_added") == heard
    for unit in ("water", "housing", "chenguang-estate"):
        town.order(case, "finish", f"{unit}.clerk", unit, result="已疏通")
    town.turn()
    assert town.state(case) == "handling", "all of them have to be done"
    assert unsound(town) == []


def test_nobody_is_added_twice(town: Town) -> None:
    case = in_hand(town)
    for unit in ("housing", "water"):
        found = refused("already_in_case", lambda u=unit: town.act(case, "add_co", "centre.duty", unit=town.unit_id(u), reason="x"))
        assert found.details["unit"] == unit
    town.order(case, "finish", "housing.clerk", "housing", result="已配合")
    refused("already_in_case", lambda: town.act(case, "add_co", "centre.duty", unit=town.unit_id("housing"), reason="x"))
    refused("unit_missing", lambda: town.act(case, "add_co", "centre.duty", reason="x"))
    refused("reason_missing", lambda: town.act(case, "add_co", "centre.duty", unit=town.unit_id("hubin-estates")))
    refused("not_yours", lambda: town.act(case, "add_co", "housing.clerk", unit=town.unit_id("hubin-estates"), reason="x"))
    refused("unknown_unit", lambda: town.act(case, "add_co", "centre.duty", unit=999_999, reason="x"))
    refused("unit_cannot_handle", lambda: town.act(case, "add_co", "centre.duty", unit=town.unit_id("chenghu"), reason="x"))


# given up -------------------------------------------------------------------------------------------------------------


def led_by_the_estate(town: Town) -> int:
    case = in_hand(town)
    reassigns(town, case, "chenguang-estate")
    return case


def test_a_lead_without_penalties_gives_up_and_the_level_above_decides(town: Town) -> None:
    case = led_by_the_estate(town)
    town.now += timedelta(minutes=20)
    town.order(case, "give_up", "chenguang-estate.clerk", reason="没有吸污车")
    town.turn()
    row = town.case(case)
    assert (row.state, row.level, town.unit_code(row.holder_unit_id)) == ("reporting", "community", "chenguang")
    assert standing(town, case) == {}
    assert [e.action for e in town.journal(case) if e.at == town.now] == ["give_up", "recall", "move_up"]
    assert town.unit_code(town.open_clock(case, "decide").unit_id) == "chenguang"
    assert told(town, case, "gave_up") == ["centre.duty"]
    assert told(town, case, "level_asked") == ["chenguang.clerk"]
    assert "没有吸污车" in town.heard("centre.duty", case)[-1]
    assert told(town, case, "recalled") == ["water.clerk", "housing.clerk"]
    assert "晨光社区" in town.heard("resident:10000000001", case)[-1]
    assert unsound(town) == []
    town.act(case, "report_up", "chenguang.clerk")
    assert town.state(case) == "reporting"


def test_a_co_handler_gives_up_and_the_others_go_on(town: Town) -> None:
    case = in_hand(town)
    town.order(case, "ask_return", "chenguang-estate.clerk", "chenguang-estate", code="not_our_duty", reason="x")
    town.order(case, "give_up", "chenguang-estate.clerk", "chenguang-estate", reason="没有人手")
    town.turn()
    assert (town.state(case), standing(town, case)) == ("handling", {"water": "working", "housing": "working"})
    assert told(town, case, "gave_up") == ["centre.duty", "water.clerk"]
    assert [r.state for r in town.requests(case)] == ["lapsed"]
    for unit in ("water", "housing"):
        town.order(case, "finish", f"{unit}.clerk", unit, result="已疏通")
    town.turn()
    assert town.state(case) == "handled"


def test_only_units_without_penalties_give_up(town: Town) -> None:
    case = in_hand(town)
    refused("only_outside_units_give_up", lambda: town.order(case, "give_up", "water.clerk", reason="x"))
    refused("reason_missing", lambda: town.order(case, "give_up", "chenguang-estate.clerk", "chenguang-estate"))
    refused("not_yours", lambda: town.order(case, "give_up", "water.clerk", "chenguang-estate", reason="x"))
    assert unsound(town) == []


def test_a_community_that_handles_it_gives_up_to_its_street(town: Town) -> None:
    case = town.reports("有件事想问问")
    town.turn()
    town.act(case, "file", "centre.duty", category="A01", urgency="P2")
    town.act(case, "dispatch", "centre.duty", lead=town.unit_id("water"))
    town.act(case, "recall", "centre.duty", reason="社区先看")
    town.act(case, "place", "centre.duty", level="street", holder=town.unit_id("hubin"))
    town.act(case, "dispatch", "centre.duty", lead=town.unit_id("hubin-estates"), override=True, reason="物业先办")
    town.order(case, "give_up", "hubin-estates.clerk", reason="不是物业能办的")
    assert (town.state(case), town.case(case).level) == ("reporting", "street")
    assert town.unit_code(town.case(case).holder_unit_id) == "hubin"


# people ---------------------------------------------------------------------------------------------------------------


def test_an_urge_reaches_clerk_head_and_the_person_named(town: Town) -> None:
    case = in_hand(town)
    refused("reason_missing", lambda: town.order(case, "urge", "centre.duty"))
    refused("not_yours", lambda: town.order(case, "urge", "water.head", reason="x"))
    town.order(case, "urge", "centre.duty", reason="居民两次来电")
    town.turn()
    assert told(town, case, "urged") == ["water.clerk", "water.head"]
    assert "催办" in town.heard("water.clerk", case)[-1]
    assert "11月27日17:30" in town.heard("water.head", case)[-1]
    town.order(case, "hand_to", "water.clerk", person=town.person_id("water.head"))
    town.order(case, "urge", "centre.duty", reason="居民又来电")
    town.turn()
    assert told(town, case, "urged") == ["water.clerk", "water.head"] * 2, "nobody is told twice of one urge"
    assert unsound(town) == []


def test_handed_to_a_person_of_the_unit(town: Town) -> None:
    case = sent(town)
    refused("person_missing", lambda: town.order(case, "hand_to", "water.clerk"))
    refused("unknown_person", lambda: town.order(case, "hand_to", "water.clerk", person=999_999))
    refused("person_not_inside", lambda: town.order(case, "hand_to", "water.clerk", person=town.person_id("housing.clerk")))
    refused("not_yours", lambda: town.order(case, "hand_to", "housing.clerk", "water", person=town.person_id("water.head")))
    town.order(case, "hand_to", "water.clerk", person=town.person_id("water.head"), reason="你去现场")
    town.turn()
    assert town.orders(case)[0].handler_id == town.person_id("water.head")
    assert told(town, case, "handed_to") == ["water.head"]
    assert "交你办" in town.heard("water.head", case)[-1]
    assert unsound(town) == []


def test_nothing_is_handed_to_who_is_away(town: Town) -> None:
    case = sent(town)
    person = town.person_id("water.head")
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        away = {"staff_id": person, "since": town.now - timedelta(days=1), "until": town.now + timedelta(days=1)}
        session.connection().execute(insert(table(Absence)).values(away))
        reference_data_changed(session)
    refused("person_away", lambda: town.order(case, "hand_to", "water.clerk", person=person))
    town.now += timedelta(days=2)
    town.order(case, "hand_to", "water.clerk", person=person)


# approval by level ----------------------------------------------------------------------------------------------------


def asks_for(town: Town, case: int, amount: str) -> None:
    town.order(case, "ask_extension", "water.clerk", "water", amount=amount, reason="管材未到货")


def test_up_to_the_desks_limit_the_desk_grants(town: Town) -> None:
    case = in_hand(town)
    asks_for(town, case, "5wd")
    town.turn()
    assert told(town, case, "extension_asked") == ["centre.duty"]
    town.extension(case, "grant", "centre.duty")
    assert [e.state for e in town.extensions(case)] == ["granted"]


@pytest.mark.parametrize("who", ["centre.head", "chenghu.leader"])
def test_beyond_it_a_head_grants(town: Town, who: str) -> None:
    case = in_hand(town, "P1")
    asks_for(town, case, "20h")
    town.turn()
    assert told(town, case, "extension_asked") == ["centre.head", "centre.duty"]
    found = refused("extension_needs_head", lambda: town.extension(case, "grant", "centre.duty"))
    assert found.details == {"given": "20h", "most": "12h"}
    assert [e.state for e in town.extensions(case)] == ["asked"]
    town.extension(case, "grant", who)
    assert [(e.state, e.decided_by) for e in town.extensions(case)] == [("granted", who)]
    assert unsound(town) == []


def test_the_desk_may_grant_less(town: Town) -> None:
    case = in_hand(town, "P1")
    asks_for(town, case, "20h")
    town.extension(case, "grant", "centre.duty", amount="12h")
    assert [(e.state, e.amount) for e in town.extensions(case)] == [("granted", "12h")]
