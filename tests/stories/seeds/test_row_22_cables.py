"""空中缆线整治 (row 22): 1,100 spots handled by several operators together, a convention, before and after, money for what was done."""

import pytest
from sqlalchemy import func, select

from models import AffairPart, Clock, Evidence, table
from rules.facts import Refused
from services.campaigns import (
    Campaign,
    Claim,
    Done,
    Subsidy,
    add_tasks,
    check,
    claim,
    finish,
    move,
    open_campaign,
    progress,
    record,
    settle,
)
from services.moves import Setting
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town

SPOTS = 1100


def test_1100_spots_by_three_operators_with_a_convention_and_a_subsidy(town: Town) -> None:
    telecom, utility, municipal = (town.unit_id(code) for code in ("telecom", "utility", "municipal"))
    wanted = Campaign(
        "空中缆线序化",
        "先易后难，能入地的入地",
        unit="hubin-works",
        area="hubin",
        target="2027-06-30T18:00+08:00",
        measure="处",
        convention="谁的线谁整理；共杆共井，一家牵头，几家同步；新线不上天",
        operators=("telecom", "utility", "municipal"),
        subsidy=Subsidy(rate_fen=50_000, most_fen=40_000_000),
    )
    spot = {"unit": telecom, "with": [utility], "quantity": 1, "measure": "处", "before": "低垂、缠绕"}
    rows = [spot | {"title": f"缆线点位{n}", "place": f"湖滨路{n}号"} for n in range(1, SPOTS)]
    rows.append(spot | {"title": "过街低垂缆线", "with": [utility, municipal], "target": "3wd"})
    with town.context.database.unit_of_work() as session:
        clerk, setting = town.actor("hubin.clerk"), Setting(town.now)
        no = open_campaign(session, wanted, clerk, setting).no
        works = town.actor("hubin-works.clerk")
        add_tasks(session, no, rows, works, setting)
        move(session, no, "start_campaign", works, setting)
        for unit in ("telecom", "utility", "municipal"):
            move(session, no, "sign_convention", town.actor(f"{unit}.head"), setting)
        with pytest.raises(Refused, match="not_your_convention"):
            move(session, no, "sign_convention", town.actor("water.head"), setting)
    assert len(seen(town, no).affair["data"]["signed"]) == 3
    town.turn()
    assert sum(no in text for text in town.heard("telecom.clerk")) == 1, "1,100 lines are one message"
    running = select(func.count()).select_from(table(Clock)).where(table(Clock).c.stopped_at.is_(None))
    assert town.rows(running)[0][0] == 2, "the target of all, and the one spot that has its own day"
    _by_hand(town, no, SPOTS)
    _all_the_others(town, no)
    _money(town, no)
    with town.context.database.unit_of_work() as session:
        found = progress(session, no, town.now)
        finish(session, no, "1100 处全部序化", town.actor("hubin-works.head"), Setting(town.now))
    assert (found.tasks, found.states, found.done_bp, found.quantities) == (SPOTS, {"checked": SPOTS}, 10_000, {"处": (SPOTS, SPOTS)})
    assert found.money_fen == {"claimed": 0, "checked": 0, "paid": 40_000_000, "refused": 5_000_000}
    assert complaints(town.context.database, town.now) == []


def _by_hand(town: Town, no: str, part: int) -> None:
    """One spot as people do it: each operator its share, evidence before and after, sent back once, checked by another unit."""
    does(town, no, "work_on_task", "telecom.clerk", part, done=0, before=("低垂 3 米，缠绕成团",))
    with pytest.raises(Refused, match="not_your_task"):
        does(town, no, "finish_task", "utility.clerk", part, result="代办")
    with pytest.raises(Refused, match="shares_open"):
        does(town, no, "finish_task", "telecom.clerk", part, result="已整理")
    for unit in ("utility", "municipal"):
        does(town, no, "share_done", f"{unit}.clerk", part)
    does(town, no, "finish_task", "telecom.clerk", part, result="已入管", after=("入管后净空",))
    does(town, no, "send_back_task", "hubin-works.head", part, reason="北侧还有一股")
    does(town, no, "finish_task", "telecom.clerk", part, result="北侧已入管")
    shown = town.rows(select(table(Evidence).c.stage, table(Evidence).c.note).order_by(table(Evidence).c.id))
    assert [tuple(row) for row in shown] == [("before", "低垂 3 米，缠绕成团"), ("after", "入管后净空")]
    with town.context.database.unit_of_work() as session:
        check(session, no, [part], town.actor("hubin-works.head"), Setting(town.now))


def _all_the_others(town: Town, no: str) -> None:
    """A thousand lines come back as one list; those of the partner are done once it has said so."""
    with town.context.database.unit_of_work() as session:
        setting, others = Setting(town.now), range(1, SPOTS)
        part = table(AffairPart)
        lines = [Done(n, 1, "已捆扎入管") for n in others]
        record(session, no, lines, town.actor("telecom.clerk"), setting)
        states = session.connection().execute(select(part.c.state, func.count()).where(part.c.thing == "task").group_by(part.c.state))
        assert dict(tuple(row) for row in states) == {"open": SPOTS - 1, "checked": 1}, "its partner has not done its share"
        move(session, no, "share_lines", town.actor("utility.clerk"), setting, rows=[{"no": n} for n in others])
        check(session, no, list(others), town.actor("hubin-works.head"), setting)


def _money(town: Town, no: str) -> None:
    """以奖代补: never more than what was checked gives; one unit claims, another checks, a third person pays."""
    with town.context.database.unit_of_work() as session:
        setting, head = Setting(town.now), town.actor("telecom.head")
        with pytest.raises(Refused, match="claim_too_much"):
            claim(session, no, Claim(SPOTS + 1, 50_000), head, setting)
        with pytest.raises(Refused, match="subsidy_used_up"):
            claim(session, no, Claim(SPOTS, SPOTS * 50_000), head, setting)
        early = claim(session, no, Claim(100, 5_000_000, "没有验收单"), head, setting)
        move(session, no, "refuse_subsidy", town.actor("hubin-works.head"), setting, early, reason="没有验收单")
        part = claim(session, no, Claim(800, 40_000_000, "800 处序化", after=("验收单一份",)), head, setting)
        with pytest.raises(Refused, match="checks_own_work"):
            settle(session, no, part, town.actor("telecom.clerk"), setting, "自查", pay=False)
        settle(session, no, part, town.actor("hubin-works.clerk"), setting, "抽查 80 处属实", pay=False)
        with pytest.raises(Refused, match="pays_own_check"):
            settle(session, no, part, town.actor("hubin-works.clerk"), setting, "拨付", pay=True)
        settle(session, no, part, town.actor("hubin-works.head"), setting, "已拨付", pay=True)
