"""The rules of delivery: nothing vanishes, what is urgent waits for nobody, nobody is rung at night, nobody is sent more than enough."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.delivery import (
    NAMES,
    NOW,
    RINGING,
    SOON,
    WORKING,
    Drop,
    Elsewhere,
    Facts,
    Go,
    Merge,
    Numbers,
    Reason,
    Spent,
    State,
    Wait,
    channel_free,
    decide,
    next_token,
    quiet_until,
)
from wording import LANGUAGES, sentences

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  #: of a Friday in Shanghai
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
USUAL = Numbers()


def facts(**given_facts: object) -> Facts:
    plain: dict[str, object] = {"haste": SOON, "notice": "dispatched_lead", "medium": "sms", "zone": ZONE, "queued_at": NOON}
    return Facts(**{**plain, **given_facts})  # type: ignore[arg-type]


def sent(*minutes_ago: float, notice: str = "closed", now: datetime = NOON) -> Spent:
    moments = tuple(now - timedelta(minutes=m) for m in sorted(minutes_ago))
    return Spent(moments, {notice: len(moments)})


# everything that may come together ------------------------------------------------------------------------------------

moments = st.integers(-3 * 86400, 3 * 86400).map(lambda s: NOON + timedelta(seconds=s))
maybe = st.none() | moments
spendings = st.lists(st.floats(0, 2000), max_size=60).map(lambda ago: sent(*ago))
anything = st.builds(
    Facts,
    haste=st.sampled_from((NOW, SOON, WORKING)),
    notice=st.sampled_from(("closed", "clock_remind")),
    medium=st.sampled_from(("sms", "email", "im", "voice", "")),
    zone=st.just(ZONE),
    queued_at=moments.filter(lambda m: m <= NOON),
    attempts=st.integers(0, 6),
    resident=st.booleans(),
    digest=st.booleans(),
    reminder=st.booleans(),
    useful_until=maybe,
    unsubscribed=st.booleans(),
    obstacle=st.none() | st.sampled_from((Reason.NO_CHANNEL, Reason.NO_ADDRESS, Reason.NUMBER_FAILING)),
    superseded=st.booleans(),
    over=st.booleans(),
    down_until=maybe,
    channel_free=maybe,
    works_from=maybe,
    reminded_at=maybe,
    spent=spendings,
    waiting=st.integers(1, 30),
    carrier=st.booleans(),
    other_way=st.booleans(),
)


@given(anything)
def test_the_same_facts_give_the_same_answer_and_a_wait_ends_later(known: Facts) -> None:
    found = decide(known, USUAL, NOON)
    assert found == decide(known, USUAL, NOON)
    assert not isinstance(found, Wait) or found.until > NOON


@given(anything)
def test_nothing_is_dropped_but_for_a_lawful_reason(known: Facts) -> None:
    found = decide(known, USUAL, NOON)
    if isinstance(found, Drop):
        lawful = {
            Reason.EXPIRED: known.useful_until is not None and known.useful_until <= NOON,
            Reason.UNSUBSCRIBED: known.unsubscribed and known.resident,
            Reason.OVER: known.over and known.reminder,
            Reason.SUPERSEDED: known.superseded and (known.reminder or known.resident),
        }
        assert lawful[found.reason]
        assert found.state is (State.EXPIRED if found.reason is Reason.EXPIRED else State.SUPPRESSED)


@given(anything)
def test_what_is_urgent_waits_for_nothing_but_a_channel_that_is_down_and_then_goes_another_way_at_once(known: Facts) -> None:
    found = decide(known, USUAL, NOON)
    if known.haste == NOW:
        assert not isinstance(found, Merge)
        if isinstance(found, Wait):
            assert found == Wait(known.down_until, Reason.CHANNEL_DOWN, elsewhere=known.other_way)


@given(anything)
def test_only_the_provider_s_own_limit_sends_an_urgent_message_another_way(known: Facts) -> None:
    found = decide(known, USUAL, NOON)
    if known.haste == NOW and isinstance(found, Elsewhere):
        assert found.reason in (known.obstacle, Reason.NOTICE_BUDGET)


@given(anything, st.integers(0, 86400))
def test_nobody_is_rung_at_night_who_need_not_be(known: Facts, second: int) -> None:
    now = NOON + timedelta(seconds=second)
    local = now.astimezone(ZONE).time()
    found = decide(known, USUAL, now)
    if known.haste != NOW and known.medium in RINGING and (local >= time(21) or local < time(8)):
        assert not isinstance(found, Go | Merge)


@given(anything)
def test_a_digest_speaks_for_staff_on_media_that_ring_and_never_for_another_digest_or_one_lost_before(known: Facts) -> None:
    if isinstance(decide(known, USUAL, NOON), Merge):
        assert known.medium in RINGING
        assert not known.resident
        assert not known.digest
        assert known.attempts == 0


@given(anything)
def test_an_ordinary_message_goes_only_while_the_recipient_s_budget_lasts(known: Facts) -> None:
    if known.haste != NOW and known.medium in RINGING and isinstance(decide(known, USUAL, NOON), Go):
        for limit, window in ((1, MINUTE), (5, 15 * MINUTE), (20, DAY)):
            assert sum(moment > NOON - window for moment in known.spent.moments) < limit


@given(st.lists(st.tuples(st.integers(0, 6 * 3600), st.booleans()), min_size=1, max_size=40))
def test_whatever_comes_to_one_resident_all_of_it_goes_out_in_the_end_and_never_too_much_at_once(came: list[tuple[int, bool]]) -> None:
    waiting = [[NOON + timedelta(seconds=after), urgent] for after, urgent in sorted(came)]
    spent, ordinary, urgent_ones = Spent(), [], 0
    while waiting:
        waiting.sort(key=lambda each: (each[0], not each[1]))
        now, urgent = waiting.pop(0)
        known = facts(haste=NOW if urgent else SOON, notice=f"n{len(waiting)}", resident=True, other_way=False, spent=spent, queued_at=now)
        found = decide(known, USUAL, now)
        if isinstance(found, Wait):
            assert not urgent
            waiting.append([found.until, urgent])
            continue
        assert isinstance(found, Go)
        spent = spent.plus(now, known.notice)
        urgent_ones += urgent
        ordinary += [] if urgent else [now]
    assert len(ordinary) + urgent_ones == len(came)
    for limit, window in ((1, MINUTE), (5, 15 * MINUTE), (20, DAY)):
        assert all(sum(at - window < moment <= at for moment in ordinary) <= limit for at in ordinary)


# single rules ---------------------------------------------------------------------------------------------------------


def test_a_message_with_nothing_against_it_goes() -> None:
    assert decide(facts(), USUAL, NOON) == Go()


def test_what_would_mislead_expires_at_that_very_moment() -> None:
    assert decide(facts(useful_until=NOON), USUAL, NOON) == Drop(State.EXPIRED, Reason.EXPIRED)
    assert decide(facts(useful_until=NOON + MINUTE), USUAL, NOON) == Go()


def test_an_unsubscribed_resident_hears_nothing_and_a_colleague_is_never_unsubscribed() -> None:
    assert decide(facts(resident=True, unsubscribed=True, haste=NOW), USUAL, NOON) == Drop(State.SUPPRESSED, Reason.UNSUBSCRIBED)
    assert decide(facts(unsubscribed=True), USUAL, NOON) == Go()


def test_an_ordinary_message_waits_for_a_channel_that_is_down_and_loses_patience() -> None:
    back = NOON + 2 * MINUTE
    assert decide(facts(down_until=back), USUAL, NOON) == Wait(back, Reason.CHANNEL_DOWN)
    tired = facts(down_until=back, queued_at=NOON - 30 * MINUTE)
    assert decide(tired, USUAL, NOON) == Elsewhere(Reason.CHANNEL_DOWN)
    assert decide(facts(down_until=back, queued_at=NOON - 30 * MINUTE, other_way=False), USUAL, NOON) == Wait(back, Reason.CHANNEL_DOWN)


def test_whatever_it_waits_for_what_would_be_too_late_by_then_takes_another_way() -> None:
    evening = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
    soon, morning = evening + 2 * MINUTE, evening + 12 * 60 * MINUTE
    assert decide(facts(useful_until=evening + 60 * MINUTE), USUAL, evening) == Elsewhere(Reason.QUIET_HOURS)
    assert decide(facts(useful_until=evening + 60 * MINUTE, other_way=False), USUAL, evening) == Wait(
        datetime(2026, 11, 21, 0, 0, tzinfo=UTC), Reason.QUIET_HOURS
    )
    late = {"useful_until": NOON + MINUTE, "reminder": True}
    assert decide(facts(**late, reminded_at=NOON - MINUTE), USUAL, NOON) == Elsewhere(Reason.REMINDER_GAP)
    assert decide(facts(**late, channel_free=NOON + 2 * MINUTE), USUAL, NOON) == Elsewhere(Reason.CHANNEL_BUDGET)
    mailed = facts(haste=WORKING, medium="email", useful_until=soon, works_from=morning, reminder=True, reminded_at=evening)
    assert decide(mailed, USUAL, evening) == Go(), "a letter disturbs nobody"


def test_patience_with_a_channel_that_is_down_begins_when_it_went_down() -> None:
    night = facts(queued_at=NOON - 9 * 60 * MINUTE, down_until=NOON + MINUTE, down_since=NOON)
    assert decide(night, USUAL, NOON) == Wait(NOON + MINUTE, Reason.CHANNEL_DOWN)


def test_what_would_be_too_late_after_the_wait_takes_another_way() -> None:
    soon = NOON + MINUTE / 2
    assert decide(facts(down_until=NOON + MINUTE, useful_until=soon), USUAL, NOON) == Elsewhere(Reason.CHANNEL_DOWN)
    assert decide(facts(spent=sent(0.1), useful_until=soon), USUAL, NOON) == Elsewhere(Reason.BUDGET)


def test_a_reminder_of_a_working_clock_waits_for_working_time_on_every_medium() -> None:
    opens = NOON + timedelta(hours=2)
    for medium in ("sms", "email"):
        waits = facts(haste=WORKING, works_from=opens, medium=medium)
        assert decide(waits, USUAL, NOON) == Wait(opens, Reason.WORKING_TIME)
    assert decide(facts(haste=SOON, works_from=opens), USUAL, NOON) == Go()
    assert decide(facts(haste=WORKING, works_from=NOON), USUAL, NOON) == Go()


def test_two_reminders_of_one_case_keep_their_distance_and_other_notices_need_none() -> None:
    before = NOON - 4 * MINUTE
    assert decide(facts(reminder=True, reminded_at=before), USUAL, NOON) == Wait(before + 10 * MINUTE, Reason.REMINDER_GAP)
    assert decide(facts(reminder=True, reminded_at=before, haste=NOW), USUAL, NOON) == Go()
    assert decide(facts(reminded_at=before), USUAL, NOON) == Go()


def test_the_second_message_within_a_minute_waits_for_the_minute_to_pass() -> None:
    assert decide(facts(spent=sent(0.25)), USUAL, NOON) == Wait(NOON + MINUTE * 0.75, Reason.BUDGET)


def test_a_sixth_message_within_a_quarter_of_an_hour_waits() -> None:
    assert decide(facts(spent=sent(14, 10, 7, 5, 2)), USUAL, NOON) == Wait(NOON + MINUTE, Reason.BUDGET)


def test_after_twenty_messages_in_a_day_another_channel_is_taken_and_where_there_is_none_it_waits() -> None:
    many = sent(*range(60, 80))
    assert decide(facts(spent=many), USUAL, NOON) == Elsewhere(Reason.DAY_BUDGET)
    freed = NOON - 79 * MINUTE + DAY
    assert decide(facts(spent=many, other_way=False), USUAL, NOON) == Wait(freed, Reason.DAY_BUDGET)


def test_an_urgent_message_passes_the_budgets_but_not_what_the_provider_takes_of_one_notice() -> None:
    fifty = sent(*range(60, 110), notice="emergency_call")
    assert decide(facts(haste=NOW, spent=fifty), USUAL, NOON) == Go()
    assert decide(facts(haste=NOW, notice="emergency_call", spent=fifty), USUAL, NOON) == Elsewhere(Reason.NOTICE_BUDGET)


def test_three_that_wait_become_one_and_when_the_budget_is_spent_two_do() -> None:
    assert decide(facts(waiting=2), USUAL, NOON) == Go()
    assert decide(facts(waiting=3), USUAL, NOON) == Merge()
    assert decide(facts(waiting=2, spent=sent(0.1)), USUAL, NOON) == Merge()
    assert decide(facts(carrier=True), USUAL, NOON) == Merge()


def test_mail_knows_neither_quiet_hours_nor_budgets_nor_digests() -> None:
    night = NOON + timedelta(hours=12)
    assert decide(facts(medium="email", waiting=9, spent=sent(*range(1, 60), now=night)), USUAL, night) == Go()


def test_a_channel_that_is_full_takes_only_what_is_urgent() -> None:
    later = NOON + timedelta(milliseconds=400)
    assert decide(facts(channel_free=later), USUAL, NOON) == Wait(later, Reason.CHANNEL_BUDGET)
    assert decide(facts(channel_free=later, haste=NOW), USUAL, NOON) == Go()


def test_a_channel_is_free_when_both_its_windows_have_room() -> None:
    just_now = [NOON - timedelta(seconds=s) for s in (0.2, 0.6, 30)]
    assert channel_free(just_now, 2, None, NOON) == NOON + timedelta(seconds=0.4)
    assert channel_free(just_now, None, 3, NOON) == NOON + timedelta(seconds=30)
    assert channel_free(just_now, 3, 4, NOON) == NOON
    assert channel_free(just_now, None, None, NOON) == NOON


def test_a_token_is_there_when_all_three_windows_have_room() -> None:
    assert next_token(Spent(), USUAL, NOON) == NOON
    assert next_token(sent(1), USUAL, NOON) == NOON
    assert next_token(sent(0.5), USUAL, NOON) == NOON + MINUTE / 2
    assert next_token(sent(*range(60, 80)), USUAL, NOON) == NOON + DAY - 79 * MINUTE


# quiet hours ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "ends"),
    [
        ("2026-11-20 20:59:59", None),
        ("2026-11-20 21:00:00", "2026-11-21 08:00"),
        ("2026-11-20 23:59:59", "2026-11-21 08:00"),
        ("2026-11-21 00:00:00", "2026-11-21 08:00"),
        ("2026-11-21 07:59:59", "2026-11-21 08:00"),
        ("2026-11-21 08:00:00", None),
        ("2026-12-31 22:00:00", "2027-01-01 08:00"),
    ],
)
def test_quiet_hours_are_those_of_the_district(local: str, ends: str | None) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=ZONE).astimezone(UTC)
    expected = None if ends is None else datetime.fromisoformat(ends).replace(tzinfo=ZONE).astimezone(UTC)
    assert quiet_until(now, ZONE, USUAL) == expected


def test_quiet_hours_may_lie_within_one_day_or_not_be_at_all() -> None:
    siesta = Numbers(quiet_from=time(12), quiet_until=time(14))
    assert quiet_until(NOON, ZONE, siesta) == NOON + timedelta(hours=2)
    assert quiet_until(NOON - MINUTE, ZONE, siesta) is None
    assert quiet_until(NOON + timedelta(hours=12), ZONE, Numbers(quiet_from=time(8), quiet_until=time(8))) is None


@given(st.integers(0, 400 * 86400), st.times(), st.times())
def test_when_quiet_hours_end_it_is_not_quiet(second: int, begins: time, ends: time) -> None:
    numbers = Numbers(quiet_from=begins.replace(microsecond=0), quiet_until=ends.replace(microsecond=0))
    now = NOON + timedelta(seconds=second)
    found = quiet_until(now, ZONE, numbers)
    if found is not None:
        assert now < found <= now + DAY
        assert quiet_until(found, ZONE, numbers) is None


def test_quiet_hours_lose_nothing_across_the_change_to_summer_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    night = datetime(2027, 3, 27, 23, 0, tzinfo=berlin)
    found = quiet_until(night.astimezone(UTC), berlin, USUAL)
    assert found is not None
    assert found.astimezone(berlin) == datetime(2027, 3, 28, 8, 0, tzinfo=berlin)


# words ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_reason_and_every_number_has_its_words(lang: str) -> None:
    words = sentences(lang)
    assert {reason.value for reason in Reason} <= set(words["delivery_error"])
    assert set(words["limit_of"]) == set(NAMES)
    assert {state.value for state in State} <= set(words["delivery"])
