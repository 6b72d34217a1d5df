"""Emergencies take every way there is, and wait behind nobody."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, update

from models import Attempt, Case, ChannelState, Message, Staff, begin_write, table
from notifications.outcome import Outcome
from services.catalogue import reference_changed
from tasks import claiming
from tasks.context import at_work
from tests.support.delivering import GAS, bury, deliver, plan_only, quiet_case
from tests.support.moody import BUSY, DOWN, REFUSED, SILENCE, duty_phone, family, moody, queue, row
from tests.support.town import Town

_message = table(Message)
_attempt = table(Attempt)
_state = table(ChannelState)


@pytest.mark.parametrize("fault", [BUSY, DOWN, SILENCE, REFUSED], ids=["busy", "down", "silence", "refused"])
def test_an_emergency_goes_another_way_at_the_first_failure(town: Town, fault: Outcome) -> None:
    case, channels = quiet_case(town), moody(town)
    channels.says("sms", fault)
    message = queue(town, case, haste=0)
    deliver(town)
    assert [(w.channel, w.state) for w in family(town, message)][1] == ("voice", "accepted")
    assert (town.now - row(town, message).queued_at).total_seconds() == 0


def test_an_emergency_asks_the_deputy_and_the_duty_phone_before_it_writes_an_email(town: Town) -> None:
    case, channels = quiet_case(town), moody(town)
    duty_phone(town, "water")
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        changed = update(table(Staff)).where(table(Staff).c.name == "water.clerk").values(deputy_id=town.person_id("water.head"))
        session.connection().execute(changed)
        reference_changed(session)
    for channel in ("sms", "voice", "im", "email"):
        channels.says(channel, REFUSED)
    message = queue(town, case, haste=0)
    deliver(town)
    clerk, head, unit = (f"s{town.person_id('water.clerk')}", f"s{town.person_id('water.head')}", f"u{town.unit_id('water')}")
    assert [(w.recipient, w.channel) for w in family(town, message)] == [
        (clerk, "sms"),
        (clerk, "voice"),
        (clerk, "im"),
        (head, "sms"),
        (unit, "voice"),
        (clerk, "email"),
    ]
    assert channels.sent[4].address == "10099999999"
    assert family(town, message)[3].about["instead_of"] == "water.clerk"
    assert [e.data["to"] for e in town.journal(case) if e.action == "not_delivered" and e.data["notice"] == "urged"] == ["water.clerk"]


def deputy(town: Town, who: str, instead: str) -> None:
    """Somebody stands in for somebody."""
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        changed = update(table(Staff)).where(table(Staff).c.name == who).values(deputy_id=town.person_id(instead))
        session.connection().execute(changed)
        reference_changed(session)


def hurry(town: Town, awake_s: float = 3600) -> int:
    """What the engine does every other second, at work for so long."""
    with at_work(town.context):
        return claiming.hurry(town.now, town.now - timedelta(seconds=awake_s))


def test_an_emergency_whose_deputy_is_on_the_same_dead_channel_goes_by_mail(sqlite_town: Town) -> None:
    town = sqlite_town
    case, channels = quiet_case(town), moody(town, "sms", "email")
    deputy(town, "water.clerk", "water.head")
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        run = session.connection().execute
        run(delete(_state))
        down = {"code": "sms", "failures": 5, "trips": 5, "reason": "x", "alarmed_at": town.now}
        run(insert(_state).values(**down, open_until=town.now + timedelta(minutes=15)))
    queue(town, case, haste=0)
    deliver(town)
    assert channels.ways() == ["email"]


def test_an_emergency_whose_deputy_stands_in_the_same_lane_goes_by_mail(sqlite_town: Town) -> None:
    town = sqlite_town
    case, channels = quiet_case(town, GAS), moody(town, "sms", "email")
    deputy(town, "water.clerk", "water.head")
    message = queue(town, case, haste=0)
    plan_only(town)
    for _ in range(12):
        town.now += timedelta(seconds=2)
        hurry(town)
    assert [w.channel for w in family(town, message)] == ["sms", "sms", "email"]
    assert channels.sent == []


def test_only_emergencies_that_stand_behind_one_that_hangs_are_hurried(sqlite_town: Town) -> None:
    town = sqlite_town
    gas, lamp = quiet_case(town, GAS), quiet_case(town)
    moody(town)
    queue(town, lamp, haste=0)
    queue(town, gas, haste=0)
    town.now += timedelta(seconds=60)
    assert hurry(town, awake_s=9) == 0, "the engine has only just come back"
    queue(town, lamp, seq=2, state="accepted", attend_at=None, tried_at=town.now - timedelta(seconds=3))
    assert hurry(town) == 0, "the lane does not hang"
    town.now += timedelta(seconds=8)
    assert hurry(town) == 1, "what is not an emergency waits"


def test_a_channel_on_trial_is_tried_with_the_most_urgent_one(sqlite_town: Town) -> None:
    town = sqlite_town
    case, _ = quiet_case(town), moody(town)
    for seq in (2, 3):
        queue(town, case, seq=seq, state="unknown", tried_at=town.now - timedelta(minutes=1), attempts=1)
    urgent = queue(town, case, haste=0)
    assert plan_only(town).ready[0].outgoing.message_id == urgent
    bury(town)


def test_an_emergency_behind_one_that_hangs_takes_another_way_once(town: Town) -> None:
    case, channels = quiet_case(town, GAS), moody(town)
    messages = [queue(town, case, haste=0), queue(town, case, "water.head", haste=0), queue(town, case, seq=2)]
    plan_only(town)
    for seconds, expected in ((9, 0), (2, 2), (2, 0)):
        town.now += timedelta(seconds=seconds)
        assert hurry(town) == expected
    deliver(town)
    assert [[w.channel for w in family(town, m)] for m in messages] == [["sms", "voice"], ["sms", "voice"], ["sms"]]
    assert channels.ways() == ["voice", "voice"]


def test_one_that_another_way_has_taken_over_goes_no_further(town: Town) -> None:
    case, channels = quiet_case(town), moody(town)
    channels.says("sms", BUSY, BUSY, REFUSED)
    message = queue(town, case, haste=0)
    deliver(town)
    deliver(town, seconds=30)
    deliver(town, seconds=120)
    assert [(w.channel, w.state) for w in family(town, message)] == [("sms", "failed_perm"), ("voice", "accepted")]
    assert "not_delivered" not in [e.action for e in town.journal(case) if e.data.get("notice") == "urged"]


def test_of_a_sensitive_case_only_its_readers_are_told_another_way(town: Town) -> None:
    case, channels = quiet_case(town), moody(town)
    duty_phone(town, "water")
    reader = town.person_id("water.clerk")
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        sensitive = update(table(Case)).where(table(Case).c.id == case).values(sensitive="domestic_violence", readers=[reader])
        session.connection().execute(sensitive)
        changed = update(table(Staff)).where(table(Staff).c.name == "water.clerk").values(deputy_id=town.person_id("water.head"))
        session.connection().execute(changed)
        reference_changed(session)
    for channel in ("sms", "voice", "im", "email"):
        channels.says(channel, REFUSED)
    message = queue(town, case, haste=0)
    deliver(town)
    assert [(w.staff_id, w.channel) for w in family(town, message)] == [(reader, c) for c in ("sms", "voice", "im", "email")]
