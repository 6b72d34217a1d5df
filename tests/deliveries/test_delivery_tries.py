"""After an attempt: when a message is tried again or asked about, when a channel is left alone; and the numbers by which that goes."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.delivery import (
    FINAL_STATES,
    LOST,
    NOW,
    SOON,
    TAKEN_STATES,
    BadNumber,
    Breaker,
    Numbers,
    Retry,
    State,
    after_failure,
    ask_again,
    back_off,
    pause,
    tripped,
)

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
USUAL = Numbers()


# after an attempt -----------------------------------------------------------------------------------------------------


@given(st.integers(1, 30), st.integers(1, 10**9))
def test_waits_after_failures_are_spread_by_a_fifth_and_always_the_same_for_one_message(attempts: int, message_id: int) -> None:
    base = (30, 120, 600, 3600)[min(attempts, 4) - 1]
    found = back_off(attempts, message_id, USUAL)
    assert 0.8 * base <= found.total_seconds() <= 1.2 * base
    assert found == back_off(attempts, message_id, USUAL)


def test_waits_of_different_messages_differ() -> None:
    assert len({back_off(1, message_id, USUAL) for message_id in range(1, 200)}) > 190


def test_after_five_attempts_a_message_is_dead() -> None:
    assert after_failure(4, 7, None, USUAL, NOON).state is State.FAILED_TEMP
    assert after_failure(5, 7, None, USUAL, NOON) == Retry(State.DEAD)


@given(st.integers(1, 4), st.integers(1, 10**6), st.integers(1, 10_000))
def test_no_attempt_is_made_when_it_would_mislead(attempts: int, message_id: int, seconds: int) -> None:
    useful_until = NOON + timedelta(seconds=seconds)
    found = after_failure(attempts, message_id, useful_until, USUAL, NOON)
    assert found.state in (State.FAILED_TEMP, State.EXPIRED)
    assert (found.attend_at is None) == (found.state is State.EXPIRED)
    if found.attend_at is not None:
        assert NOON < found.attend_at < useful_until


def test_a_last_attempt_is_made_half_a_minute_before_the_end() -> None:
    assert after_failure(3, 7, NOON + 5 * MINUTE, USUAL, NOON) == Retry(State.FAILED_TEMP, NOON + 4.5 * MINUTE)
    assert after_failure(3, 7, NOON + MINUTE / 2, USUAL, NOON) == Retry(State.EXPIRED)


def test_a_provider_is_asked_sooner_about_what_is_urgent_and_ever_more_seldom() -> None:
    assert ask_again(NOON, SOON, None, USUAL, NOON) == NOON + MINUTE / 2
    assert ask_again(NOON, NOW, None, USUAL, NOON) == NOON + timedelta(seconds=10)
    later = NOON + timedelta(minutes=20)
    assert ask_again(NOON, SOON, None, USUAL, later) == later + timedelta(minutes=10)
    assert ask_again(NOON, SOON, None, USUAL, NOON + timedelta(hours=10)) == NOON + timedelta(hours=11)


def test_nobody_asks_after_three_days_or_when_it_matters_no_more() -> None:
    assert ask_again(NOON, SOON, None, USUAL, NOON + timedelta(hours=72)) is None
    assert ask_again(NOON, SOON, NOON + MINUTE, USUAL, NOON + MINUTE) is None


@given(st.integers(0, 71 * 3600), st.integers(0, 2))
def test_the_next_question_is_always_later_and_within_three_days(second: int, haste: int) -> None:
    now = NOON + timedelta(seconds=second)
    found = ask_again(NOON, haste, None, USUAL, now)
    assert found is not None
    assert now < found <= NOON + timedelta(hours=72)


def test_the_states_say_who_is_done() -> None:
    assert not TAKEN_STATES & LOST
    assert TAKEN_STATES | LOST < FINAL_STATES
    assert not FINAL_STATES & {State.QUEUED, State.SENDING, State.FAILED_TEMP}


# the breaker ----------------------------------------------------------------------------------------------------------


def test_what_only_a_person_can_mend_opens_the_breaker_at_once_and_the_rest_after_five_failures() -> None:
    assert tripped(1, "credentials", USUAL)
    assert tripped(1, "balance", USUAL)
    assert not tripped(4, "down", USUAL)
    assert tripped(5, "down", USUAL)
    assert not tripped(50, "number", USUAL)
    assert not tripped(50, None, USUAL)


def test_each_pause_is_twice_as_long_up_to_a_quarter_of_an_hour() -> None:
    assert [pause(trips, USUAL).total_seconds() for trips in range(1, 8)] == [30, 60, 120, 240, 480, 900, 900]
    assert pause(10_000, USUAL).total_seconds() == 900


def test_a_breaker_opens_is_tried_with_one_message_and_opens_for_longer_or_closes() -> None:
    state = Breaker()
    for _ in range(5):
        assert not state.is_open(NOON)
        state = state.after("down", USUAL, NOON)
    assert state.open_until == NOON + MINUTE / 2
    later = NOON + MINUTE / 2
    assert not state.is_open(later)
    assert state.on_trial(later)
    again = state.after("down", USUAL, later)
    assert again.open_until == later + MINUTE
    assert again.after(None, USUAL, later + MINUTE) == Breaker()


def test_what_a_provider_says_of_one_message_is_no_failure_of_the_channel() -> None:
    failing = Breaker().after("down", USUAL, NOON).after("down", USUAL, NOON)
    assert failing.failures == 2
    assert failing.after("number", USUAL, NOON) == Breaker()


def test_answers_that_come_late_do_not_lengthen_a_pause() -> None:
    opened = Breaker().after("credentials", USUAL, NOON)
    assert opened.after("credentials", USUAL, NOON + timedelta(seconds=1)).open_until == opened.open_until


# the numbers ----------------------------------------------------------------------------------------------------------


def test_numbers_are_read_as_they_are_stored() -> None:
    own = Numbers(
        per_day=30, quiet_from=time(22, 30), back_off_seconds=(5, 10), channel_per_second={"sms": 20}, channel_per_minute={"sms2": 300}
    )
    assert Numbers.read(own.stored()) == own
    assert Numbers.read({}) == USUAL


def test_numbers_are_read_as_people_type_them() -> None:
    typed = {"per_day": "30", "quiet_from": "22:30", "back_off_seconds": "5,10", "channel_per_second": "sms:20,voice:1"}
    assert Numbers.read(typed) == Numbers(
        per_day=30, quiet_from=time(22, 30), back_off_seconds=(5, 10), channel_per_second={"sms": 20, "voice": 1}
    )


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("per_week", "3", "unknown"),
        ("per_day", "many", "not_a_number"),
        ("per_day", "2.5", "not_a_number"),
        ("per_day", True, "not_a_number"),
        ("per_day", None, "not_a_number"),
        ("per_day", "0", "out_of_range"),
        ("per_minute", "-1", "out_of_range"),
        ("jitter_percent", "91", "out_of_range"),
        ("digest_from", "1", "out_of_range"),
        ("quiet_from", "9pm", "not_a_time"),
        ("quiet_until", "24:00", "not_a_time"),
        ("back_off_seconds", "", "not_a_number"),
        ("back_off_seconds", [], "not_a_list"),
        ("channel_per_second", "sms", "not_a_number"),
        ("channel_per_second", "SMS!:3", "not_per_channel"),
        ("per_minute", "6", "not_in_order"),
        ("per_quarter_hour", "21", "not_in_order"),
        ("breaker_pause_seconds", "901", "not_in_order"),
    ],
)
def test_a_number_that_cannot_be_is_refused_by_its_name(name: str, value: object, problem: str) -> None:
    with pytest.raises(BadNumber) as refused:
        Numbers.read({name: value})
    assert (refused.value.field, refused.value.problem) == (name, problem)
