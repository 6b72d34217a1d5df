"""Windows and layers: duty round the clock, rest-day service, summer hours, and who overrules whom."""

from datetime import date, time
from itertools import pairwise, permutations

import pytest

from rules.worktime import LAYERS, Mark, Window, resolve_days, windows_overlap
from tests.worktime.calendars import CN, DUTY, EVENING, HEIR, OFFICE, SEASONS, SHIFTS, SUMMER, WEEKEND, calendar, local, shown, window

DAY = date(2026, 7, 1)


def said(layer: str, *, working: bool, provisional: bool = False) -> Mark:
    return Mark(working, f"{layer} says {working}", "test", layer, provisional)


def test_duty_round_the_clock_counts_every_day_and_ends_at_midnight() -> None:
    assert DUTY.between(local("2026-10-01T00:00"), local("2026-10-08T00:00")) == 7 * 86400
    assert shown(DUTY.add(local("2026-10-03T23:30"), 3600)) == "2026-10-04T00:30"
    assert shown(DUTY.close_of(local("2026-09-30T09:00"), 3)) == "2026-10-04T00:00"
    assert DUTY.working_days_between(local("2026-09-30T09:00"), local("2026-10-04T00:00")) == 3


def test_a_closing_at_midnight_belongs_to_the_day_it_ends() -> None:
    friday = local("2026-11-21T00:00")
    assert EVENING.close_of(local("2026-11-19T10:00"), 1) == friday
    assert [shown(EVENING.neighbour(friday, n)) for n in (1, -1)] == ["2026-11-24T00:00", "2026-11-20T00:00"]
    assert EVENING.working_days_between(local("2026-11-19T10:00"), friday) == 1
    new_year = local("2027-01-01T00:00")
    assert EVENING.close_of(local("2026-12-30T10:00"), 1) == new_year
    assert not EVENING.is_provisional(new_year)
    assert CN.is_provisional(new_year)


def test_two_shifts_a_day_stop_between_them() -> None:
    assert shown(SHIFTS.add(local("2026-10-01T13:00"), 2 * 3600)) == "2026-10-01T17:00"
    assert shown(SHIFTS.add(local("2026-10-01T23:30"), 3600)) == "2026-10-02T06:30"


def test_rest_day_service_adds_minutes_but_no_working_day() -> None:
    saturday = local("2026-11-21T10:00")
    assert shown(WEEKEND.add(local("2026-11-20T17:00"), 3600)) == "2026-11-21T09:30"
    assert WEEKEND.between(local("2026-11-20T17:30"), local("2026-11-23T08:30")) == 4 * 3600
    assert shown(WEEKEND.close_of(local("2026-11-20T09:00"), 1)) == "2026-11-23T17:30"
    assert shown(WEEKEND.neighbour(saturday, 1)) == "2026-11-23T10:00"
    assert WEEKEND.working_days_between(local("2026-11-20T09:00"), local("2026-11-22T23:00")) == 0


def test_on_a_make_up_day_the_hours_are_those_of_a_working_day() -> None:
    assert WEEKEND.between(local("2026-10-10T00:00"), local("2026-10-11T00:00")) == CN.between(
        local("2026-10-10T00:00"), local("2026-10-11T00:00")
    )


@pytest.mark.parametrize(
    ("day", "opens", "last_minute"),
    [
        ("2026-05-29", "14:30", "17:29"),
        ("2026-06-01", "15:00", "17:59"),
        ("2026-09-30", "15:00", "17:59"),
        ("2026-10-08", "14:30", "17:29"),
    ],
)
def test_summer_hours_lie_over_the_open_ended_ones_while_they_last(day: str, opens: str, last_minute: str) -> None:
    assert shown(SEASONS.next_open(local(f"{day}T12:01"))) == f"{day}T{opens}"
    assert shown(SEASONS.subtract(local(f"{day}T23:00"), 60)) == f"{day}T{last_minute}"


def test_dated_hours_lie_over_others_of_their_kind_only() -> None:
    both = calendar(*OFFICE, window("09:00-11:00", "restday"), window("10:00-11:00", "restday", "2026-07-01", "2026-07-31"))
    assert both.between(local("2026-07-04T00:00"), local("2026-07-05T00:00")) == 3600
    assert both.between(local("2026-07-03T00:00"), local("2026-07-04T00:00")) == 6.5 * 3600
    assert both.between(local("2026-08-01T00:00"), local("2026-08-02T00:00")) == 2 * 3600


def test_what_a_calendar_does_not_say_of_a_kind_of_days_it_inherits() -> None:
    """HEIR has hours of its own on rest days only: on working days the office hours above hold, in summer the summer's."""
    hours = {t: HEIR.between(local(f"{t}T00:00"), local(f"{t}T23:59")) / 3600 for t in ("2026-05-09", "2026-05-10", "2026-06-04")}
    assert hours == {"2026-05-09": 6.5, "2026-05-10": 6, "2026-06-04": 7}


def test_the_nearest_calendar_with_hours_gives_them_all() -> None:
    dated = window("09:00-10:00", first="2026-11-02", last="2026-11-30")
    own = calendar(dated, inherited=((), (window("08:00-09:00"),), OFFICE))
    assert shown(own.next_open(local("2026-11-16T00:00"))) == "2026-11-16T09:00"
    assert own.between(local("2026-11-16T00:00"), local("2026-11-17T00:00")) == 3600
    assert shown(own.next_open(local("2026-12-01T00:00"))) == "2026-12-01T08:00"


def test_hours_of_rest_days_go_on_beyond_the_known_days() -> None:
    dated = calendar(*OFFICE, window("09:00-11:00", "restday", last="2028-12-31"))
    assert dated.between(local("2029-01-06T00:00"), local("2029-01-08T00:00")) == 4 * 3600
    assert DUTY.between(local("2031-01-01T00:00"), local("2031-02-01T00:00")) == 31 * 86400


def test_overlaps_are_judged_on_the_hours_that_hold_together() -> None:
    assert windows_overlap([window("08:00-12:00"), window("11:00-13:00")], DAY)
    assert not windows_overlap([window("08:00-12:00"), window("12:00-13:00")], DAY)
    assert not windows_overlap([*OFFICE, *SUMMER], DAY)
    assert windows_overlap([*OFFICE, *SUMMER, window("17:00-19:00", first="2026-06-01")], DAY)
    assert windows_overlap([*OFFICE, window("17:00-19:00", "every")], DAY)
    assert not windows_overlap([*OFFICE, window("09:00-11:00", "restday")], DAY)
    assert windows_overlap([window("09:00-11:00", "restday"), window("10:00-12:00", "every")], DAY)
    assert windows_overlap([window("00:00-00:00", "every"), window("23:00-00:00", "every")], DAY)
    assert not windows_overlap([window("00:00-08:00", "every"), window("20:00-00:00", "every")], DAY)


@pytest.mark.parametrize(("opens", "closes"), [(time(17), time(8)), (time(8), time(8))])
def test_a_window_that_closes_before_it_opens_is_refused(opens: time, closes: time) -> None:
    with pytest.raises(ValueError, match="closes before it opens"):
        Window(opens, closes)


def test_another_kind_of_days_is_refused() -> None:
    with pytest.raises(ValueError, match="not a kind of days: 'sunday'"):
        Window(time(8), time(9), days="sunday")  # type: ignore[arg-type]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_highest_layer_wins_in_whatever_order_the_rows_come(order: tuple[int, ...]) -> None:
    told = [(distance, DAY, said(layer, working=layer == "unit")) for distance, layer in zip((0, 1, 2, 0), LAYERS, strict=True)]
    found = resolve_days(DAY, DAY, [told[i] for i in order])
    assert (found.days[DAY], found.marks[DAY].layer) == (True, "unit")


@pytest.mark.parametrize(("low", "high"), list(pairwise(LAYERS)))
def test_a_layer_overrules_the_one_below_however_far_away_it_stands(low: str, high: str) -> None:
    found = resolve_days(DAY, DAY, [(5, DAY, said(high, working=False)), (0, DAY, said(low, working=True))])
    assert found.marks[DAY] == said(high, working=False)
    assert found.days == {DAY: False}


def test_of_two_calendars_on_one_layer_the_nearest_wins() -> None:
    found = resolve_days(DAY, DAY, [(0, DAY, said("area", working=True)), (1, DAY, said("area", working=False))])
    assert found.days == {DAY: True}


def test_rows_outside_the_known_days_are_left_out_and_other_days_follow_the_week() -> None:
    found = resolve_days(date(2026, 7, 3), date(2026, 7, 4), [(0, DAY, said("national", working=False))])
    assert (found.days, found.marks) == ({date(2026, 7, 3): True, date(2026, 7, 4): False}, {})


def test_an_unknown_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="not a layer: 'galaxy'"):
        said("galaxy", working=True)


def test_a_local_decision_is_certain_in_a_year_that_is_not() -> None:
    days = [date(2027, 3, d) for d in (1, 2, 3, 4)]
    told = [
        (1, days[1], said("national", working=False, provisional=True)),
        (0, days[2], said("stoppage", working=False)),
        (0, days[3], said("area", working=False, provisional=True)),
    ]
    assert resolve_days(days[0], days[3], told, {2027}).provisional == {days[0], days[1], days[3]}
    assert resolve_days(days[0], days[3], told).provisional == {days[1], days[3]}


def test_segments_name_every_day_what_was_counted_and_why_not() -> None:
    found = CN.segments(local("2026-09-30T17:00"), local("2026-10-10T09:00"))
    assert [s.day.isoformat()[5:] for s in found] == ["09-30", *(f"10-{d:02}" for d in range(1, 11))]
    assert [(s.counted, s.seconds // 60) for s in found] == [(True, 30), *[(False, 0)] * 7, (True, 390), (True, 390), (True, 30)]
    assert [s.mark.reason if s.mark else None for s in found][:2] == [None, "国庆节"]
    saturday = found[-1]
    assert saturday.mark is not None
    assert (saturday.mark.working, saturday.mark.layer, saturday.provisional) == (True, "national", False)
    assert [tuple(map(shown, s)) for s in found[-3].stretches] == [
        ("2026-10-08T08:30", "2026-10-08T12:00"),
        ("2026-10-08T14:30", "2026-10-08T17:30"),
    ]


def test_segments_stop_at_midnight_and_tell_rest_days_from_working_days() -> None:
    assert [s.day.day for s in DUTY.segments(local("2026-11-20T12:00"), local("2026-11-22T00:00"))] == [20, 21]
    assert [(s.counted, s.seconds) for s in WEEKEND.segments(local("2026-11-21T00:00"), local("2026-11-22T09:30"))] == [
        (False, 7200),
        (False, 1800),
    ]
    assert [s.provisional for s in CN.segments(local("2026-12-31T09:00"), local("2027-01-01T09:00"))] == [False, True]
    assert CN.segments(local("2026-11-20T12:00"), local("2026-11-20T12:00")) == []


def test_the_next_opening() -> None:
    asked = ("2026-09-30T17:31", "2026-09-30T17:30", "2026-11-20T12:00", "2026-11-20T12:01", "2026-11-20T09:15", "2026-11-20T00:00")
    assert [shown(CN.next_open(local(t))) for t in asked] == [
        "2026-10-08T08:30",
        "2026-09-30T17:30",
        "2026-11-20T12:00",
        "2026-11-20T14:30",
        "2026-11-20T09:15",
        "2026-11-20T08:30",
    ]


def test_two_working_hours_before_are_counted_back_over_the_night() -> None:
    assert shown(CN.subtract(local("2026-10-08T09:30"), 2 * 3600)) == "2026-09-30T16:30"
    assert shown(CN.subtract(local("2026-11-20T15:00"), 1800)) == "2026-11-20T14:30"
