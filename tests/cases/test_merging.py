"""Merging: nobody gets a later promise, a lesser care or no answer by it, and what came with a case leaves with it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models import CaseReporter, table
from services.choices import actor_of, drafted
from services.intake import Report, submit
from services.moves import Setting
from services.why import Which, explain
from tests.support.in_hand import in_hand, refused, sent, unsound
from tests.support.town import Town


def phone(n: int) -> str:
    return f"1000000020{n}"


def reported(town: Town, n: int) -> int:
    case = town.reports("有件事想问问", phone=phone(n))
    town.turn()
    return case


def ticket(town: Town, n: int, due: datetime) -> int:
    """Passed on from 12345, to be answered by a moment."""
    upstream: dict[str, Any] = {"upstream_system": "12345", "upstream_no": f"GD2026-{n}", "upstream_reply_to": "12345", "due_at": due}
    who: dict[str, Any] = {"requester": phone(n), "phone": phone(n)}
    report = Report("热线转来：有件事想问问", "有件事想问问", source="hotline", area="chenguang-1", due_note="工单", **upstream, **who)
    with town.context.database.unit_of_work() as session:
        case = submit(session, [report], Setting(town.now))[0].case_id
    town.turn()
    return case


def handled(town: Town, case: int) -> None:
    for order in (o for o in town.orders(case) if o.state in ("sent", "working")):
        if order.state == "sent":
            town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
        town.order(case, "finish", f"{order.code}.clerk", order.code, result="已修好")
    town.turn()


def fed_back(town: Town, case: int) -> None:
    handled(town, case)
    town.act(case, "pass_check", "centre.duty")
    town.turn()
    assert town.state(case) == "fed_back"


def merge(town: Town, case: int, into: int) -> None:
    town.act(case, "merge", "centre.duty", into=into)


def split(town: Town, case: int) -> None:
    town.act(case, "split_off", "centre.duty", reason="另一件事")


def sound(town: Town, case: int) -> bool:
    """Nothing is wrong by journal and table, and why each clock is due when it is can be recomputed."""
    with town.context.database.unit_of_work() as session:
        told = explain(session, town.case(case).no, town.now, Which(None, None, stopped=True))
        return [(e.kind, e.due_at, e.stored_due_at) for e in told if e.agrees is False] == unsound(town) == []


def test_an_emergency_goes_into_an_emergency_only(sqlite_town: Town) -> None:
    town = sqlite_town
    ordinary, urgent = in_hand(town, phone=phone(1)), sent(town, "P0", phone=phone(2))
    town.act(ordinary, "hold", "centre.duty", code="funding", reason="待资金")
    refused("merge_into_the_urgent", lambda: merge(town, urgent, ordinary))
    other = sent(town, "P0", phone=phone(3))
    merge(town, urgent, other)
    assert (town.state(urgent), unsound(town)) == ("merged", [])


def test_who_reported_two_merged_cases_stays_with_one_of_them(town: Town) -> None:
    first, one, two = sent(town, phone=phone(1)), reported(town, 2), reported(town, 2)
    merge(town, one, first)
    merge(town, two, first)
    split(town, one)
    resident = town.actor(f"resident:{phone(2)}").resident_id
    row = table(CaseReporter)
    assert [r.requester_id for r in town.rows(select(row).where(row.c.case_id == first, row.c.until.is_(None)))] == [resident]
    fed_back(town, first)
    assert any("已办完" in text for text in town.heard(f"resident:{phone(2)}", first))


def test_a_limit_from_outside_comes_along_and_leaves_again(sqlite_town: Town) -> None:
    town = sqlite_town
    target = in_hand(town, phone=phone(1))
    before = {c.id: c.due_at for c in town.open_clocks(target)}
    due = town.now + timedelta(hours=20)  # outside business hours
    later, earlier = ticket(town, 2, due + timedelta(hours=5)), ticket(town, 3, due)
    merge(town, earlier, target)
    merge(town, later, target)
    assert {town.case(target).outside_due_at, town.open_clock(target, "handle", "water").due_at} == {due}
    assert sound(town, target)
    split(town, earlier)
    assert town.case(target).outside_due_at == due + timedelta(hours=5), "the other one's holds now"
    assert due < town.open_clock(target, "handle", "water").due_at <= due + timedelta(hours=5)
    assert sound(town, target)
    split(town, later)
    assert town.case(target).outside_due_at is None
    assert {c.id: c.due_at for c in town.open_clocks(target)} == before
    assert sound(town, target)


def test_clocks_that_begin_later_are_bound_and_given_back_too(sqlite_town: Town) -> None:
    town = sqlite_town
    twin, target = sent(town, phone=phone(1)), reported(town, 2)
    extra = ticket(town, 3, town.now + timedelta(hours=3))
    merge(town, extra, target)
    town.act(target, "file", "centre.duty", category="A01", urgency="P2")
    town.turn()
    assert town.open_clock(target, "handle", "water").due_at == town.case(extra).outside_due_at
    split(town, extra)
    assert [c.due_at for c in town.open_clocks(target)] == [c.due_at for c in town.open_clocks(twin)]
    assert sound(town, target)


def test_a_merged_ticket_is_answered_when_the_other_case_is_fed_back(sqlite_town: Town) -> None:
    town = sqlite_town
    target, between = in_hand(town, phone=phone(1)), reported(town, 2)
    case = ticket(town, 3, town.now + timedelta(days=2))
    merge(town, case, between)
    merge(town, between, target)
    refused("upstream_goes_on", lambda: town.act(case, "answer_upstream", "centre.duty", result="正在办"))
    fed_back(town, target)
    town.act(case, "answer_upstream", "centre.duty", result="已修好")
    assert town.case(case).upstream_replied_at == town.now
    assert unsound(town) == []


def test_what_was_overdue_is_due_now(sqlite_town: Town) -> None:
    town = sqlite_town
    old = sent(town, phone=phone(1))
    town.fast_forward(days=12)
    target = sent(town, phone=phone(2))
    due = town.open_clock(old, "overall").due_at
    merge(town, old, target)
    assert town.open_clock(target, "handle", "water").due_at == town.now
    assert town.open_clock(target, "overall").due_at == due, "which was not overdue yet"
    assert sound(town, target)
    split(town, old)
    assert town.open_clock(target, "handle", "water").due_at == town.now, "what has become due stays due"
    assert sound(town, target)


def test_a_case_on_hold_keeps_no_more_than_was_left(sqlite_town: Town) -> None:
    town = sqlite_town
    old = sent(town, phone=phone(1))
    town.now += timedelta(hours=3)
    target = in_hand(town, phone=phone(2))
    town.act(target, "hold", "centre.duty", code="funding", reason="待资金")
    due = town.open_clock(old, "overall").due_at
    merge(town, old, target)
    town.act(target, "resume", "centre.duty")
    assert town.open_clock(target, "overall").due_at == due
    assert sound(town, target)


@pytest.mark.parametrize("first", ["resume", "split_off"])
def test_a_limit_from_outside_waits_for_a_case_on_hold(sqlite_town: Town, first: str) -> None:
    town = sqlite_town
    target = in_hand(town, phone=phone(1))
    case = ticket(town, 2, town.now + timedelta(hours=30))
    overall = town.open_clock(target, "overall").due_at
    town.act(target, "hold", "centre.duty", code="funding", reason="待资金")
    merge(town, case, target)
    if first == "split_off":
        split(town, case)
    town.act(target, "resume", "centre.duty")
    assert town.open_clock(target, "overall").due_at == (overall if first == "split_off" else town.case(target).outside_due_at)
    assert sound(town, target)
    if first == "resume":
        split(town, case)
        assert town.open_clock(target, "overall").due_at == overall
        assert sound(town, target)


def test_nobody_is_merged_into_what_has_been_fed_back(sqlite_town: Town) -> None:
    town = sqlite_town
    target, case = in_hand(town, phone=phone(1)), reported(town, 2)
    fed_back(town, target)
    refused("merge_too_late", lambda: merge(town, case, target))
    town.act(target, "rate", f"resident:{phone(1)}", solved=False, score=1)
    refused("merge_too_late", lambda: merge(town, case, target))


def test_the_report_that_the_law_demands_is_made_of_a_merged_case_too(sqlite_town: Town) -> None:
    town = sqlite_town
    target, case = reported(town, 1), reported(town, 2)
    for each in (target, case):
        town.act(each, "restrict", "centre.duty", kind="minor", reason="孩子受伤")
    merge(town, case, target)
    town.act(case, "report_statutory", "centre.duty", result="已报公安")
    assert town.open_clocks(case) == []


@pytest.mark.parametrize("also", [False, True])
def test_who_has_withdrawn_does_not_come_back(sqlite_town: Town, also: bool) -> None:
    town = sqlite_town
    target, case = in_hand(town, phone=phone(1)), reported(town, 2)
    if also:
        merge(town, reported(town, 3), case)
    merge(town, case, target)
    with town.context.database.unit_of_work() as session:
        draft = drafted(session, target)
        second = actor_of("resident:2", draft)
        refused("unknown_reporter", lambda: actor_of("resident:9", draft))
    assert second == town.actor(f"resident:{phone(2)}")
    town.act(target, "withdraw", f"resident:{phone(2)}", reason="不用了")
    assert town.state(target) == "handling", "only that reporter leaves"
    if not also:
        refused("reporter_has_withdrawn", lambda: split(town, case))
        return
    split(town, case)
    town.turn()
    assert (town.state(case), town.case(case).requester_id) == ("accepted", None)
    assert not any("单独" in text for text in town.heard(f"resident:{phone(2)}"))
    assert any("单独" in text for text in town.heard(f"resident:{phone(3)}"))
