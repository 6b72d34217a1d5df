"""四不两直、一线工作法 (row 16): nobody is told; 15,540, 24,104 and 650 things are found, handed out on the spot, looked at again."""

import pytest
from sqlalchemy import func, select

from models import Affair, AffairPart, Case, Message, table
from rules.facts import Refused
from services.affairs import affairs, sheet
from services.inspections import Found, HandedOut, Planned, Site, figures, find, follow, plan, seen, visible
from services.moves import Setting
from tests.support.beside import does
from tests.support.sound import complaints
from tests.support.town import Town

STREETS = "湖滨路沿街"
PLAN = Planned(
    "湖滨街道街面秩序暗访",
    "不发通知、不打招呼、不听汇报、不用陪同接待，直奔基层、直插现场",
    "streets",
    ("chenghu.leader", "centre.head"),
    (Site(STREETS, "urban", "hubin"), Site("榕荫路菜市场周边", "sanitation", "rongyin"), Site("望海路口", "traffic", "wanghai")),
)


def planned(town: Town) -> str:
    with town.context.database.unit_of_work() as session:
        return plan(session, PLAN, town.actor("chenghu.leader"), Setting(town.now)).no


def finds(town: Town, no: str, found: Found, user: str = "chenghu.leader") -> HandedOut:
    with town.context.database.unit_of_work() as session:
        return find(session, no, found, town.actor(user), Setting(town.now))


def follows(town: Town) -> int:
    with town.context.database.unit_of_work() as session:
        return follow(session, town.now)


def hidden_from(town: Town, no: str, *users: str) -> None:
    """Nobody of the units that are inspected sees it in a list or by its number, or has heard a word of its plan."""
    words = (PLAN.name, PLAN.plan, *(site.place for site in PLAN.sites))
    with town.context.database.unit_of_work() as session:
        assert no not in [line.no for line in affairs(session)]
        for user in users:
            reader = town.actor(user)
            assert visible(session, reader) == [], user
            with pytest.raises(Refused, match="unknown_affair"):
                seen(session, no, reader)
            with pytest.raises(Refused, match="unknown_affair"):
                sheet(session, no, reader)
    for user in users:
        assert not [text for text in town.heard(user) if any(word in text for word in words) or no in text], user
    home = town.rows(select(table(Affair).c.case_id).where(table(Affair).c.no == no))[0].case_id
    file = town.case(home)
    assert not any(word in f"{file.subject}{file.body}{file.place}" for word in words), "nor does its case file say so"
    assert not any(word in str(entry.data) for entry in town.journal(home) for word in words), "nor does its journal"


def test_what_nobody_was_told_of_is_handed_out_on_the_spot_and_looked_at_again(town: Town) -> None:
    known = town.reports("沿街乱贴小广告，电线杆上都是", area="hubin")
    town.turn()
    with town.context.database.unit_of_work() as session:
        session.connection().execute(table(Case).update().where(table(Case).c.id == known).values(place=STREETS, category="B04"))
    no = planned(town)
    town.turn()
    inspected = ("urban.clerk", "urban.head", "urban-hubin.clerk", "sanitation.head", "traffic.clerk", "hubin-centre.duty")
    hidden_from(town, no, *inspected)
    with pytest.raises(Refused, match="not_an_inspector"):
        does(town, no, "begin_inspection", "urban.clerk")
    does(town, no, "begin_inspection", "centre.head")
    shops = Found("店外经营", STREETS, "urban", "overflow", "5wd", "hubin", 15540, "处", before=("三轮摊车压盲道，店招外摆两米",))
    cars = Found("机动车乱停放", "望海路口", "traffic", "", "3wd", "wanghai", 24104, "辆次", how="order", before=("占用消防通道",))
    posters = Found("乱贴小广告", STREETS, "urban", "posters", "2wd", "hubin", 650, "处", before=("电线杆底部成片",))
    first, second, third = finds(town, no, shops), finds(town, no, cars), finds(town, no, posters)
    assert (first.known, first.order) == (False, None)
    assert (third.known, third.case_no) == (True, town.case(known).no), "the case is open already: an order on it, no second one"
    assert len(town.supervision(known)) == 1
    hidden_from(town, no, "sanitation.head", "hubin-centre.duty")
    case = town.rows(select(table(Case)).where(table(Case).c.no == first.case_no))[0]
    assert (case.source, case.outside_due_at is not None, "15540处" in case.subject) == ("inspection", True, True)
    _put_right(town, no, first, second, known)
    does(town, no, "release_inspection", "chenghu.leader")
    town.turn()
    with town.context.database.unit_of_work() as session:
        assert seen(session, no, town.actor("urban.clerk")).affair["title"] == PLAN.name
    does(town, no, "close_inspection", "chenghu.leader", result="三类问题全部销号")
    parts = town.rows(select(table(AffairPart)).where(table(AffairPart).c.thing == "finding").order_by(table(AffairPart).c.no))
    assert [(p.quantity, p.done, p.measure) for p in parts] == [(15540, 15540, "处"), (24104, 24104, "辆次"), (650, 650, "处")]
    with town.context.database.unit_of_work() as session:
        found = figures(sheet(session, no).parts)
    assert (found.findings, sum(found.amounts.values()), found.written_off) == (3, 15540 + 24104 + 650, 3)
    cases = select(func.count()).select_from(table(Case)).where(table(Case).c.state != "beside")
    assert town.rows(cases)[0][0] == 3, "quantities, not cases"
    assert complaints(town.context.database, town.now) == []


def _put_right(town: Town, no: str, first: HandedOut, second: HandedOut, known: int) -> None:
    """Each unit answers once, at its case or order; the finding follows, and somebody else looks."""
    noted = town.rows(select(table(Case).c.id).where(table(Case).c.no == second.case_no))[0].id
    for case_id, unit in ((noted, "traffic"), (known, "urban")):
        town.sign(case_id, "sign", "chenghu.leader")
        town.sign(case_id, "reply", f"{unit}.clerk", result="已整改", after=["已清理，安排专人值守"])
    assert follows(town) == 2
    assert follows(town) == 0
    case_id = town.rows(select(table(Case).c.id).where(table(Case).c.no == first.case_no))[0].id
    town.without_photos()
    town.fast_forward(until=lambda: town.state(case_id) == "dispatched" or bool(town.orders(case_id)) or _climbs(town, case_id))
    for order in town.orders(case_id):
        if order.state == "sent":
            town.order(case_id, "acknowledge", f"{order.code}.clerk", order.code)
        town.order(case_id, "finish", f"{order.code}.clerk", order.code, result="店外经营已规范，摊位归店")
    town.turn()
    assert follows(town) == 1
    for part, looker in ((first.part, "centre.head"), (second.part, "centre.head")):
        with pytest.raises(Refused, match="rechecks_own_finding"):
            does(town, no, "pass_recheck", "chenghu.leader", part, result="自己看自己")
        does(town, no, "pass_recheck", looker, part, result="现场已整改")
    third = 3
    does(town, no, "fail_recheck", "centre.head", third, reason="背面还有")
    does(town, no, "report_corrected", "urban.clerk", third, result="背面已清除", after=("背面照片一张",))
    with pytest.raises(Refused, match="wrong_state"):
        does(town, no, "close_inspection", "chenghu.leader", result="早了")
    does(town, no, "pass_recheck", "centre.head", third, result="已清除")


def _climbs(town: Town, case_id: int) -> bool:
    """While a level holds it, the level hands it to the unit that answers for it."""
    if town.state(case_id) == "reporting":
        town.act(case_id, "dispatch", "centre.duty", lead=town.unit_id("urban"), co=())
    return False


def test_the_messages_of_a_plan_say_nothing_of_it(sqlite_town: Town) -> None:
    town = sqlite_town
    no = planned(town)
    town.turn()
    sent = town.rows(select(table(Message).c.wording).where(table(Message).c.wording.is_not(None)))
    assert [m for m in sent if no in m.wording], "the inspectors are told that they go"
    assert not [m for m in sent if PLAN.name in m.wording or any(s.place in m.wording for s in PLAN.sites)]
    own = Planned("x", "", "streets", ("urban.clerk",), (Site("湖滨路", "urban"),))
    with town.context.database.unit_of_work() as session:
        leader = town.actor("chenghu.leader")
        with pytest.raises(Refused, match="inspects_own_unit"):
            plan(session, own, leader, Setting(town.now))
