"""一场一策一专班 (row 21): 27 markets, each with its policy and its task force, and 14 supermarkets; 75 demolitions of 2,330 m² (row 1)."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from models import Affair, AffairPart, Clock, table
from rules.facts import Refused
from services.campaigns import (
    Campaign,
    Done,
    add_tasks,
    check,
    finish,
    lines_of,
    move,
    open_campaign,
    open_project,
    open_projects,
    progress,
    projects,
    projects_of,
    record,
)
from services.catalogue import catalogue
from services.moves import Setting
from services.people.addresses import set_addresses
from services.seeding import pretend_phone
from services.units.task_forces import Force, set_up
from tests.support.sound import complaints
from tests.support.town import Town

MARKETS = 27
SHOPS = 14


def test_27_markets_have_a_policy_and_a_task_force_each_and_14_supermarkets_are_lines_of_one_project(town: Town, tmp_path: Path) -> None:
    table_of = tmp_path / "markets.csv"
    rows = [f"第{n}农贸市场,一场一策：{n}号方案,hubin,force-{n:02d},第{n}农贸市场整治专班,2027-03-31" for n in range(1, MARKETS + 1)]
    table_of.write_text("\n".join(("名称,方案,area,专班代码,专班名称,完成期限", *rows)), encoding="utf-8")
    with town.context.database.unit_of_work() as session:
        by, setting, known = town.actor("centre.duty"), Setting(town.now), catalogue(session)
        top = open_campaign(session, Campaign("农贸市场提升改造", "任务项目化、项目清单化、清单具体化", unit="market"), by, setting).no
        listed = projects_of(table_of, known)
        forces = [Force(i.force, i.force_name, i.force, "hubin", i.until) for i in listed if i.force and i.force_name and i.until]
        set_up(session, forces, "admin", town.now)
        for force in forces:
            for post in ("clerk", "head"):
                user = f"{force.code}.{post}"
                set_addresses(session, user, {"phone": pretend_phone(user), "email": f"{user}@example.cn"}, "admin", town.now)
    with town.context.database.unit_of_work() as session:
        began = open_projects(session, top, [i.project for i in listed], by, setting)
        shops = open_project(session, top, Campaign("大型超市规范", "一店一策", unit="market", target="60wd"), by, setting).no
        head = town.actor("market.head")
        rows_of = [{"title": f"第{n}家超市", "unit": town.unit_id("market"), "quantity": 1, "measure": "家"} for n in range(1, SHOPS + 1)]
        add_tasks(session, shops, rows_of, head, setting)
        lead = town.actor("force-01.clerk")
        stalls = {"title": "划线归位", "unit": town.unit_id("force-01"), "quantity": 120, "measure": "摊"}
        add_tasks(session, began[0].no, [stalls], lead, setting)
        for each in (top, shops, *(b.no for b in began)):
            move(session, each, "start_campaign", by, setting)
        record(session, shops, [Done(no, 1) for no in range(1, SHOPS + 1)], head, setting)
        with pytest.raises(Refused, match="checks_own_task"):
            check(session, shops, [1], town.actor("market.head"), setting)
        check(session, shops, list(range(1, SHOPS + 1)), town.actor("centre.duty"), setting, "现场看过")
        finish(session, shops, "14 家全部规范", head, setting)
    with town.context.database.unit_of_work() as session:
        found, below = progress(session, top, town.now), projects(session, top)
    assert (found.projects, found.projects_done, found.quantities) == (MARKETS + 1, 1, {"家": (14, 14), "摊": (0, 120)})
    units = {row["unit_id"] for row in below if row["title"].endswith("农贸市场")}
    assert (len(units), {row["body"] for row in below} >= {"一场一策：1号方案", "一场一策：27号方案"}) == (MARKETS, True)
    town.turn()
    assert any(began[0].no in text for text in town.heard("force-01.clerk")), "its task force hears of its lines"
    with town.context.database.unit_of_work() as session, pytest.raises(Refused, match="projects_open"):
        finish(session, top, "早了", town.actor("market.head"), Setting(town.now))
    assert complaints(town.context.database, town.now) == []


def test_75_demolitions_of_2330_square_metres_are_a_list_and_a_wrong_row_sends_all_of_it_back(town: Town, tmp_path: Path) -> None:
    listed = tmp_path / "demolitions.csv"
    areas = [31] * 74 + [2330 - 31 * 74]
    head = "名称,单位,数量,计量单位,方案,整治前"
    rows = [f"{n}号违建,城管,{m2},m²,一户一策：自行拆除，助拆清运,搭建 {m2} m²" for n, m2 in enumerate(areas, start=1)]
    with town.context.database.unit_of_work() as session:
        actor, setting, known = town.actor("hubin.clerk"), Setting(town.now), catalogue(session)
        no = open_campaign(session, Campaign("拆违攻坚", "零补偿零上访", area="hubin", target="2027-01-31T18:00+08:00"), actor, setting).no
        listed.write_text("\n".join((head, *rows)), encoding="utf-8")
        with pytest.raises(Refused, match="list_row_wrong") as refused:
            lines_of(listed, known)
        assert (refused.value.details["line"], refused.value.details["field"]) == (2, "unit")
        listed.write_text("\n".join((head, *rows)).replace(",城管,", ",urban,"), encoding="utf-8")
        add_tasks(session, no, lines_of(listed, known), actor, setting)
        move(session, no, "start_campaign", actor, setting)
        everything = [Done(n, m2, "已拆除清运，恢复原貌") for n, m2 in enumerate(areas, start=1)]
        record(session, no, everything, town.actor("urban.clerk"), setting)
        check(session, no, list(range(1, 76)), actor, setting)
        finish(session, no, "75 处 2330 平方米全部拆除", actor, setting)
    part = table(AffairPart)
    (read,) = town.rows(select(func.count(), func.sum(part.c.done)).where(part.c.thing == "task", part.c.state == "checked"))
    assert tuple(read) == (75, 2330)
    assert town.rows(select(table(Affair).c.state).where(table(Affair).c.no == no))[0].state == "done"
    assert town.rows(select(func.count()).select_from(table(Clock)).where(table(Clock).c.stopped_at.is_(None)))[0][0] == 0
    assert complaints(town.context.database, town.now) == []
