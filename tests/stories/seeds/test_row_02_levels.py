"""五级调度闭环 区-部门-街道-社区-网格 (row 2): dispatched over five levels, stuck ones go up their own chain, each sees its own."""

import pytest

from rules.facts import Level, Refused
from services.catalogue import catalogue
from services.responsibility.levels import LEVELS, Desk, board
from tests.support.sound import complaints
from tests.support.town import Town


def desks(town: Town, user: str) -> list[Desk]:
    with town.context.database.unit_of_work() as session:
        return board(session, catalogue(session).actor(user), town.now)


def seen(town: Town, user: str) -> dict[str, int]:
    """How many cases somebody sees at each level."""
    found = dict.fromkeys(LEVELS, 0)
    for desk in desks(town, user):
        found[desk.level] += desk.cases
    return found


def test_five_levels_hold_dispatch_and_see_what_is_theirs(town: Town) -> None:
    bikes = [town.reports(f"共享单车乱停乱放，人行道走不了{n}", source="grid_worker", phone=f"1000000010{n}") for n in range(4)]
    lamp, far = town.reports("人行道上路灯不亮三天了"), town.reports("人行道上路灯不亮三天了", area="jinqiao-2", phone="10000000009")
    town.turn()
    for n, climbs in enumerate(((), ("chenguang-1.worker",), ("chenguang-1.worker", "chenguang.clerk"))):
        for user in climbs:
            town.act(bikes[n], "report_up", user)
    for user in ("chenguang-1.worker", "chenguang.clerk", "hubin.clerk"):
        town.act(bikes[3], "report_up", user)
    assert seen(town, "centre.duty") == {"district": 1, "department": 2, "street": 1, "community": 1, "grid": 1}
    assert seen(town, "hubin.clerk") == {"district": 1, "department": 1, "street": 1, "community": 1, "grid": 1}, "its own subtree"
    assert seen(town, "chenguang-1.worker")["department"] == 1
    assert seen(town, "dongtang.clerk") == {**dict.fromkeys(LEVELS, 0), "department": 1}
    assert seen(town, "municipal.clerk") == {**dict.fromkeys(LEVELS, 0), "department": 2}, "a department sees what it works on, anywhere"
    assert seen(town, "water.clerk") == dict.fromkeys(LEVELS, 0)
    with pytest.raises(Refused, match="not_yours"):
        town.act(bikes[0], "report_up", "jinqiao-2.worker")
    town.act(bikes[3], "dispatch", "centre.duty", lead=town.unit_id("urban"))
    with pytest.raises(Refused, match="level_lacks_authority"):
        town.act(bikes[1], "dispatch", "chenguang.clerk", lead=town.unit_id("urban"))
    town.act(bikes[2], "send_down", "hubin.clerk", level=Level.COMMUNITY, reason="社区先核实")
    assert seen(town, "centre.duty")["community"] == 2

    town.fast_forward(days=9)
    assert max(desk.late for desk in desks(town, "centre.duty") if desk.level == "department") > 0
    rungs = [rung for kind, rung, _ in town.fired(lamp, "handle") if kind == "handle"]
    assert "escalate_1" in rungs
    assert town.heard("centre.duty", lamp), "a department that is late goes to the district's centre, never to the street"
    assert not town.heard("hubin.head", lamp)
    assert {desk.level for desk in desks(town, "centre.duty")} <= set(LEVELS)
    assert far != lamp
    assert complaints(town.context.database, town.now) == []
