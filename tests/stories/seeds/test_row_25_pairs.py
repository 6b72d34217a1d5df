"""交警分类施策 (row 25): 171,000 parking offences and 1,000 new bays are two sides of one plan; hot spots show by themselves."""

import pytest
from sqlalchemy import select, update

from models import Affair, Case, table
from rules.facts import Refused
from services.campaigns import Action, Campaign, Done, check, finish, move, open_campaign, progress, record
from services.moves import Setting
from services.topics import detect, topic_of
from tests.support.sound import complaints
from tests.support.town import Town

OFFENCES, BAYS = 171_000, 1000
SPOT = "湖滨路湖心小学门口"


def test_enforcing_counts_only_with_the_bays_that_make_room(town: Town) -> None:
    cases = [town.reports("小车乱停在人行道上，机动车乱停乱放", area="huxin-1", phone=f"1000000{n:04d}") for n in range(1, 6)]
    town.turn()
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(table(Case)).where(table(Case).c.id.in_(cases)).values(place=SPOT, category="C03"))
    with town.context.database.unit_of_work() as session:
        (topic,) = detect(session, town.now)
    with town.context.database.unit_of_work() as session:
        row, members = topic_of(session, topic)
        assert (row["place"], row["category"], len(members), row["unit_id"]) == (SPOT, "C03", 5, town.unit_id("traffic"))
        actor, setting = town.actor("centre.duty"), Setting(town.now)
        actions = {
            "enforce": Action("traffic", OFFENCES, "起", plan="分类施策：先提醒，后处罚"),
            "make_room": Action("hubin-works", BAYS, "个", target="2027-01-29T18:00+08:00", plan="错峰停车，挖潜增设泊位"),
        }
        no = open_campaign(session, Campaign("停车秩序", template="block_and_open", actions=actions, unit="traffic"), actor, setting).no
        move(session, no, "start_campaign", actor, setting)
        record(session, no, [Done(1, OFFENCES)], town.actor("traffic.clerk"), setting)
        check(session, no, [1], actor, setting)
        found = progress(session, no, town.now)
        assert (found.quantities, len(found.pairs_open)) == ({"起": (OFFENCES, OFFENCES), "个": (0, BAYS)}, 1)
    with town.context.database.unit_of_work() as session:
        actor, setting = town.actor("centre.duty"), Setting(town.now)
        move(session, no, "drop_task", town.actor("traffic.clerk"), setting, 2, reason="没有地方")
        with pytest.raises(Refused, match="pair_open"):
            finish(session, no, "只堵不疏", town.actor("traffic.head"), setting)
        session.rollback()
    with town.context.database.unit_of_work() as session:
        actor, setting = town.actor("centre.duty"), Setting(town.now)
        record(session, no, [Done(2, BAYS)], town.actor("hubin-works.clerk"), setting)
        check(session, no, [2], actor, setting)
        finish(session, no, "堵疏结合，17.1 万起、1000 个泊位", town.actor("traffic.head"), setting)
        found = progress(session, no, town.now)
    assert (found.quantities, found.pairs_open, found.done_bp) == ({"起": (OFFENCES, OFFENCES), "个": (BAYS, BAYS)}, [], 10_000)
    assert town.rows(select(table(Affair).c.state).where(table(Affair).c.no == no))[0].state == "done"
    assert complaints(town.context.database, town.now) == []
