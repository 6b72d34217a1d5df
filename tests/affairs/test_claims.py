"""Orders in the pool: never more than is left however many claim at once, what is cut and split, who may pair, what is refused."""

from datetime import timedelta

import pytest

from demo.mechanisms import claims, enterprises, errands, households
from models import Database
from rules import handling
from rules.facts import Refused
from services.affairs import affairs
from services.affairs.acting import Ask, act
from services.catalogue import catalogue
from services.claims_pool import Line, Order, end_pair, figures, pair, pairs, parse_line, post
from services.mechanisms import switch
from services.moves import Conflict, Setting
from tests.support.beside import does, part_of, seen
from tests.support.sound import complaints
from tests.support.together import together
from tests.support.town import START, Town

TEN = Order("要10把椅子", (Line("椅子", 10, "把"),), area="chenguang")


def posted(town: Town, order: Order, user: str = "chenguang.clerk") -> str:
    with town.context.database.unit_of_work() as session:
        return post(session, order, town.actor(user), Setting(town.now)).no


def test_many_claim_at_once_and_never_more_than_is_left(database: Database) -> None:
    units = ("urban", "municipal", "housing", "market", "justice")
    with database.unit_of_work() as session:
        no = post(session, TEN, catalogue(session).actor("chenguang.clerk"), Setting(START)).no

    def claim(unit: str) -> str:
        for _ in range(5):
            try:
                with database.unit_of_work() as session:
                    actor = catalogue(session).actor(f"{unit}.clerk")
                    act(session, Ask(no, "claim", None, {"quantity": 4}), actor, Setting(START + timedelta(minutes=1)))
            except Refused as refused:
                return refused.code
            except Conflict:
                continue
            return "claimed"
        return "conflict"

    outcomes = together([lambda unit=unit: claim(unit) for unit in units])
    assert sorted(outcomes) == ["claimed", "claimed", "more_than_left", "more_than_left", "more_than_left"]
    with database.unit_of_work() as session:
        assert figures(session, no)[0].pledged == 8
    assert complaints(database, START) == []


def test_what_nobody_takes_is_split_or_cut(sqlite_town: Town) -> None:
    town = sqlite_town
    town.turn()
    no = posted(town, TEN)
    does(town, no, "claim", "urban.clerk", quantity=3)
    with pytest.raises(Refused, match="pledges_live"):
        does(town, no, "withdraw_order", "chenguang.clerk", reason="不要了")
    with pytest.raises(Refused, match="split_not_equal"):
        does(town, no, "split_order", "chenguang.clerk", lines=({"title": "靠背椅", "quantity": 4},))
    does(town, no, "split_order", "chenguang.clerk", lines=({"title": "靠背椅", "quantity": 4}, {"title": "长凳", "quantity": 3}))
    assert [(p["title"], p["quantity"], p["state"]) for p in seen(town, no).parts if p["thing"] == "want"] == [
        ("椅子", 3, "covered"),
        ("靠背椅", 4, "wanted"),
        ("长凳", 3, "wanted"),
    ]
    mine = part_of(town, no, "urban")
    does(town, no, "deliver", "urban.clerk", mine)
    with pytest.raises(Refused, match="more_than_pledged"):
        does(town, no, "send_back", "chenguang.clerk", mine, quantity=4, reason="多了")
    does(town, no, "confirm_pledge", "chenguang.clerk", mine)
    does(town, no, "cut_order", "chenguang.clerk", reason="三把够了")
    assert (seen(town, no).affair["state"], seen(town, no).affair["result"]) == ("done", "三把够了")
    other = posted(town, TEN, "chenguang.head")
    does(town, other, "withdraw_order", "chenguang.clerk", reason="社区自己买了")
    assert (seen(town, other).affair["state"], seen(town, other).clocks) == ("withdrawn", [])
    assert complaints(town.context.database, town.now) == []


def test_nobody_confirms_what_his_own_unit_has_delivered(sqlite_town: Town) -> None:
    town = sqlite_town
    no = posted(town, TEN)
    does(town, no, "claim", "chenguang.clerk")
    does(town, no, "deliver", "chenguang.clerk", part_of(town, no, "chenguang"))
    with pytest.raises(Refused, match="confirms_own_delivery"):
        does(town, no, "confirm_pledge", "chenguang.head", part_of(town, no, "chenguang"))


@pytest.mark.parametrize("text", ["", "折叠椅", "折叠椅:0把", ":3", "折叠椅:-1把", "x" * 121 + ":1"])
def test_a_line_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="line_unreadable"):
        parse_line(text)


def test_lines_are_read_as_people_write_them() -> None:
    assert [parse_line(t) for t in ("折叠椅:100把", "安装：2人：木工", "chairs: 3")] == [
        Line("折叠椅", 100, "把"),
        Line("安装", 2, "人", "木工"),
        Line("chairs", 3),
    ]


def test_pairings_have_dates_and_are_made_by_who_may(sqlite_town: Town) -> None:
    town = sqlite_town
    with town.context.database.unit_of_work() as session:
        with pytest.raises(Refused, match="not_yours"):
            pair(session, "chenguang", "urban", town.actor("urban.clerk"), town.now)
        with pytest.raises(Refused, match="unknown_area"):
            pair(session, "urban", "urban", town.actor("admin"), town.now)
        first = pair(session, "chenguang", "urban", town.actor("admin"), town.now, until=town.now + timedelta(days=30))
        second = pair(session, "chenguang", "market", town.actor("centre.duty"), town.now)
        end_pair(session, second, town.actor("admin"), town.now + timedelta(days=1))
        with pytest.raises(Refused, match="unknown_pair"):
            end_pair(session, second, town.actor("admin"), town.now + timedelta(days=2))
        assert [p.id for p in pairs(session, town.now + timedelta(days=2))] == [first]
        assert pairs(session, town.now + timedelta(days=31)) == []


def test_the_demonstration_has_an_example_of_each_and_makes_it_once(sqlite_town: Town) -> None:
    town = sqlite_town
    for _ in range(2):
        for example in (claims, errands, households, enterprises):
            with town.context.database.unit_of_work() as session:
                example.show(session, town.now)
    with town.context.database.unit_of_work() as session:
        kinds = [line.thing for line in affairs(session)]
    assert sorted(kinds) == ["enterprise", "errand", "pool", "subject"]
    assert complaints(town.context.database, town.now) == []


def test_without_its_row_or_switched_off_nothing_is_posted(sqlite_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town = sqlite_town
    with town.context.database.unit_of_work() as session:
        switch(session, "claims", town.actor("admin"), town.now, on=False)
        with pytest.raises(Refused, match="mechanism_off"):
            post(session, TEN, town.actor("chenguang.clerk"), Setting(town.now))
        switch(session, "claims", town.actor("admin"), town.now, on=True)
    monkeypatch.delitem(handling.HANDLING, "claims")
    with pytest.raises(Refused, match="mechanism_off"):
        posted(town, TEN)
