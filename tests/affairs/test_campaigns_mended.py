"""Campaigns and inspections where somebody asks twice, at the wrong time, or for too much."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Affair, Case, table
from rules.facts import Refused
from services.affairs.acting import Ask, act
from services.campaigns import Campaign, Subsidy, add_tasks, move, open_campaign, open_project
from services.catalogue import catalogue
from services.inspections import Found, HandedOut, Planned, Site, find, hand_out, plan
from services.moves import Row, Setting
from services.outside_records import Record
from services.outside_records import record as put_on_record
from tasks.patrol import LOOKS
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town

SITE = (Site("晨光小区", "urban", "chenguang"),)
BIG = 3_000_000_000  #: more than a column holds


def campaign(town: Town, *rows: Row, **more: object) -> str:
    with town.context.database.unit_of_work() as session:
        clerk, setting = town.actor("hubin.clerk"), Setting(town.now)
        no = open_campaign(session, Campaign("缆线", area="hubin", subsidy=Subsidy(500), **more), clerk, setting).no
        add_tasks(session, no, rows, clerk, setting)
        move(session, no, "start_campaign", clerk, setting)
    return no


def refused(town: Town, code: str, no: str, action: str, user: str, part: int | None = None, **args: object) -> Refused:
    """What anybody may write on the command line (`bihuan affair act`) is refused."""
    with town.context.database.unit_of_work() as session, pytest.raises(Refused, match=code) as found:
        act(session, Ask(no, action, part, args), town.actor(user), Setting(town.now))
    return found.value


def line(town: Town, unit: str, quantity: int, measure: str = "处", along: tuple[str, ...] = ()) -> Row:
    return {
        "title": f"点位 {unit}",
        "unit": town.unit_id(unit),
        "with": [town.unit_id(u) for u in along],
        "quantity": quantity,
        "measure": measure,
    }


def test_money_is_claimed_once_for_what_was_done(town: Town) -> None:
    no = campaign(
        town,
        line(town, "telecom", 100, along=("water",)),
        line(town, "municipal", 10),
        line(town, "telecom", 2330, "m²"),
        {"title": "宣传", "quantity": 7, "measure": "处"},
    )
    does(town, no, "share_lines", "water.clerk", rows=[{"no": 1}])
    refused(town, "done_over", no, "record_progress", "municipal.clerk", rows=[{"no": 2, "done": 5000}])
    refused(town, "done_wrong", no, "record_progress", "municipal.clerk", rows=[{"no": 2, "done": BIG}])
    refused(town, "done_over", no, "work_on_task", "municipal.clerk", 2, done=11)
    does(town, no, "record_progress", "telecom.clerk", rows=[{"no": 1, "done": 100}, {"no": 3, "done": 2330}])
    does(town, no, "record_progress", "municipal.clerk", rows=[{"no": 2, "done": 10}])
    does(town, no, "finish_task", "hubin.clerk", 4, result="已宣传")
    refused(town, "task_twice", no, "check_tasks", "hubin.clerk", rows=[{"no": 1}, {"no": 1}])
    refused(town, "checks_own_task", no, "check_tasks", "hubin.clerk", rows=[{"no": 4}])
    does(town, no, "check_tasks", "hubin.clerk", rows=[{"no": 1}, {"no": 2}, {"no": 3}])
    does(town, no, "check_tasks", "centre.duty", rows=[{"no": 4}])
    assert refused(town, "claim_too_much", no, "claim_subsidy", "water.head", quantity=100, amount_fen=50_000).details["left"] == 0
    mixed = refused(town, "claim_too_much", no, "claim_subsidy", "telecom.head", quantity=2430, amount_fen=2430 * 500)
    assert mixed.details["left"] == 100, "square metres are none of the spots that the rate is for"
    does(town, no, "claim_subsidy", "municipal-lights.clerk", quantity=10, amount_fen=5000)
    for user in ("municipal.clerk", "municipal-roads.clerk", "municipal-lights.clerk"):
        refused(town, "claim_too_much", no, "claim_subsidy", user, quantity=10, amount_fen=5000)
    does(town, no, "claim_subsidy", "telecom.head", quantity=60, amount_fen=30_000)
    does(town, no, "claim_subsidy", "telecom.head", quantity=40, amount_fen=20_000)
    refused(town, "claim_too_much", no, "claim_subsidy", "telecom.clerk", quantity=1, amount_fen=500)
    assert next(p["unit_id"] for p in seen(town, no).parts if p["thing"] == "subsidy") == town.unit_id("municipal")
    _paid_before_its_end(town, no)
    assert complaints(town.context.database, town.now) == []


def _paid_before_its_end(town: Town, no: str) -> None:
    """While a claim is neither paid nor refused, the campaign goes on, and somebody's time runs."""
    first, second, third = (p["no"] for p in seen(town, no).parts if p["thing"] == "subsidy")
    does(town, no, "check_subsidy", "hubin.clerk", first, result="属实")
    does(town, no, "check_subsidy", "hubin.clerk", second, result="属实")
    waiting = {c["part_no"]: c["kind"] for c in seen(town, no).clocks}
    assert waiting == {first: "fulfil", second: "fulfil", third: "assent"}
    refused(town, "claims_open", no, "finish_campaign", "hubin.clerk", result="好")
    refused(town, "claims_open", no, "cancel_campaign", "hubin.clerk", reason="不做了")
    does(town, no, "pay_subsidy", "hubin.head", first, result="已拨付")
    does(town, no, "refuse_subsidy", "hubin.head", second, reason="验收单不符")
    does(town, no, "refuse_subsidy", "hubin.head", third, reason="没有验收单")
    does(town, no, "finish_campaign", "hubin.clerk", result="好")
    assert seen(town, no).clocks == []


def test_what_a_column_does_not_hold_is_refused(town: Town) -> None:
    for wrong in (BIG, 0, "7"):
        with pytest.raises(Refused, match="quantity_wrong"):
            campaign(town, {"title": "l", "quantity": wrong})
    with pytest.raises(Refused, match="quantity_wrong"):
        campaign(town, quantity=BIG)
    no = inspected(town)
    problem = {"problem": "x", "place": "y", "unit": town.unit_id("urban")}
    refused(town, "quantity_wrong", no, "find_problem", "centre.duty", quantity=BIG, **problem)


def test_what_the_program_has_to_look_up_nobody_can_say_himself(town: Town) -> None:
    no = campaign(town, line(town, "telecom", 1))
    with town.context.database.unit_of_work() as session:
        project = open_project(session, no, Campaign("p", area="hubin"), town.actor("hubin.clerk"), Setting(town.now)).no
    case = town.reports("下水道堵了，污水外溢", area="chenguang-1")
    town.turn()
    (home,) = town.rows(select(table(Affair).c.case_id).where(table(Affair).c.no == no))
    for nothing in (99999, BIG, "1", home.case_id):
        refused(town, "unknown_case", no, "link_task", "telecom.clerk", 1, other=nothing)
    refused(town, "not_your_task", no, "link_task", "water.clerk", 1, other=case)
    does(town, no, "link_task", "telecom.clerk", 1, other=case)
    with town.context.database.unit_of_work() as session, pytest.raises(Refused, match="no_such_task"):
        move(session, no, "work_on_task", town.actor("telecom.clerk"), Setting(town.now), BIG)
    refused(town, "task_has_case", no, "link_task", "hubin.clerk", 1, other=case)
    does(town, no, "finish_task", "telecom.clerk", 1, result="好")
    does(town, no, "check_tasks", "hubin.clerk", rows=[{"no": 1}])
    refused(town, "projects_open", no, "finish_campaign", "hubin.clerk", result="好", projects_open=0)
    does(town, project, "cancel_campaign", "hubin.clerk", reason="不做")
    does(town, no, "finish_campaign", "hubin.clerk", result="好")


def inspected(town: Town, **more: object) -> str:
    with town.context.database.unit_of_work() as session:
        wanted = Planned("x", "", "estates", ("centre.duty", "centre.head"), SITE, **more)
        no = plan(session, wanted, town.actor("centre.duty"), Setting(town.now)).no
    if not more:
        does(town, no, "begin_inspection", "centre.duty")
    return no


def finds(town: Town, no: str, due: str = "") -> HandedOut:
    with town.context.database.unit_of_work() as session:
        found = Found("楼道堆物", "晨光小区3栋", "urban", "stairs", due, "chenguang", how="order")
        return find(session, no, found, town.actor("centre.duty"), Setting(town.now))


def patrols(town: Town) -> None:
    for look in LOOKS:
        with town.context.database.unit_of_work() as session:
            look(session, town.now)


def test_what_was_found_not_put_right_waits_for_the_unit_itself(town: Town) -> None:
    no = inspected(town)
    handed = finds(town, no, "3wd")
    (case,) = town.rows(select(table(Case).c.id).where(table(Case).c.no == handed.case_no))
    town.sign(case.id, "sign", "centre.head")
    town.sign(case.id, "reply", "urban.head", result="已清", after=["已清"])
    patrols(town)
    assert seen(town, no).parts[0]["state"] == "corrected", "the patrol follows what the unit answered"
    for wrong, code in (("soon", "limit_unreadable"), (town.now.isoformat(), "moment_past")):
        refused(town, code, no, "fail_recheck", "centre.head", handed.part, reason="还在", due=wrong)
    due = town.now + timedelta(days=9)
    does(town, no, "fail_recheck", "centre.head", handed.part, reason="还在", due=due.isoformat())
    town.now += timedelta(minutes=20)
    patrols(town)
    (part,) = seen(town, no).parts
    (clock,) = (c for c in seen(town, no).clocks if c["part_no"] == handed.part)
    assert (part["state"], clock["kind"], clock["due_at"]) == ("handed_out", "correct", due)
    does(town, no, "report_corrected", "urban.clerk", handed.part, result="真的清了")
    does(town, no, "pass_recheck", "centre.head", handed.part, result="属实")
    assert complaints(town.context.database, town.now) == []


def test_an_inspection_has_a_clock_wherever_it_waits(sqlite_town: Town) -> None:
    town = sqlite_town
    until = town.now + timedelta(days=2)
    no = inspected(town, at=town.now + timedelta(days=1), until=until)
    assert [(c["kind"], c["due_at"]) for c in seen(town, no).clocks] == [("target", until)]
    does(town, no, "begin_inspection", "centre.duty")
    part = finds(town, no).part
    assert {(c["kind"], c["part_no"]) for c in seen(town, no).clocks} == {("solve", None), ("assent", part)}
    refused(town, "unknown_case", no, "hand_out", "centre.duty", part, due="3wd", other=99999)
    refused(town, "limit_unreadable", no, "hand_out", "centre.duty", part, due="soon")
    with town.context.database.unit_of_work() as session:
        hand_out(session, no, part, Found("楼道堆物", "晨光小区3栋", "urban", due="3wd"), town.actor("centre.duty"), Setting(town.now))
    does(town, no, "release_inspection", "centre.duty")
    assert [(c["kind"], c["part_no"]) for c in seen(town, no).clocks] == [("correct", part)]


def test_an_organisation_is_the_same_by_its_name(sqlite_town: Town) -> None:
    town = sqlite_town
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        name = known.names[known.unit_ids["chenguang-estate"]].zh
        wanted = [Record("interview", each, "r", "b") for each in (name, "chenguang-estate", "某某公司")]
        numbers = put_on_record(session, wanted, town.actor("housing.head"), Setting(town.now))
    estate = town.unit_id("chenguang-estate")
    assert [seen(town, no).affair["data"]["unit"] for no in numbers] == [estate, estate, None]
    does(town, numbers[0], "object_record", "chenguang-estate.head", reason="不属实")
