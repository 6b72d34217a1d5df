"""志愿认领 (row 18, seed 003): a community asks for 100 folding chairs and 2 installers; five units bring them; residents' wishes; 1+1."""

import pytest

from rules.facts import Refused
from services.claims_pool import Line, Order, board, figures, post
from services.moves import Setting
from tests.support.beside import does, part_of, seen
from tests.support.sound import complaints
from tests.support.town import Town

CHAIRS = Order(
    "社区议事厅要100把折叠椅，还要2个人安装",
    (Line("折叠椅", 100, "把"), Line("安装", 2, "人", "木工")),
    place="晨光社区议事厅",
    area="chenguang",
)


def posted(town: Town, order: Order, user: str) -> str:
    with town.context.database.unit_of_work() as session:
        return post(session, order, town.actor(user), Setting(town.now)).no


def test_five_units_bring_a_hundred_chairs_and_two_people_put_them_up(town: Town) -> None:
    town.turn()
    no = posted(town, CHAIRS, "chenguang.clerk")
    assert no.startswith("RL-")
    chairs, work = (part["no"] for part in seen(town, no).parts)
    for unit, quantity in (("urban", 30), ("municipal", 25), ("housing", 20), ("market", 15)):
        does(town, no, "claim", f"{unit}.clerk", want=chairs, quantity=quantity)
    with pytest.raises(Refused, match="more_than_left"):
        does(town, no, "claim", "justice.clerk", want=chairs, quantity=11)
    does(town, no, "claim", "justice.clerk", want=chairs)
    does(town, no, "claim", "municipal.clerk", want=work, quantity=1, personally=True)
    with town.context.database.unit_of_work() as session:
        left = [(o.line, o.free, o.skill) for o in board(session, town.actor("civil.clerk"), town.now)]
        assert left == [("安装", 1, "木工")]
        assert board(session, town.actor("civil.clerk"), town.now, skill="水电") == []
    town.reports("楼道灯不亮", phone="13800000018")
    does(town, no, "claim", "resident:13800000018", want=work)
    assert seen(town, no).affair["state"] == "taken"
    justice = part_of(town, no, "justice")
    does(town, no, "give_up", "justice.clerk", justice, reason="库房的椅子被调走了")
    town.turn()
    assert any("退回10把" in text for text in town.heard("chenguang.clerk")), "what goes back into the pool is said"
    found = seen(town, no)
    assert (found.affair["state"], [p["state"] for p in found.parts if p["no"] == justice]) == ("open", ["returned"])
    does(town, no, "claim", "civil.clerk", quantity=10)
    does(town, no, "deliver", "urban.clerk", part_of(town, no, "urban"), quantity=20)
    for unit in ("urban", "municipal", "housing", "market", "civil"):
        does(town, no, "deliver", f"{unit}.clerk", part_of(town, no, unit))
    for part in [p for p in seen(town, no).parts if p["unit_id"] is None and p["thing"] == "pledge"]:
        does(town, no, "deliver", "municipal.clerk" if part["staff_id"] else "resident:13800000018", part["no"])
    does(town, no, "send_back", "chenguang.clerk", part_of(town, no, "market"), quantity=1, reason="有一把断了腿")
    does(town, no, "deliver", "market.clerk", part_of(town, no, "market"))
    for part in [p["no"] for p in seen(town, no).parts if p["state"] == "delivered"]:
        does(town, no, "confirm_pledge", "chenguang.head", part)
    does(town, no, "thank", "chenguang.head", part_of(town, no, "civil"), words="居民都坐上了，谢谢")
    found = seen(town, no)
    with town.context.database.unit_of_work() as session:
        told = [(f.line, f.wanted, f.pledged, f.confirmed, f.units, f.people, f.back) for f in figures(session, no)]
    assert told == [("折叠椅", 100, 100, 100, 5, 0, 10), ("安装", 2, 2, 2, 0, 2, 0)], "100 chairs, 5 units, 2 installers"
    assert (found.affair["state"], found.clocks) == ("done", [])
    town.turn()
    assert any("致谢" in text for text in town.heard("civil.clerk"))
    assert complaints(town.context.database, town.now) == []


def test_a_wish_that_nobody_takes_goes_back_and_the_community_answers_for_it(town: Town) -> None:
    town.turn()
    wish = Order("独居老人想换一个防滑垫", (Line("防滑垫", 1, "块"),), area="chenguang-1", form="wish", phone="13800000019", name="陈阿婆")
    no = posted(town, wish, "chenguang-1.worker")
    assert town.unit_code(seen(town, no).affair["unit_id"]) == "chenguang", "a grid's order is its community's"
    town.fast_forward(until=lambda: seen(town, no).affair["state"] == "back")
    assert [c["kind"] for c in seen(town, no).clocks] == ["solve"], "the community has to decide what becomes of it"
    does(town, no, "extend_order", "chenguang.clerk", limit="3wd", reason="周末有志愿者")
    does(town, no, "claim", "hubin-estates.clerk")
    town.fast_forward(until=lambda: seen(town, no).affair["state"] == "open")
    pledge = part_of(town, no, "hubin-estates")
    assert any("已退回池中" in text for text in town.heard("hubin-estates.clerk")), "who lets the time pass hears that it is gone"
    assert any("退回1块" in text for text in town.heard("chenguang.clerk"))
    does(town, no, "claim", "chenguang-estate.clerk")
    mine = part_of(town, no, "chenguang-estate")
    does(town, no, "deliver", "chenguang-estate.clerk", mine)
    with pytest.raises(Refused, match="asker_decides"):
        does(town, no, "confirm_pledge", "chenguang.clerk", mine)
    with pytest.raises(Refused, match="asker_may_still_answer"):
        does(town, no, "confirm_pledge", "chenguang.clerk", mine, reason="电话没打通")
    town.turn()
    assert any("请确认" in text for text in town.heard("resident:13800000019"))
    town.fast_forward(days=9)
    does(town, no, "confirm_pledge", "chenguang.clerk", mine, reason="老人没有回音，上门看过，垫子已铺好")
    found = seen(town, no)
    assert (found.affair["state"], [p["state"] for p in found.parts if p["no"] == pledge]) == ("done", ["returned"])
    assert complaints(town.context.database, town.now) == []


def test_a_team_adopts_a_road_for_good_and_gives_notice(town: Town) -> None:
    town.turn()
    order = Order("认领环湖路中段绿化带", (Line("环湖路中段", 1, "段"),), area="longzhou", form="adopt", limits={"look": "5wd"})
    no = posted(town, order, "longzhou.clerk")
    does(town, no, "claim", "longzhou-volunteers.clerk")
    found = seen(town, no)
    assert (found.affair["state"], [p["state"] for p in found.parts[1:]]) == ("taken", ["adopted"])
    team = part_of(town, no, "longzhou-volunteers")
    does(town, no, "report_care", "longzhou-volunteers.clerk", team, words="清了落叶，补种两株")
    town.fast_forward(days=12)
    assert seen(town, no).parts[1]["data"]["missed"] == 1
    assert any("没有管护" in text for text in town.heard("longzhou.clerk"))
    does(town, no, "give_notice", "longzhou-volunteers.clerk", team, reason="队伍搬到别的街道")
    town.fast_forward(days=29)
    assert seen(town, no).parts[1]["state"] == "leaving", "an adopter goes on until its notice is over"
    town.fast_forward(days=2)
    found = seen(town, no)
    assert (found.parts[1]["state"], found.affair["state"]) == ("returned", "open")
    assert complaints(town.context.database, town.now) == []
