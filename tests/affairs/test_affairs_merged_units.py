"""Units that are merged while a whistle calls both: the one that is left comes once, and once is told that it has not."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Message, table
from tests.support.beside import does, opens, part_of, seen
from tests.support.reordering import merge, sound
from tests.support.town import Town

#: What the two units have done before they become one: the states of their calls afterwards, and whether everybody is there then.
BEFORE = [
    ((), ("called", "joined"), "blown"),
    (("urban",), ("arrived", "joined"), "gathered"),
    (("water",), ("joined", "arrived"), "gathered"),
]


def whistled(town: Town) -> tuple[int, str]:
    """A case, and the whistle that calls two units to it."""
    town.turn()
    case = town.reports("夜间大排档油烟扰民，污水倒进雨水口，占道经营")
    town.turn()
    called = (town.unit_id("urban"), town.unit_id("water"))
    return case, opens(town, "hubin.clerk", "whistle", town.case(case).no, called=called, title="夜市联合处置", limit="30m").no


def calls(town: Town, no: str) -> tuple[str, ...]:
    """States of the calls by number; that of `urban` comes first."""
    return tuple(part["state"] for part in seen(town, no).parts)


def merged(town: Town) -> None:
    merge(town, "water", "urban")
    town.turn()


@pytest.mark.parametrize(("there", "states", "whistle"), BEFORE)
def test_one_report_answers_both_calls(town: Town, there: tuple[str, ...], states: tuple[str, ...], whistle: str) -> None:
    case, no = whistled(town)
    numbers = {part["unit_id"]: part["no"] for part in seen(town, no).parts}
    for unit in there:
        does(town, no, "report_in", f"{unit}.clerk", numbers[town.unit_id(unit)], way="on_site")
    merged(town)
    assert (calls(town, no), seen(town, no).affair["state"]) == (states, whistle)
    if not there:
        does(town, no, "report_in", "water.clerk", numbers[town.unit_id("urban")], way="on_site")
        assert (calls(town, no), seen(town, no).affair["state"]) == (("arrived", "joined"), "gathered")
    (joined,) = [entry for entry in town.journal(case) if entry.action == "join_call"]
    assert joined.data == {"into": numbers[town.unit_id("water" if there == ("water",) else "urban")]}
    town.fast_forward(hours=2)
    assert "mark_absent" not in town.actions(case), "nobody is absent"
    does(town, no, "end", "hubin.clerk", result="已劝离")
    sound(town)


@pytest.mark.parametrize("already", [False, True])
def test_one_absence_is_told_once(town: Town, already: bool) -> None:
    case, no = whistled(town)
    if already:
        town.fast_forward(until=town.now + timedelta(minutes=31))
        assert calls(town, no) == ("absent", "absent")
    merged(town)
    town.fast_forward(hours=2)
    assert calls(town, no) == ("absent", "joined")
    assert town.actions(case).count("mark_absent") == (2 if already else 1)
    late = [message for message in town.rows(select(table(Message))) if (message.case_id, message.notice) == (case, "affair_late")]
    parts = {message.about["part"] for message in late if message.queued_at > town.now - timedelta(hours=2)}
    assert parts == {1}, "the head and those above hear of one call only"
    does(town, no, "report_in", "urban.clerk", 1, way="in_writing")
    assert seen(town, no).affair["state"] == "gathered"
    sound(town)


@pytest.mark.parametrize("already", [False, True])
def test_a_unit_that_becomes_one_with_its_caller_need_not_come(town: Town, already: bool) -> None:
    town.turn()
    case = town.reports("夜间大排档油烟扰民，污水倒进雨水口，占道经营")
    town.turn()
    called = (town.unit_id("hubin-works"), town.unit_id("urban"))
    at = town.now + timedelta(days=1)
    no = opens(town, "hubin.clerk", "whistle", town.case(case).no, called=called, title="夜市", at=at.isoformat()).no
    assert [c["due_at"] for c in seen(town, no).clocks] == [at, at], "nobody has to be there before the moment"
    if already:
        town.fast_forward(until=at + timedelta(minutes=1))
        assert calls(town, no) == ("absent", "absent")
    merge(town, "hubin-works", "hubin")
    town.turn()
    assert (calls(town, no), seen(town, no).affair["state"]) == (("excused", "absent" if already else "called"), "blown")
    assert town.actions(case).count("excuse_own") == 1
    does(town, no, "report_in", "urban.clerk", part_of(town, no, "urban"), way="on_site")
    assert seen(town, no).affair["state"] == "gathered"
    sound(town)
