"""Why is it due then? Every clock explained from journal, calendar and policy alone, to the second, or it says that it differs."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, delete, insert, select, update

from models import Case, Clock, Journal, SlaRow, System, table
from rules.clocks import ClockKind
from rules.facts import Refused
from rules.worktime import Window
from services.audit import check_journal
from services.calendars import OneDay, add_calendar, change_calendars, set_day, set_hours, use
from services.intake import Report, submit
from services.moves import Setting
from services.policies.stored import Treatment
from services.why import Explanation, Which, as_json, explain, for_public, lines
from services.why.explanation import Bound, Extended, Pause, Reprojected, Run
from tests.support.town import Town
from tests.support.website import BEARER, app_on
from tests.test_audit import every_kind
from tests.test_policies import applied, drafted_any, published
from wording import LANGUAGES, sentences

_case, _clock, _journal = table(Case), table(Clock), table(Journal)
EVERYTHING = Which(stopped=True)
#: A street light: 3 working days for the lead (municipal) and the property company.
LIGHT = "桥下路灯坏了一周没人修"
BEFORE_THE_HOLIDAY = datetime(2026, 9, 28, 2, 42, tzinfo=UTC)


def local(text: str) -> datetime:
    """An instant by its wall time in Shanghai."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def why(town: Town, case: int, which: Which = EVERYTHING) -> list[Explanation]:
    with town.context.database.unit_of_work() as session:
        return explain(session, town.case(case).no, town.now, which)


def agreed(town: Town, case: int) -> dict[tuple[str, int | None], Explanation]:
    """All clocks of a case, which must agree and add up; the newest of each kind and work order."""
    found = why(town, case)
    assert len(found) == len(town.clocks(case)) > 0
    assert [(e.kind, e.order_no, e.problem, e.off_by_s) for e in found if not e.agrees or e.problem or e.off_by_s] == []
    for each in found:
        adds_up(each)
    return {(e.kind, e.order_no): e for e in found}


def adds_up(each: Explanation) -> None:
    """The stretches are whole, and the last one of a clock that runs ends when it is due."""
    runs = of(each, Run)
    for run in runs:
        assert run.seconds == (sum(day.seconds for day in run.days) if run.days else (run.until - run.since).total_seconds())
        assert all(day.seconds == sum((b - a).total_seconds() for a, b in day.stretches) for day in run.days)
    at_once = any(pause.until == each.due_at for pause in of(each, Pause))  # a limit that bound it had passed while it stood still
    assert not runs or at_once or runs[-1].until == each.due_at or (each.status == "paused" and runs[-1].until < each.stored_due_at)


def of(each: Explanation, kind: type) -> list[Any]:
    return [event for event in each.events if isinstance(event, kind)]


@pytest.fixture
def lit(town: Town) -> tuple[Town, int]:
    """A street light at work, with its lead and the property company."""
    return town, at_work_on(town, LIGHT)


def at_work_on(town: Town, words: str, **more: Any) -> int:
    case = town.reports(words, **more)
    town.turn()
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    return case


def hold_over_the_holiday(town: Town) -> int:
    """Dispatched on Monday 28 September 2026 at 10:42, held from the 29th at 15:00 to 8 October at 9:30."""
    town.now = BEFORE_THE_HOLIDAY
    case = at_work_on(town, LIGHT)
    town.now = local("2026-09-29T15:00")
    town.act(case, "hold", "centre.duty", reason="等电缆")
    town.now = local("2026-10-08T09:30")
    town.act(case, "resume", "centre.duty")
    return case


# the text, checked by hand --------------------------------------------------------------------------------------------
#: 3wd from Monday the 28th at 10:42: 4:18 are left of that day; the 29th and 30th and 8 October have 6:30 each: 23:48.
#: Used before the hold: 4:18 + 4:00 (8:30-12:00, 14:30-15:00) = 8:18. Left 15:30: 5:30 on the 8th, 6:30 on the 9th, 3:30 on the
#: 10th, a Saturday on which people work for 7 October: it ends at 12:00.
#: Half of 23:48 is 11:54, used up on the 8th at 15:36; 80 % is 19:02:24, on the 9th at 16:14:24; 150 % is 35:42, on the 13th at 10:54.
GOLDEN = {
    "zh": """\
BH-20260928-0001 · 处置（工单 1） · 区市政设施中心
起算：2026-09-28 10:42 派单（第 4 条记录，系统）
时限：3个工作日，政策第 1 版第 7 行（类别 A03 路灯不亮/损坏、紧急程度 P2 一般）；建议值，尚待确认
先于第 3 行（紧急程度 P2 一般）：它指明了类别
折合：23小时48分工作时间，即从起算到 2026-10-08 下班（3个工作日，起算当日不计）
09-28 周一 10:42–12:00、14:30–17:30：4小时18分
09-29 周二 08:30–12:00、14:30–15:00：4小时
2026-09-29 15:00 至 2026-10-08 09:30：挂账，不计时（澄湖区社会治理中心值班调度 centre.duty），理由：等电缆
　其间：国庆节（10-01、10-02）、国庆节（补假）（10-05）、休息日（由 2026-09-20 调休）（10-06）、\
休息日（由 2026-10-10 调休）（10-07），依据：国务院办公厅节假日安排通知
10-08 周四 09:30–12:00、14:30–17:30：5小时30分
10-09 周五 08:30–12:00、14:30–17:30：6小时30分
10-10 周六 08:30–12:00：3小时30分（调休上班（补 2026-10-07），国务院办公厅节假日安排通知）
将触发：提醒 2026-10-08 15:36；到期前一个工作日提醒 2026-10-09 12:00；黄灯 2026-10-09 16:14:24；红灯，拟督办 2026-10-10 12:00；\
超期一个工作日催办 2026-10-12 12:00；提级 2026-10-13 10:54；再提级 2026-10-15 09:48；超期五个工作日，拟通报 2026-10-16 12:00
→ 到期 2026-10-10 12:00
""",
    "en": """\
BH-20260928-0001 · handling (work order 1) · Municipal Facilities Centre
Begins: 2026-09-28 10:42 dispatch (entry 4, system)
Limit: 3 working days, policy version 1, line 7 (category A03 Street light out, urgency P2 ordinary); suggested value, not confirmed yet
Before line 3 (urgency P2 ordinary): it names the category
That is 23 h 48 min of working time, from the beginning to the close of business on 2026-10-08 (3 working days, the first day not counted)
09-28 Mon 10:42–12:00, 14:30–17:30: 4 h 18 min
09-29 Tue 08:30–12:00, 14:30–15:00: 4 h
2026-09-29 15:00 to 2026-10-08 09:30: on hold, not counted (Chenghu District Governance Centre duty dispatcher centre.duty), reason: 等电缆
  Meanwhile: 国庆节 (10-01, 10-02), 国庆节（补假） (10-05), 休息日（由 2026-09-20 调休） (10-06), \
休息日（由 2026-10-10 调休） (10-07); source: 国务院办公厅节假日安排通知
10-08 Thu 09:30–12:00, 14:30–17:30: 5 h 30 min
10-09 Fri 08:30–12:00, 14:30–17:30: 6 h 30 min
10-10 Sat 08:30–12:00: 3 h 30 min (调休上班（补 2026-10-07）, 国务院办公厅节假日安排通知)
To come: reminder 2026-10-08 15:36; reminder one working day before 2026-10-09 12:00; yellow light 2026-10-09 16:14:24; \
red light, supervision proposed 2026-10-10 12:00; urged one working day late 2026-10-12 12:00; escalated 2026-10-13 10:54; \
escalated again 2026-10-15 09:48; five working days late, bulletin proposed 2026-10-16 12:00
→ due 2026-10-10 12:00
""",
}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_hold_over_the_national_day_is_explained_line_by_line(sqlite_town: Town, lang: str) -> None:
    case = hold_over_the_holiday(sqlite_town)
    told = next(e for e in why(sqlite_town, case, Which("handle", 1)))
    assert "\n".join(lines(told, lang)) + "\n" == GOLDEN[lang]


# stories --------------------------------------------------------------------------------------------------------------


def test_every_clock_of_a_case_that_goes_around_the_loop_is_explained(town: Town) -> None:
    case = at_work_on(town, "5号楼前下水道堵了，污水外溢")
    town.fast_forward(hours=30)  # late: rungs fire, a supervision order is proposed
    for order in town.orders(case):
        town.order(case, "finish", f"{order.code}.clerk", order.code, result="已疏通")
    town.turn()
    town.act(case, "fail_check", "hubin.clerk", reason="仍有外溢")
    town.now += timedelta(hours=1)
    town.order(case, "finish", "water.clerk", "water", result="再次疏通")
    town.turn()
    town.act(case, "pass_check", "hubin.clerk")
    town.turn()
    town.act(case, "rate", "resident:10000000001", solved=False, score=1)
    town.act(case, "rework", "centre.duty", reason="居民不满意")
    found = agreed(town, case)
    again = found["handle", 1]
    assert again.rule is not None
    assert (again.rule.how, again.rule.limit, again.rule.given, again.limit) == ("half", "24h", "12h", "12h")
    assert found["sign", None].rule is not None
    assert [r.code for r in why(town, case, Which("handle", 1, stopped=True))[0].rungs] == ["remind", "yellow", "red"]
    assert {e.status for e in why(town, case, Which())} == {"running"}


def test_a_clock_on_hold_says_what_is_left(lit: tuple[Town, int]) -> None:
    town, case = lit
    town.now += timedelta(hours=1)
    town.act(case, "hold", "centre.duty", reason="等电缆")
    town.now += timedelta(days=3)
    held = agreed(town, case)["handle", 1]
    assert (held.status, held.left_s, of(held, Pause)[0].reason) == ("paused", held.budget_s - 3600, "等电缆")
    assert any("挂账中" in line for line in lines(held, "zh"))
    town.act(case, "resume", "centre.duty")
    assert agreed(town, case)["handle", 1].due_at > held.stored_due_at


def test_an_extension_is_explained_with_who_and_how_much(lit: tuple[Town, int]) -> None:
    town, case = lit
    town.order(case, "ask_extension", "municipal.clerk", amount="2wd", reason="等电缆")
    agreed(town, case)
    town.now += timedelta(hours=1)
    town.extension(case, "grant", "centre.duty", with_co=True)
    found = agreed(town, case)
    (longer,) = of(found["handle", 1], Extended)
    assert (longer.amount, longer.by.user, longer.due) == ("2wd", "centre.duty", found["handle", 1].due_at)
    assert of(found["handle", 2], Extended)
    assert (longer.asked_by.user, longer.asked_for) == ("municipal.clerk", "等电缆")
    told, public = ("\n".join(lines(each, "zh")) for each in (found["handle", 1], for_public(found["handle", 1])))
    assert "municipal.clerk，理由：等电缆" in told
    assert "申请：" not in public
    assert of(for_public(found["handle", 1]), Extended)[0].asked_for == ""


def test_a_supervision_order_is_explained_at_every_turn(lit: tuple[Town, int]) -> None:
    town, case = lit
    town.supervise(case, "centre.duty", "municipal")
    town.now += timedelta(hours=1)
    town.sign(case, "sign", "centre.head", limit="4wd")
    signed = agreed(town, case)["rectify", None]
    assert signed.rule is not None
    assert signed.rule.given_by is not None
    assert (signed.rule.how, signed.rule.given, signed.rule.given_by.user) == ("person", "4wd", "centre.head")
    assert "4个工作日，由" in "\n".join(lines(signed, "zh"))
    for action, who, args in (
        ("reply", "municipal.clerk", {"result": "已整改", "after": "照片"}),
        ("fail_check", "centre.duty", {"reason": "没有整改"}),
        ("reply", "municipal.clerk", {"result": "已整改", "after": "照片"}),
        ("pass_check", "centre.duty", {}),
    ):
        town.now += timedelta(hours=1)
        town.sign(case, action, who, **args)
        agreed(town, case)
    town.supervise(case, "centre.duty", "water")
    town.sign(case, "sign", "centre.head")
    ruled = agreed(town, case)["rectify", None]
    assert ruled.rule is not None
    assert (ruled.rule.how, ruled.rule.limit) == ("row", "5wd")


def test_a_deadline_given_with_the_report_binds_where_it_is_earlier(town: Town) -> None:
    due = town.now + timedelta(hours=20)
    report = Report(LIGHT, LIGHT, source="hotline", area="chenguang-1", due_at=due, due_note="12345 工单 7")
    with town.context.database.unit_of_work() as session:
        case = submit(session, [report], Setting(town.now))[0].case_id
    town.turn()
    found = agreed(town, case)
    (bound,) = of(found["overall", None], Bound)
    assert (bound.by, bound.due, bound.binds, bound.reason) == ("upstream", due, True, "12345 工单 7")
    assert found["overall", None].due_at <= due < bound.own_due


def test_a_leaders_note_binds_while_running_and_while_on_hold(lit: tuple[Town, int]) -> None:
    town, case = lit
    note = {"by": "note", "reason": "区领导批示"}
    town.act(case, "bind", "centre.duty", due_at=(town.now + timedelta(days=6)).isoformat(), **note)
    assert not of(agreed(town, case)["handle", 1], Bound)[0].binds
    town.act(case, "hold", "centre.duty", reason="等电缆")
    town.now += timedelta(hours=2)
    town.act(case, "bind", "centre.duty", due_at=(town.now + timedelta(hours=6)).isoformat(), **note)
    assert "恢复办理时与本时限相比" in "\n".join(lines(agreed(town, case)["handle", 1], "zh"))
    town.now += timedelta(hours=3)
    town.act(case, "resume", "centre.duty")
    bound = agreed(town, case)["handle", 1]
    assert [b.binds for b in of(bound, Bound)] == [False, None, True]
    assert "领导批示" in "\n".join(lines(bound, "zh"))


def test_an_emergency_counts_every_minute(town: Town) -> None:
    case = town.reports("燃气泄漏", "闻到很浓的煤气味，燃气泄漏")
    town.turn()
    found = agreed(town, case)
    assert {e.natural for e in found.values() if e.order_no} == {True}
    town.fast_forward(hours=2)  # deemed acknowledged; the calls go on
    agreed(town, case)


def test_a_co_handler_is_bound_by_the_lead(town: Town) -> None:
    closes_early(town, "municipal")
    case = at_work_on(town, LIGHT)
    found = agreed(town, case)
    (bound,) = of(found["handle", 2], Bound)
    assert (bound.by, bound.binds, bound.due) == ("lead", True, found["handle", 1].due_at)


def closes_early(town: Town, unit: str) -> None:
    """The unit works in the mornings only."""
    morning = Window(time(8, 30), time(12, 0))
    for edit in (
        add_calendar("mornings", "上午", "Mornings", "cn", "unit"),
        set_hours("mornings", morning, [morning]),
        use(unit, "mornings"),
    ):
        with town.context.database.unit_of_work() as session:
            change_calendars(session, edit, "admin", town.now)


def test_stages_decisions_and_desks_are_explained(town: Town) -> None:
    staged = at_work_on(town, "邻居违章搭建，楼顶违章建筑")
    climbing = town.reports(LIGHT, source="grid_worker")
    alone = town.reports("有个事", "想问问", phone=None)
    town.turn()
    town.act(climbing, "report_up", "chenguang-1.worker")
    assert {stage for e in agreed(town, staged).values() if (stage := e.stage)}
    assert why(town, staged, Which("stage"))[0].rule.how == "stage"  # type: ignore[union-attr]
    assert ("decide", None) in agreed(town, climbing)
    assert set(agreed(town, alone)) == {("accept", None), ("triage", None)}


def test_a_case_that_was_recalled_and_opened_again_is_explained(town: Town) -> None:
    case = at_work_on(town, LIGHT)
    town.act(case, "recall", "centre.duty", reason="派错了")
    town.now += timedelta(hours=1)
    town.act(case, "refile", "centre.duty", category="A04", urgency="P1")
    agreed(town, case)
    town.act(case, "dispatch", "centre.duty", lead=town.unit_id("municipal"), co=(town.unit_id("traffic"),))
    town.turn()
    agreed(town, case)


# changes of calendar and policy ---------------------------------------------------------------------------------------


def stoppage(town: Town, day: date) -> None:
    one = OneDay("cn", day, False, "stoppage", "台风停工", "区防汛指挥部")
    with town.context.database.unit_of_work() as session:
        change_calendars(session, set_day(one), "admin", town.now)


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


# what was tampered with -----------------------------------------------------------------------------------------------


def change(town: Town, of_table: Table, key: int, **values: object) -> None:
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(of_table).where(of_table.c.id == key).values(**values))


def move_due(town: Town, clock_id: int) -> None:
    row = town.rows(select(_clock).where(_clock.c.id == clock_id))[0]
    change(town, _clock, clock_id, due_at=row.due_at + timedelta(minutes=1))


def test_a_due_moment_moved_by_a_minute_disagrees_for_every_clock(lit: tuple[Town, int]) -> None:
    town, case = lit
    for clock in town.clocks(case):
        move_due(town, clock.id)
    for each in why(town, case):
        assert (each.agrees, each.problem, each.off_by_s) == (False, "differs", 60)
        assert lines(each, "zh")[-1].startswith("✗")
        assert "later by 1 min" in lines(each, "en")[-1]


def test_a_start_that_was_moved_has_no_entry_in_the_journal(lit: tuple[Town, int]) -> None:
    town, case = lit
    clock = next(c for c in town.clocks(case) if c.kind == "handle")
    change(town, _clock, clock.id, started_at=clock.started_at + timedelta(minutes=1))
    moved = why(town, case, Which(clock_id=clock.id))[0]
    assert (moved.agrees, moved.problem, moved.start) == (False, "no_start", None)
    assert lines(moved, "zh")[-1].startswith("✗")


def test_derived_columns_are_not_looked_at(lit: tuple[Town, int]) -> None:
    town, case = lit
    wrong = {"budget_s": 1, "consumed_s": 7, "limit": "9wd", "source_row": 99, "bound_by": "note", "round": 4}
    for clock in town.clocks(case):
        change(town, _clock, clock.id, **wrong)
    agreed(town, case)


def test_a_journal_that_was_changed_is_found_by_the_doctor(town: Town) -> None:
    case = hold_over_the_holiday(town)
    entry = next(e for e in town.journal(case) if e.action == "resume")
    with town.context.database.unit_of_work() as session:
        where = (_journal.c.case_id == case, _journal.c.seq == entry.seq)
        session.connection().execute(update(_journal).where(*where).values(at=entry.at + timedelta(hours=1)))
        assert [finding.code for finding in check_journal(session, [case])] == ["journal_broken"]
    assert why(town, case, Which("handle", 1))[0].agrees is False


# who is told ----------------------------------------------------------------------------------------------------------


def test_the_public_reads_neither_names_nor_what_people_wrote(sqlite_town: Town) -> None:
    case = hold_over_the_holiday(sqlite_town)
    found = why(sqlite_town, case, Which("handle", 1))[0]
    inside, public = (json.dumps(as_json([each]), ensure_ascii=False) + "".join(lines(each, "zh")) for each in (found, for_public(found)))
    assert "centre.duty" in inside
    assert "等电缆" in inside
    assert "centre.duty" not in public
    assert "等电缆" not in public
    assert "挂账" in public


def test_a_program_gets_the_same_over_the_web(sqlite_town: Town, tmp_path: Any, encryption_key: bytes) -> None:
    case = hold_over_the_holiday(sqlite_town)
    app: FastAPI = app_on(sqlite_town.context.database, tmp_path, encryption_key)
    no = sqlite_town.case(case).no
    with TestClient(app, headers=BEARER) as client:
        clocks = client.get(f"/api/cases/{no}/why?lang=en").json()["clocks"]
        assert client.get("/api/cases/BH-20200101-0001/why").status_code == 404
    with TestClient(app) as stranger:
        assert stranger.get(f"/api/cases/{no}/why").status_code == 401
    handle = next(c for c in clocks if (c["kind"], c["order_no"]) == ("handle", 1))
    assert (handle["agrees"], handle["due_at"], handle["lines"][-1]) == (True, "2026-10-10T04:00:00+00:00", "→ due 2026-10-10 12:00")
    assert "centre.duty" not in json.dumps(clocks, ensure_ascii=False)


def test_a_kind_that_does_not_exist_is_refused(sqlite_town: Town) -> None:
    case = sqlite_town.reports(LIGHT)
    with pytest.raises(Refused, match="unknown_clock"):
        why(sqlite_town, case, Which("handling"))


@pytest.mark.parametrize(
    ("moments", "told"),
    [
        (("2026-11-20T10:42", "22wd"), "11-23 至 12-21 21个工作日：136小时30分（其间周末 8 天不计）"),
        (("2026-11-20T18:00", "6wd"), "11-20 周五 已无工作时间"),
        (("2026-11-25T10:42", "5wd"), "11-26 至 12-01 4个工作日：26小时（周末 11-28、11-29 不计）"),
        (
            ("2026-12-31T10:42", "2wd"),
            "不计 元旦（2027-01-01）、周末（2027-01-02、2027-01-03），依据：全国年节及纪念日放假办法（暂定，尚无正式通知）",
        ),
    ],
)
def test_days_in_a_row_are_one_line(sqlite_town: Town, moments: tuple[str, str], told: str) -> None:
    town = sqlite_town
    town.now, limit = local(moments[0]), moments[1]
    give(town, ({"handle": limit}, {"source": "resident"}))
    case = at_work_on(town, LIGHT)
    assert told in lines(agreed(town, case)["handle", 1], "zh")


def test_rungs_in_a_year_without_a_notice_say_so_and_a_day_ends_at_24(sqlite_town: Town) -> None:
    town = sqlite_town
    town.now = local("2026-12-29T10:42")
    always = Window(time(0, 0), time(0, 0))
    for edit in (
        add_calendar("round", "全天", "Round the clock", "cn", "unit"),
        set_hours("round", always, [always]),
        use("municipal", "round"),
    ):
        with town.context.database.unit_of_work() as session:
            change_calendars(session, edit, "admin", town.now)
    case = at_work_on(town, LIGHT)
    found = agreed(town, case)["handle", 1]
    assert {r.provisional for r in found.rungs if r.at > local("2027-01-01T00:00")} == {True}
    assert {r.provisional for r in found.rungs if r.at <= local("2027-01-01T00:00")} == {False}
    told = "\n".join(lines(found, "zh"))
    assert "10:42–24:00" in told
    assert "–00:00" not in told
    assert "（暂定，尚无正式通知）；" in told


def test_every_sentence_of_an_explanation_is_worded_and_every_word_is_used() -> None:
    folder = Path(__file__).parents[1] / "services" / "why"
    text = "".join((folder / name).read_text(encoding="utf-8") for name in ("telling.py", "words.py"))
    anew = {f"anew_{why}" for why in ("calendar", "policy", "merged", "split")}
    said = set(re.findall(r'"([a-z_]+)"', text)) | anew | {"how_half", "how_rework", "no_start", "no_limit"}
    for lang in LANGUAGES:
        words = sentences(lang)["why"]
        assert set(re.findall(r'sentence\("([a-z_]+)"', text)) <= set(words)
        assert set(words) <= said | {"none"}


# every kind of clock ---------------------------------------------------------------------------------------------------


def test_every_kind_of_clock_is_explained(town: Town) -> None:
    every_kind(town)
    town.fast_forward(days=2)
    for case in town.rows(select(_case.c.id)):
        if town.clocks(case.id):
            agreed(town, case.id)


def ruled(town: Town) -> int:
    """A street light that the municipal centre gave back and the street has to lead, with what was asked meanwhile."""
    case = town.reports(LIGHT)
    town.turn()
    town.order(case, "ask_return", "municipal.clerk", "municipal", code="not_our_duty", reason="属街道")
    assert agreed(town, case)["rule", 1].status == "running"
    town.now += timedelta(minutes=10)
    town.request(case, "uphold_return", "centre.duty", unit=town.unit_id("hubin"), reason="由街道牵头", override=True)
    return case


def test_a_ruled_return_begins_new_clocks_for_who_leads_then(town: Town) -> None:
    case = ruled(town)
    found = agreed(town, case)
    assert found["rule", 1].status == "stopped"
    lead = town.order_no(case)
    assert (lead, found["handle", lead].start.at) == (3, town.now)
    assert found["handle", lead].start.action == "redispatch"
    assert "由街道牵头" not in "".join(lines(found["rule", 1], "zh"))


def test_what_is_given_up_added_and_reassigned_is_followed(town: Town) -> None:
    case = at_work_on(town, LIGHT)
    town.now += timedelta(minutes=7)
    town.act(case, "add_co", "centre.duty", unit=town.unit_id("water"), reason="涉及管线", override=True)
    agreed(town, case)
    town.act(case, "ask_hold", "municipal.clerk", code="project", reason="等改造")
    town.now += timedelta(minutes=7)
    town.request(case, "approve_hold", "centre.duty")
    assert agreed(town, case)["approve", None].status == "stopped"
    town.now += timedelta(hours=3)
    town.act(case, "review_hold", "centre.duty", reason="还没到")
    town.act(case, "prolong_hold", "centre.head", amount="5wd", reason="材料未到")
    found = agreed(town, case)
    assert (found["hold_review", None].start.action, found["hold_review", None].start.at) == ("review_hold", town.now)
    assert of(found["hold_cap", None], Extended)[0].amount == "5wd"
    town.act(case, "resume", "centre.duty")
    town.act(case, "reassign", "centre.duty", lead=town.unit_id("urban"), reason="改派", override=True)
    assert agreed(town, case)["handle", town.order_no(case)].start.action == "reassign"


@pytest.mark.parametrize(("lang", "merged", "split"), [("zh", "并入本件", "拆出本件"), ("en", "merged into this case", "split off")])
def test_a_limit_cut_by_a_merged_case_and_given_back_is_explained(sqlite_town: Town, lang: str, merged: str, split: str) -> None:
    town = sqlite_town
    first = at_work_on(town, "桥下路灯坏了一周没人修")
    town.now += timedelta(days=3)
    second = at_work_on(town, "桥东路灯坏了一周没人修")
    before = agreed(town, second)["handle", 1].due_at
    town.act(first, "merge", "centre.duty", into=second)
    found = agreed(town, second)["handle", 1]
    assert found.due_at is not None
    assert before is not None
    assert found.due_at < before
    assert merged in "\n".join(lines(found, lang))
    town.act(first, "split_off", "centre.duty", reason="不是同一盏")
    found = agreed(town, second)["handle", 1]
    assert found.due_at == before
    assert split in "\n".join(lines(found, lang))
    agreed(town, first)


# any policy -----------------------------------------------------------------------------------------------------------


def give(town: Town, *rows: tuple[dict[str, str], dict[str, str]]) -> None:
    """Write rows into the policy in force, limits and what they name, in place of those that were given before."""
    row, system = table(SlaRow), table(System)
    values = [{"version": 1, "line": 900 + i, "limits": limits, "stages": [], **names} for i, (limits, names) in enumerate(rows)]
    with town.context.database.unit_of_work() as session:
        run = session.connection().execute
        run(delete(row).where(row.c.line >= 900))
        for each in values:
            run(insert(row).values(**each))
        run(update(system).values(revision=system.c.revision + 1))


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
