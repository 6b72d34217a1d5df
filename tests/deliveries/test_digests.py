"""Digests: many waiting messages in one; what becomes of the digest becomes of them, and none is lost with it."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from models import Case, Message, Staff, begin_write, table
from rules.delivery import Numbers, State
from services.deliveries import digests
from tests.support.mailroom import Mailroom
from tests.support.town import START, Town

MINUTE = timedelta(minutes=1)
_message, _case, _staff = table(Message), table(Case), table(Staff)


@pytest.fixture
def room(town: Town) -> Mailroom:
    return Mailroom(town)


def settled(room: Mailroom, carrier: int, state: State) -> None:
    with room.town.context.database.unit_of_work() as session:
        begin_write(session)
        digests.settle(session, {carrier: state}, room.town.now)


def merged(room: Mailroom, count: int = 3) -> tuple[list[int], int]:
    """So many messages in a digest that was not sent yet."""
    ids = [room.queue(case_id=room.case()) for _ in range(count)]
    with room.town.context.database.unit_of_work() as session:
        begin_write(session)
        rows = session.execute(_message.select().where(_message.c.id.in_(ids))).all()
        (carrier,) = digests.merge(session, rows, "sms", room.town.now, Numbers())
    return ids, carrier


def test_three_that_wait_are_told_in_one_message_that_names_how_many(room: Mailroom) -> None:
    ids = [room.queue(case_id=room.case()) for _ in range(3)]
    room.turn()
    (digest,) = room.digests()
    assert digest.state == "delivered"
    assert "您有3件工单" in digest.wording
    assert room.states(ids) == ["delivered"] * 3
    assert {room.message(i).digest_id for i in ids} == {digest.id}
    assert {room.message(i).wording for i in ids} == {None}
    assert all(room.message(i).delivered_at == START for i in ids)
    assert room.tried() == [START]


def test_a_digest_counts_cases_not_messages_and_names_the_most_pressing(room: Mailroom) -> None:
    urgent, calm = room.case(), room.case()
    due = START + timedelta(hours=3)
    room.queue(case_id=calm, about={"due": (START + timedelta(days=3)).isoformat()})
    room.queue(case_id=urgent, about={"due": due.isoformat(), "provisional": True})
    room.queue(case_id=urgent, notice="assigned")
    room.queue()
    room.turn()
    (digest,) = room.digests()
    with room.town.context.database.unit_of_work() as session:
        nos = dict(session.execute(_case.select().with_only_columns(_case.c.id, _case.c.no)).all())
    assert digest.about["count"] == 3
    assert digest.about["nos"] == f"{nos[urgent]}、{nos[calm]}"
    assert digest.about["due"] == due.isoformat()
    assert digest.about["provisional"] is True


def test_what_comes_while_a_digest_waits_is_told_by_it_too(room: Mailroom) -> None:
    room.queue()
    room.turn()
    for _ in range(2):
        room.queue(case_id=room.case())
    room.turn(timedelta(seconds=10))
    assert room.tried() == [START]
    late = room.queue(case_id=room.case())
    room.turn(timedelta(seconds=10))
    room.walk(START + 2 * MINUTE)
    (digest,) = room.digests()
    assert digest.about["count"] == 3
    assert room.message(late).digest_id == digest.id
    assert room.tried() == [START, START + MINUTE]


def test_what_is_urgent_and_what_is_for_others_is_in_no_digest(room: Mailroom) -> None:
    ids = [room.queue(case_id=room.case()) for _ in range(3)]
    urgent, other = room.queue(haste=0, notice="emergency_call"), room.queue("water.head")
    room.turn()
    room.walk(START + 2 * MINUTE)
    assert len(room.digests()) == 1
    assert room.message(urgent).digest_id is None
    assert room.message(other).digest_id is None
    assert all(room.message(i).digest_id for i in ids)


def test_a_digest_that_has_waited_does_not_tell_of_what_has_expired_or_may_not_be_told(room: Mailroom) -> None:
    room.queue()
    room.turn()
    soon = {"useful_until": START + 2 * MINUTE, "case_id": room.case()}
    kept = [room.queue(case_id=room.case()) for _ in range(2)]
    gone, secret = room.queue(**soon), room.queue(case_id=(hidden := room.case()))
    room.turn(timedelta(seconds=5))
    assert {room.message(i).error for i in (*kept, gone, secret)} == {"in_digest"}
    with room.town.context.database.unit_of_work() as session:
        begin_write(session)
        session.execute(update(_case).where(_case.c.id == hidden).values(sensitive="minor", readers=[]))
    room.turn(3 * MINUTE)
    (digest,) = room.digests()
    assert digest.about["count"] == 2
    assert [room.message(i).digest_id for i in (*kept, gone, secret)] == [digest.id, digest.id, None, None]
    assert room.message(gone).state == "expired"


def test_a_digest_that_carries_too_little_by_now_is_dissolved(room: Mailroom) -> None:
    room.queue()
    room.turn()
    soon = {"useful_until": START + 2 * MINUTE}
    gone, left = [room.queue(case_id=room.case(), **soon) for _ in range(2)], room.queue(case_id=room.case())
    room.turn(timedelta(seconds=5))
    room.turn(3 * MINUTE)
    room.walk(START + 5 * MINUTE)
    (digest,) = room.digests()
    assert (digest.state, digest.tried_at) == ("suppressed", None)
    assert room.states([*gone, left]) == ["expired", "expired", "delivered"]
    assert room.message(left).tried_at is not None


def test_a_reminder_told_in_a_digest_counts_for_the_gap(room: Mailroom) -> None:
    case = room.case()
    for clock in ("a", "b", "c"):
        room.queue(case_id=case, notice="clock_due", reminder=True, about={"clock": clock})
    room.turn()
    assert room.tried() == [START]
    room.town.now += 2 * MINUTE
    again = room.queue(case_id=case, notice="clock_overdue", reminder=True, about={"clock": "a"})
    room.turn()
    assert room.message(again).error == "reminder_gap"


def test_what_a_lost_digest_spoke_for_is_queued_again_singly_and_in_no_digest_any_more(room: Mailroom) -> None:
    ids, carrier = merged(room)
    assert room.states(ids) == ["suppressed"] * 3
    assert {room.message(i).error for i in ids} == {"in_digest"}
    with room.town.context.database.unit_of_work() as session:
        begin_write(session)
        session.execute(update(_message).where(_message.c.id == carrier).values(state="failed_perm", attend_at=None))
    settled(room, carrier, State.FAILED_PERM)
    assert room.states(ids) == ["queued"] * 3
    assert {room.message(i).digest_id for i in ids} == {None}
    room.walk(START + timedelta(hours=1))
    assert room.states(ids) == ["delivered"] * 3
    assert len(room.digests()) == 1


@pytest.mark.parametrize("state", [State.DEAD, State.EXPIRED, State.SUPPRESSED, State.FAILED_PERM])
def test_a_digest_that_ends_without_being_sent_gives_back_what_it_carries(room: Mailroom, state: State) -> None:
    ids, carrier = merged(room)
    settled(room, carrier, state)
    settled(room, carrier, state)
    assert room.states(ids) == ["queued"] * 3
    assert [room.message(i).attempts for i in ids] == [1] * 3


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING, State.FAILED_TEMP])
def test_while_a_digest_is_under_way_nothing_changes(room: Mailroom, state: State) -> None:
    ids, carrier = merged(room)
    settled(room, carrier, state)
    assert room.states(ids) == ["suppressed"] * 3


def test_a_digest_that_is_taken_then_arrives_then_nothing_changes_any_more(room: Mailroom) -> None:
    ids, carrier = merged(room)
    settled(room, carrier, State.ACCEPTED)
    assert room.states(ids) == ["accepted"] * 3
    room.town.now += MINUTE
    settled(room, carrier, State.DELIVERED)
    assert room.states(ids) == ["delivered"] * 3
    assert all((room.message(i).sent_at, room.message(i).delivered_at) == (START, START + MINUTE) for i in ids)
    settled(room, carrier, State.FAILED_PERM)
    assert room.states(ids) == ["delivered"] * 3


def test_a_digest_that_was_taken_and_did_not_arrive_gives_back_what_it_carries(room: Mailroom) -> None:
    ids, carrier = merged(room)
    settled(room, carrier, State.ACCEPTED)
    settled(room, carrier, State.FAILED_PERM)
    assert room.states(ids) == ["queued"] * 3
    assert {room.message(i).sent_at for i in ids} == {None}


def test_nobody_knows_of_what_a_digest_carries_that_nobody_knows_of(room: Mailroom) -> None:
    ids, carrier = merged(room)
    settled(room, carrier, State.UNKNOWN)
    assert room.states(ids) == ["unknown"] * 3
    assert {room.message(i).attend_at for i in ids} == {None}
    settled(room, carrier, State.DELIVERED)
    assert room.states(ids) == ["delivered"] * 3


def test_who_has_no_phone_is_told_singly_by_mail(room: Mailroom) -> None:
    ids = [room.queue(case_id=room.case()) for _ in range(3)]
    with room.town.context.database.unit_of_work() as session:
        begin_write(session)
        session.execute(update(_staff).where(_staff.c.name == "water.clerk").values(phone=None))
    room.turn()
    instead = [m for m in room.all() if m.fallback_of_id in ids]
    assert [m.channel for m in instead] == ["email"] * 3
    assert {m.state for m in instead} == {"delivered"}


def test_one_alone_is_no_digest(room: Mailroom) -> None:
    alone = room.queue()
    with room.town.context.database.unit_of_work() as session:
        begin_write(session)
        rows = session.execute(_message.select().where(_message.c.id == alone)).all()
        assert digests.merge(session, rows, "sms", START, Numbers()) == []
        assert digests.merge(session, [], "sms", START, Numbers()) == []
    assert room.digests() == []
    assert room.message(alone).attend_at == START + MINUTE
    room.turn(MINUTE)
    assert room.message(alone).state == "delivered"


def test_two_engines_make_no_two_digests_of_one_message(room: Mailroom) -> None:
    """The message is named in the digest's key, which is unique: a second digest of it cannot be written."""
    ids, carrier = merged(room)
    assert room.message(carrier).dedupe_key == f"digest:{min(ids)}:sms"
