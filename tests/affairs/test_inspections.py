"""Inspections: what may be handed out and how, and the demonstration's own examples of these mechanisms."""

import pytest
from sqlalchemy import func, select

from demo.mechanisms import campaigns, inspections, outside_records, task_forces, topics
from models import Affair, Case, table
from rules.facts import Refused
from services.affairs import sheet
from services.inspections import Found, Planned, Site, checklists, figures, find, hand_out, plan, written
from services.moves import Setting
from services.topics import topics as listed
from services.units.task_forces import forces
from tests.support.beside import does
from tests.support.sound import complaints
from tests.support.town import Town


def test_a_gentle_unit_gets_a_case_and_what_is_put_right_at_once_needs_no_paper(sqlite_town: Town) -> None:
    town = sqlite_town
    wanted = Planned("小区安全暗访", "", "estates", ("centre.duty", "centre.head"), (Site("晨光小区", "chenguang-estate", "chenguang"),))
    with town.context.database.unit_of_work() as session:
        duty, setting = town.actor("centre.duty"), Setting(town.now)
        assert set(checklists()) >= {"streets", "parking", "estates"}
        no = plan(session, wanted, duty, setting).no
    does(town, no, "begin_inspection", "centre.duty")
    with town.context.database.unit_of_work() as session:
        known = session.connection().execute(select(func.count()).select_from(table(Case))).scalar_one()
        stairs = Found("楼道堆物", "晨光小区3栋", "chenguang-estate", "stairs", area="chenguang", quantity=7, measure="处")
        first = find(session, no, stairs, duty, setting)
        assert (first.part, first.case_no) == (1, None), "no limit, nothing is handed out yet"
        again = written(session, no, 1, duty)
        assert (again.problem, again.item, again.quantity) == ("楼道堆物", "stairs", 7)
        for refusal, attempt in (
            ("unknown_item", lambda: find(session, no, Found("x", "y", "urban", "gone"), duty, setting)),
            ("unknown_unit", lambda: find(session, no, Found("x", "y", "nobody"), duty, setting)),
            ("limit_unreadable", lambda: hand_out(session, no, 1, Found("x", "y", "urban", due="soon"), duty, setting)),
            ("unknown_how", lambda: hand_out(session, no, 1, Found("x", "y", "urban", due="3wd", how="mail"), duty, setting)),
            ("no_such_finding", lambda: written(session, no, 9, duty)),
        ):
            with pytest.raises(Refused, match=refusal):
                attempt()
        done = hand_out(session, no, 1, Found("楼道堆物", "晨光小区3栋", "chenguang-estate", "stairs", "3wd", "chenguang"), duty, setting)
        assert (done.order, session.connection().execute(select(func.count()).select_from(table(Case))).scalar_one()) == (None, known + 1)
        on_spot = find(session, no, Found("飞线充电", "晨光小区5栋", "chenguang-estate", "charging", area="chenguang"), duty, setting)
    with pytest.raises(Refused, match="after_missing"):
        does(town, no, "correct_on_spot", "centre.duty", on_spot.part, result="当场拔除")
    does(town, no, "correct_on_spot", "centre.duty", on_spot.part, result="当场拔除", after=("线已收起",))
    does(town, no, "pass_recheck", "centre.head", on_spot.part, result="属实")
    does(town, no, "release_inspection", "centre.duty")
    with pytest.raises(Refused, match="findings_open"):
        does(town, no, "close_inspection", "centre.duty", result="早了")
    with town.context.database.unit_of_work() as session:
        found = figures(sheet(session, no).parts)
    assert (found.findings, found.handed_out, found.written_off, found.amounts) == (2, 2, 1, {"处": 7})
    assert complaints(town.context.database, town.now) == []


def test_the_demonstration_has_one_of_each_and_making_them_again_changes_nothing(sqlite_town: Town) -> None:
    town = sqlite_town
    counts = []
    for _ in range(2):
        for each in (topics, inspections, campaigns, outside_records, task_forces):
            with town.context.database.unit_of_work() as session:
                each.show(session, town.now)
        counts.append(
            town.rows(select(table(Affair).c.thing, func.count()).group_by(table(Affair).c.thing).order_by(table(Affair).c.thing))
        )
    assert counts[0] == counts[1]
    assert dict(tuple(row) for row in counts[0]) == {"campaign": 2, "inspection": 1, "record": 2, "topic": 1}
    town.turn()
    with town.context.database.unit_of_work() as session:
        assert [(row["state"], row["cases"]) for row in listed(session)] == [("approved", 3)]
        assert [row["code"] for row in forces(session)] == ["renewal"]
    assert complaints(town.context.database, town.now) == []
