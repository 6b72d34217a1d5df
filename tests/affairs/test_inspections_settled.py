"""An inspection of which nothing is open any more does not lie about for ever: its unit is asked to close it, within a limit."""

from datetime import datetime

import pytest

from rules.facts import Refused
from services.inspections import Found, Planned, Site, find, plan
from services.moves import Setting
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town

PLAN = Planned("小区安全暗访", "", "estates", ("centre.duty", "centre.head"), (Site("晨光小区", "chenguang-estate", "chenguang"),))


def begun(town: Town) -> str:
    """An inspection under way."""
    town.turn()
    with town.context.database.unit_of_work() as session:
        no = plan(session, PLAN, town.actor("centre.duty"), Setting(town.now)).no
    does(town, no, "begin_inspection", "centre.duty")
    return no


def put_right(town: Town, no: str) -> int:
    """A problem that is put right on the spot, and is still to be looked at again."""
    with town.context.database.unit_of_work() as session:
        found = Found("飞线充电", "晨光小区5栋", "chenguang-estate", "charging", area="chenguang")
        part = find(session, no, found, town.actor("centre.duty"), Setting(town.now)).part
    does(town, no, "correct_on_spot", "centre.duty", part, result="当场拔除", after=("线已收起",))
    return part


def stands(town: Town, no: str) -> tuple[str, list[tuple[str, datetime]]]:
    """Its state, and its own clocks."""
    found = seen(town, no)
    return found.affair["state"], [(clock["kind"], clock["due_at"]) for clock in found.clocks if clock["part_no"] is None]


@pytest.mark.parametrize("released", ["before", "after", "nothing_found"])
def test_what_is_all_written_off_waits_for_its_unit_under_a_clock(town: Town, released: str) -> None:
    no = begun(town)
    if released == "nothing_found":
        does(town, no, "release_inspection", "centre.duty")
    else:
        part = put_right(town, no)
        if released == "before":
            does(town, no, "release_inspection", "centre.duty")
            assert stands(town, no) == ("released", []), "its problem has a clock of its own"
        does(town, no, "pass_recheck", "centre.head", part, result="属实")
        if released == "after":
            assert stands(town, no)[0] == "under_way"
            does(town, no, "release_inspection", "centre.duty")
    state, clocks = stands(town, no)
    assert (state, [kind for kind, _ in clocks]) == ("settled", ["assent"])
    assert "settle_inspection" in [entry["action"] for entry in seen(town, no).journal]
    town.turn()
    assert any("问题已全部销号" in text for text in town.heard("centre.head")), "whose it is is asked to close it"
    assert any(no in text and "确认" in text for text in town.heard("centre.clerk"))
    assert not any("确认到期" in text for text in town.heard("chenguang-estate.head")), "the limit is not that of who was inspected"
    assert complaints(town.context.database, town.now) == []
    town.fast_forward(until=clocks[0][1])
    home = seen(town, no).affair["case_id"]
    told = {(m.notice, m.about.get("clock"), m.name) for m in town.messages(home)}
    assert ("affair_due", "assent", "centre.head") in told, "and its head hears that nobody has"
    with pytest.raises(Refused, match="result_missing"):
        does(town, no, "close_inspection", "centre.duty")
    does(town, no, "close_inspection", "centre.duty", result="现场已看，没有遗留")
    assert stands(town, no) == ("closed", [])
    assert complaints(town.context.database, town.now) == []
