"""Working time: the field's test vectors, the bugs seen in the field, and laws that hold for any calendar."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.worktime import (
    Calendar,
    Limit,
    Window,
    after,
    budget_of,
    elapsed,
    every_day,
    instant,
    seconds,
    windows_overlap,
)
from seeds import read, rows

ZONE = ZoneInfo("Asia/Shanghai")


def seeded() -> Calendar:
    info = read("calendar/cn.toml")
    exceptions = {date.fromisoformat(r["date"]): r["working"] == "1" for r in rows("calendar/cn.csv")}
    windows = [Window(time.fromisoformat(w["opens"]), time.fromisoformat(w["closes"])) for w in info["windows"]]
    return Calendar("cn", 1, ZONE, every_day(info["first"], info["last"], exceptions), windows)


CN = seeded()


def local(text: str) -> int:
    return seconds(datetime.fromisoformat(text).replace(tzinfo=ZONE))


def due(start: str, limit: str) -> str:
    begin = local(start)
    parsed = Limit.parse(limit)
    calendar = None if parsed.natural else CN
    return instant(after(begin, budget_of(parsed, begin, CN), calendar)).astimezone(ZONE).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [
        ("2026-09-30T17:00", "4wh", "10-08 12:00"),
        ("2026-02-13T16:00", "4wh", "02-14 11:00"),
        ("2026-09-18T17:00", "4wh", "09-20 12:00"),
        ("2026-06-18T11:00", "1wh", "06-18 12:00"),
        ("2026-06-18T13:00", "1wh", "06-18 15:30"),
        ("2026-09-19T10:00", "2wh", "09-20 10:30"),
        ("2026-02-13T10:00", "5wd", "02-27 17:30"),
        ("2026-04-30T23:00", "5wd", "05-11 17:30"),
        ("2026-09-18T10:00", "5wd", "09-24 17:30"),
        ("2026-11-19T16:20", "24h", "11-20 16:20"),
        ("2026-10-01T00:00", "30m", "10-01 00:30"),
    ],
)
def test_the_fields_own_vectors(start: str, limit: str, expected: str) -> None:
    assert due(start, limit) == expected


def test_half_a_working_hour_before_closing_ends_at_closing() -> None:
    start = local("2026-06-18T17:00")
    assert instant(CN.add(start, 1800)).astimezone(ZONE).strftime("%H:%M") == "17:30"


def test_a_working_day_is_not_twenty_four_working_hours() -> None:
    start = local("2026-11-16T15:20")
    assert budget_of(Limit.parse("1wd"), start, CN) == CN.between(start, local("2026-11-17T17:30"))
    assert budget_of(Limit.parse("1wd"), start, CN) < 2 * 6.5 * 3600


def test_a_deadline_exactly_at_closing_time_stays_there() -> None:
    assert due("2026-11-16T08:30", "4wh") == "11-16 15:00"
    assert due("2026-11-16T13:30", "3wh") == "11-16 17:30"


def test_an_overlay_means_the_same_minute_of_the_neighbouring_working_day() -> None:
    friday = local("2026-11-20T17:30")
    assert instant(CN.neighbour(friday, 1)).astimezone(ZONE).isoformat() == "2026-11-23T17:30:00+08:00"
    assert instant(CN.neighbour(friday, -1)).astimezone(ZONE).isoformat() == "2026-11-19T17:30:00+08:00"
    saturday = local("2026-11-21T10:00")
    assert instant(CN.neighbour(saturday, 1)).astimezone(ZONE).isoformat() == "2026-11-23T10:00:00+08:00"
    assert instant(CN.neighbour(saturday, -1)).astimezone(ZONE).isoformat() == "2026-11-20T10:00:00+08:00"


@pytest.mark.parametrize("text", ["", "3", "1.5wd", "0h", "wd", "3 days", "-1h"])
def test_what_is_not_a_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a time limit"):
        Limit.parse(text)


def test_half_a_limit_is_rounded_up_to_whole_units() -> None:
    assert [str(Limit.parse(t).half()) for t in ("3wd", "4wh", "1wd", "24h")] == ["2wd", "2wh", "1wd", "12h"]


def test_a_month_in_2027_works() -> None:
    assert due("2026-12-28T09:00", "15wd") == "01-19 17:30"


def moment(stamp: int) -> str:
    return instant(stamp).astimezone(ZONE).isoformat(timespec="minutes")


def test_beyond_the_last_day_monday_to_friday_are_worked_provisionally() -> None:
    """The table ends on Sunday 2028-12-31; a clock that runs then, or starts a century later, counts on all the same."""
    assert moment(CN.add(local("2028-12-29T16:30"), 2 * 3600)) == "2029-01-01T09:30+08:00"
    assert moment(CN.close_of(local("2028-12-29T16:30"), 6)) == "2029-01-08T17:30+08:00"
    assert moment(CN.neighbour(local("2028-12-29T16:30"), 1)) == "2029-01-01T16:30+08:00"
    assert moment(CN.add(local("2126-06-03T09:00"), 40 * 23400)) == "2126-07-29T09:00+08:00"
    assert CN.working_days_between(local("2028-12-29T09:00"), local("2029-12-31T09:00")) == 261
    assert [CN.is_provisional(local(t)) for t in ("2026-06-03T09:00", "2029-06-03T09:00")] == [False, True]


def test_before_the_first_day_too() -> None:
    fresh = seeded()
    now = local("2009-01-05T09:00")
    before = fresh.add(now, 3600)
    assert moment(fresh.neighbour(now, -2)) == "2008-12-31T09:00+08:00"  # Sunday the 4th was worked
    assert fresh.between(local("2008-12-31T16:30"), local("2009-01-04T09:30")) == 2 * 3600
    assert fresh.working_days_between(local("1970-01-02T00:00"), local("1970-01-09T00:00")) == 5
    assert fresh.add(now, 3600) == before
    assert fresh.is_provisional(local("2008-12-31T09:00"))


def test_a_calendar_without_hours_says_so() -> None:
    idle = Calendar("idle", 1, ZONE, {date(2026, 1, 5): True}, [])
    with pytest.raises(ValueError, match="idle has no working hours"):
        idle.add(local("2026-01-05T09:00"), 60)


def test_overlapping_windows_are_found() -> None:
    windows = [Window(time(8), time(12)), Window(time(11), time(13))]
    assert windows_overlap(windows, date(2026, 1, 5))
    assert not windows_overlap(windows[:1], date(2026, 1, 5))


moments = st.integers(local("1990-01-04T00:00"), local("2040-06-01T00:00"))
amounts = st.integers(1, 60 * 6 * 3600)


@given(moments, amounts)
def test_what_was_added_is_what_lies_between(start: int, amount: int) -> None:
    assert CN.between(start, CN.add(start, amount)) == amount


@given(moments, amounts, amounts)
def test_splitting_an_interval_changes_nothing(start: int, first: int, second: int) -> None:
    assert CN.add(CN.add(start, first), second) == CN.add(start, first + second)


@given(moments, amounts, st.integers(0, 40 * 86400))
def test_a_pause_moves_the_due_moment_by_the_working_time_in_it(start: int, amount: int, pause: int) -> None:
    half = amount // 2
    paused_at = CN.add(start, half)
    resumed_at = paused_at + pause
    due_after_pause = CN.add(resumed_at, amount - half)
    assert CN.between(CN.add(start, amount), due_after_pause) == CN.between(paused_at, resumed_at)


@given(moments)
def test_seconds_and_instants_are_the_same_thing(moment: int) -> None:
    assert seconds(instant(moment)) == moment
    assert instant(moment).tzinfo is UTC


@given(moments, st.integers(1, 10**6))
def test_natural_time_never_stops(start: int, amount: int) -> None:
    assert elapsed(start, after(start, amount, None), None) == amount
