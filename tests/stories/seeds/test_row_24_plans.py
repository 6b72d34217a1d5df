"""四个一、撤留改替增 (row 24): one plan of several actions; 1,000 m² are won back in five days."""

import pytest

from rules.facts import Refused
from services.campaigns import Action, Campaign, Done, check, finish, move, open_campaign, progress, record, templates
from services.moves import Setting
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town


def test_1000_square_metres_in_five_days_by_one_plan(town: Town) -> None:
    assert set(templates()) >= {"remake", "four_ones", "block_and_open"}
    actions = {
        "remove": Action("urban", 1000, "m²", plan="拆除占道违建"),
        "keep": Action("urban"),
        "alter": Action("municipal", 3, "处"),
        "replace": Action("hubin-works", 18, "户", plan="换地安置"),
        "add": Action("garden", 1000, "m²", plan="腾出的地方建口袋公园"),
    }
    with town.context.database.unit_of_work() as session:
        actor, setting = town.actor("hubin.clerk"), Setting(town.now)
        half = Campaign("只拆不建", template="remake", area="hubin", actions={k: v for k, v in actions.items() if k != "add"})
        with pytest.raises(Refused, match="pair_not_whole"):
            open_campaign(session, half, actor, setting)
        wanted = Campaign("榕荫路撤留改替增", "四个一", area="hubin", target="120h", template="remake", actions=actions)
        no = open_campaign(session, wanted, actor, setting).no
        move(session, no, "start_campaign", actor, setting)
    began = town.now
    town.fast_forward(days=3)
    with town.context.database.unit_of_work() as session:
        setting = Setting(town.now)
        record(session, no, [Done(1, 600)], town.actor("urban.clerk"), setting)
        half_way = progress(session, no, town.now)
        assert (half_way.quantities["m²"], half_way.done_bp, half_way.late) == ((600, 2000), 1200, 0)
    town.fast_forward(hours=40)
    with town.context.database.unit_of_work() as session:
        setting = Setting(town.now)
        record(session, no, [Done(1, 1000)], town.actor("urban.clerk"), setting)
        record(session, no, [Done(3, 3)], town.actor("municipal.clerk"), setting)
        record(session, no, [Done(4, 18)], town.actor("hubin-works.clerk"), setting)
        record(session, no, [Done(5, 1000)], town.actor("garden.clerk"), setting)
    does(town, no, "drop_task", "hubin.clerk", 2, reason="没有可留的")
    with town.context.database.unit_of_work() as session:
        setting, looker = Setting(town.now), town.actor("centre.duty")
        check(session, no, [1, 3, 4], looker, setting)
        with pytest.raises(Refused, match="tasks_open"):
            finish(session, no, "增还没看", town.actor("hubin.clerk"), setting)
        check(session, no, [5], looker, setting)
        finish(session, no, "5 天腾出 1000 平方米", town.actor("hubin.clerk"), setting)
    found = seen(town, no)
    won = next(p for p in found.parts if p["data"]["action"] == "remove")
    assert (found.affair["state"], won["done"], won["measure"]) == ("done", 1000, "m²")
    assert (found.affair["ended_at"] - began).days < 5
    assert complaints(town.context.database, town.now) == []
