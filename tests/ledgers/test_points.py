"""Points for residents: what is booked and what is not, the ledger, caps, redeeming at once, taking back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from models import Case, Database, PointAccount, PointEntry, PointGoods, PointRedemption, Requester, Staff, table
from rules import handling
from rules.facts import Refused
from seeds import read
from services import mechanisms, points
from services.patrols import Resident
from services.points import Goods, Partner, Wish
from services.points.ledger import balance
from services.seeding import pretend_phone
from tests.support.together import together
from tests.support.town import START, Town

ANNA, BEN, MOTHER = "10000005001", "10000005002", "10000005003"
_case, _entry, _goods, _account = table(Case), table(PointEntry), table(PointGoods), table(PointAccount)
_redemption, _requester, _staff = table(PointRedemption), table(Requester), table(Staff)


def switched_on(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        mechanisms.switch(session, "points", town.actor("admin"), town.now, on=True)


def account_of(town: Town, resident: Resident) -> int:
    with town.context.database.unit_of_work() as session:
        return points.open_account(session, resident, town.actor("chenguang.clerk"), town.now)


def looks(town: Town) -> int:
    with town.context.database.unit_of_work() as session:
        return points.look(session, town.now)


def held(town: Town, account: int) -> int:
    with town.context.database.unit_of_work() as session:
        return balance(session, account)


def becomes(town: Town, case: int, **values: Any) -> None:
    """A case as the loop leaves it; how it comes there is told by the story."""
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(_case).where(_case.c.id == case).values(category="A03", **values))


def gives(town: Town, account: int, key: str) -> dict[str, Any]:
    with town.context.database.unit_of_work() as session:
        return points.give(session, account, "voluntary_work", key, "巡河", town.actor("chenguang.clerk"), town.now)


def shelf(town: Town, price: int = 2, stock: int = 1) -> None:
    with town.context.database.unit_of_work() as session:
        clerk = town.actor("chenguang.clerk")
        points.add_partner(session, Partner("mall", "爱心商城", "Shop", "南门"), clerk, town.now)
        points.add_partner(session, Partner("other", "别家", "Other", "北门"), clerk, town.now)
        points.add_goods(session, Goods("soap", "香皂", "Soap", "mall", price, stock), clerk, town.now)


# booking --------------------------------------------------------------------------------------------------------------


def test_each_outcome_counts_once_for_the_first_reporter_and_less_for_later_ones(town: Town) -> None:
    switched_on(town)
    anna, ben = account_of(town, Resident("安娜", ANNA)), account_of(town, Resident("本", BEN))
    first = town.reports("路灯不亮", phone=ANNA)
    again, later = town.reports("路灯又不亮", phone=ANNA), town.reports("路灯还是不亮", phone=BEN)
    for case in (again, later):
        becomes(town, case, state="merged", merged_into_id=first)
    becomes(town, first, state="handled")
    assert looks(town) == 0, "handled is not verified"
    becomes(town, first, state="fed_back")
    assert (looks(town), looks(town)) == (2, 0)
    assert (held(town, anna), held(town, ben)) == (5, 1), "one matter counts once for a person, and less for who came later"
    becomes(town, first, state="closed", solved=None)
    assert (looks(town), held(town, anna)) == (1, 8)
    refused = town.reports("路灯不亮了", phone=BEN)
    becomes(town, refused, state="closed", solved=False)
    assert (looks(town), held(town, ben)) == (1, 6), "true, and not solved"


def test_what_earns_nothing(sqlite_town: Town) -> None:
    town = sqlite_town
    before = town.reports("路灯不亮", phone=ANNA)
    town.now += timedelta(minutes=1)
    switched_on(town)
    anna = account_of(town, Resident("安娜", ANNA))
    ended = [town.reports(f"路灯不亮（{state}）", phone=ANNA) for state in ("declined", "diverted", "withdrawn", "terminated", "answered")]
    for case, state in zip(ended, ("declined", "diverted", "withdrawn", "terminated", "answered"), strict=True):
        becomes(town, case, state=state)
    hidden, others = town.reports("路灯不亮", phone=ANNA), town.reports("路灯不亮", phone="10000005009")
    becomes(town, hidden, state="fed_back", sensitive="minor")
    for case in (before, others):
        becomes(town, case, state="fed_back")
    slow = town.reports("路灯不亮很久了", phone=ANNA)
    town.now += timedelta(days=181)
    becomes(town, slow, state="fed_back")
    assert (looks(town), held(town, anna)) == (0, 0)


def test_whoever_works_here_earns_and_redeems_nothing_also_when_taken_on_later(sqlite_town: Town) -> None:
    town = sqlite_town
    switched_on(town)
    with pytest.raises(Refused, match="points_not_for_staff"):
        account_of(town, Resident("文员", pretend_phone("water.clerk")))
    with pytest.raises(Refused, match="points_not_for_staff"):
        account_of(town, Resident("孩子", None, "child", "文员", pretend_phone("water.clerk"), START.date()))
    anna = account_of(town, Resident("安娜", ANNA))
    gives(town, anna, "before")
    shelf(town)
    case = town.reports("路灯不亮", phone=ANNA)
    becomes(town, case, state="fed_back")
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(_staff).where(_staff.c.name == "water.clerk").values(phone=ANNA))
    assert looks(town) == 0
    with pytest.raises(Refused, match="points_not_for_staff"):
        gives(town, anna, "after")
    with town.context.database.unit_of_work() as session, pytest.raises(Refused, match="points_not_for_staff"):
        points.redeem(session, Wish(anna, "soap", ANNA), town.now)


def test_caps_hold_by_the_day_of_the_report(sqlite_town: Town) -> None:
    town = sqlite_town
    switched_on(town)
    anna = account_of(town, Resident("安娜", ANNA))
    cases = [town.reports(f"路灯不亮（{n}）", phone=ANNA) for n in range(7)]
    for case in cases[:3]:
        becomes(town, case, state="fed_back")
    looks(town)
    for case in cases:
        becomes(town, case, state="fed_back")
    town.now += timedelta(days=3)
    assert (looks(town), held(town, anna)) == (4, 20), "20 points a day, whenever they are booked"
    rows = [(row.points, row.note) for row in town.rows(select(_entry).order_by(_entry.c.id))]
    assert rows == [(5, "")] * 4 + [(0, "capped")] * 3, "what the cap took stands in the ledger with nothing"
    assert looks(town) == 0
    for n in range(4):
        given = gives(town, anna, f"walk {n}")
    assert (given["points"], given["balance"]) == (0, 26), "three times a day, by the rule"
    assert gives(town, anna, "walk 0") == {"points": 2, "known": True, "balance": 26}


# the ledger -----------------------------------------------------------------------------------------------------------


def test_the_ledger_is_append_only_whoever_writes(town: Town) -> None:
    switched_on(town)
    anna = account_of(town, Resident("安娜", ANNA))
    gives(town, anna, "walk")
    for change in (update(_entry).values(points=100), delete(_entry)):
        with pytest.raises(DatabaseError, match="append only"), town.context.database.unit_of_work() as session:
            session.connection().execute(change)
    assert held(town, anna) == 2


def test_two_engines_that_look_at_once_book_once(town: Town) -> None:
    switched_on(town)
    anna = account_of(town, Resident("安娜", ANNA))
    for n in range(3):
        becomes(town, town.reports(f"路灯不亮（{n}）", phone=ANNA), state="fed_back")
    assert sum(together([lambda: looks(town)] * 4)) == 3
    assert held(town, anna) == 15


def test_what_proved_false_is_taken_back_once_below_zero_too(town: Town) -> None:
    switched_on(town)
    anna = account_of(town, Resident("安娜", ANNA))
    shelf(town, price=5)
    first, part = town.reports("路灯不亮", phone=ANNA), town.reports("路灯又不亮", phone=BEN)
    ben = account_of(town, Resident("本", BEN))
    becomes(town, part, state="merged", merged_into_id=first)
    becomes(town, first, state="fed_back")
    looks(town)
    with town.context.database.unit_of_work() as session:
        points.redeem(session, Wish(anna, "soap", ANNA), town.now)
    becomes(town, first, state="voided")
    assert (looks(town), looks(town)) == (2, 0)
    assert (held(town, anna), held(town, ben)) == (-5, 0), "of whoever said the same as well"
    (entry,) = [row for row in town.rows(select(_entry)) if row.kind == "verified" and row.account_id == anna]
    head = town.actor("centre.head")
    with town.context.database.unit_of_work() as session:
        told = points.statement(session, anna, town.now)
        for refusal, number, why, actor in (
            ("points_reversed_already", entry.id, "appeal", head),
            ("points_not_reversible", entry.id + 1000, "appeal", head),
            ("points_why_unknown", entry.id, "anger", head),
            ("points_not_yours", entry.id, "appeal", town.actor("chenguang.clerk")),
        ):
            code = "unknown_points_entry" if number > 1000 else refusal
            with pytest.raises(Refused, match=code):
                points.reverse(session, number, why, "", actor, town.now)
    assert (told["balance"], told["below_zero"], told["boards"][0]["stamps"]) == (-5, True, 0)
    gives(town, anna, "walk")
    given = town.rows(select(_entry).where(_entry.c.kind == "given"))[0].id
    with town.context.database.unit_of_work() as session:
        back = points.reverse(session, given, "error", "记错了人", head, town.now)
    assert (back.points, back.balance, back.below_zero) == (2, -5, True)


def test_points_expire_only_where_a_rule_says_so_and_what_was_used_first_is_gone_first(sqlite_town: Town) -> None:
    town = sqlite_town
    switched_on(town)
    anna = account_of(town, Resident("安娜", ANNA))
    shelf(town, price=1)
    gives(town, anna, "old one")
    gives(town, anna, "old two")
    town.now += timedelta(days=40)
    gives(town, anna, "young")
    with town.context.database.unit_of_work() as session:
        points.redeem(session, Wish(anna, "soap", ANNA), town.now)
    assert (looks(town), held(town, anna)) == (0, 5), "never, as the program comes"
    rules = read("points.toml")
    with town.context.database.unit_of_work() as session:
        changed = {**rules, "scheme": {**rules["scheme"], "expire_days": 30}}
        assert points.publish(session, changed, town.now, "30 天", "admin", town.now) == 2
    assert (looks(town), looks(town), held(town, anna)) == (1, 0, 2), "4 were old, 1 of them was used"


# rules ----------------------------------------------------------------------------------------------------------------


def test_rules_come_in_versions_and_do_not_reach_back(sqlite_town: Town) -> None:
    town = sqlite_town
    switched_on(town)
    anna = account_of(town, Resident("安娜", ANNA))
    before = town.reports("路灯不亮", phone=ANNA)
    town.now += timedelta(days=1)
    rules = read("points.toml")
    dearer = {**rules, "rule": [{**rule, "points": 2 * rule["points"]} for rule in rules["rule"]]}
    with town.context.database.unit_of_work() as session:
        points.publish(session, dearer, town.now, "", "admin", town.now)
        with pytest.raises(Refused, match="points_scheme_past"):
            points.publish(session, dearer, town.now - timedelta(days=1), "", "admin", town.now)
        with pytest.raises(Refused, match="admins_only"):
            points.publish(session, dearer, town.now, "", "chenguang.clerk", town.now)
    after = town.reports("路灯又不亮", phone=ANNA)
    for case in (before, after):
        becomes(town, case, state="fed_back")
    looks(town)
    assert held(town, anna) == 5 + 10
    assert [row.scheme for row in town.rows(select(_entry).order_by(_entry.c.case_id))] == [1, 2]


@pytest.mark.parametrize(
    ("refusal", "place", "change"),
    [
        ("points_scheme_missing", "rule", lambda r: r.pop("rule")),
        ("points_scheme_number", "rule[2].points", lambda r: r["rule"][1].update(points=0)),
        ("points_scheme_unknown", "rule[1].board", lambda r: r["rule"][0].update(board="staff")),
        ("points_scheme_unknown", "rule[1].outcome", lambda r: r["rule"][0].update(outcome="online")),
        ("points_scheme_code", "board[1].code", lambda r: r["board"][0].update(code="社情")),
        ("points_scheme_twice", "true_report", lambda r: r["rule"].append(dict(r["rule"][1]))),
        ("points_scheme_list", "rule[1].urgencies", lambda r: r["rule"][0].update(urgencies="P0")),
    ],
)
def test_rules_that_cannot_be_used_are_refused_with_the_place(refusal: str, place: str, change: Callable[[dict[str, Any]], object]) -> None:
    from services.points.scheme import parsed

    rules = read("points.toml")
    change(rules)
    with pytest.raises(Refused, match=refusal) as refused:
        parsed(rules, 2)
    assert refused.value.details == {"at": place}


# redeeming ------------------------------------------------------------------------------------------------------------


def test_of_many_who_want_the_last_piece_at_once_one_gets_it(town: Town) -> None:
    switched_on(town)
    shelf(town)
    phones = [f"1000000510{n}" for n in range(4)]
    accounts = [account_of(town, Resident("居民", phone)) for phone in phones]
    for account in accounts:
        gives(town, account, "walk")

    def tries(account: int, phone: str) -> str:
        try:
            with town.context.database.unit_of_work() as session:
                points.redeem(session, Wish(account, "soap", phone), town.now)
        except Refused as refused:
            return refused.code
        return "got it"

    outcomes = together([lambda a=a, p=p: tries(a, p) for a, p in zip(accounts, phones, strict=True)])
    assert sorted(outcomes) == ["got it", *["points_sold_out"] * 3]
    assert town.rows(select(_goods.c.stock))[0].stock == 0
    assert sorted(held(town, account) for account in accounts) == [0, 2, 2, 2]


def test_one_account_does_not_spend_the_same_points_twice_at_once(town: Town) -> None:
    switched_on(town)
    shelf(town, stock=9)
    anna = account_of(town, Resident("安娜", ANNA))
    gives(town, anna, "walk")
    with town.context.database.unit_of_work() as session:
        points.add_goods(session, Goods("tea", "茶叶", "Tea", "mall", 2, 9), town.actor("chenguang.clerk"), town.now)

    def tries(goods: str, key: str) -> str:
        try:
            with town.context.database.unit_of_work() as session:
                points.redeem(session, Wish(anna, goods, ANNA, key=key), town.now)
        except Refused as refused:
            return refused.code
        return key

    outcomes = together([lambda g=g, k=k: tries(g, k) for g, k in (("soap", "a"), ("tea", "b"), ("soap", "c"), ("tea", "d"))])
    assert outcomes.count("points_short") == 3
    assert (held(town, anna), sum(row.stock for row in town.rows(select(_goods.c.stock)))) == (0, 17)
    (done,) = (each for each in outcomes if each != "points_short")
    goods = "soap" if done in "ac" else "tea"
    with town.context.database.unit_of_work() as session:
        again = points.redeem(session, Wish(anna, goods, ANNA, key=done), town.now)
    assert (again.known, again.balance, len(town.rows(select(_redemption)))) == (True, 0, 1), "the same wish twice is one"


def test_handed_over_against_a_code_or_cancelled_with_both_given_back(sqlite_town: Town) -> None:
    town = sqlite_town
    switched_on(town)
    shelf(town, stock=3)
    anna = account_of(town, Resident("安娜", ANNA))
    for n in range(3):
        gives(town, anna, f"walk {n}")
    with town.context.database.unit_of_work() as session:
        box, other = (points.redeem(session, Wish(anna, "soap", ANNA, quantity=n), town.now) for n in (1, 2))
        for refusal, act in (
            ("points_code_unknown", lambda: points.confirm(session, box.number, "AAAA-AAAA", "mall", town.now)),
            ("points_other_partner", lambda: points.confirm(session, box.number, box.code, "other", town.now)),
            ("unknown_points_redemption", lambda: points.confirm(session, 99, box.code, "mall", town.now)),
            ("points_not_holder", lambda: points.cancel(session, other.number, town.now, phone=BEN)),
            ("points_short", lambda: points.redeem(session, Wish(anna, "soap", ANNA), town.now)),
            ("points_quantity", lambda: points.redeem(session, Wish(anna, "soap", ANNA, quantity=-1), town.now)),
        ):
            with pytest.raises(Refused, match=refusal):
                act()
        points.confirm(session, box.number, f" {box.code.lower().replace('-', ' ')} ", "mall", town.now)
        assert points.cancel(session, other.number, town.now, phone=ANNA, why="不要了") == 4
        for again in (
            lambda: points.cancel(session, box.number, town.now, phone=ANNA),
            lambda: points.cancel(session, other.number, town.now, phone=ANNA),
            lambda: points.confirm(session, box.number, box.code, "mall", town.now),
        ):
            with pytest.raises(Refused, match="points_not_reserved"):
                again()
    assert (held(town, anna), town.rows(select(_goods.c.stock))[0].stock) == (4, 2)
    assert [row.state for row in town.rows(select(_redemption).order_by(_redemption.c.id))] == ["handed_over", "cancelled"]
    with town.context.database.unit_of_work() as session:
        points.close_goods(session, "soap", town.actor("chenguang.clerk"), town.now)
        with pytest.raises(Refused, match="points_goods_closed"):
            points.redeem(session, Wish(anna, "soap", ANNA), town.now)
        assert points.restock(session, "soap", 3, town.actor("chenguang.clerk"), town.now) == 5
        with pytest.raises(Refused, match="points_number_wrong"):
            points.restock(session, "soap", -6, town.actor("chenguang.clerk"), town.now)


def test_a_minors_account_is_the_guardians_to_use(sqlite_town: Town) -> None:
    town = sqlite_town
    switched_on(town)
    shelf(town)
    child = Resident("孩子", BEN, "youth", "妈妈", MOTHER, date(2026, 11, 1))
    with pytest.raises(Refused, match="guardian_missing"):
        account_of(town, replace(child, consented_on=None))
    account = account_of(town, child)
    assert account_of(town, child) == account, "there is one account for a person"
    gives(town, account, "walk")
    with town.context.database.unit_of_work() as session:
        with pytest.raises(Refused, match="points_guardian_only"):
            points.redeem(session, Wish(account, "soap", BEN), town.now)
        assert points.redeem(session, Wish(account, "soap", MOTHER), town.now).balance == 0
        with pytest.raises(Refused, match="points_guardian_only"):
            points.cancel(session, 1, town.now, phone=BEN)
        points.close_account(session, account, town.actor("chenguang.clerk"), town.now)
    with pytest.raises(Refused, match="points_account_closed"):
        gives(town, account, "more")


# off ------------------------------------------------------------------------------------------------------------------


def test_the_law_asks_for_it_off_by_default(sqlite_database: Database) -> None:
    assert not handling.HANDLING["points"].on
    with sqlite_database.unit_of_work() as session:
        assert points.look(session, START) == 0
        for act in (lambda: points.offered(session), lambda: points.boards(session, START)):
            with pytest.raises(Refused, match="mechanism_off"):
                act()
