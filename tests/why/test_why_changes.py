"""Clocks are explained when calendar and policy have changed, and under any policy."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.clocks import ClockKind
from rules.facts import Refused
from services.calendars import OneDay, change_calendars, set_day
from services.policies.stored import Treatment
from services.why import Which, lines
from services.why.explanation import Reprojected
from tests.sla.test_policies import applied, drafted_any, published
from tests.support.explaining import BEFORE_THE_HOLIDAY, LIGHT, agreed, at_work_on, give, move_due, of, why
from tests.support.town import Town


def stoppage(town: Town, day: date) -> None:
    one = OneDay("cn", day, False, "stoppage", "台风停工", "区防汛指挥部")
    with town.context.database.unit_of_work() as session:
        change_calendars(session, set_day(one), "admin", town.now)


# changes of calendar and policy ----------------------------------------------------------------------------------------


def test_a_stoppage_is_explained_and_what_was_consumed_stays(lit: tuple[Town, int]) -> None:
    town, case = lit
    before = agreed(town, case)["handle", 1]
    town.now += timedelta(hours=2)  # 12:42: 1:18 were worked
    stoppage(town, date(2026, 11, 24))
    after = agreed(town, case)["handle", 1]
    (anew,) = of(after, Reprojected)
    assert (anew.why, anew.by.user, anew.consumed_s, anew.before) == ("calendar", "admin", 78 * 60, before.due_at)
    assert after.due_at == before.due_at + timedelta(days=1)
    assert "台风停工（11-24），依据：区防汛指挥部" in "\n".join(lines(after, "zh"))
    town.now += timedelta(hours=20)
    stoppage(town, date(2026, 11, 25))
    town.act(case, "hold", "centre.duty", reason="等电缆")
    held = agreed(town, case)["handle", 1]
    town.now += timedelta(hours=2)
    stoppage(town, date(2026, 11, 26))  # as much is left of its time as before, but the moment that it stands at is another
    after = agreed(town, case)["handle", 1]
    last = of(after, Reprojected)[-1]
    assert (after.witnessed, after.left_s, last.left_s, last.before) == (False, held.left_s, held.left_s, last.due)
    told = [line for line in lines(after, "zh") if "重新推算" in line]
    assert [("到期由" in line, "日历“全国工作日历”" in line) for line in told] == [(True, True), (True, True), (False, True)]
    town.act(case, "resume", "centre.duty")
    agreed(town, case)


def test_a_clock_on_hold_while_the_calendar_changes_says_what_is_left(lit: tuple[Town, int]) -> None:
    town, case = lit
    town.now += timedelta(hours=2)
    town.act(case, "hold", "centre.duty", reason="等电缆")
    town.now += timedelta(hours=2)
    stoppage(town, date(2026, 11, 24))
    held = why(town, case, Which("handle", 1))[0]
    assert (held.agrees, held.due_at, held.left_s) == (True, held.stored_due_at, held.budget_s - 78 * 60)
    (anew,) = of(held, Reprojected)
    assert (anew.consumed_s, anew.left_s, anew.before) == (78 * 60, held.left_s, anew.due)
    assert not any("无法重算" in line for line in lines(held, "zh"))
    town.act(case, "resume", "centre.duty")
    agreed(town, case)


def test_a_breach_stays_when_the_calendar_changes(lit: tuple[Town, int]) -> None:
    town, case = lit
    town.fast_forward(days=7)
    late = agreed(town, case)["handle", 1]
    stoppage(town, date(2026, 11, 24))
    assert why(town, case, Which("handle", 1))[0].due_at == late.due_at
    assert why(town, case, Which("handle", 1))[0].agrees


def test_what_ended_before_the_calendar_changed_is_taken_at_the_word_of_the_journal(town: Town) -> None:
    case = town.reports(LIGHT)
    town.fast_forward(hours=7)  # nobody has acknowledged in 2 working hours
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    stoppage(town, date(2026, 11, 20))
    late = why(town, case, Which("acknowledge", 1, stopped=True))[0]
    assert (late.agrees, late.witnessed) == (True, True)
    assert any("以当时的记录为准" in line for line in lines(late, "zh"))
    move_due(town, late.clock_id)
    assert why(town, case, Which("acknowledge", 1, stopped=True))[0].agrees is False


def test_a_clock_stopped_before_the_calendar_changed_says_that_it_cannot_be_computed_again(lit: tuple[Town, int]) -> None:
    town, case = lit
    stoppage(town, date(2026, 11, 20))
    first = why(town, case, Which("accept", stopped=True))[0]
    assert (first.agrees, first.problem) == (None, "")
    assert any("无法重算" in line for line in lines(first, "zh"))


@pytest.mark.parametrize("treatment", [Treatment.REPROJECT, Treatment.EARLIER, Treatment.KEEP])
def test_a_published_policy_is_explained_however_it_treats_open_cases(lit: tuple[Town, int], treatment: Treatment) -> None:
    town, case = lit
    town.now += timedelta(hours=3)
    held = at_work_on(town, "桥西路灯坏了一周没人修")
    town.act(held, "hold", "centre.duty", reason="等电缆")
    database = town.context.database
    version = drafted_any(database, town.now, {"handle": "2wd", "overall": "4wd", "control": "none"})
    published(database, version, treatment, town.now)
    applied(database, town.now)
    later = at_work_on(town, "桥东路灯坏了一周没人修")
    assert agreed(town, later)["handle", 1].limit == "2wd"
    found = agreed(town, case)["handle", 1]
    assert found.limit == ("3wd" if treatment is Treatment.KEEP else "2wd")
    assert [(e.why, e.limit_before, e.limit) for e in of(found, Reprojected)] == (
        [] if treatment is Treatment.KEEP else [("policy", "3wd", "2wd")]
    )
    assert found.rule is not None
    assert (found.rule.version, found.rule.limit) == (1, "3wd")
    assert [(e.rule.version, e.rule.limit, e.rule.suggested) for e in of(found, Reprojected)] == (
        [] if treatment is Treatment.KEEP else [(version, "2wd", False)]
    )
    assert any(f"政策第 {version} 版第" in line for line in lines(found, "zh")) == (treatment is not Treatment.KEEP)
    town.act(held, "resume", "centre.duty")
    agreed(town, held)


LIMITS = st.one_of(
    st.builds("{}{}".format, st.integers(1, 90), st.sampled_from(("wh", "h"))),
    st.integers(1, 600).map("{}m".format),
    st.integers(1, 30).map("{}wd".format),
)
ROWS = st.dictionaries(st.sampled_from([*sorted(set(ClockKind) - {ClockKind.STAGE}), "rework"]), LIMITS, min_size=1)
NAMES = st.sampled_from(
    (
        {"source": "resident"},
        {"area": "hubin"},
        {"area": "chenguang", "urgency": "P2"},
        {"urgency": "P2", "category": "A03", "source": "resident"},
    )
)
STEPS = st.lists(st.tuples(st.integers(0, 60 * 60 * 50), st.sampled_from(("hold", "ask", "grant", "bind", "finish", "wait"))), max_size=6)


# any policy ------------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, ROWS, NAMES, st.integers(0, 60 * 60 * 24 * 400), STEPS)
def test_no_policy_makes_a_clock_that_cannot_be_explained(
    sqlite_town: Town, own: dict[str, str], special: dict[str, str], names: dict[str, str], later: int, steps: list[tuple[int, str]]
) -> None:
    town = sqlite_town
    town.now = BEFORE_THE_HOLIDAY + timedelta(seconds=later)
    give(town, (own, {"source": "resident", "category": "A03"}), (special, names))
    case = at_work_on(town, LIGHT)
    agreed(town, case)
    for wait, step in steps:
        town.now += timedelta(seconds=wait)
        with suppress(Refused):
            STEPPED[step](town, case)
        agreed(town, case)


def _hold(town: Town, case: int) -> None:
    town.act(case, "hold" if town.state(case) == "handling" else "resume", "centre.duty", reason="等电缆")


def _bind(town: Town, case: int) -> None:
    due = town.now + timedelta(hours=30)
    town.act(case, "bind", "centre.duty", due_at=due.isoformat(), by="note", reason="批示")


STEPPED: dict[str, Callable[[Town, int], object]] = {
    "hold": _hold,
    "ask": lambda town, case: town.order(case, "ask_extension", "municipal.clerk", amount="3wh", reason="等电缆"),
    "grant": lambda town, case: town.extension(case, "grant", "centre.duty", with_co=True),
    "bind": _bind,
    "finish": lambda town, case: town.order(case, "finish", "municipal.clerk", result="已修"),
    "wait": lambda town, _: town.turn(),
}
