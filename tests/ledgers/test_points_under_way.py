"""Points: what goes on while they are switched off, expiry beside redeeming, who comes of age, a case that becomes sensitive."""

import json
import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models import AdminEntry, PointAccount, PointEntry, table
from rules.facts import Refused
from seeds import read
from services import mechanisms, patrols, points
from services.patrols import Opening, Resident
from services.points import Goods, Partner, Wish
from tests.ledgers.test_points import ANNA, BEN, MOTHER, account_of, becomes, gives, held, looks, shelf, switched_on
from tests.support.town import Town

_account, _entry, _admin = table(PointAccount), table(PointEntry), table(AdminEntry)


def switches_off(town: Town, code: str) -> None:
    with town.context.database.unit_of_work() as session:
        assert mechanisms.switch(session, code, town.actor("admin"), town.now, on=False)


def test_what_is_under_way_goes_on_when_points_are_switched_off_and_nothing_begins(town: Town) -> None:
    switched_on(town)
    anna = account_of(town, Resident("安娜", ANNA))
    shelf(town, price=1, stock=9)
    gives(town, anna, "walk")
    with town.context.database.unit_of_work() as session:
        box, other = (points.redeem(session, Wish(anna, "soap", ANNA), town.now) for _ in range(2))
    switches_off(town, "points")
    clerk, given = town.actor("chenguang.clerk"), town.rows(select(_entry.c.id).where(_entry.c.kind == "given"))[0].id
    with town.context.database.unit_of_work() as session:
        points.confirm(session, box.number, box.code, "mall", town.now)
        assert points.cancel(session, other.number, town.now, phone=ANNA) == 1
        assert points.reverse(session, given, "error", "", town.actor("centre.head"), town.now).balance == -1
        assert points.statement(session, anna, town.now)["balance"] == -1
        assert [row["state"] for row in points.redemptions(session, account_id=anna)] == ["cancelled", "handed_over"]
        points.close_goods(session, "soap", clerk, town.now)
        points.close_account(session, anna, clerk, town.now)
        assert points.listed(session)[0]["closed_at"] == town.now
        for begins in (
            lambda: points.open_account(session, Resident("本", BEN), clerk, town.now),
            lambda: points.open_for_member(session, 1, clerk, town.now),
            lambda: points.give(session, anna, "voluntary_work", "k", "", clerk, town.now),
            lambda: points.redeem(session, Wish(anna, "soap", ANNA), town.now),
            lambda: points.publish(session, read("points.toml"), town.now, "", "admin", town.now),
            lambda: points.add_partner(session, Partner("new", "新店", "New", "西门"), clerk, town.now),
            lambda: points.add_goods(session, Goods("tea", "茶", "Tea", "mall", 1, 1), clerk, town.now),
            lambda: points.restock(session, "soap", 1, clerk, town.now),
        ):
            with pytest.raises(Refused, match="mechanism_off"):
                begins()


def test_a_member_leaves_and_reads_on_when_patrols_are_switched_off(town: Town) -> None:
    clerk = town.actor("chenguang.clerk")
    with town.context.database.unit_of_work() as session:
        patrols.open_group(session, Opening("bees", "小蜜蜂", "Bees", "chenguang", kind="courier"), clerk, town.now)
        number = patrols.join(session, "bees", Resident("骑手", ANNA), clerk, town.now)
    switches_off(town, "patrols")
    with town.context.database.unit_of_work() as session:
        assert patrols.reports_of(session, number) == []
        assert patrols.of_member(session, number)[0].reported == 0
        patrols.leave(session, number, clerk, town.now, "不想参加了")
        assert patrols.members(session, "bees") == []
        with pytest.raises(Refused, match="mechanism_off"):
            patrols.join(session, "bees", Resident("骑手", ANNA), clerk, town.now)
        patrols.close(session, "group", "bees", clerk, town.now)


def test_expiry_waits_for_who_is_redeeming_and_takes_nothing_twice(town: Town) -> None:
    switched_on(town)
    rules = read("points.toml")
    with town.context.database.unit_of_work() as session:
        points.publish(session, {**rules, "scheme": {**rules["scheme"], "expire_days": 30}}, town.now, "", "admin", town.now)
    anna = account_of(town, Resident("安娜", ANNA))
    shelf(town, price=6, stock=1)
    for n in range(3):
        gives(town, anna, f"walk {n}")
    town.now += timedelta(days=40)
    expires = threading.Thread(target=lambda: looks(town))
    with town.context.database.unit_of_work() as session:
        points.redeem(session, Wish(anna, "soap", ANNA), town.now)
        expires.start()
        expires.join(1)  # long enough to take the points, if it does not wait
    expires.join(60)
    assert not expires.is_alive()
    assert held(town, anna) == 0
    assert [row.points for row in town.rows(select(_entry).where(_entry.c.kind.in_(("redeemed", "expired"))))] == [-6]


def test_who_comes_of_age_or_has_another_guardian_is_on_record_as_that(town: Town) -> None:
    switched_on(town)
    shelf(town, stock=2)
    youth = Resident("小明", BEN, "youth", "妈妈", MOTHER, date(2026, 11, 1))
    account = account_of(town, youth)
    for n in range(2):
        gives(town, account, f"walk {n}")
    father = "10000005004"
    assert account_of(town, Resident("小明", BEN, "youth", "爸爸", father, date(2026, 11, 2))) == account
    with town.context.database.unit_of_work() as session:
        with pytest.raises(Refused, match="points_guardian_only"):
            points.redeem(session, Wish(account, "soap", MOTHER), town.now)
        points.redeem(session, Wish(account, "soap", father), town.now)
    for grown in (Resident("小明", BEN), Resident("小明", BEN), youth):
        assert account_of(town, grown) == account
    (row,) = town.rows(select(_account))
    assert (row.age, row.guardian_id, row.consented_on, held(town, account)) == ("adult", None, None, 2)
    with town.context.database.unit_of_work() as session:
        assert points.redeem(session, Wish(account, "soap", BEN), town.now).balance == 0
    said = [entry.data for entry in town.rows(select(_admin).where(_admin.c.action == "points_account_changed").order_by(_admin.c.id))]
    assert [(d["before"], d["age"], d["other_guardian"], d["consented"]) for d in said] == [
        ("youth", "youth", True, "2026-11-02"),
        ("youth", "adult", True, None),
    ]
    assert father not in json.dumps(said)


def test_the_statement_does_not_name_a_case_that_has_become_sensitive(town: Town) -> None:
    switched_on(town)
    anna, ben = account_of(town, Resident("安娜", ANNA)), account_of(town, Resident("本", BEN))
    hidden, open_, part = town.reports("路灯不亮", phone=ANNA), town.reports("又不亮", phone=ANNA), town.reports("我也看到了", phone=BEN)
    becomes(town, part, state="merged", merged_into_id=hidden)
    for case in (hidden, open_):
        becomes(town, case, state="fed_back")
    looks(town)
    becomes(town, hidden, sensitive="minor", readers=[])
    with town.context.database.unit_of_work() as session:
        told, later = (points.statement(session, account, town.now) for account in (anna, ben))
    by_case = {entry["case_id"]: (entry["points"], entry["key"]) for entry in told["entries"]}
    assert by_case == {None: (5, ""), open_: (5, f"verified:{open_}:{anna}")}
    assert [(e["case_id"], e["key"], e["points"]) for e in later["entries"]] == [(None, "", 1)], "nor one that it became part of"
    assert told["balance"] == 10
