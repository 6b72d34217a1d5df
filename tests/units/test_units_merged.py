"""Units that are merged, and what goes on elsewhere."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from models import AdminEntry, Clock, Database, DutyRoster, Request, Staff, UnitChange, table
from rules.facts import Refused, Thing
from rules.routing import duty_list
from services.catalogue import catalogue
from services.moves import Intent, Setting, make_moves, one
from services.people import leaving
from services.units import asking
from services.units.affected import affected
from services.units.applying import CaseFailedError, apply_due, next_change, pass_over
from services.units.names import line_at, name_at
from services.why import Which, explain, lines
from tests.conftest import context_for
from tests.support.reordering import LIGHT, audited, do, drain, lamp, merge, sound, untouched
from tests.support.town import Town

_change = table(UnitChange)
_clock = table(Clock)


def test_a_merged_unit_goes_on_elsewhere_with_every_clock_as_it_was(town: Town) -> None:
    case = drain(town)
    lead = next(o.code for o in town.orders(case) if o.lead)
    town.order(case, "acknowledge", f"{lead}.clerk")
    town.fast_forward(hours=2)
    before = untouched(town)
    merge(town, lead, "municipal" if lead != "municipal" else "urban")
    town.turn()
    heir = "municipal" if lead != "municipal" else "urban"
    assert untouched(town) == before
    order = next(o for o in town.orders(case) if o.lead)
    assert (order.code, order.state) == (heir, "working")
    assert {c.unit_id for c in town.clocks(case) if c.order_no == order.no and c.stopped_at is None} == {town.unit_id(heir)}
    (entry,) = [e for e in town.journal(case) if e.action == "unit_succeeded"]
    assert (entry.data["from"], entry.data["to"], entry.data["orders"]) == (town.unit_id(lead), town.unit_id(heir), [order.no])
    assert entry.actor == "admin"
    assert entry.ball_unit_id == town.unit_id(heir)
    told = {(m.notice, m.name) for m in town.messages(case) if m.seq >= entry.seq}
    assert {("taken_over", f"{heir}.clerk"), ("taken_over", f"{lead}.clerk")} <= told  # the old clerk works for the new unit now
    assert {("units_changed", f"{heir}.head"), ("units_changed", f"{lead}.head")} <= told
    sound(town)
    town.order(case, "finish", f"{lead}.clerk", heir, result="已疏通")
    sound(town)


def test_history_stays_under_the_old_name(town: Town) -> None:
    case = drain(town)
    lead = next(o for o in town.orders(case) if o.lead)
    merge(town, lead.code, "urban")
    town.now += timedelta(hours=1)
    town.turn()
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        unit = known.units[lead.unit_id]
    assert unit.retired
    assert unit.successor_id == town.unit_id("urban")
    dispatched = next(e for e in town.journal(case) if e.action == "dispatch")
    assert dispatched.ball_unit_id == lead.unit_id
    assert name_at(known, dispatched.ball_unit_id, dispatched.at) == known.names[lead.unit_id]
    (change,) = town.rows(select(_change))
    assert change.applied_at is not None
    entries = town.rows(select(table(AdminEntry)).order_by(table(AdminEntry).c.id))
    assert [row.action for row in entries] == ["unit_merge_asked", "unit_merged"]


def test_nothing_new_reaches_a_retired_unit_and_its_kind_is_served_by_the_successor(town: Town) -> None:
    before = drain(town)
    lead = next(o.code for o in town.orders(before) if o.lead)
    merge(town, lead, "urban")
    town.now += timedelta(minutes=1)
    town.turn()
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        listed = duty_list(town.unit_id("urban"), known.routing, known.units)
        assert listed is None or town.case(before).category in listed
    case = drain(town)
    assert next(o.code for o in town.orders(case) if o.lead) == "urban"
    town.act(case, "recall", "centre.duty", reason="派错了")
    with pytest.raises(Refused) as refused:
        town.act(case, "dispatch", "centre.duty", lead=town.unit_id(lead))
    assert refused.value.code == "unit_retired"
    assert refused.value.details == {"unit": lead, "successor": "urban"}


def test_a_change_comes_into_force_at_its_moment_and_can_be_taken_back_before(town: Town) -> None:
    case = drain(town)
    lead = next(o.code for o in town.orders(case) if o.lead)
    later = town.now + timedelta(days=2)
    number = merge(town, lead, "urban", later)
    town.fast_forward(until=later - timedelta(minutes=1))
    assert next(o.code for o in town.orders(case) if o.lead) == lead
    do(town, lambda s: asking.cancel(s, number, "admin", town.now) or 0)
    with pytest.raises(Refused, match="change_begun"):
        do(town, lambda s: asking.cancel(s, number, "admin", town.now) or 0)
    merge(town, lead, "urban", later)
    town.fast_forward(until=later)
    assert next(o.code for o in town.orders(case) if o.lead) == "urban"
    sound(town)


def test_a_merge_taken_up_half_way_ends_as_if_it_had_not_been_broken_off(town: Town) -> None:
    cases = [drain(town) for _ in range(3)]
    lead = next(o.code for o in town.orders(cases[0]) if o.lead)
    before = untouched(town)
    merge(town, lead, "urban")
    steps: list[int | None] = []
    for _ in range(20):
        with town.context.database.unit_of_work() as session:
            steps.append(apply_due(session, town.now, 1))
        if steps[-1] is None:
            break
    assert [s for s in steps if s] == [1, 1, 1]
    assert untouched(town) == before
    assert {next(o.code for o in town.orders(c) if o.lead) for c in cases} == {"urban"}
    assert [town.actions(c).count("unit_succeeded") for c in cases] == [1, 1, 1]
    with town.context.database.unit_of_work() as session:
        assert next_change(session) is None


def test_a_case_that_cannot_follow_is_set_aside_and_the_others_follow(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, sane = drain(town), drain(town)
    lead = next(o.code for o in town.orders(sane) if o.lead)
    from services.units import succession

    enter = succession._enter

    def fails(draft: Any, *rest: Any) -> None:
        if draft.case["id"] == broken:
            raise LookupError("broken on purpose")
        enter(draft, *rest)

    monkeypatch.setattr(succession, "_enter", fails)
    merge(town, lead, "urban")
    town.turn()
    assert next(o.code for o in town.orders(sane) if o.lead) == "urban"
    assert [row.error for row in town.set_aside(broken)] == ["LookupError: broken on purpose"]
    with town.context.database.unit_of_work() as session:
        assert next_change(session) is None
        assert not pass_over(session, CaseFailedError(1, broken))


def test_who_had_a_part_of_its_own_has_both_and_each_keeps_its_clocks(town: Town) -> None:
    case = drain(town)
    town.act(case, "recall", "centre.duty", reason="改派")
    town.turn()
    if town.state(case) != "reporting":
        units = {"lead": town.unit_id("water"), "co": (town.unit_id("municipal"),)}
        town.act(case, "dispatch", "centre.duty", **units, override=True, reason="一起办")
    before = untouched(town)
    town.now += timedelta(minutes=1)
    merge(town, "municipal", "water")
    town.turn()
    assert untouched(town) == before
    present = [(o.code, o.lead) for o in town.orders(case) if o.state != "recalled"]
    assert present == [("water", True), ("water", False)]
    sound(town)
    for order in [o for o in town.orders(case) if o.state != "recalled"]:
        _finish(town, case, order.no)
    town.turn()
    assert town.state(case) == "handled"
    sound(town)


def _finish(town: Town, case: int, no: int) -> None:
    for action, args in (("acknowledge", {}), ("finish", {"result": "已处理"})):
        intent = Intent(case, action, town.actor("water.clerk"), Thing.ORDER, no, args)
        with town.context.database.unit_of_work() as session:
            one(make_moves(session, [intent], Setting(town.now)))


def test_nobody_supervises_a_retired_unit(sqlite_town: Town) -> None:
    town = sqlite_town
    case = drain(town)
    merge(town, "municipal", "urban")
    town.now += timedelta(minutes=1)
    town.turn()
    with pytest.raises(Refused, match="unit_retired"):
        town.supervise(case, "centre.head", "municipal")


def test_a_level_goes_on_deciding_under_the_same_clock(town: Town) -> None:
    case = town.reports(*LIGHT, source="grid_worker", area="chenguang-1")
    town.turn()
    assert town.state(case) == "reporting"
    held = town.unit_code(town.case(case).holder_unit_id)
    other = {"chenguang-1": "chenguang-2", "chenguang": "rongyin", "hubin": "dongtang"}[held]
    before = untouched(town)
    town.now += timedelta(minutes=1)
    merge(town, held, other)
    town.turn()
    assert town.unit_code(town.case(case).holder_unit_id) == other
    assert untouched(town) == before
    assert town.open_clock(case, "decide").unit_id == town.unit_id(other)
    sound(town)
    role = "worker" if other.endswith("-2") else "clerk"
    town.act(case, "report_up", f"{other}.{role}", reason="要上级定")
    sound(town)


def test_requests_and_supervision_orders_go_along(town: Town) -> None:
    case = lamp(town)
    lead = next(o.code for o in town.orders(case) if o.lead)
    town.order(case, "acknowledge", f"{lead}.clerk")
    town.order(case, "ask_extension", f"{lead}.clerk", amount="1wd", reason="等配件")
    seq = town.supervise(case, "centre.head", lead)
    town.sign(case, "sign", "centre.head", seq)
    before = untouched(town)
    town.now += timedelta(minutes=1)
    merge(town, lead, "urban")
    town.turn()
    assert untouched(town) == before
    assert [s.unit_id for s in town.supervision(case)] == [town.unit_id("urban")]
    assert town.open_clock(case, "rectify").unit_id == town.unit_id("urban")
    sound(town)
    town.extension(case, "grant", "centre.duty")
    town.sign(case, "reply", "urban.clerk", seq, result="已疏通", after=("现场已通水",))
    sound(town)


def test_a_request_that_waits_is_the_successors(town: Town) -> None:
    case = drain(town)
    lead = next(o.code for o in town.orders(case) if o.lead)
    town.order(case, "acknowledge", f"{lead}.clerk")
    until = (town.now + timedelta(days=9)).isoformat()
    town.act(case, "ask_hold", f"{lead}.clerk", code="project", reason="等管网工程", until=until)
    merge(town, lead, "urban")
    town.turn()
    (request,) = town.rows(select(table(Request)))
    assert request.unit_id == town.unit_id("urban")
    assert [unit for *_, unit, _ in town.case(case).asks] == [town.unit_id("urban")]
    assert request.asked_by == f"{lead}.clerk"
    audited(town)
    town.request(case, "approve_hold", "centre.duty", reason="同意")
    assert town.state(case) == "on_hold"
    sound(town)


def test_work_that_was_done_comes_back_to_the_successor(town: Town) -> None:
    case = drain(town)
    for order in town.orders(case):
        town.order(case, "acknowledge", _clerk(town, order.code), order.code)
        town.order(case, "finish", _clerk(town, order.code), order.code, result="已处理")
    lead = next(o.code for o in town.orders(case) if o.lead)
    town.turn()
    assert town.state(case) == "handled"
    merge(town, lead, "urban")
    town.now += timedelta(minutes=1)
    town.turn()
    sound(town)
    with pytest.raises(Refused):  # who works for the unit that handled it cannot look at its own result, whatever it is called
        town.act(case, "pass_check", f"{lead}.clerk")
    town.act(case, "fail_check", "centre.duty", reason="还在冒水")
    assert next((o.code, o.state) for o in town.orders(case) if o.lead) == ("urban", "working")
    sound(town)


def _clerk(town: Town, code: str) -> str:
    people = town.rows(select(table(Staff)).where(table(Staff).c.unit_id == town.unit_id(code)))
    return next(str(r.name) for r in people if r.role in ("clerk", "worker"))


def test_people_duties_and_what_lies_below_move_along(town: Town) -> None:
    worker = town.rows(select(table(Staff)).where(table(Staff).c.name == "chenguang.clerk"))[0]
    duty = {"unit_id": worker.unit_id, "staff_id": worker.id, "since": town.now, "until": town.now + timedelta(days=1)}
    with town.context.database.unit_of_work() as session:
        session.connection().execute(insert(table(DutyRoster)).values(duty))
        known = catalogue(session)
        found = affected(session, known, worker.unit_id, town.now)
    assert found.below == ["chenguang-1", "chenguang-2", "chenguang-3", "chenguang-estate"]
    assert (found.rosters, "chenguang.clerk" in found.staff) == (1, True)
    case = drain(town)
    merge(town, "chenguang", "rongyin")
    start = town.now
    town.now += timedelta(minutes=1)
    town.turn()
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
    rongyin = town.unit_id("rongyin")
    assert known.people["chenguang.clerk"].unit_id == rongyin
    assert {known.units[town.unit_id(f"chenguang-{n}")].parent_id for n in (1, 2, 3)} == {rongyin}
    assert [row.unit_id for row in town.rows(select(table(DutyRoster)))] == [rongyin]
    grid = town.unit_id("chenguang-1")
    assert town.unit_id("rongyin") in known.line(grid)
    assert town.unit_id("chenguang") in line_at(known, grid, start)
    assert known.line(town.unit_id("chenguang")) == known.line(rongyin)
    assert town.case(case).area_unit_id == grid
    sound(town)


def test_two_engines_bring_a_merge_into_force_once(postgres_database: Database, tmp_path: Path) -> None:
    town = Town(context_for(postgres_database, tmp_path))
    case = drain(town)
    lead = next(o.code for o in town.orders(case) if o.lead)
    merge(town, lead, "urban")
    with postgres_database.unit_of_work() as first:
        assert apply_due(first, town.now) == 0
        with postgres_database.unit_of_work() as second:
            assert apply_due(second, town.now) is None
    for _ in range(5):
        with postgres_database.unit_of_work() as session:
            apply_due(session, town.now)
    assert town.actions(case).count("unit_succeeded") == 1


def test_a_unit_is_merged_and_its_clerk_leaves_in_mid_case(town: Town) -> None:
    """The case goes on to its end: who took it over hears of it, who left hears nothing, the resident notices nothing."""
    town.without_photos()
    case = lamp(town)
    lead = next(o.code for o in town.orders(case) if o.lead)
    clerk = f"{lead}.clerk"
    town.order(case, "acknowledge", clerk)
    town.order(case, "hand_to", f"{lead}.head", person=_id(town, clerk))
    due = town.open_clock(case, "handle", lead).due_at
    town.fast_forward(hours=20)
    merge(town, lead, "urban")
    town.turn()
    assert next(o.handler_id for o in town.orders(case) if o.lead) == _id(town, clerk)  # who does it goes on doing it
    do(town, lambda s: leaving.ask_leave(s, clerk, "urban.clerk", town.now, "admin", town.now))
    town.turn()
    heard, resident = len(town.heard(clerk)), len(town.heard("resident"))
    assert town.open_clock(case, "handle", "urban").due_at == due
    told = [(m.notice, m.name) for m in town.messages(case)]
    assert told.count(("taken_over", "urban.clerk")) == 1
    assert told.count(("handed_to", "urban.clerk")) == 1
    assert any("转由你单位接着办" in text and town.case(case).no in text for text in town.heard("urban.clerk"))
    town.fast_forward(until=due + timedelta(minutes=1))
    assert "clock_red" in {m.notice for m in town.messages(case) if m.name in ("urban.head", f"{lead}.head")}
    for order in town.orders(case):
        user = "urban.clerk" if order.code == "urban" else _clerk(town, order.code)
        if order.state == "sent":
            town.order(case, "acknowledge", user, order.code)
        town.order(case, "finish", user, order.code, result="已修好")
    town.turn()
    town.act(case, "pass_check", "centre.duty")
    town.turn()
    town.act(case, "rate", "resident", solved=True, score=5)
    town.turn()
    assert town.state(case) == "closed"
    assert len(town.heard(clerk)) == heard
    assert len(town.heard("resident")) > resident
    audited(town)


def test_why_says_who_goes_on_with_it(town: Town) -> None:
    case = lamp(town)
    lead = next(o.code for o in town.orders(case) if o.lead)
    town.now += timedelta(minutes=1)
    merge(town, lead, "urban")
    town.turn()
    with town.context.database.unit_of_work() as session:
        known = catalogue(session)
        (found,) = explain(session, town.case(case).no, town.now, Which("handle", town.order_no(case)))
    (said,) = [line for line in lines(found, "zh") if "接着办" in line]
    assert known.names[town.unit_id(lead)].zh in said
    assert known.names[town.unit_id("urban")].zh in said
    assert any("goes on with it" in line for line in lines(found, "en"))


def _id(town: Town, user: str) -> int:
    return int(town.rows(select(table(Staff).c.id).where(table(Staff).c.name == user))[0].id)
