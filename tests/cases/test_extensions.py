"""More time (延期): asked before the limit is up, decided by somebody else, once and capped; a new round in which old breaches stay."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import insert, select, update

from models import CalendarInfo, SlaRow, Unit, WorkingWindow, table
from rules.facts import Refused
from services.why import explain
from tests.support.databases import reference_data_changed
from tests.support.sound import complaints
from tests.support.town import Town


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """Local time of Chenghu in 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def in_hand(town: Town, urgency: str = "P2") -> int:
    """A case that water leads with two co-handlers, all acknowledged: at P2 five working days from Friday 20 November 10:42."""
    case = town.reports("孩子上学的学区怎么划分的")
    town.turn()
    town.act(case, "file", "centre.duty", category="A01", urgency=urgency)
    town.turn()
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    return case


def asks(town: Town, case: int, amount: str = "3wd", unit: str = "water") -> None:
    town.order(case, "ask_extension", f"{unit}.clerk", unit, amount=amount, reason="管材未到货")


def test_five_days_and_three_more_end_at_the_close_of_the_third_day_after(town: Town) -> None:
    case = in_hand(town)
    assert town.open_clock(case, "handle", "water").due_at == at(27, 17, 30)
    town.now = at(24, 9)
    town.turn()
    asks(town, case)
    assert [(e.no, e.state, e.amount, e.asked_by) for e in town.extensions(case)] == [(1, "asked", "3wd", "water.clerk")]
    town.extension(case, "grant", "centre.duty", reason="属实")
    clock = town.open_clock(case, "handle", "water")
    assert (clock.due_at, clock.round, clock.limit) == (at(2, 17, 30, month=12), 2, "5wd")
    (entry,) = [e for e in town.journal(case) if e.action == "extended"]
    assert (entry.thing, entry.thing_no, entry.actor) == ("clock", 1, "centre.duty")
    told = {key: entry.data[key] for key in ("clock", "from", "to", "amount", "extension", "round", "reason")}
    assert told == {
        "clock": "handle",
        "from": at(27, 17, 30).isoformat(),
        "to": at(2, 17, 30, month=12).isoformat(),
        "amount": "3wd",
        "extension": 1,
        "round": 2,
        "reason": "属实",
    }
    (row,) = town.extensions(case)
    assert (row.state, row.decided_by, row.answer, row.decided_at) == ("granted", "centre.duty", "属实", town.now)


def test_percentages_follow_and_what_was_climbed_is_not_climbed_again(town: Town) -> None:
    case = in_hand(town)
    town.fast_forward(until=at(26, 12))
    first = [rung for kind, rung, _ in town.fired(case, "handle") if kind == "handle"]
    assert "remind" in first
    assert "yellow" not in first
    asks(town, case)
    town.extension(case, "grant", "centre.duty")
    seen = len(town.fired(case, "handle"))
    town.turn()
    assert len(town.fired(case, "handle")) == seen, "granting fires nothing"
    town.fast_forward(until=at(4, 17, 30, month=12))
    water = dict(_of_lead(town, case))
    budget = town.open_clock(case, "handle", "water").budget_s
    assert budget == 5 * 23_400 + 3 * 23_400 + _rest_of_friday()
    assert water["red"] == at(2, 17, 30, month=12)
    assert water["yellow"] == at(1, 10, 14, month=12) + timedelta(seconds=24)
    assert water["eve"] == at(1, 17, 30, month=12)


def _rest_of_friday() -> int:
    """From 10:42 to 12:00 and from 14:30 to 17:30."""
    return (78 + 180) * 60


def _of_lead(town: Town, case: int) -> list[tuple[str, datetime]]:
    """What was done on the lead's handling clock, by the journal."""
    entries = [e for e in town.journal(case) if e.thing == "clock" and e.thing_no == 1 and e.data["clock"] == "handle"]
    return [(e.action, e.at) for e in entries]


def test_everybody_concerned_hears_of_it(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    town.turn()
    asked = town.heard("centre.duty", case)[-1]
    assert all(words in asked for words in ("延期", "3个工作日", "管材未到货", "区水务排水中心"))
    town.extension(case, "grant", "centre.duty", amount="2wd")
    town.turn()
    assert "12月1日17:30" in town.heard("water.clerk", case)[-1]
    assert "2个工作日" in town.heard("water.head", case)[-1]
    resident = town.heard("resident:10000000001", case)[-1]
    assert "12月1日17:30" in resident
    assert "延期" not in resident
    assert [m.notice for m in town.messages(case) if m.name is None][-1] == "extended_reporter"


def test_a_refused_request_changes_nothing_and_the_unit_hears_why(town: Town) -> None:
    case = in_hand(town)
    before = town.open_clock(case, "handle", "water")
    asks(town, case)
    with pytest.raises(Refused, match="reason_missing"):
        town.extension(case, "refuse", "centre.duty")
    town.extension(case, "refuse", "centre.duty", reason="本月已有同类管材")
    town.turn()
    after = town.open_clock(case, "handle", "water")
    assert (after.due_at, after.round, after.budget_s) == (before.due_at, 1, before.budget_s)
    assert "11月27日17:30" in town.heard("water.clerk", case)[-1]
    assert "本月已有同类管材" in town.heard("water.head", case)[-1]
    assert "extended" not in town.actions(case)
    asks(town, case)
    assert [e.state for e in town.extensions(case)] == ["refused", "asked"], "what was refused is not used up"


def test_a_second_one_is_refused(town: Town) -> None:
    case = in_hand(town)
    asks(town, case, "1wd")
    with pytest.raises(Refused, match="already_asking"):
        asks(town, case, "1wd")
    town.extension(case, "grant", "centre.duty")
    with pytest.raises(Refused, match="extension_used_up") as found:
        asks(town, case, "1wd")
    assert found.value.details["times"] == 1
    with pytest.raises(Refused, match="wrong_state"):
        town.extension(case, "grant", "centre.duty")


def test_who_asks_never_decides(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    with pytest.raises(Refused, match="not_yours"):
        town.extension(case, "grant", "water.head")
    with pytest.raises(Refused, match="not_yours"):
        town.order(case, "ask_extension", "housing.clerk", "water", amount="1wd", reason="x")
    own = town.reports("孩子上学的学区怎么划分的")
    town.turn()
    town.act(own, "file", "centre.duty", category="A03", urgency="P2")
    town.turn()
    if town.state(own) == "dispatched":
        town.act(own, "recall", "centre.duty", reason="中心自办")
    town.act(own, "dispatch", "centre.duty", lead=town.unit_id("centre"))
    town.order(own, "acknowledge", "centre.duty")
    town.order(own, "ask_extension", "centre.duty", amount="1wd", reason="人手不足")
    with pytest.raises(Refused, match="decides_own_request"):
        town.extension(own, "grant", "centre.duty")


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("", "amount_missing"),
        ("soon", "bad_limit"),
        ("12h", "extension_of_other_time"),
        ("6wd", "extension_too_long"),
        ("0wd", "bad_limit"),
    ],
)
def test_what_cannot_be_asked_for(sqlite_town: Town, amount: str, code: str) -> None:
    case = in_hand(sqlite_town)
    with pytest.raises(Refused, match=code):
        asks(sqlite_town, case, amount)
    assert sqlite_town.extensions(case) == []


def test_no_reason_no_request_and_no_more_is_granted_than_was_asked(sqlite_town: Town) -> None:
    town = sqlite_town
    case = in_hand(town)
    with pytest.raises(Refused, match="reason_missing"):
        town.order(case, "ask_extension", "water.clerk", amount="1wd")
    asks(town, case, "2wd")
    with pytest.raises(Refused, match="more_than_asked"):
        town.extension(case, "grant", "centre.duty", amount="3wd")
    with pytest.raises(Refused, match="bad_limit"):
        town.extension(case, "grant", "centre.duty", amount="much")
    assert town.open_clock(case, "handle", "water").due_at == at(27, 17, 30)
    assert [e.state for e in town.extensions(case)] == ["asked"]


def test_an_emergency_is_never_extended(sqlite_town: Town) -> None:
    case = in_hand(sqlite_town, urgency="P0")
    with pytest.raises(Refused, match="extension_never"):
        asks(sqlite_town, case, "2h")


def test_what_is_late_is_late(town: Town) -> None:
    """A request that nobody decided in time is not granted afterwards: the breach is a fact."""
    case = in_hand(town)
    town.fast_forward(until=at(27, 16))
    asks(town, case)
    town.fast_forward(until=at(27, 17, 30))
    with pytest.raises(Refused, match="extension_too_late"):
        town.extension(case, "grant", "centre.duty")
    town.extension(case, "refuse", "centre.duty", reason="已超期")
    with pytest.raises(Refused, match="extension_too_late"):
        asks(town, case)
    assert "red" in [rung for rung, _ in _of_lead(town, case)]


def test_the_request_waits_under_a_clock_of_the_centre_that_ends_before_the_limit_does(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    clock = town.open_clock(case, "extend")
    assert (town.unit_code(clock.unit_id), clock.limit, clock.due_at, clock.bound_by) == ("centre", "4wh", at(20, 17, 12), None)
    town.extension(case, "refuse", "centre.duty", reason="不必")
    assert [c.kind for c in town.clocks(case) if c.kind == "extend" and c.stopped_at is None] == []
    town.fast_forward(until=at(27, 16))
    asks(town, case, "1wd")
    clock = town.open_clock(case, "extend")
    assert (clock.due_at, clock.bound_by, clock.bound_at) == (at(27, 17, 30), "handle", at(27, 17, 30))
    town.fast_forward(until=at(27, 17, 30))
    assert "urge" in [rung for _, rung, _ in town.fired(case, "extend")]


def test_a_request_lapses_when_the_unit_finishes_or_is_recalled(town: Town) -> None:
    done, recalled = in_hand(town), in_hand(town)
    for case in (done, recalled):
        asks(town, case)
    town.order(done, "finish", "water.clerk", result="已疏通")
    town.act(recalled, "recall", "centre.duty", reason="派错了")
    for case in (done, recalled):
        (row,) = town.extensions(case)
        assert (row.state, row.decided_by, row.amount, row.reason) == ("lapsed", "system", "3wd", "管材未到货")
        assert [c.kind for c in town.clocks(case) if c.kind == "extend" and c.stopped_at is None] == []
        with pytest.raises(Refused):
            town.extension(case, "grant", "centre.duty")


def test_a_hold_stops_the_request_too(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    town.act(case, "hold", "centre.duty", reason="等汛期过去")
    assert town.open_clock(case, "extend").running_since is None
    with pytest.raises(Refused, match="case_not_with_units"):
        town.extension(case, "grant", "centre.duty")
    town.fast_forward(days=14)
    assert "urge" not in [rung for _, rung, _ in town.fired(case, "extend")]
    town.act(case, "resume", "centre.duty")
    town.extension(case, "grant", "centre.duty")
    assert town.extensions(case)[0].state == "granted"


def test_a_co_handler_is_bound_by_the_lead_and_lengthened_only_along_with_it(town: Town) -> None:
    case = in_hand(town)
    co = town.open_clock(case, "handle", "housing")
    assert co.due_at == at(27, 17, 30)
    with pytest.raises(Refused, match="extension_past_lead"):
        asks(town, case, "1wd", "housing")
    asks(town, case)
    town.extension(case, "grant", "centre.duty")
    assert town.open_clock(case, "handle", "housing").due_at == at(27, 17, 30), "the lead's alone"
    asks(town, case, "1wd", "housing")
    town.extension(case, "grant", "centre.duty")
    assert town.open_clock(case, "handle", "housing").due_at == at(30, 17, 30), "now there is room below the lead's"
    assert [m.notice for m in town.messages(case) if m.name is None and m.notice == "extended_reporter"] == ["extended_reporter"]


def test_the_dispatcher_may_lengthen_the_co_handlers_along_with_the_lead(town: Town) -> None:
    case = in_hand(town)
    asks(town, case)
    town.extension(case, "grant", "centre.duty", with_co=True)
    dues = {o.code: town.open_clock(case, "handle", o.code).due_at for o in town.orders(case)}
    assert dues == dict.fromkeys(("water", "housing", "chenguang-estate"), at(2, 17, 30, month=12))
    assert [e.thing_no for e in town.journal(case) if e.action == "extended"] == [1, 2, 3]
    told = [town.unit_code(m.about["unit_id"]) for m in town.messages(case) if m.notice == "extension_granted" and m.channel == "sms"]
    assert told == ["water", "housing", "chenguang-estate"]


def test_a_co_handler_is_never_due_later_than_the_lead_from_the_start(town: Town) -> None:
    """Housing works in the evening: its own five working days would end after the lead's, so it ends an evening earlier."""
    with town.context.database.unit_of_work() as session:
        reference_data_changed(session)
        about = {"version": 1, "zone": "Asia/Shanghai", "first": date(2007, 1, 1), "last": date(2030, 12, 31)}
        evening = {"code": "evening", "zh": "夜班", "en": "Evening shift", "above": "cn", "layer": "unit"}
        session.execute(insert(table(CalendarInfo)).values(**about, **evening))
        session.execute(insert(table(WorkingWindow)).values(calendar="evening", opens=time(20), closes=time(21)))
        session.execute(update(table(Unit)).where(table(Unit).c.code == "housing").values(calendar="evening"))
    case = in_hand(town)
    lead, co = (town.open_clock(case, "handle", unit) for unit in ("water", "housing"))
    assert (lead.due_at, lead.bound_by) == (at(27, 17, 30), None)
    assert (co.due_at, co.bound_by, co.bound_at) == (at(26, 21), "lead", lead.due_at)
    assert co.budget_s == 5 * 3600


def test_after_a_hold_the_extension_still_counts_in_full(town: Town) -> None:
    case = in_hand(town)
    asks(town, case, "1wd")
    town.extension(case, "grant", "centre.duty")
    assert town.open_clock(case, "handle", "water").due_at == at(30, 17, 30)
    town.now = at(23, 10)
    town.act(case, "hold", "centre.duty", reason="等料")
    town.now = at(25, 10)
    town.act(case, "resume", "centre.duty")
    assert town.open_clock(case, "handle", "water").due_at == at(2, 17, 30, month=12), "two working days later"


@pytest.mark.parametrize(("amount", "granted"), [("5wd", ["5wd", "5wd"]), ("3wd", ["3wd"])])
def test_the_overall_limit_never_ends_before_the_handling_that_was_lengthened(town: Town, amount: str, granted: list[str]) -> None:
    case = in_hand(town)
    before = town.open_clock(case, "overall")
    asks(town, case, amount)
    town.extension(case, "grant", "centre.duty")
    assert [e.data["amount"] for e in town.journal(case) if e.action == "extended"] == granted
    after = town.open_clock(case, "overall")
    assert after.due_at >= town.open_clock(case, "handle", "water").due_at
    assert (after.round, after.due_at > before.due_at) == (len(granted), len(granted) > 1)
    assert [m.notice for m in town.messages(case) if m.notice == "extended_reporter"] == ["extended_reporter"]
    sound(town, case)


def test_an_overall_limit_in_working_time_is_lengthened_by_the_working_time_that_was_won(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        reference_data_changed(session)
        rows = table(SlaRow)
        of = (rows.c.category == "A01", rows.c.version == 1)
        limits = session.execute(select(rows.c.limits).where(*of)).scalars().first() or {}
        session.execute(update(rows).where(*of).values(limits={**limits, "overall": "6wh"}))
    town.now = at(23, 10)
    case = in_hand(town, urgency="P1")
    asks(town, case, "24h")
    town.extension(case, "grant", "centre.head")
    handle, overall = (e for e in town.journal(case) if e.action == "extended")
    assert (handle.data["to"], overall.data["clock"]) == (at(25, 10).isoformat(), "overall")
    assert overall.data["amount"] == f"{town.open_clock(case, 'overall').budget_s // 60 - 360}m"
    assert town.open_clock(case, "overall").due_at >= at(24, 17, 30)
    sound(town, case)


def sound(town: Town, case: int) -> None:
    """Whoever checks afterwards finds nothing, and every clock is due when it should be."""
    with town.context.database.unit_of_work() as session:
        told = explain(session, town.case(case).no, town.now)
    assert {c.agrees for c in told} == {True}
    assert complaints(town.context.database, town.now) == []
