"""Who held the ball (责任所在) adds up to the whole elapsed time, to the minute, whatever happens to a case on its way."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from models import Case, Journal, table
from rules.facts import FINAL
from services import ball
from services.catalogue import catalogue
from tests.support.in_hand import in_hand
from tests.support.rated import code, done, fed_back, rates
from tests.support.town import Town

_case, _journal = table(Case), table(Journal)
LIGHT = "桥下路灯坏了一周没人修"


def held(town: Town, case: int) -> list[ball.Spell]:
    """The spells of a case, which add up."""
    with town.context.database.unit_of_work() as session:
        spells = ball.held(session, [case], town.now)[case]
    adds_up(spells, open_time(town.journal(case), town.now))
    return spells


def open_time(journal: list[Any], now: datetime) -> timedelta:
    """Deliberately naive: second by second would be the same, from each entry to the next while the case has not ended."""
    total, state = timedelta(), None
    for entry, after in zip(journal, [*journal[1:], None], strict=True):
        state = entry.after if entry.thing == "case" and entry.after else state
        until = after.at if after is not None else max(now, entry.at)
        total += until - entry.at if state not in {s.value for s in FINAL} else timedelta()
    return total


def adds_up(spells: list[ball.Spell], whole: timedelta) -> None:
    assert sum((s.long for s in spells), timedelta()) == whole
    assert all(s.since < s.until for s in spells)
    assert all(a.until <= b.since for a, b in pairwise(spells)), "nobody holds it together with somebody else"
    minutes = ball.minutes(ball.by_unit(spells))
    assert sum(minutes.values()) == whole // ball.MINUTE
    assert all(n >= 0 for n in minutes.values())


def holders(town: Town, spells: list[ball.Spell]) -> list[str]:
    """Codes of those who held it, one after the other; `resident` for the resident."""
    return ["resident" if s.unit_id is None else town.unit_code(s.unit_id) for s in spells]


def test_desk_unit_checker_and_resident_hold_it_one_after_the_other(town: Town) -> None:
    case = town.reports("有件事想问问", "不知道找谁")
    town.turn()
    town.now += timedelta(minutes=10, seconds=30)
    town.act(case, "file", "centre.duty", category="A03", urgency="P2")
    town.turn()
    town.now += timedelta(hours=1, seconds=35)
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    town.now += timedelta(hours=5)
    spells = held(town, case)
    assert holders(town, spells)[0] == "centre"
    assert holders(town, spells)[-1] == "municipal"
    assert [s.long for s in spells] == [timedelta(minutes=10, seconds=30), timedelta(hours=1, seconds=35), timedelta(hours=5)]
    sums = {town.unit_id("municipal"): 361, town.unit_id("centre"): 10}
    assert ball.minutes(ball.by_unit(spells)) == sums, "the minute that their seconds make together is whose part of it is larger"


def test_what_was_fed_back_is_the_residents_until_it_ends_and_again_after_a_reopening(town: Town) -> None:
    case = fed_back(town)
    town.now += timedelta(hours=2)
    rates(town, case, code(town, case), True, score=5)
    town.turn()
    spells = held(town, case)
    assert holders(town, spells)[-1] == "resident"
    ended = town.now
    town.now += timedelta(days=3)
    assert held(town, case) == spells, "nobody holds what has ended"
    town.act(case, "reopen", "centre.duty", reason="反弹")
    town.turn()
    town.now += timedelta(hours=4)
    done(town, case)
    again = held(town, case)[len(spells) :]
    assert again[0].since == ended + timedelta(days=3)
    assert again[-1].until == town.now


def test_while_a_return_waits_the_centre_holds_it(town: Town) -> None:
    case = town.reports(LIGHT)
    town.turn()
    town.now += timedelta(minutes=20)
    town.order(case, "ask_return", "municipal.clerk", "municipal", code="not_our_duty", reason="属街道")
    town.now += timedelta(minutes=50)
    town.request(case, "reject_return", "centre.duty", reason="属市政")
    town.now += timedelta(minutes=30)
    spells = held(town, case)
    assert holders(town, spells)[-3:] == ["municipal", "centre", "municipal"]
    assert [s.long for s in spells[-2:]] == [timedelta(minutes=50), timedelta(minutes=30)]


def test_a_return_that_everybody_waits_for_is_the_centres_although_a_co_handler_asked(town: Town) -> None:
    case = in_hand(town)
    town.order(case, "ask_return", "housing.clerk", "housing", code="not_our_area", reason="属街道")
    town.now += timedelta(hours=1)
    for unit in ("water", "chenguang-estate"):
        town.order(case, "finish", f"{unit}.clerk", unit, result="已疏通")
        town.now += timedelta(hours=1)
    assert holders(town, held(town, case))[-3:] == ["water", "chenguang-estate", "centre"]


def test_on_hold_it_is_the_centres_which_alone_lifts_it(town: Town) -> None:
    case = town.reports(LIGHT)
    town.turn()
    town.order(case, "acknowledge", "municipal.clerk", "municipal")
    town.now += timedelta(hours=1)
    town.act(case, "hold", "centre.duty", reason="等电缆")
    town.now += timedelta(days=2)
    town.act(case, "resume", "centre.duty")
    town.now += timedelta(hours=3)
    spells = held(town, case)[-3:]
    assert [(s.state, s.long) for s in spells] == [
        ("handling", timedelta(hours=1)),
        ("on_hold", timedelta(days=2)),
        ("handling", timedelta(hours=3)),
    ]
    assert holders(town, spells) == ["municipal", "centre", "municipal"]


def test_a_merged_case_is_held_until_it_is_merged_and_again_from_its_splitting(town: Town) -> None:
    first = town.reports(LIGHT)
    town.turn()
    town.now += timedelta(hours=1)
    second = town.reports("桥东路灯坏了一周没人修")
    town.turn()
    town.now += timedelta(hours=2)
    town.act(second, "merge", "centre.duty", into=first)
    merged = town.now
    town.now += timedelta(days=1)
    assert held(town, second)[-1].until == merged
    assert held(town, first)[-1].until == town.now
    town.act(second, "split_off", "centre.duty", reason="不是同一盏")
    town.now += timedelta(minutes=40)
    last = held(town, second)[-1]
    assert (last.since, last.long, last.state) == (merged + timedelta(days=1), timedelta(minutes=40), "accepted")


def test_plain_data_has_units_by_code_and_the_same_sums(town: Town) -> None:
    case = fed_back(town)
    town.now += timedelta(hours=2, seconds=59)
    spells = held(town, case)
    with town.context.database.unit_of_work() as session:
        found = ball.as_json(catalogue(session), spells)
    assert found["minutes"] == sum(each["minutes"] for each in found["by_unit"])
    assert {each["unit"] for each in found["spells"]} == {each["unit"] for each in found["by_unit"]}
    assert found["spells"][-1]["unit"] is None
    assert found["spells"][-1]["step"] == "evaluate"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({1: 59, 2: 59, None: 62}, {1: 1, 2: 1, None: 1}),
        ({1: 30, 2: 30}, {1: 1, 2: 0}),
        ({1: 59}, {1: 0}),
        ({1: 3600, None: 0}, {1: 60, None: 0}),
    ],
)
def test_what_is_cut_off_minutes_goes_to_whoever_lost_most(parts: dict[int | None, int], expected: dict[int | None, int]) -> None:
    assert ball.minutes({unit: timedelta(seconds=n) for unit, n in parts.items()}) == expected
