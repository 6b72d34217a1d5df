"""Disputes on their own: the court's window to the day, records that one hand cannot sign twice, the example of the demonstration."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from demo.mechanisms import disputes as example
from models import Affair, table
from rules.facts import Refused
from rules.handling.disputes import window_end
from services.disputes import Raised, standing
from tests.stories.seeds.test_row_06_disputes import SIDES, part, raises
from tests.support.beside import does, seen
from tests.support.sound import complaints
from tests.support.town import Town

SHANGHAI = timezone(timedelta(hours=8))


def test_the_window_ends_with_the_thirtieth_day_or_the_first_one_worked_after_it() -> None:
    agreed = datetime(2026, 11, 20, 23, 59, tzinfo=SHANGHAI)
    assert window_end(agreed, SHANGHAI, lambda _: True) == datetime(2026, 12, 21, tzinfo=SHANGHAI), "midnight after 20 December"
    late = datetime(2026, 11, 20, 16, tzinfo=UTC)  # half past midnight of the 21st in Shanghai
    assert window_end(late, SHANGHAI, lambda _: True) == datetime(2026, 12, 22, tzinfo=SHANGHAI)
    weekend = {date(2026, 12, 19), date(2026, 12, 20)}
    assert window_end(agreed, SHANGHAI, lambda day: day not in weekend) == datetime(2026, 12, 22, tzinfo=SHANGHAI)


def test_what_is_refused_and_who_signs_what(sqlite_town: Town) -> None:
    town = sqlite_town
    for raised, code in (
        (Raised("", "neighbours"), "dispute_incomplete"),
        (Raised("吵架", "war"), "unknown_dispute"),
        (Raised("吵架", "neighbours", source="mars"), "unknown_body"),
        (Raised("吵架", "neighbours", unit="nowhere"), "unknown_unit"),
        (Raised("讨薪", "labour", pending="labour_arbitration"), "handled_elsewhere"),
    ):
        with pytest.raises(Refused, match=code):
            raises(town, "chenguang.clerk", raised)
    alone = raises(town, "chenguang.clerk", Raised("独角戏", "other", SIDES[:1])).no
    does(town, alone, "take_up_dispute", "chenguang.clerk")
    with pytest.raises(Refused, match="sides_missing"):
        does(town, alone, "agree", "chenguang.clerk", text="自己和自己")
    does(town, alone, "withdraw_dispute", "chenguang.clerk", reason="对方已搬走")
    no = raises(town, "chenguang.clerk", Raised("噪音", "neighbours", SIDES)).no
    does(town, no, "push_dispute", "centre.duty", unit=town.unit_id("rongyin"), reason="当事人住榕荫")
    with pytest.raises(Refused, match="not_yours"):
        does(town, no, "take_up_dispute", "chenguang.clerk")
    does(town, no, "take_up_dispute", "rongyin.clerk")
    police = town.unit_id("police-hubin")
    with pytest.raises(Refused, match="joint_needs_police"):
        does(town, no, "act_jointly", "rongyin.clerk", way="watch", words="夜间巡查", unit=town.unit_id("urban"))
    with pytest.raises(Refused, match="signs_own_record"):
        does(town, no, "act_jointly", "rongyin.clerk", way="watch", words="夜间巡查", unit=town.unit_id("rongyin"))
    with pytest.raises(Refused, match="joint_way_missing"):
        does(town, no, "act_jointly", "rongyin.clerk", way="guess", words="夜间巡查", unit=police)
    for way in ("watch", "settle", "publicise"):
        does(town, no, "act_jointly", "rongyin.clerk", way=way, words="一起做的", unit=police)
    does(town, no, "contest_joint", "police-hubin.clerk", part(town, no, "joint", "one_sided"), reason="那晚没有出警")
    does(town, no, "check_joint", "police-hubin.clerk", part(town, no, "joint", "one_sided"))
    with town.context.database.unit_of_work() as session:
        found = standing(session, no)
    assert (found.state, found.with_body, found.checked, found.one_sided) == ("talking", None, 1, 1)
    assert [c["kind"] for c in seen(town, no).clocks] == ["assent", "mediate"]
    assert complaints(town.context.database, town.now) == []


def test_the_example_is_made_once_and_sound(sqlite_town: Town) -> None:
    for _ in range(2):
        with sqlite_town.context.database.unit_of_work() as session:
            example.show(session, sqlite_town.now)
    sqlite_town.turn()
    (no,) = [row.no for row in sqlite_town.rows(select(table(Affair).c.no).where(table(Affair).c.thing == "dispute"))]
    found = seen(sqlite_town, no)
    assert (found.affair["state"], sorted({p["thing"] for p in found.parts})) == ("talking", ["diversion", "joint", "sitting", "voice"])
    assert complaints(sqlite_town.context.database, sqlite_town.now) == []
