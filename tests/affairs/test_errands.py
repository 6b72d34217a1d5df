"""The catalogue of errands in versions, what is refused, who may be an agent; hours are added for those who may."""

from datetime import time as clock_time
from datetime import timedelta
from typing import Any

import pytest

from rules import handling
from rules.facts import Refused
from rules.workdays import Window
from services.errands import Extra, Wish, begin_errand, content, extend, extended, import_list, read_content
from services.moves import Setting
from tests.support.beside import does, seen
from tests.support.reordering import sound
from tests.support.sound import complaints
from tests.support.town import Town

ONE = """
[material]
paper = { zh = "纸", en = "paper" }
[step]
go = { zh = "跑一趟", en = "go", limit = "2h" }
[[item]]
code = "only"
zh = "只有一件"
en = "only one"
group = "daily"
limit = "1wd"
materials = ["paper?"]
steps = ["go"]
"""


def begun(town: Town, wish: Wish, user: str = "chenguang.clerk") -> str:
    with town.context.database.unit_of_work() as session:
        return begin_errand(session, wish, town.actor(user), Setting(town.now)).no


def test_a_version_holds_from_its_date_and_errands_under_way_keep_theirs(sqlite_town: Town) -> None:
    town = sqlite_town
    before = begun(town, Wish("deed_query"))
    later = town.now + timedelta(days=1)
    with town.context.database.unit_of_work() as session:
        assert import_list(session, read_content(ONE), "区发〔2026〕9号", town.actor("admin"), later, town.now) == 1
        assert (content(session, town.now).version, content(session, later).version) == (0, 1)
        with pytest.raises(Refused, match="admins_only"):
            import_list(session, read_content(ONE), "", town.actor("chenguang.head"), later, town.now)
        with pytest.raises(Refused, match="errand_list_past"):
            import_list(session, read_content(ONE), "", town.actor("admin"), town.now - timedelta(hours=1), town.now)
    town.now = later
    with pytest.raises(Refused, match="unknown_errand_item"):
        begun(town, Wish("deed_query"))
    no = begun(town, Wish("only"))
    assert (seen(town, no).affair["data"]["version"], seen(town, before).affair["data"]["version"]) == (1, 0)
    (step,) = (p["no"] for p in seen(town, no).parts)
    does(town, no, "do_step", "chenguang.clerk", step, words="跑过了")
    does(town, no, "confirm_errand", "chenguang.head")
    assert (seen(town, no).affair["state"], seen(town, no).affair["result"]) == ("confirmed", "跑过了")
    does(town, before, "cancel_errand", "chenguang.clerk", reason="居民不办了")
    assert seen(town, before).clocks == []
    assert complaints(town.context.database, town.now) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('limit = "1wd"', 'limit = "soon"', "limit: soon"),
        ('"paper?"', '"stone"', "materials: stone"),
        ('steps = ["go"]', "steps = []", "steps: none"),
        ('steps = ["go"]', 'steps = "go"', "steps"),
        ('code = "only"', "code = 7", "code"),
        ('zh = "只有一件"', 'zh = " "', "zh"),
        ("[[item]]", "[[thing]]", "item: none"),
        ("[[item]]", "[item]", "not a list"),
    ],
)
def test_a_bad_catalogue_is_refused_with_its_place(old: str, new: str, problem: str) -> None:
    with pytest.raises(Refused) as refused:
        read_content(ONE.replace(old, new))
    assert refused.value.code == "errand_list_bad"
    assert problem in str(refused.value.details["problem"])


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(Refused, match="errand_list_unreadable"):
        read_content("[[item")
    with pytest.raises(Refused, match="errand_list_bad"):
        read_content(ONE + ONE[ONE.index("[[item]]") :])


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"item": "nothing"}, "unknown_errand_item"),
        ({"item": "deed_query", "home": True}, "not_at_home"),
        ({"item": "deed_query", "unit": "nowhere"}, "unknown_unit"),
        ({"item": "deed_query", "agent": "lianchi.clerk"}, "agent_of_other_unit"),
        ({"item": "deed_query", "phone": "x"}, "bad_phone"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(sqlite_town: Town, wish: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused, match=code):
        begun(sqlite_town, Wish(**wish))


def test_another_agent_takes_over_and_a_paper_that_is_none_of_it_is_refused(sqlite_town: Town) -> None:
    town = sqlite_town
    no = begun(town, Wish("social_card", area="chenguang-1"), "chenguang-1.worker")
    found = seen(town, no)
    assert town.unit_code(found.affair["unit_id"]) == "chenguang"
    assert found.affair["staff_id"] == town.person_id("chenguang-1.worker")
    does(town, no, "assign_agent", "chenguang.clerk", agent=town.person_id("chenguang-2.worker"))
    town.turn()
    assert any(no in text for text in town.heard("chenguang-2.worker"))
    for args, code in (({"agent": 10**6}, "unknown_agent"), ({"agent": town.person_id("urban.clerk")}, "agent_of_other_unit")):
        with pytest.raises(Refused, match=code):
            does(town, no, "assign_agent", "chenguang.clerk", **args)
    with pytest.raises(Refused, match="unknown_material"):
        does(town, no, "tick_material", "chenguang.clerk", material="deed")
    step = found.parts[0]["no"]
    does(town, no, "skip_step", "chenguang.clerk", step, reason="材料上次核过")
    assert [p["state"] for p in seen(town, no).parts] == ["skipped", "open", "waiting", "waiting"]


def test_hours_are_added_by_who_may_and_to_a_unit_that_is_there(sqlite_town: Town) -> None:
    town = sqlite_town
    weekend = [Window(clock_time(9), clock_time(12), days="restday")]
    with town.context.database.unit_of_work() as session:
        for extra, user, code in (
            (Extra("nowhere", weekend), "admin", "unknown_unit"),
            (Extra("hall", ()), "admin", "hours_missing"),
            (Extra("hall", weekend), "hall.clerk", "not_your_calendar"),
        ):
            with pytest.raises(Refused, match=code):
                extend(session, extra, user, town.now)
    evening = [Window(clock_time(18), clock_time(20))]
    for windows in (weekend, evening, evening):
        with town.context.database.unit_of_work() as session:
            done = extend(session, Extra("hall", windows), "admin", town.now)
    assert not done.changed, "the same hours once more change nothing"
    with town.context.database.unit_of_work() as session:
        assert [(e.days, e.hours) for e in extended(session)] == [
            ("workday", ("08:30-12:00", "14:30-17:30", "18:00-20:00")),
            ("restday", ("09:00-12:00",)),
        ]


def test_without_its_row_nothing_begins(sqlite_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(handling.HANDLING, "errands")
    with pytest.raises(Refused, match="mechanism_off"):
        begun(sqlite_town, Wish("deed_query"))


def test_the_agent_who_is_named_does_the_errand_and_asking_for_papers_again_takes_no_time_and_gives_none(town: Town) -> None:
    agent, other = "chenguang-1.worker", "chenguang-2.worker"
    no = begun(town, Wish("social_card", area="chenguang-1", agent=agent))
    steps = [part["no"] for part in seen(town, no).parts]
    left = {clock["part_no"]: clock["budget_s"] for clock in seen(town, no).clocks}
    codes = [paper["code"] for paper in seen(town, no).affair["data"]["materials"]]
    for _ in range(3):
        town.now += timedelta(minutes=7)
        does(town, no, "ask_material", "chenguang.clerk", materials=codes)
        town.now += timedelta(minutes=2)
        for code in codes:
            does(town, no, "tick_material", agent, material=code)
        left = {part: seconds - 7 * 60 for part, seconds in left.items()}
        assert {c["part_no"]: c["budget_s"] - c["consumed_s"] for c in seen(town, no).clocks} == left, "to the second"
    sound(town)
    for action, part, args in (("visit_home", None, {"words": "到家里"}), ("do_step", steps[0], {"words": "核过"})):
        with pytest.raises(Refused, match="not_yours"):
            does(town, no, action, other, part, **args)
        does(town, no, action, agent, part, **args)
    with pytest.raises(Refused, match="not_yours"):
        does(town, no, "skip_step", agent, steps[1], reason="不用")
    assert [p["state"] for p in seen(town, no).parts][:2] == ["done", "open"]
    town.fast_forward(days=2)
    assert complaints(town.context.database, town.now) == []
