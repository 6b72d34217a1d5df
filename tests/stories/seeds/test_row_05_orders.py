"""居民点单–社区派单–党员接单 (row 5, 网格订单): 西约花园, 3 blocks, 113 households, 194 people; paired units come first."""

import pytest

from rules.facts import Refused
from services.claims_pool import Line, Order, board, figures, pair, pairs, post
from services.moves import Setting
from tests.support.beside import does, part_of, seen
from tests.support.sound import complaints
from tests.support.town import Town

BLOCKS, HOUSEHOLDS, PEOPLE = 3, 113, 194
LINES = (Line("楼栋清扫", BLOCKS, "栋"), Line("入户检查燃气软管", HOUSEHOLDS, "户", "燃气"), Line("居民体检登记", PEOPLE, "人", "医护"))


def test_residents_order_the_community_passes_it_on_and_units_take_it(town: Town) -> None:
    town.turn()
    with town.context.database.unit_of_work() as session:
        for unit in ("hubin-estates", "health"):
            pair(session, "rongyin", unit, town.actor("admin"), town.now)
            pair(session, "rongyin", unit, town.actor("admin"), town.now)
        assert [p.unit for p in pairs(session, town.now)] == ["hubin-estates", "health"], "the same pair holds once"
    town.reports("楼道灯不亮", phone="13800000005", area="rongyin-1")
    order = Order("西约花园三栋楼的网格订单", LINES, area="rongyin-1", place="西约花园")
    with town.context.database.unit_of_work() as session:
        no = post(session, order, town.actor("resident:13800000005"), Setting(town.now)).no
    assert seen(town, no).affair["state"] == "asked"
    town.turn()
    assert any(no in text for text in town.heard("rongyin.clerk")), "the community is asked to pass it on"
    with pytest.raises(Refused, match="not_yours"):
        does(town, no, "release_order", "lianchi.clerk")
    does(town, no, "release_order", "rongyin.clerk")
    town.turn()
    assert all(any(no in text for text in town.heard(f"{unit}.clerk")) for unit in ("hubin-estates", "health"))
    blocks, homes, people = (p["no"] for p in seen(town, no).parts)
    with pytest.raises(Refused, match="paired_first"):
        does(town, no, "claim", "utility.clerk", want=homes)
    with town.context.database.unit_of_work() as session:
        assert board(session, town.actor("utility.clerk"), town.now) == []
        assert all(each.ours for each in board(session, town.actor("health.clerk"), town.now))
    does(town, no, "claim", "hubin-estates.clerk", want=blocks)
    does(town, no, "claim", "health.clerk", want=people)
    town.fast_forward(hours=25)
    does(town, no, "claim", "utility.clerk", want=homes)
    for unit, amount in (("hubin-estates", BLOCKS), ("health", PEOPLE), ("utility", HOUSEHOLDS)):
        does(town, no, "deliver", f"{unit}.clerk", part_of(town, no, unit), quantity=amount)
        does(town, no, "confirm_pledge", "resident:13800000005", part_of(town, no, unit))
    with town.context.database.unit_of_work() as session:
        told = [(f.line, f.confirmed, f.measure, f.units) for f in figures(session, no)]
    assert told == [("楼栋清扫", 3, "栋", 1), ("入户检查燃气软管", 113, "户", 1), ("居民体检登记", 194, "人", 1)]
    assert (seen(town, no).affair["state"], seen(town, no).clocks) == ("done", [])
    assert complaints(town.context.database, town.now) == []
