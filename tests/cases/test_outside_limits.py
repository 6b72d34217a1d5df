"""A limit given from outside (12345, a leader's note) binds where it is earlier, lengthens nothing, and is told to the units."""

from datetime import UTC, date, datetime, timedelta

import pytest

from rules.facts import Refused
from services.audit import audit_clocks
from services.calendars import OneDay, change_calendars, set_day
from services.intake import Report, submit
from services.moves import Setting
from services.why import Which, explain
from tests.support.town import Town


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """Local time of Chenghu in 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


OWN = at(11, 27, 17, 30)  #: five working days from Friday 20 November


def passed_on(town: Town, due: datetime | None, note: str | None = "12345-20261120-0042") -> int:
    """A case that came with a limit of others; water leads it at P2 with five working days of its own."""
    report = Report("孩子上学的学区", "怎么划分的", source="hotline", area="chenguang-1", due_at=due, due_note=note if due else None)
    with town.context.database.unit_of_work() as session:
        case = submit(session, [report], Setting(town.now))[0].case_id
    town.turn()
    town.act(case, "file", "centre.duty", category="A01", urgency="P2")
    town.turn()
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    return case


def binds(town: Town, case: int, due: datetime, by: str = "note", reason: str = "区领导批示") -> None:
    town.act(case, "bind", "centre.duty", due_at=due.isoformat(), by=by, reason=reason)


def test_an_upstream_limit_binds_where_it_is_earlier(town: Town) -> None:
    case = passed_on(town, at(11, 25, 12))
    for unit in ("water", "housing"):
        clock = town.open_clock(case, "handle", unit)
        assert (clock.due_at, clock.bound_by, clock.limit) == (at(11, 25, 12), "upstream", "5wd")
    assert town.open_clock(case, "overall").due_at == at(11, 25, 12)
    assert town.journal(case)[0].data["due_at"] == at(11, 25, 12).isoformat()
    assert town.journal(case)[0].data["reason"] == "12345-20261120-0042"


def test_a_later_one_does_not(town: Town) -> None:
    case = passed_on(town, at(12, 10, 12))
    assert town.open_clock(case, "handle", "water").due_at == OWN


def test_percentages_are_those_of_the_limit_that_binds(town: Town) -> None:
    case = passed_on(town, at(11, 23, 12))
    town.fast_forward(until=at(11, 23, 12))
    fired = dict(_of_lead(town, case))
    assert fired["red"] == at(11, 23, 12)
    assert fired["remind"] == at(11, 20, 17, 6)


def _of_lead(town: Town, case: int) -> list[tuple[str, datetime]]:
    entries = [e for e in town.journal(case) if e.thing == "clock" and e.thing_no == 1 and e.data["clock"] == "handle"]
    return [(e.action, e.at) for e in entries]


def test_a_leaders_note_binds_what_runs_already_and_the_units_are_told(town: Town) -> None:
    case = passed_on(town, None)
    assert town.open_clock(case, "handle", "water").due_at == OWN
    binds(town, case, at(11, 24, 17, 30))
    town.turn()
    clock = town.open_clock(case, "handle", "water")
    assert (clock.due_at, clock.bound_by, clock.bound_at, clock.round) == (at(11, 24, 17, 30), "note", at(11, 24, 17, 30), 1)
    row = town.case(case)
    assert (row.outside_due_at, row.outside_by, row.outside_note) == (at(11, 24, 17, 30), "note", "区领导批示")
    assert "11月24日17:30" in town.heard("water.clerk", case)[-1]
    assert "区领导批示" in town.heard("water.head", case)[-1]
    (entry,) = [e for e in town.journal(case) if e.action == "bind"]
    assert (entry.actor, entry.before, entry.after, entry.data["by"]) == ("centre.duty", "handling", "handling", "note")
    town.fast_forward(until=at(11, 24, 17, 30))
    assert ("red", at(11, 24, 17, 30)) in _of_lead(town, case)


def test_of_several_the_earlier_one_holds(town: Town) -> None:
    case = passed_on(town, at(11, 25, 12))
    with pytest.raises(Refused, match="bound_earlier_already") as found:
        binds(town, case, at(11, 26, 12))
    assert found.value.details["due"] == "2026-11-25 12:00"
    binds(town, case, at(11, 24, 12))
    clock = town.open_clock(case, "handle", "water")
    assert (clock.due_at, clock.bound_by) == (at(11, 24, 12), "note")


def test_a_later_note_lengthens_nothing_and_nobody_is_disturbed(town: Town) -> None:
    case = passed_on(town, None)
    binds(town, case, at(12, 10, 12))
    assert town.open_clock(case, "handle", "water").due_at == OWN
    assert [m for m in town.messages(case) if m.notice == "bound"] == []


@pytest.mark.parametrize("upstream", [True, False])
def test_after_a_hold_it_still_binds(town: Town, upstream: bool) -> None:
    """Minutes go on where they stopped, but the moment that others have set does not move."""
    case = passed_on(town, at(11, 26, 12) if upstream else None)
    if not upstream:
        binds(town, case, at(11, 26, 12))
    town.act(case, "hold", "centre.duty", reason="等料")
    town.now = at(11, 24, 10, 42)
    town.act(case, "resume", "centre.duty")
    for unit in ("water", "housing"):
        assert town.open_clock(case, "handle", unit).due_at == at(11, 26, 12)
    assert town.open_clock(case, "overall").due_at == at(11, 26, 12)


def test_a_note_on_a_case_on_hold_binds_when_it_goes_on(town: Town) -> None:
    """Also when the case has been on hold for longer than its own limit would have run."""
    case = passed_on(town, None)
    town.act(case, "hold", "centre.duty", reason="等料")
    town.now = at(12, 14, 9)
    binds(town, case, at(12, 16, 12))
    assert [m for m in town.messages(case) if m.notice == "bound"] == []
    town.act(case, "resume", "centre.duty")
    clock = town.open_clock(case, "handle", "water")
    assert (clock.due_at, clock.bound_by) == (at(12, 16, 12), "note")


def test_what_was_late_before_the_note_keeps_its_moment(town: Town) -> None:
    case = passed_on(town, None)
    town.fast_forward(until=at(11, 30, 10))
    before = town.open_clock(case, "handle", "water")
    assert before.due_at == OWN
    binds(town, case, at(12, 1, 12))
    after = town.open_clock(case, "handle", "water")
    assert (after.due_at, after.bound_by) == (OWN, None)


def test_a_limit_that_binds_from_outside_is_not_extended(town: Town) -> None:
    case = passed_on(town, at(11, 25, 12))
    with pytest.raises(Refused, match="extension_bound") as found:
        town.order(case, "ask_extension", "water.clerk", amount="1wd", reason="等料")
    assert found.value.details["due"] == "2026-11-25 12:00"


def test_an_extension_ends_at_the_limit_from_outside(town: Town) -> None:
    case = passed_on(town, at(11, 30, 12))
    town.order(case, "ask_extension", "water.clerk", amount="3wd", reason="等料")
    town.extension(case, "grant", "centre.duty")
    clock = town.open_clock(case, "handle", "water")
    assert (clock.due_at, clock.bound_by) == (at(11, 30, 12), "upstream")
    (entry,) = [e for e in town.journal(case) if e.action == "extended"]
    assert entry.data["to"] == at(11, 30, 12).isoformat()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"due_at": "2026-12-01T17:30+08:00", "reason": "x"}, "deadline_missing"),
        ({"by": "note", "reason": "x"}, "deadline_missing"),
        ({"due_at": "2026-12-01T17:30+08:00", "by": "note"}, "reason_missing"),
        ({"due_at": "soon", "by": "note", "reason": "x"}, "bad_moment"),
        ({"due_at": "2026-12-01T17:30", "by": "note", "reason": "x"}, "deadline_past"),
        ({"due_at": "2026-11-20T10:42+08:00", "by": "note", "reason": "x"}, "deadline_past"),
        ({"due_at": "2126-12-01T17:30+08:00", "by": "note", "reason": "x"}, "deadline_too_far"),
        ({"due_at": "2026-12-01T17:30+08:00", "by": "lead", "reason": "x"}, "unknown_outside"),
    ],
)
def test_what_is_no_limit_is_refused_and_nothing_changes(sqlite_town: Town, given: dict[str, str], code: str) -> None:
    case = passed_on(sqlite_town, None)
    before = sqlite_town.case(case)
    with pytest.raises(Refused, match=code):
        sqlite_town.act(case, "bind", "centre.duty", **given)
    assert sqlite_town.case(case) == before


def test_only_the_centre_binds(sqlite_town: Town) -> None:
    case = passed_on(sqlite_town, None)
    for user in ("water.clerk", "hubin.clerk", "chenghu.leader"):
        with pytest.raises(Refused, match="not_yours"):
            sqlite_town.act(case, "bind", user, due_at="2026-12-01T17:30+08:00", by="note", reason="x")


def test_handed_in_again_after_its_limit_it_is_the_same_case(sqlite_town: Town) -> None:
    """Whoever passes a report on again because an answer was lost must not be refused for the time that has gone by."""
    town = sqlite_town
    report = Report("路灯不亮", "路灯不亮", source="hotline", key="api:1", due_at=at(11, 20, 12), due_note="12345-1")

    def hand_in() -> tuple[int, bool]:
        with town.context.database.unit_of_work() as session:
            (done,) = submit(session, [report], Setting(town.now))
        return done.case_id, done.known

    case, known = hand_in()
    assert not known
    town.now = at(11, 21, 12)
    assert hand_in() == (case, True)


@pytest.mark.parametrize(
    ("due", "note", "code"),
    [
        (at(11, 20, 10), None, "deadline_past"),
        (at(11, 20, 12) + timedelta(days=4000), None, "deadline_too_far"),
        (None, "12345", "due_missing"),
    ],
)
def test_a_report_with_a_limit_that_is_none_is_refused(sqlite_town: Town, due: datetime | None, note: str | None, code: str) -> None:
    report = Report("路灯不亮", "路灯不亮", due_at=due, due_note=note)
    with sqlite_town.context.database.unit_of_work() as session, pytest.raises(Refused, match=code):
        submit(session, [report], Setting(sqlite_town.now))


def test_a_case_of_a_special_group_says_so(sqlite_town: Town) -> None:
    report = Report("独居老人家里漏水", "独居老人家里漏水", special_group="elder_alone")
    with sqlite_town.context.database.unit_of_work() as session:
        (done,) = submit(session, [report], Setting(sqlite_town.now))
    assert sqlite_town.case(done.case_id).special_group == "elder_alone"
    with sqlite_town.context.database.unit_of_work() as session, pytest.raises(Refused, match="unknown_group"):
        submit(session, [Report("x", "x", special_group="heroes")], Setting(sqlite_town.now))


# outside business hours -----------------------------------------------------------------------------------------------
SATURDAY = at(11, 21, 12)


def handles(town: Town, case: int) -> set[datetime]:
    """When the handling limits are due; every clock is explained to the second and sound to the doctor."""
    with town.context.database.unit_of_work() as session:
        assert {e.agrees for e in explain(session, town.case(case).no, town.now, Which(stopped=True))} == {True}
        assert audit_clocks(session, town.now, timedelta(days=1)) == []
    return {c.due_at for c in town.clocks(case) if c.kind == "handle" and c.stopped_at is None}


def test_a_saturday_is_meant_as_it_is_said(town: Town) -> None:
    case = passed_on(town, SATURDAY)
    assert handles(town, case) == {SATURDAY}
    assert town.open_clock(case, "overall").due_at == SATURDAY
    town.act(case, "hold", "centre.duty", reason="等料")
    town.now = at(11, 20, 15)
    town.act(case, "resume", "centre.duty")
    assert handles(town, case) == {SATURDAY}
    binds(town, case, at(11, 21, 9))
    assert handles(town, case) == {at(11, 21, 9)}
    town.fast_forward(until=at(11, 21, 10))
    assert ("red", at(11, 21, 9)) in _of_lead(town, case)


def test_its_own_limit_that_ends_at_the_closing_before_wins_until_a_hold_moves_it(town: Town) -> None:
    case = passed_on(town, at(11, 28, 12))
    assert handles(town, case) == {OWN}
    binds(town, case, at(11, 28, 11))
    assert handles(town, case) == {OWN}
    town.act(case, "hold", "centre.duty", reason="等料")
    town.now += timedelta(hours=1)
    town.act(case, "resume", "centre.duty")
    assert handles(town, case) == {at(11, 28, 11)}


def test_the_evening_of_a_stoppage_day(town: Town) -> None:
    case = passed_on(town, None)
    binds(town, case, at(11, 24, 20))
    one = OneDay("cn", date(2026, 11, 24), False, "stoppage", "台风停工", "区防汛指挥部")
    with town.context.database.unit_of_work() as session:
        change_calendars(session, set_day(one), "admin", town.now)
    assert handles(town, case) == {at(11, 24, 20)}


def test_a_natural_limit_is_cut_to_the_minute(sqlite_town: Town) -> None:
    town = sqlite_town
    case = town.reports("5号楼前下水道堵了，污水外溢")
    town.turn()
    due = town.now + timedelta(hours=10)
    binds(town, case, due)
    assert due in handles(town, case)
