"""The inbox: whatever the channel, a person finds there what he or she was told, once, newest first."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from models import Case, begin_write, table
from services.inbox import Item, inbox, mark_read
from tests.support.mailroom import Mailroom
from tests.support.town import Town

_case = table(Case)


@pytest.fixture
def room(town: Town) -> Mailroom:
    return Mailroom(town)


def seen_by(room: Mailroom, user: str = "water.clerk", *, everything: bool = False) -> list[Item]:
    person = room.person(user)
    with room.town.context.database.unit_of_work() as session:
        return inbox(session, person, everything=everything)


def reads(room: Mailroom, ids: list[int], user: str = "water.clerk") -> int:
    person = room.person(user)
    with room.town.context.database.unit_of_work() as session:
        return mark_read(session, person, ids, room.town.now)


def test_the_newest_comes_first_with_its_words_and_how_it_was_sent(room: Mailroom) -> None:
    first = room.queue(about={"unit_id": 1})
    room.turn()
    second = room.queue(channel="email", notice="recalled")
    room.turn(timedelta(minutes=1))
    found = seen_by(room)
    assert [item.ids for item in found] == [(second,), (first,)]
    assert [item.ways for item in found] == [(("email", "delivered"),), (("sms", "delivered"),)]
    assert all(item.no and item.no in item.text for item in found)
    assert all(item.arrived and not item.read and not item.urgent for item in found)


def test_one_thing_told_by_two_channels_is_there_once(room: Mailroom) -> None:
    lost = room.queue(seq=7, state="failed_perm", attend_at=None)
    mail = room.queue(seq=7, channel="email", fallback_of_id=lost)
    room.turn()
    (item,) = seen_by(room)
    assert item.ids == (lost, mail)
    assert item.ways == (("sms", "failed_perm"), ("email", "delivered"))
    assert item.arrived


def test_what_a_digest_spoke_for_is_there_singly_and_the_digest_is_not(room: Mailroom) -> None:
    ids = [room.queue(case_id=room.case()) for _ in range(3)]
    room.turn()
    assert len(room.digests()) == 1
    assert sorted(i for item in seen_by(room) for i in item.ids) == ids


def test_what_is_not_sent_yet_is_there_already(room: Mailroom) -> None:
    room.queue(haste=0, notice="emergency_call")
    (item,) = seen_by(room)
    assert (item.urgent, item.arrived, item.text) == (True, False, "")


def test_what_was_read_is_there_only_when_asked_for(room: Mailroom) -> None:
    message = room.queue()
    assert reads(room, [message]) == 1
    assert reads(room, [message]) == 0
    assert reads(room, []) == 0
    assert seen_by(room) == []
    (item,) = seen_by(room, everything=True)
    assert item.read


def test_nobody_reads_or_marks_what_is_somebody_else_s(room: Mailroom) -> None:
    hers = room.queue("water.head")
    assert seen_by(room) == []
    assert reads(room, [hers]) == 0
    assert [item.ids for item in seen_by(room, "water.head")] == [(hers,)]


def test_of_a_sensitive_case_only_who_may_read_it_sees_more_than_that_there_was_a_message(room: Mailroom) -> None:
    room.queue()
    room.queue("water.head")
    room.turn()
    with room.town.context.database.unit_of_work() as session:
        begin_write(session)
        readers = [room.person("water.head")]
        session.execute(update(_case).where(_case.c.id == room.case_id).values(sensitive="minor", readers=readers))
    (hidden,) = seen_by(room)
    (shown,) = seen_by(room, "water.head")
    assert (hidden.no, hidden.text) == (None, "")
    assert shown.no is not None
    assert shown.no in shown.text


def test_messages_of_no_case_are_told_apart_by_what_they_say(room: Mailroom) -> None:
    for channel in ("sms", "sms2"):
        for way in ("sms", "email"):
            room.queue(case_id=None, seq=None, notice="channel_up", channel=way, about={"channel": channel})
    assert [len(item.ids) for item in seen_by(room)] == [2, 2]
