"""Working time: the field's test vectors, the bugs seen in the field, the Civil Code, and the edges of what is known."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from rules.worktime import Calendar, Limit, after, budget_of, elapsed, instant, seconds
from tests.worktime.calendars import CN, OFFICE, ZONE, calendar, local, shown, window


def due(start: str, limit: str) -> str:
    begin = local(start)
    parsed = Limit.parse(limit)
    return shown(after(begin, budget_of(parsed, begin, CN), None if parsed.natural else CN))


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [
        ("2026-09-30T17:00", "4wh", "2026-10-08T12:00"),
        ("2026-02-13T16:00", "4wh", "2026-02-14T11:00"),
        ("2026-09-18T17:00", "4wh", "2026-09-20T12:00"),
        ("2026-06-18T11:00", "1wh", "2026-06-18T12:00"),
        ("2026-06-18T13:00", "1wh", "2026-06-18T15:30"),
        ("2026-09-19T10:00", "2wh", "2026-09-20T10:30"),
        ("2026-02-13T10:00", "5wd", "2026-02-27T17:30"),
        ("2026-04-30T23:00", "5wd", "2026-05-11T17:30"),
        ("2026-09-18T10:00", "5wd", "2026-09-24T17:30"),
        ("2026-11-19T16:20", "24h", "2026-11-20T16:20"),
        ("2026-10-01T00:00", "30m", "2026-10-01T00:30"),
    ],
)
def test_the_fields_own_vectors(start: str, limit: str, expected: str) -> None:
    assert due(start, limit) == expected


def test_half_a_working_hour_before_closing_ends_at_closing() -> None:
    assert shown(CN.add(local("2026-06-18T17:00"), 1800)) == "2026-06-18T17:30"


def test_field_bug_a_working_day_is_not_twenty_four_working_hours() -> None:
    """Seen: 1 工作日 stored as 24 working hours, which is 3.7 days."""
    start = local("2026-11-16T15:20")
    budget = budget_of(Limit.parse("1wd"), start, CN)
    assert budget == (130 + 390) * 60
    assert shown(CN.add(start, budget)) == "2026-11-17T17:30"
    assert due("2026-11-16T15:20", "24wh") == "2026-11-20T10:50"


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [
        ("2026-11-16T08:30", "3wh", "2026-11-16T11:30"),
        ("2026-11-16T09:00", "3wh", "2026-11-16T12:00"),
        ("2026-11-16T13:30", "3wh", "2026-11-16T17:30"),
        ("2026-11-20T16:30", "1wh", "2026-11-20T17:30"),
        ("2026-09-30T14:30", "3wh", "2026-09-30T17:30"),
    ],
)
def test_field_bug_a_deadline_exactly_at_closing_time_stays_there(start: str, limit: str, expected: str) -> None:
    """Seen: 12:00 rolled to 14:30, and 17:30 before the National Day to the morning of the 8th."""
    assert due(start, limit) == expected


def test_field_bug_hold_time_does_not_mix_wall_and_working_minutes() -> None:
    """Seen: a hold from Friday 16:00 to Monday 10:00 (3 working hours) moved the due moment by 66 hours of working time."""
    start, held, resumed = (local(t) for t in ("2026-11-20T09:00", "2026-11-20T16:00", "2026-11-23T10:00"))
    budget = 8 * 3600
    left = budget - elapsed(start, held, CN)
    assert shown(after(start, budget, CN)) == "2026-11-23T10:30"
    assert shown(after(resumed, left, CN)) == "2026-11-23T16:00"
    assert elapsed(after(start, budget, CN), after(resumed, left, CN), CN) == elapsed(held, resumed, CN) == 3 * 3600
    assert elapsed(held, resumed, None) == 66 * 3600


@pytest.mark.parametrize("at", ["00:00", "08:29", "08:30", "12:00", "17:30", "23:59"])
def test_the_start_day_is_not_counted_whatever_the_hour(at: str) -> None:
    """Civil Code art. 201: counting begins on the day after."""
    assert due(f"2026-11-16T{at}", "1wd") == "2026-11-17T17:30"


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [
        ("2026-09-30T09:00", "1wd", "2026-10-08T17:30"),  # the next day begins the National Day
        ("2026-06-18T09:00", "1wd", "2026-06-22T17:30"),  # Dragon Boat Festival on a Friday, then a weekend
        ("2026-02-14T09:00", "1wd", "2026-02-24T17:30"),  # from a worked Saturday over the Spring Festival
        ("2026-05-08T09:00", "1wd", "2026-05-09T17:30"),  # a worked Saturday is a last day like any other
        ("2026-10-03T09:00", "1wd", "2026-10-08T17:30"),  # begun on a holiday
    ],
)
def test_a_last_day_on_a_holiday_is_the_next_working_day_until_close_of_business(start: str, limit: str, expected: str) -> None:
    """Civil Code art. 203."""
    assert due(start, limit) == expected


def test_an_overlay_means_the_same_minute_of_the_neighbouring_working_day() -> None:
    friday = local("2026-11-20T17:30")
    assert [shown(CN.neighbour(friday, n)) for n in (1, -1)] == ["2026-11-23T17:30", "2026-11-19T17:30"]
    assert [shown(CN.neighbour(local("2026-11-21T10:07"), n)) for n in (1, -1)] == ["2026-11-23T10:07", "2026-11-20T10:07"]
    assert [shown(CN.neighbour(local("2026-10-08T11:59"), n)) for n in (5, -1)] == ["2026-10-14T11:59", "2026-09-30T11:59"]


@pytest.mark.parametrize(
    "text", ["", "3", "1.5wd", "0.5h", "½wd", "0h", "wd", "3 days", "-1h", "1wd2h", "３wd", "2501wd", "9999999m", "99999999wh"]
)
def test_what_is_not_a_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a time limit"):
        Limit.parse(text)


def test_a_limit_is_written_as_it_was_read() -> None:
    assert [str(Limit.parse(t)) for t in ("30m", " 24h ", "04wh", "2500wd")] == ["30m", "24h", "4wh", "2500wd"]


def test_half_a_limit_is_rounded_up_to_whole_units() -> None:
    assert [str(Limit.parse(t).half()) for t in ("3wd", "4wh", "1wd", "24h", "15m")] == ["2wd", "2wh", "1wd", "12h", "8m"]


def test_a_month_in_2027_works_and_is_provisional() -> None:
    assert due("2026-12-28T09:00", "15wd") == "2027-01-19T17:30"
    assert due("2026-12-31T17:00", "1wh") == "2027-01-04T09:00"
    marked = [CN.is_provisional(local(t)) for t in ("2026-12-31T17:30", "2027-01-04T09:00", "2028-06-01T09:00", "2029-06-01T09:00")]
    assert marked == [False, True, True, True]


def test_beyond_the_last_day_monday_to_friday_are_worked_provisionally() -> None:
    """The table ends on Sunday 2028-12-31; a clock that runs then, or starts a century later, counts on all the same."""
    assert shown(CN.add(local("2028-12-29T16:30"), 2 * 3600)) == "2029-01-01T09:30"
    assert shown(CN.close_of(local("2028-12-29T16:30"), 6)) == "2029-01-08T17:30"
    assert shown(CN.neighbour(local("2028-12-29T16:30"), 1)) == "2029-01-01T16:30"
    assert shown(CN.add(local("2126-06-03T09:00"), 40 * 23400)) == "2126-07-29T09:00"
    assert CN.working_days_between(local("2028-12-29T09:00"), local("2029-12-31T09:00")) == 261
    assert [CN.is_provisional(local(t)) for t in ("2026-06-03T09:00", "2029-06-03T09:00")] == [False, True]


def test_before_the_first_day_too() -> None:
    fresh = calendar(*OFFICE)
    now = local("2009-01-05T09:00")
    before = fresh.add(now, 3600)
    assert shown(fresh.neighbour(now, -2)) == "2008-12-31T09:00"  # Sunday the 4th was worked
    assert fresh.between(local("2008-12-31T16:30"), local("2009-01-04T09:30")) == 2 * 3600
    assert fresh.working_days_between(local("1970-01-02T00:00"), local("1970-01-09T00:00")) == 5
    assert fresh.add(now, 3600) == before
    assert fresh.is_provisional(local("2008-12-31T09:00"))


def test_counting_back_goes_on_before_the_first_day() -> None:
    fresh = calendar(*OFFICE)
    assert shown(fresh.subtract(local("2009-01-04T09:30"), 2 * 3600)) == "2008-12-31T16:30"
    assert shown(fresh.subtract(local("2009-01-05T08:30"), 261 * 23400)) == "2008-01-03T08:30"


@pytest.mark.parametrize("hours", [[], [window("09:00-12:00", "restday")]])
def test_a_calendar_without_hours_says_so(hours) -> None:
    idle = Calendar("idle", 1, ZONE, {date(2026, 1, 5): True}, hours)
    with pytest.raises(ValueError, match="idle has no working hours"):
        idle.close_of(local("2026-01-05T09:00"), 1)


def test_nothing_to_add_or_to_take_away_leaves_the_moment_alone() -> None:
    at = local("2026-10-03T09:00")
    assert CN.add(at, 0) == CN.subtract(at, 0) == CN.add(at, -5) == CN.subtract(at, -5) == at


def test_summer_time_is_the_zones_business() -> None:
    """On 2026-03-29 Berlin's night has 23 hours, on 2026-10-25 it has 25."""
    berlin = ZoneInfo("Europe/Berlin")
    duty = Calendar("b", 1, berlin, {date(2026, 1, 1): True}, [window("00:00-00:00", "every")])
    stamps = [seconds(datetime(2026, m, d, tzinfo=berlin)) for m, d in ((3, 29), (3, 30), (10, 25), (10, 26))]
    assert [duty.between(*pair) // 3600 for pair in (stamps[:2], stamps[2:])] == [23, 25]


def test_a_fraction_of_a_second_is_dropped() -> None:
    assert instant(seconds(datetime(2026, 11, 20, 9, 0, 0, 999999, tzinfo=UTC))) == datetime(2026, 11, 20, 9, tzinfo=UTC)
