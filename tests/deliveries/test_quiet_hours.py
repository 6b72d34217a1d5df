"""Quiet hours and working time: at night nobody is rung who need not be, and nothing that waits is lost."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifications.channels.bus import Channels
from tests.support.mailroom import Mailroom
from tests.support.town import Town

ZONE = ZoneInfo("Asia/Shanghai")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.fixture
def room(town: Town) -> Mailroom:
    return Mailroom(town)


def test_a_message_of_the_evening_is_sent_in_the_morning(room: Mailroom) -> None:
    room.town.now = local("2026-11-20T21:30")
    waits = room.queue()
    room.turn()
    assert room.message(waits).state == "queued"
    assert room.message(waits).attend_at == local("2026-11-21T08:00")
    assert room.message(waits).error == "quiet_hours"
    room.walk(local("2026-11-21T09:00"))
    assert room.message(waits).state == "delivered"
    assert room.tried() == [local("2026-11-21T08:00")]


def test_what_is_urgent_is_sent_at_night(room: Mailroom) -> None:
    room.town.now = local("2026-11-20T23:30")
    urgent = room.queue(haste=0)
    room.turn()
    assert room.message(urgent).state == "delivered"
    assert room.message(urgent).tried_at == room.town.now


def test_mail_disturbs_nobody_and_is_sent_at_night(room: Mailroom) -> None:
    room.town.now = local("2026-11-20T23:30")
    mail = room.queue(channel="email")
    room.turn()
    assert room.message(mail).state == "delivered"


def test_the_inbox_rings_nobody_so_that_nothing_waits_for_it(room: Mailroom) -> None:
    room.town.now = local("2026-11-20T23:30")
    context = room.town.context
    room.town.context = replace(context, channels=Channels({"sms": "record://", "inbox": "inbox://"}))
    messages = [room.queue(channel="inbox") for _ in range(4)]
    room.turn()
    assert room.states(messages) == ["delivered"] * 4


def test_messages_of_a_night_are_told_in_one_in_the_morning(room: Mailroom) -> None:
    room.town.now = local("2026-11-20T22:00")
    waiting = [room.queue(case_id=room.case()) for _ in range(4)]
    room.walk(local("2026-11-21T09:00"))
    assert room.states(waiting) == ["delivered"] * 4
    assert len(room.tried()) == 1
    assert [d.about["count"] for d in room.digests()] == [4]


def test_a_reminder_of_a_working_clock_waits_over_the_weekend_on_every_channel(room: Mailroom) -> None:
    room.town.now = local("2026-11-20T19:00")  # a Friday
    waiting = [room.queue(haste=2, channel=channel) for channel in ("sms", "email")]
    room.walk(local("2026-11-24T00:00"))
    assert room.states(waiting) == ["delivered", "delivered"]
    assert {room.message(i).tried_at.astimezone(ZONE).date().isoformat() for i in waiting} == {"2026-11-23"}
    assert {room.message(i).tried_at.astimezone(ZONE).hour for i in waiting} <= {8, 9}


def test_what_would_mislead_in_the_morning_is_written_at_night_and_expires_where_nobody_can_be_written_to(room: Mailroom) -> None:
    room.town.now = local("2026-11-20T21:30")
    soon = local("2026-11-20T23:00")
    late, resident = room.queue(useful_until=soon), room.queue(resident=room.resident(), useful_until=soon)
    room.walk(local("2026-11-21T09:00"))
    assert (room.message(late).state, room.message(late).error) == ("suppressed", "quiet_hours")
    assert [(m.channel, m.state) for m in room.all() if m.fallback_of_id == late] == [("email", "delivered")]
    assert (room.message(resident).state, room.message(resident).error) == ("expired", "expired")


def test_quiet_hours_can_be_moved_and_hold_from_then_on(room: Mailroom) -> None:
    room.limits(quiet_from="23:00")
    room.town.now = local("2026-11-20T21:30")
    goes = room.queue()
    room.turn()
    assert room.message(goes).state == "delivered"


def test_a_gap_is_kept_between_two_reminders_of_one_case(room: Mailroom) -> None:
    other = room.case()
    first = room.queue(reminder=True, about={"clock": "handle"}, notice="clock_yellow")
    room.turn()
    second = room.queue(reminder=True, about={"clock": "acknowledge"}, notice="acknowledge_overdue")
    elsewhere = room.queue("water.head", reminder=True, case_id=other, notice="clock_red")
    room.turn(timedelta(minutes=2))
    assert room.states([first, second, elsewhere]) == ["delivered", "queued", "delivered"]
    assert room.message(second).error == "reminder_gap"
    room.walk(room.town.now + timedelta(minutes=9))
    assert room.message(second).tried_at - room.message(first).tried_at == timedelta(minutes=10)


def test_of_two_reminders_that_wait_the_newest_speaks(room: Mailroom) -> None:
    room.town.now = local("2026-11-20T22:00")
    yellow = room.queue(reminder=True, about={"clock": "handle"}, notice="clock_yellow")
    red = room.queue(reminder=True, about={"clock": "handle"}, notice="clock_red")
    room.walk(local("2026-11-21T09:00"))
    assert room.states([yellow, red]) == ["suppressed", "delivered"]
    assert room.message(yellow).error == "superseded"
