"""Nothing lies before the start; and laws that hold for every ladder."""

from dataclasses import replace
from datetime import time

from hypothesis import given
from hypothesis import strategies as st

from rules.ladder import FULL, OVERTAKEN, Course, Ladder, Rung, moments
from rules.worktime import Calendar, Limit, Unit, Window, after, budget_of, instant
from tests.support.rungs import DAYS, TOWN, UNTIMED, ZONE, course, ladder, local, told

_AT = st.one_of(
    st.integers(1, 300).map("{}%".format),
    st.builds("{:+}{}".format, st.integers(-9, 9).filter(bool), st.sampled_from(["m", "h", "wh", "wd"])),
)
_LOW = st.fixed_dictionaries({"low": st.just(True)}, optional={"hold": st.just("working"), "gap": st.sampled_from(["1m", "45m", "9h"])})
_ROW = st.builds(
    lambda at, only, kind: {"at": at, **only, **kind}, _AT, st.sampled_from([{}, {}, {"only": "wd"}]), st.one_of(st.just({}), _LOW)
)


# the start, the due moment ---------------------------------------------------------------------------------------------


def test_what_lies_before_the_start_is_left_out() -> None:
    early = [{"at": "-1wd"}, {"at": "-2wh"}, {"at": "-30m"}, {"at": "100%"}]
    assert [code for _, code in told(course("30m"), *early)] == ["r3"]
    for start, expected in (("2026-11-20 17:29", ["r0", "r1", "r2", "r3"]), ("2026-11-20 17:30", ["r1", "r2", "r3"])):
        assert [code for _, code in told(course("1wd", start), *early, started=start)] == expected


def test_a_clock_whose_budget_is_used_up_fires_at_once_and_runs_on() -> None:
    fresh = course("4wh")
    resumed = replace(fresh, since=local("2026-11-23 09:00"), consumed=fresh.budget)
    assert told(resumed, {"at": "50%"}, {"at": "100%"}, {"at": "150%"}) == [
        ("11-23 09:00:00", "r0"),
        ("11-23 09:00:00", "r1"),
        ("11-23 11:00:00", "r2"),
    ]


def test_a_share_has_passed_only_when_all_of_it_has() -> None:
    odd = replace(course("1m"), budget=101)
    assert told(odd, {"at": "50%"}, {"at": "99%"}, {"at": "100%"}) == [
        ("11-20 10:42:51", "r0"),
        ("11-20 10:43:40", "r1"),
        ("11-20 10:43:41", "r2"),
    ]


def test_a_breach_is_a_fact_on_which_offsets_hang() -> None:
    kept = replace(course("4wh"), due_kept=local("2026-11-20 16:00"))
    assert kept.due == local("2026-11-20 16:00")
    assert told(kept, {"at": "80%"}, {"at": "100%"}, {"at": "+30m"}, {"at": "+1wd"}, {"at": "150%"}) == [
        ("11-20 16:00:00", "r0"),  # 16:24 by the budget of today, and 17:12 for the next
        ("11-20 16:00:00", "r1"),
        ("11-20 16:30:00", "r2"),
        ("11-23 10:12:00", "r4"),
        ("11-23 16:00:00", "r3"),
    ]
    later = replace(kept, due_kept=local("2026-11-23 11:00"))
    assert told(later, {"at": "80%"}, {"at": "100%"}, {"at": "150%"}) == [
        ("11-20 16:24:00", "r0"),
        ("11-23 11:00:00", "r1"),
        ("11-23 11:00:00", "r2"),  # 10:12 by the budget: not before the clock was due
    ]


def test_a_breach_before_a_pause_is_told_once_the_clock_runs_again() -> None:
    fresh = course("4wh")
    resumed = replace(fresh, since=local("2026-11-24 09:00"), consumed=fresh.budget + 3600, due_kept=local("2026-11-20 17:12"))
    assert told(resumed, {"at": "100%"}, {"at": "+1wd"}, {"at": "150%"}) == [
        ("11-23 17:12:00", "r1"),
        ("11-24 09:00:00", "r0"),
        ("11-24 10:00:00", "r2"),
    ]


NIGHT = Calendar("night", 1, ZONE, DAYS, [Window(time(6), time(9)), Window(time(20), time(23))])
CALENDARS = (TOWN, NIGHT)
LADDERS = st.lists(_ROW, min_size=1, max_size=9).map(lambda rows: ladder(*rows))


@st.composite
def runs(draw: st.DrawFn) -> tuple[Course, int]:
    """A clock that has started, was paused perhaps, and may have become due before: its course and its start."""
    calendar = draw(st.sampled_from(CALENDARS))
    started = draw(st.integers(local("2026-11-19 00:00"), local("2026-11-30 00:00")))
    limit = Limit.parse(draw(st.sampled_from(["10m", "30m", "4h", "24h", "1wh", "4wh", "1wd", "3wd"])))
    budget = budget_of(limit, started, calendar)
    consumed = draw(st.one_of(st.just(0), st.integers(0, 2 * budget)))
    since = after(started, consumed, None if limit.natural else calendar) + draw(st.integers(0, 300_000))
    kept = draw(st.one_of(st.none(), st.integers(started, since + budget)))
    return Course(since, consumed, budget, calendar, limit.natural, limit.unit is Unit.WORK_DAY, kept), started


def plain(rung: Rung) -> Rung:
    return replace(rung, low=False, hold=False, gap=0)


def own_moments(whole: Ladder, run: tuple[Course, int]) -> dict[str, int]:
    """When each rung would fire were it the only one, and not low: nothing for those left out."""
    return {m.rung.code: m.at for rung in whole.rungs for m in moments(Ladder("one", 1, (plain(rung),)), *run)}


def is_open(stamp: int, calendar: Calendar) -> bool:
    at = instant(stamp).astimezone(ZONE)
    return DAYS[at.date()] and any(w.opens <= at.time() <= w.closes for w in calendar.windows)


# laws ------------------------------------------------------------------------------------------------------------------


@UNTIMED
@given(LADDERS, runs())
def test_moments_are_in_order_and_every_rung_is_there_once(whole: Ladder, run: tuple[Course, int]) -> None:
    found = moments(whole, *run)
    places = [(m.at, whole.rungs.index(m.rung)) for m in found]
    assert places == sorted(places)
    assert len(found) == len({m.rung.code for m in found})
    assert {m.rung.code for m in found} == own_moments(whole, run).keys()


@UNTIMED
@given(LADDERS, runs())
def test_nothing_lies_before_the_start_and_only_offsets_are_left_out(whole: Ladder, run: tuple[Course, int]) -> None:
    at, started = {m.rung.code: m.at for m in moments(whole, *run)}, run[1]
    for rung in whole.rungs:
        if rung.only_wd and not run[0].working_days:
            assert rung.code not in at
        elif rung.offset is None:
            assert at[rung.code] >= run[0].since
        else:
            assert rung.code not in at or at[rung.code] > started


@UNTIMED
@given(LADDERS, runs())
def test_a_higher_rung_never_depends_on_a_low_one(whole: Ladder, run: tuple[Course, int]) -> None:
    alone = Ladder("higher", 1, tuple(rung for rung in whole.rungs if not rung.low))
    assert [m for m in moments(whole, *run) if not m.rung.low] == moments(alone, *run)
    assert [m.skip for m in moments(alone, *run) if m.skip] == []


@UNTIMED
@given(LADDERS, runs())
def test_a_low_rung_is_skipped_only_because_a_higher_one_has_come(whole: Ladder, run: tuple[Course, int]) -> None:
    own, found = own_moments(whole, run), moments(whole, *run)
    higher = [(m.at, whole.rungs.index(m.rung)) for m in found if not m.rung.low]
    for m in found:
        first = min((h for h in higher if h > (own[m.rung.code], whole.rungs.index(m.rung))), default=None)
        if m.skip:
            assert (m.skip, m.at) == (OVERTAKEN, own[m.rung.code])
            assert m.rung.low
            assert m.rung.hold or m.rung.gap
            assert first is not None
        elif m.at > own[m.rung.code]:
            assert m.rung.low
            assert first is None or m.at < first[0]


@UNTIMED
@given(LADDERS, runs())
def test_a_low_rung_keeps_its_hours_and_its_gap_and_waits_no_longer(whole: Ladder, run: tuple[Course, int]) -> None:
    own, calendar = own_moments(whole, run), run[0].calendar
    before = None
    for m in moments(whole, *run):
        if m.skip:
            continue
        if m.rung.hold:
            assert is_open(m.at, calendar)
        if m.rung.low and m.at > own[m.rung.code]:
            reasons = {own[m.rung.code], before + m.rung.gap if before is not None and m.rung.gap else own[m.rung.code]}
            assert m.at in reasons | ({calendar.next_open(at) for at in reasons} if m.rung.hold else set())
        if m.rung.gap and before is not None:
            assert m.at - before >= m.rung.gap
        before = m.at


@UNTIMED
@given(runs())
def test_a_whole_limit_ends_when_the_clock_is_due(run: tuple[Course, int]) -> None:
    whole = ladder({"at": "99%"}, {"at": "100%"}, {"at": "101%"})
    found = moments(whole, *run)
    assert [m.rung.permille for m in found] == [FULL - 10, FULL, FULL + 10]
    assert found[1].at == max(run[0].due, run[0].since)


@UNTIMED
@given(LADDERS, runs())
def test_a_ladder_without_low_rungs_is_only_sorted(whole: Ladder, run: tuple[Course, int]) -> None:
    high = Ladder("high", 1, tuple(plain(rung) for rung in whole.rungs))
    assert {m.rung.code: m.at for m in moments(high, *run)} == own_moments(whole, run)
