"""积分·文明存折 (row 17): off until an administrator says so, for residents only, by verified outcome, taken back where it proves false."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import PointEntry, table
from rules.facts import Refused
from rules.handling import HANDLING
from services import mechanisms, patrols, points
from services.moves import Setting
from services.patrols import Line, Opening, Resident
from services.points import Goods, Partner, Wish
from services.points.ledger import balance
from tests.support.rated import code, done, rates
from tests.support.sound import complaints
from tests.support.town import Town

MOTHER, CHILD, RIDER = "10000003001", "10000003002", "10000003003"
_entry = table(PointEntry)


def looks(town: Town) -> int:
    """The engine's patrol looks."""
    with town.context.database.unit_of_work() as session:
        return points.look(session, town.now)


def held(town: Town, account: int) -> int:
    with town.context.database.unit_of_work() as session:
        return balance(session, account)


def sees(town: Town, member: int, text: str) -> int:
    with town.context.database.unit_of_work() as session:
        (case,) = patrols.report(session, [Line(member, text, "chenguang-1")], Setting(town.now))
    town.turn()
    return case.case_id


def solved(town: Town, case: int, phone: str) -> None:
    """The unit does it, somebody else looks, the member says that it is solved."""
    if town.state(case) == "reporting":
        town.act(case, "dispatch", "centre.duty", lead=town.unit_id("water"))
    done(town, case)
    rates(town, case, code(town, case, phone), True, score=5)
    town.turn()
    assert town.state(case) == "closed"


def test_points_by_outcome_for_residents_only(town: Town) -> None:
    town.without_photos()
    with town.context.database.unit_of_work() as session:
        clerk = town.actor("chenguang.clerk")
        patrols.open_group(session, Opening("bees", "小蜜蜂", "Little Bees", "chenguang", kind="courier"), clerk, town.now)
        patrols.open_group(session, Opening("hihi", "小嗨嗨", "Little Helpers", "chenguang", kind="children"), clerk, town.now)
        rider = patrols.join(session, "bees", Resident("骑手", RIDER), clerk, town.now)
        girl = Resident("小雨", CHILD, "child", "小雨妈妈", MOTHER, town.now.date())
        child = patrols.join(session, "hihi", girl, clerk, town.now)

    # off by default: nothing is opened, nothing is booked, nothing is redeemed
    assert not HANDLING["points"].on
    early = sees(town, rider, "5号楼前下水道堵了，污水外溢")
    solved(town, early, RIDER)
    with town.context.database.unit_of_work() as session:
        for refused in (
            lambda: points.open_for_member(session, rider, clerk, town.now),
            lambda: points.redeem(session, Wish(1, "soap", RIDER), town.now),
            lambda: points.boards(session, town.now),
        ):
            with pytest.raises(Refused, match="mechanism_off"):
                refused()
    assert (looks(town), town.rows(select(_entry))) == (0, [])

    town.now += timedelta(hours=1)
    # an administrator switches them on; from here on accounts earn by verified outcome
    with town.context.database.unit_of_work() as session:
        mechanisms.switch(session, "points", town.actor("admin"), town.now, on=True)
    with town.context.database.unit_of_work() as session:
        of_rider = points.open_for_member(session, rider, clerk, town.now)
        of_child = points.open_for_member(session, child, clerk, town.now, consented_on=town.now.date())
        with pytest.raises(Refused, match="points_not_for_staff"):
            points.open_account(session, Resident("水务文员", staff_phone(town, "water.clerk")), clerk, town.now)
        points.add_partner(session, Partner("mall", "爱心商城", "Kindness Shop", "晨光小区南门"), clerk, town.now)
        points.add_goods(session, Goods("pencils", "铅笔一盒", "A box of pencils", "mall", 8, 3), clerk, town.now)
    town.now += timedelta(days=1)
    first, of_girl = sees(town, rider, "7号楼前下水道堵了，污水外溢"), sees(town, child, "操场边下水道堵了，臭水外溢")
    assert looks(town) == 0, "handing in earns nothing"
    for case, phone in ((first, RIDER), (of_girl, CHILD)):
        solved(town, case, phone)
    assert looks(town) == 4
    assert looks(town) == 0, "the same event counts once"
    assert (held(town, of_rider), held(town, of_child)) == (8, 8), "found true 5, solved 3"
    with town.context.database.unit_of_work() as session:
        given = points.give(session, of_rider, "voluntary_work", "river walk", "河道志愿巡护", clerk, town.now)
        civic, service = points.boards(session, town.now)
    assert (given["balance"], civic.points, service.points) == (10, 16, 2), "two boards: what people see, voluntary work"

    # a child redeems through the guardian only; the partner checks the code
    with town.context.database.unit_of_work() as session:
        with pytest.raises(Refused, match="points_guardian_only"):
            points.redeem(session, Wish(of_child, "pencils", CHILD), town.now)
        box = points.redeem(session, Wish(of_child, "pencils", MOTHER), town.now)
        points.confirm(session, box.number, box.code.lower(), "mall", town.now)
        spent = points.redeem(session, Wish(of_rider, "pencils", RIDER), town.now)
    assert (box.balance, spent.balance) == (0, 2)

    # the rider's report proves false: the case is reopened and voided by two people
    town.act(first, "reopen", "centre.duty", reason="查看监控，污水是他自己倒的")
    town.act(first, "ask_void", "centre.duty", reason="虚假反映")
    town.request(first, "confirm_end", "centre.head")
    assert town.state(first) == "voided"
    assert (looks(town), looks(town)) == (2, 0), "taken back once"
    with town.context.database.unit_of_work() as session:
        told = points.statement(session, of_rider, town.now)
    assert (told["balance"], told["below_zero"]) == (-6, True), "what was spent already is owed, and said so"

    # the ledger, read back: every balance is the sum of its entries; nobody was told by short message
    sums = {
        row.account_id: row.n for row in town.rows(select(_entry.c.account_id, func.sum(_entry.c.points).label("n")).group_by("account_id"))
    }
    assert sums == {of_rider: 5 + 3 + 2 - 8 - 5 - 3, of_child: 5 + 3 - 8}
    assert not any("积分" in text for phone in (RIDER, CHILD) for text in town.heard(f"resident:{phone}"))
    assert complaints(town.context.database, town.now) == []


def staff_phone(town: Town, user: str) -> str:
    from services.seeding import pretend_phone

    return pretend_phone(user)
