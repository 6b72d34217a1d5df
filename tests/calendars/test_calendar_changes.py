"""Stoppages, areas, duty and summer hours move the clocks that they concern."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from models import CalendarInfo, table
from rules.facts import Refused
from services.calendars import CalendarUnconfirmed, Loading, OneDay, add_calendar, load, set_day, set_hours, use
from services.calendars.layers import Edit
from services.calendars.listing import list_calendars
from tests.support.changing_calendars import JANUARY, LAMP, PARKING, back, change, dispatched, due, entries, month, off, sound, told
from tests.support.sound import complaints
from tests.support.town import Town
from tests.worktime.calendars import window


def test_a_typhoon_stops_the_units_of_its_area_only(town: Town) -> None:
    change(town, add_calendar("wharf", "滨水片区", "Waterfront", "cn", "area"))
    change(town, add_calendar("duty", "全天值守", "Round the clock", "wharf", "unit"))
    change(town, set_hours("duty", window("00:00-00:00", "every"), [window("00:00-00:00", "every")]))
    change(town, use("hubin", "wharf", below=True))
    change(town, use("chenguang-estate", "duty"))
    lamp, parking = dispatched(town, LAMP), dispatched(town, PARKING)
    estate = due(town, lamp, "handle", "chenguang-estate")
    assert (due(town, lamp, "handle", "municipal"), due(town, parking, "handle", "hubin")) == ("11-25 17:30", "12-11 17:30")
    done = change(town, off("2026-11-24", "wharf"))
    assert done.versions == {"duty": 3, "wharf": 2}
    assert (due(town, lamp, "handle", "municipal"), due(town, parking, "handle", "traffic")) == ("11-25 17:30", "12-11 17:30")
    assert due(town, parking, "handle", "hubin") == "12-14 17:30"
    assert due(town, lamp, "handle", "chenguang-estate") == estate
    assert {m.unit for m in done.moves} == {"hubin"}
    assert month(town.context.database, "wharf", 2026, 11)[24].mark == "stoppage"
    assert month(town.context.database, "duty", 2026, 11)[24].hours == ("00:00-00:00",)
    assert month(town.context.database, "cn", 2026, 11)[24].mark == "work"
    sound(town)


def test_a_stoppage_taken_back_gives_the_due_moments_back(town: Town) -> None:
    case = dispatched(town, PARKING)
    before = {c.id: c.due_at for c in town.clocks(case)}
    assert change(town, off("2026-11-30")).moves
    with pytest.raises(CalendarUnconfirmed):
        change(town, back("2026-11-30"))
    change(town, back("2026-11-30"), confirm=True)
    assert {c.id: c.due_at for c in town.clocks(case)} == before
    assert {e.data["clock"] for e in entries(town, case)} == {"handle", "overall"}
    sound(town)


def test_what_was_due_stays_due_when_its_past_is_counted_anew(town: Town) -> None:
    case = dispatched(town, LAMP)
    town.fast_forward(until=datetime(2026, 11, 27, 2, 0, tzinfo=UTC))
    breached = {c.id: c.due_at for c in town.clocks(case) if c.stopped_at is None and c.due_at <= town.now}
    assert breached
    fired = [rung for kind, rung, _ in town.fired(case) if kind == "handle"]
    change(town, off("2026-11-24"), confirm=True)
    sound(town)
    town.fast_forward(days=10)
    assert {c.id: c.due_at for c in town.clocks(case) if c.id in breached} == breached
    assert [rung for kind, rung, _ in town.fired(case) if kind == "handle"][: len(fired)] == fired
    assert complaints(town.context.database, town.now) == []


def test_a_case_on_hold_waits_by_the_new_calendar_too(town: Town) -> None:
    case = dispatched(town, PARKING)
    town.order(case, "acknowledge", "hubin.clerk")
    town.now = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    town.act(case, "hold", "centre.duty", reason="等待用地批复")
    paused = next(c for c in town.clocks(case) if c.kind == "handle" and c.order_no == 1)
    town.now = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
    done = change(town, off("2026-12-01"))
    assert "hold_review" in {m.clock for m in done.moves}
    assert "handle" not in {m.clock for m in done.moves}  # as much of its limit is left as before
    town.now = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
    town.act(case, "resume", "centre.duty")
    sound(town)
    # two days of hold and one of stoppage later than 11 December, at the minute at which it would have ended
    resumed = next(c for c in town.clocks(case) if c.id == paused.id)
    assert resumed.budget_s - resumed.consumed_s == paused.budget_s - paused.consumed_s
    assert due(town, case, "handle", "hubin") == "12-16 17:30"


def test_a_co_handler_never_ends_later_than_its_lead(town: Town) -> None:
    """The lead works by another calendar, which a make-up day shortens."""
    change(town, add_calendar("lead", "主办单位", "Lead", "cn", "unit"))
    change(town, use("hubin", "lead"))
    case = dispatched(town, PARKING)
    co = next(c for c in town.clocks(case) if c.kind == "handle" and c.order_no == 2)
    assert (due(town, case, "handle", "hubin"), co.bound_by) == ("12-11 17:30", None)
    worked = set_day(OneDay("lead", date(2026, 11, 21), True, "unit", "周六上班", "单位"))
    change(town, worked, confirm=True)
    assert due(town, case, "handle", "hubin") == "12-10 17:30"


def test_summer_hours_and_extended_service_move_clocks(town: Town) -> None:
    case = dispatched(town, PARKING)
    later = [window("08:30-12:00", first="2026-12-01", last="2026-12-31"), window("14:30-18:30", first="2026-12-01", last="2026-12-31")]
    change(town, set_hours("cn", later[0], later))
    assert due(town, case, "handle", "hubin") == "12-11 18:30"
    assert month(town.context.database, "cn", 2026, 12)[1].hours == ("08:30-12:00", "14:30-18:30")
    assert not change(town, set_hours("cn", later[0], later)).changed
    with pytest.raises(CalendarUnconfirmed):
        change(town, set_hours("cn", later[0], []))
    change(town, set_hours("cn", later[0], []), confirm=True)
    assert due(town, case, "handle", "hubin") == "12-11 17:30"
    sound(town)


def test_no_working_day_of_two_years_is_left_without_hours(sqlite_town: Town) -> None:
    summer = [window("08:00-12:00", first="2026-12-01", last="2026-12-31")]
    change(sqlite_town, set_hours("cn", summer[0], summer))
    with pytest.raises(Refused, match="hours_gap") as refusal:
        change(sqlite_town, set_hours("cn", window("00:00-00:00"), []), confirm=True)
    assert refusal.value.details["first"] == date(2026, 11, 20)
    change(sqlite_town, add_calendar("hall", "大厅", "Hall", "cn", "unit"))
    change(sqlite_town, set_hours("hall", window("00:00-00:00"), [window("08:30-20:00")]))
    assert change(sqlite_town, set_hours("hall", window("00:00-00:00"), []), confirm=True).changed  # it inherits those of cn


def test_a_deadline_far_later_wants_a_yes(sqlite_town: Town) -> None:
    case = dispatched(sqlite_town, PARKING)
    idle = load(Loading("cn", told([(f"{date(2026, 11, 23) + timedelta(days=n)}", False) for n in range(70)]), "x", JANUARY, "stoppage"))
    with pytest.raises(CalendarUnconfirmed, match="calendar_delays") as refusal:
        change(sqlite_town, idle)
    assert refusal.value.details["count"] == sum(m.by_s > 60 * 86_400 for m in refusal.value.moves) > 0
    assert entries(sqlite_town, case) == []
    assert change(sqlite_town, idle, confirm=True).changed


def test_seasons_that_meet_are_told(sqlite_town: Town) -> None:
    summer = [window("08:00-12:00", first="2027-06-01", last="2027-09-30")]
    assert change(sqlite_town, set_hours("cn", summer[0], summer)).seasons == []
    august = [window("08:00-11:00", first="2027-08-01", last="2027-12-31")]
    (season,) = change(sqlite_town, set_hours("cn", august[0], august)).seasons
    assert (season.first, season.last) == (date(2027, 8, 1), date(2027, 9, 30))
    winter = [window("09:00-12:00", first="2028-01-01")]
    assert change(sqlite_town, set_hours("cn", winter[0], winter)).seasons == []


def test_clocks_stamped_with_a_calendar_follow_their_unit_to_another(town: Town) -> None:
    change(town, add_calendar("late", "延时服务", "Late service", "cn", "unit"))
    hours = [window("08:30-12:00"), window("14:30-20:00")]
    change(town, set_hours("late", hours[0], hours))
    case = dispatched(town, PARKING)
    done = change(town, use("hubin", "late"))
    assert {m.unit for m in done.moves} == {"hubin"}
    stamps = {(town.unit_code(c.unit_id), c.calendar, c.calendar_version) for c in town.clocks(case) if c.stopped_at is None}
    assert {("hubin", "late", 2), ("traffic", "cn", 1)} <= stamps
    assert due(town, case, "handle", "hubin") == "12-11 20:00"
    sound(town)


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (off("2026-12-01", "nowhere"), "unknown_calendar"),
        (off("2026-12-01", "cn", "village"), "unknown_layer"),
        (off("2199-12-01"), "day_out_of_reach"),
        (use("nobody", "cn"), "unknown_unit"),
        (use("hubin", "nowhere"), "unknown_calendar"),
        (add_calendar("Bad", "x", "x", "cn", "area"), "bad_calendar_code"),
        (add_calendar("cn", "x", "x", "cn", "area"), "calendar_exists"),
        (add_calendar("x", "x", "x", "nowhere", "area"), "unknown_calendar"),
        (add_calendar("x", "x", "x", "cn", "national"), "unknown_layer"),
        (set_hours("cn", window("00:00-00:00"), [window("08:00-12:00"), window("11:00-13:00")]), "hours_overlap"),
        (set_hours("cn", window("00:00-00:00", "every"), [window("11:00-13:00", "every")]), "hours_overlap"),
        (set_hours("cn", window("00:00-00:00"), []), "calendar_without_hours"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_and_leaves_nothing(sqlite_town: Town, edit: Edit, code: str) -> None:
    with pytest.raises(Refused, match=code):
        change(sqlite_town, edit)
    assert [c.version for c in sqlite_town.rows(select(table(CalendarInfo)))] == [1]


def test_national_days_stand_in_the_national_calendar_only(sqlite_town: Town) -> None:
    change(sqlite_town, add_calendar("area", "片区", "Area", "cn", "area"))
    change(sqlite_town, add_calendar("office", "单位", "Office", "area", "unit"))
    with pytest.raises(Refused, match="layer_is_national"):
        change(sqlite_town, off("2026-12-01", "area", "national"))
    with pytest.raises(Refused, match="layer_not_below"):
        change(sqlite_town, add_calendar("x", "x", "x", "office", "area"))
    change(sqlite_town, off("2026-12-01", "area", "area"))
    assert month(sqlite_town.context.database, "office", 2026, 12)[1].mark == "changed"
    with sqlite_town.context.database.unit_of_work() as session:
        found = {c.code: (c.above, c.layer, c.version, c.awaiting) for c in list_calendars(session)}
    assert found["office"] == ("area", "unit", 2, (2027, 2028))
