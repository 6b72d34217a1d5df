"""The routing catalogue at the door: where the engine sends, what nobody may send, how a case climbs, how a unit hands on inside."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import func, insert, select, update

from models import Staff, Unit, table
from rules.facts import Level, Refused
from rules.remits import RouteRow
from services.routing.explaining import explain
from tests.support.databases import reference_data_changed
from tests.support.routed import republish
from tests.support.sound import complaints
from tests.support.town import Town

LAMP = "小区里的路灯不亮了"
BIKES = "共享单车乱停乱放，人行道走不了"
CLUTTER = "楼道里堆满杂物"


def leads(town: Town, case: int) -> list[str]:
    return [o.code for o in town.orders(case) if o.lead]


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as found:
        act()
    return found.value.code


def last(town: Town, case: int, action: str) -> dict[str, object]:
    return next(dict(e.data) for e in reversed(town.journal(case)) if e.action == action)


# the engine -----------------------------------------------------------------------------------------------------------


def test_a_lamp_goes_to_whoever_owns_it_elsewhere_to_the_department(town: Town) -> None:
    private, public = town.reports(LAMP, area="songling-1"), town.reports(LAMP, area="chenguang-1")
    town.turn()
    assert (leads(town, private), leads(town, public)) == (["songling-estate"], ["municipal"])
    route = last(town, private, "dispatch")["route"]
    assert route == {
        **{"version": 1, "by": "owner", "named": "songling-estate", "lead": "songling-estate", "line": 1},
        "area": "songling-1",
        "basis": "小区内路灯，物业自有",
    }
    with town.context.database.unit_of_work() as session:
        said = [turn.why for no in (private, public) for turn in explain(session, town.case(no).no, "zh")]
    assert said == [
        "派单目录 v1 第 1 行（属主，松岭社区第1网格）：松岭小区物业。 依据：小区内路灯，物业自有。",
        "派单目录 v1 没有对应的行，按类别的主办种类：区市政设施中心（市政设施）。",
    ]


def test_residents_settle_clutter_themselves_where_the_catalogue_says_so(sqlite_town: Town) -> None:
    town = sqlite_town
    case = town.reports(CLUTTER, area="songling-2")
    town.turn()
    assert [(o.code, o.lead) for o in town.orders(case)] == [("songling-self", True), ("songling", False)]


def test_the_engine_breaks_no_list_and_leaves_the_case_to_the_centre(town: Town) -> None:
    republish(town, lists={"MUNICIPAL": ("A04",)})
    case = town.reports(LAMP)
    town.turn()
    assert (town.state(case), town.orders(case), town.case(case).attend_at) == ("filed", [], None)
    left = last(town, case, "outside_duty_list")
    assert (left["unit"], left["category"]) == ("municipal", "A03")
    assert [c.kind for c in town.open_clocks(case) if c.kind == "dispatch"] == ["dispatch"]
    assert any(town.case(case).no in text for text in town.heard("centre.duty", case))
    town.turn()
    assert town.actions(case).count("outside_duty_list") == 1
    assert complaints(town.context.database, town.now) == []


def test_a_co_handler_off_its_list_is_left_out_and_told(sqlite_town: Town) -> None:
    town = sqlite_town
    republish(town, lists={"PROPERTY": ("E01",)})
    case = town.reports(LAMP)
    town.turn()
    assert [o.code for o in town.orders(case)] == ["municipal"]
    assert last(town, case, "dispatch")["route"]["left_out"] == ["chenguang-estate"]  # type: ignore[index]


def test_a_retired_unit_gets_no_work_its_successor_does(town: Town) -> None:
    _retire(town, "municipal", "urban", town.now)
    case = town.reports(LAMP)
    town.turn()
    assert leads(town, case) == ["urban"]
    town.act(case, "recall", "centre.duty", reason="另行安排")
    with pytest.raises(Refused) as found:
        town.act(case, "dispatch", "centre.duty", lead=town.unit_id("municipal"))
    assert (found.value.code, found.value.details) == ("unit_retired", {"unit": "municipal", "successor": "urban"})


def _retire(town: Town, code: str, successor: str, at: datetime) -> None:
    heir = town.unit_id(successor)
    with town.context.database.unit_of_work() as session:
        reference_data_changed(session)
        unit = table(Unit)
        session.connection().execute(update(unit).where(unit.c.code == code).values(retired_at=at, successor_id=heir))


# duty lists -----------------------------------------------------------------------------------------------------------


def test_only_the_centre_goes_past_a_list_with_a_reason_and_its_head_hears(town: Town) -> None:
    case = town.reports(LAMP)
    town.turn()
    town.act(case, "recall", "centre.duty", reason="另行安排")
    water = town.unit_id("water")
    assert refusal(lambda: town.act(case, "dispatch", "centre.duty", lead=water)) == "outside_duty_list"
    assert refusal(lambda: town.act(case, "dispatch", "centre.duty", lead=water, override=True)) == "override_needs_reason"
    assert town.orders(case)[-1].state == "recalled", "what is refused leaves nothing behind"
    town.act(case, "dispatch", "centre.duty", lead=water, override=True, reason="泵站院内的路灯")
    entry = last(town, case, "dispatch")
    assert (entry["override"], entry["reason"]) == (True, "泵站院内的路灯")
    town.turn()
    told = [m for m in town.messages(case) if m.notice == "duty_override"]
    assert [(m.name, m.about["unit_id"], m.about["reason"]) for m in told] == [("centre.head", water, "泵站院内的路灯")]
    assert "区水务排水中心" in told[0].wording


def test_what_is_on_the_list_is_told_to_no_head(sqlite_town: Town) -> None:
    town = sqlite_town
    case = town.reports(LAMP)
    town.turn()
    town.act(case, "recall", "centre.duty", reason="另行安排")
    town.act(case, "dispatch", "centre.duty", lead=town.unit_id("municipal"), override=True, reason="再派一次")
    assert [m for m in town.messages(case) if m.notice == "duty_override"] == []


def test_a_street_cannot_go_past_a_list_by_itself(town: Town) -> None:
    case = town.reports(CLUTTER, area="chenguang-1", source="grid_worker")
    town.turn()
    town.act(case, "report_up", "chenguang-1.worker")
    town.act(case, "report_up", "chenguang.clerk")
    past = {"lead": town.unit_id("water"), "override": True, "reason": "试试"}
    assert refusal(lambda: town.act(case, "dispatch", "hubin.clerk", **past)) == "outside_duty_list"
    town.act(case, "dispatch", "hubin.clerk", lead=town.unit_id("hubin"), co=(town.unit_id("chenguang"),))
    assert town.state(case) == "dispatched"


@pytest.mark.parametrize("below", ["chenguang", "chenguang-1"])
def test_nothing_off_the_communitys_list_is_pushed_down_whoever_asks(town: Town, below: str) -> None:
    case = town.reports(LAMP, source="grid_worker")
    town.turn()
    for user in ("chenguang-1.worker", "chenguang.clerk", "hubin.clerk"):
        town.act(case, "report_up", user)
    past = {"override": True, "reason": "社区就近"}
    municipal, unit = town.unit_id("municipal"), town.unit_id(below)
    assert refusal(lambda: town.act(case, "dispatch", "centre.duty", lead=unit, **past)) == "off_community_list"
    assert refusal(lambda: town.act(case, "dispatch", "centre.duty", lead=municipal, co=(unit,), **past)) == "off_community_list"
    level = Level.GRID if below.endswith("-1") else Level.COMMUNITY
    assert refusal(lambda: town.act(case, "send_down", "centre.duty", level=level, **past)) == "off_community_list"
    town.act(case, "send_down", "centre.duty", level=Level.STREET, reason="请街道办理")
    assert refusal(lambda: town.act(case, "send_down", "hubin.clerk", level=level, **past)) == "off_community_list"


def test_nobody_places_off_the_list_low_down_by_hand(sqlite_town: Town) -> None:
    town = sqlite_town
    case = town.reports(LAMP)
    town.turn()
    town.act(case, "recall", "centre.duty", reason="另行安排")
    down = {"level": "community", "holder": town.unit_id("chenguang")}
    assert refusal(lambda: town.act(case, "place", "centre.duty", **down)) == "off_community_list"
    town.act(case, "place", "centre.duty", level="street", holder=town.unit_id("hubin"))
    assert town.case(case).level == "street"


def test_what_is_on_the_communitys_list_may_be_sent_down(sqlite_town: Town) -> None:
    town = sqlite_town
    case = town.reports(BIKES, source="block_captain")
    town.turn()
    town.act(case, "send_down", "chenguang.clerk", level=Level.GRID, reason="请网格员就近处理")
    town.act(case, "handle_here", "chenguang-1.worker")
    assert (town.state(case), leads(town, case)) == ("handling", ["chenguang-1"])


# the climb ------------------------------------------------------------------------------------------------------------


def test_a_level_handles_only_what_it_may_decide(town: Town) -> None:
    case = town.reports(LAMP, source="grid_worker")
    town.turn()
    assert refusal(lambda: town.act(case, "handle_here", "chenguang-1.worker")) == "may_not_decide"
    assert refusal(lambda: town.act(case, "skip_levels", "chenguang-1.worker")) == "may_not_skip"
    town.act(case, "report_up", "chenguang-1.worker")
    town.act(case, "report_up", "chenguang.clerk")
    assert refusal(lambda: town.act(case, "handle_here", "hubin.clerk")) == "outside_duty_list", "it may decide, but not this"
    assert refusal(lambda: town.act(case, "handle_here", "hubin.clerk", override=True, reason="就近")) == "outside_duty_list"
    town.act(case, "report_up", "hubin.clerk")
    town.act(case, "handle_here", "centre.duty")
    assert leads(town, case) == ["centre"]


def test_a_grid_may_send_nothing_down(sqlite_town: Town) -> None:
    town = sqlite_town
    republish(town, rights={("street", "A03"): ("hold",)})
    case = town.reports(LAMP, source="grid_worker")
    town.turn()
    town.act(case, "report_up", "chenguang-1.worker")
    town.act(case, "report_up", "chenguang.clerk")
    assert refusal(lambda: town.act(case, "send_down", "hubin.clerk", level=Level.GRID, reason="x")) == "may_not_send_down"


def test_levels_that_may_not_hold_are_passed_over_with_the_reason(town: Town) -> None:
    republish(town, rights={("grid", "A03"): (), ("street", "A03"): ("decide", "send_down"), ("community", "A03"): ("hold", "skip")})
    case = town.reports(LAMP, source="grid_worker")
    town.turn()
    assert (town.case(case).level, last(town, case, "passed_over")) == ("community", {"levels": ["grid"], "why": "may_not_hold"})
    assert town.open_clock(case, "decide", "chenguang")
    town.act(case, "report_up", "chenguang.clerk")
    assert (town.case(case).level, last(town, case, "passed_over")["levels"]) == ("district", ["street"])
    with town.context.database.unit_of_work() as session:
        said = [turn.why for turn in explain(session, town.case(case).no, "zh") if turn.action == "passed_over"]
    assert said == ["网格无权留置该类别，已越过。", "街道无权留置该类别，已越过。"]
    assert complaints(town.context.database, town.now) == []


def test_on_the_way_down_a_level_is_passed_over_too(sqlite_town: Town) -> None:
    town = sqlite_town
    republish(town, rights={("community", "C04"): ("decide",)})
    case = town.reports(BIKES, source="grid_worker")
    town.turn()
    town.act(case, "report_up", "chenguang-1.worker")
    assert town.case(case).level == "street", "the community was passed over on the way up"
    town.act(case, "send_down", "hubin.clerk", level=Level.COMMUNITY, reason="请社区就近处理")
    assert (town.case(case).level, last(town, case, "passed_over")["levels"]) == ("grid", ["community"])


def test_who_may_skip_goes_straight_to_the_level_that_may_dispatch(sqlite_town: Town) -> None:
    town = sqlite_town
    republish(town, rights={("grid", "E02"): ("hold", "skip"), ("street", "E02"): ("decide",)})
    case = town.reports(CLUTTER, source="grid_worker")
    town.turn()
    town.act(case, "skip_levels", "chenguang-1.worker")
    assert (town.case(case).level, last(town, case, "passed_over")["levels"]) == ("district", ["street"])


# inside a unit --------------------------------------------------------------------------------------------------------


def _team(town: Town) -> None:
    """A team inside the lighting section, with a clerk of its own."""
    section = town.unit_id("municipal-lights")
    team = town.rows(select(func.max(table(Unit).c.id)))[0][0] + 1
    with town.context.database.unit_of_work() as session:
        reference_data_changed(session)
        run = session.connection().execute
        unit = {"id": team, "code": "lights-east", "zh": "东片照明班", "en": "East Lighting Team", "kind": "MUNICIPAL", "calendar": "cn"}
        run(insert(table(Unit)), [{**unit, "parent_id": section, "supervising_id": section}])
        run(insert(table(Staff)), [{"name": "lights-east.clerk", "zh": "班长", "en": "Team leader", "unit_id": team, "role": "clerk"}])


def test_a_section_hands_on_to_a_team_below_it_and_the_team_does_it(town: Town) -> None:
    _team(town)
    case = town.reports(LAMP)
    town.turn()
    lights, team, roads = (town.unit_id(code) for code in ("municipal-lights", "lights-east", "municipal-roads"))
    assert refusal(lambda: town.order(case, "assign", "lights-east.clerk", section=team)) == "section_not_below", "not theirs to take"
    town.order(case, "assign", "municipal.clerk", section=lights)
    assert refusal(lambda: town.order(case, "assign", "municipal-roads.clerk", section=roads)) == "section_not_below"
    assert refusal(lambda: town.order(case, "assign", "municipal-lights.clerk", section=roads)) == "section_not_below"
    assert refusal(lambda: town.order(case, "assign", "municipal-lights.clerk", section=town.unit_id("municipal"))) == "section_not_below"
    town.order(case, "assign", "municipal-lights.clerk", section=team)
    assert town.orders(case)[0].assigned_unit_id == team
    town.turn()
    assert [m.notice for m in town.messages(case) if m.name == "lights-east.clerk"] == ["assigned"]
    town.order(case, "acknowledge", "lights-east.clerk")
    town.order(case, "contact", "lights-east.clerk")
    town.order(case, "assign", "municipal.clerk", section=roads)
    assert town.orders(case)[0].assigned_unit_id == roads, "the unit itself may always hand it elsewhere"


def test_rows_of_the_nearest_area_go_first_through_the_whole_engine(sqlite_town: Town) -> None:
    town = sqlite_town
    republish(
        town,
        rows=(
            RouteRow(0, "A03", None, "owner", "municipal-lights"),
            RouteRow(0, "A03", "hubin", "owner", "hubin-estates"),
            RouteRow(0, "A03", "chenguang", "area", "chenguang-estate"),
        ),
    )
    cases = {area: town.reports(LAMP, area=area) for area in ("chenguang-1", "rongyin-1", "songling-1")}
    town.turn()
    found = {area: leads(town, case) for area, case in cases.items()}
    assert found == {"chenguang-1": ["hubin-estates"], "rongyin-1": ["hubin-estates"], "songling-1": ["municipal-lights"]}
