"""Every clock of a case that goes round the loop is explained, at every turn."""

from datetime import time, timedelta

import pytest
from sqlalchemy import select

from models import Case, Clock, Journal, table
from rules.worktime import Window
from services.calendars import add_calendar, change_calendars, set_hours, use
from services.intake import Report, submit
from services.moves import Setting
from services.why import Which, for_public, lines
from services.why.explanation import Bound, Extended, Pause
from tests.support.auditing import every_kind
from tests.support.explaining import LIGHT, agreed, at_work_on, hold_over_the_holiday, of, why
from tests.support.town import Town

_case = table(Case)
_journal = table(Journal)
_clock = table(Clock)


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


# the text, checked by hand ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_hold_over_the_national_day_is_explained_line_by_line(sqlite_town: Town, lang: str) -> None:
    case = hold_over_the_holiday(sqlite_town)
    told = next(e for e in why(sqlite_town, case, Which("handle", 1)))
    assert "\n".join(lines(told, lang)) + "\n" == GOLDEN[lang]


# stories ---------------------------------------------------------------------------------------------------------------


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
