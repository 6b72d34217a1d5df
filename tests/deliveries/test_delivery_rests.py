"""Channels that rest, and receipts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from models import Attempt, ChannelState, FailingNumber, Message, table
from notifications.outcome import Confirmation, Outcome, Trouble, Verdict
from services.deliveries import receipts
from tests.support.delivering import deliver, quiet_case
from tests.support.moody import DOWN, TAKEN, family, moody, queue, row
from tests.support.town import Town

_message = table(Message)
_attempt = table(Attempt)
_state = table(ChannelState)


def standing(town: Town, code: str = "sms") -> Any:
    return town.rows(select(_state).where(_state.c.code == code))[0]


def alarms(town: Town) -> list[tuple[str, str]]:
    return [(m.notice, m.channel) for m in town.rows(select(_message).where(_message.c.case_id.is_(None)).order_by(_message.c.id))]


# channels that rest ----------------------------------------------------------------------------------------------------


def test_a_channel_that_is_down_rests_and_the_administrators_hear_of_it(town: Town) -> None:
    case, channels = quiet_case(town), moody(town, "sms", "email")
    channels.says("sms", DOWN)
    waiting = [queue(town, case, seq=n) for n in range(8)]
    deliver(town)
    assert len([o for o in channels.sent if o.channel == "sms"]) == 5
    assert standing(town).open_until == town.now + timedelta(seconds=30)
    assert set(alarms(town)) == {("channel_down", "email"), ("channel_down", "sms")}
    assert [o.channel for o in channels.sent if "sms" in o.text and o.channel == "email"] != []
    assert {row(town, m).state for m in waiting} == {"queued", "failed_temp"}


def test_after_the_rest_one_message_is_tried_and_when_it_goes_all_do(town: Town) -> None:
    case, channels = quiet_case(town), moody(town, "sms", "email")
    channels.says("sms", DOWN)
    waiting = [queue(town, case, seq=n) for n in range(8)]
    deliver(town)
    channels.sent.clear()
    deliver(town, seconds=31)
    assert len([o for o in channels.sent if o.channel == "sms"]) == 1, "one probe"
    assert standing(town).open_until == town.now + timedelta(seconds=60)
    channels.says("sms", TAKEN)
    deliver(town, seconds=61)
    deliver(town, seconds=700)
    assert {row(town, m).state for m in waiting} == {"accepted"}
    assert (standing(town).open_until, standing(town).failures, standing(town).alarmed_at) == (None, 0, None)
    assert ("channel_up", "email") in alarms(town)


def test_an_emergency_does_not_wait_for_a_channel_that_rests(town: Town) -> None:
    case, channels = quiet_case(town), moody(town)
    channels.says("sms", DOWN)
    for n in range(5):
        queue(town, case, seq=n)
    deliver(town)
    channels.sent.clear()
    message = queue(town, case, "water.head", haste=0)
    deliver(town)
    first, second = family(town, message)
    assert (first.state, first.attempts, first.error) == ("queued", 0, "channel_down")
    assert (second.channel, second.state) == ("voice", "accepted")
    assert channels.ways() == ["voice"]


def test_wrong_credentials_open_the_breaker_at_once_and_lose_no_message(town: Town) -> None:
    case, channels = quiet_case(town), moody(town, "sms", "email")
    channels.says("sms", Outcome(Verdict.PERMANENT, "InvalidAccessKeyId", "no such key", trouble=Trouble.CREDENTIALS))
    messages = [queue(town, case, seq=n) for n in range(3)]
    deliver(town)
    assert len([o for o in channels.sent if o.channel == "sms"]) == 1
    assert standing(town).reason == "credentials"
    assert {row(town, m).state for m in messages} == {"queued", "failed_temp"}
    channels.says("sms", TAKEN)
    deliver(town, seconds=31)
    deliver(town, seconds=31)
    assert {row(town, m).state for m in messages} == {"accepted"}


def test_who_waits_too_long_for_a_channel_that_rests_is_told_another_way(town: Town) -> None:
    case, channels = quiet_case(town), moody(town, "sms", "email")
    channels.says("sms", DOWN)
    messages = [queue(town, case, seq=n) for n in range(8)]
    for _ in range(240):
        deliver(town, seconds=30)
    assert {family(town, m)[-1].state for m in messages} == {"accepted"}
    assert {family(town, m)[-1].channel for m in messages} == {"email"}


def test_numbers_that_are_none_are_flagged_and_not_tried_again(town: Town) -> None:
    case, channels = quiet_case(town), moody(town, "sms", "email")
    channels.says("sms", Outcome(Verdict.PERMANENT, "isv.MOBILE_NUMBER_ILLEGAL", "no number", trouble=Trouble.NUMBER))
    queue(town, case)
    deliver(town)
    (flag,) = town.rows(select(table(FailingNumber)))
    assert (flag.recipient, flag.kind, flag.reason) == (f"s{town.person_id('water.clerk')}", "phone", "empty")
    assert "number_failing" in {notice for notice, _ in alarms(town)}
    channels.sent.clear()
    again = queue(town, case, seq=2)
    deliver(town)
    assert [(w.channel, w.error) for w in family(town, again)] == [("sms", "number_failing"), ("email", None)]
    assert channels.ways() == ["email"]


def receipt(town: Town, provider_id: str, *, delivered: bool) -> None:
    with town.context.database.unit_of_work() as session:
        told = Confirmation(provider_id, None, "DELIVRD" if delivered else "UNDELIV", delivered)
        receipts.take(session, "sms", [told], town.now)


# receipts --------------------------------------------------------------------------------------------------------------


def test_an_emergency_without_a_receipt_takes_another_way_once(town: Town) -> None:
    case, channels = quiet_case(town), moody(town)
    channels.says("sms", replace(TAKEN, provider_id="p-1"))
    message = queue(town, case, haste=0)
    deliver(town)
    assert row(town, message).attend_at == town.now + timedelta(minutes=5)
    deliver(town, seconds=301)
    deliver(town, seconds=600)
    assert [(w.channel, w.state) for w in family(town, message)][:2] == [("sms", "accepted"), ("voice", "accepted")]
    assert channels.ways().count("sms") == 1


def test_a_receipt_in_time_ends_the_matter(town: Town) -> None:
    case, channels = quiet_case(town), moody(town)
    channels.says("sms", replace(TAKEN, provider_id="p-1"))
    message = queue(town, case, haste=0)
    deliver(town)
    receipt(town, "p-1", delivered=True)
    deliver(town, seconds=301)
    assert [(w.channel, w.state) for w in family(town, message)] == [("sms", "delivered")]


def test_a_receipt_that_says_no_sends_it_another_way(town: Town) -> None:
    case, channels = quiet_case(town), moody(town, "sms", "email")
    channels.says("sms", replace(TAKEN, provider_id="p-1"))
    message = queue(town, case)
    deliver(town)
    receipt(town, "p-1", delivered=False)
    deliver(town)
    assert [(w.channel, w.state) for w in family(town, message)] == [("sms", "failed_perm"), ("email", "accepted")]
