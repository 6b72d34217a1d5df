"""Receipts: the same one twice is one, one that comes too early waits, one that says no sends the message another way."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models import FailingNumber, Message, Receipt, begin_write, table
from notifications.outcome import Confirmation
from services.deliveries.receipts import settle_early, take
from tests.support.mailroom import Mailroom
from tests.support.town import START, Town

_message, _receipt, _failing = table(Message), table(Receipt), table(FailingNumber)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def room(town: Town) -> Mailroom:
    return Mailroom(town)


def out(room: Mailroom, provider_id: str | None = "p1", **values) -> int:
    """A message that its channel has taken."""
    taken = {"state": "accepted", "attend_at": None, "sent_at": START, "tried_at": START, "provider_id": provider_id, "attempts": 1}
    return room.queue(**{**taken, **values})


def said(room: Mailroom, *confirmations: Confirmation, channel: str = "sms") -> int:
    with room.town.context.database.unit_of_work() as session:
        return take(session, channel, confirmations, room.town.now)


def arrived(provider_id: str = "p1", **more) -> Confirmation:
    return Confirmation(provider_id, more.pop("message_id", None), more.pop("status", "DELIVRD"), delivered=True, **more)


def failed(provider_id: str = "p1", **more) -> Confirmation:
    return Confirmation(provider_id, more.pop("message_id", None), more.pop("status", "UNDELIV"), delivered=False, **more)


def receipts(room: Mailroom) -> list:
    with room.town.context.database.unit_of_work() as session:
        return list(session.execute(select(_receipt).order_by(_receipt.c.id)))


def test_a_message_that_arrived_is_delivered_at_the_moment_the_provider_says(room: Mailroom) -> None:
    message = out(room)
    assert said(room, arrived(at=START + MINUTE)) == 1
    assert room.message(message).state == "delivered"
    assert room.message(message).delivered_at == START + MINUTE
    assert room.message(message).sent_at == START


def test_the_same_receipt_again_is_the_same_receipt(room: Mailroom) -> None:
    message = out(room)
    first = arrived(at=START + MINUTE)
    assert said(room, first, first) == 1
    assert said(room, first) == 0
    assert said(room, arrived(at=START + 5 * MINUTE)) == 0
    assert len(receipts(room)) == 1
    assert room.message(message).delivered_at == START + MINUTE


def test_a_receipt_finds_its_message_by_our_own_name_for_it(room: Mailroom) -> None:
    message = out(room, None, state="unknown", attend_at=START + MINUTE)
    assert said(room, arrived("p9", message_id=message)) == 1
    assert (room.message(message).state, room.message(message).provider_id) == ("delivered", "p9")
    assert room.message(message).attend_at is None


def test_a_receipt_of_another_channel_says_nothing_of_ours(room: Mailroom) -> None:
    message = out(room)
    assert said(room, arrived(message_id=message), channel="sms2") == 0
    assert room.message(message).state == "accepted"


def test_a_receipt_that_comes_before_its_message_is_known_waits_for_it(room: Mailroom) -> None:
    assert said(room, arrived()) == 0
    message = out(room)
    with room.town.context.database.unit_of_work() as session:
        begin_write(session)
        settle_early(session, {message: "p1"}, START + MINUTE)
        settle_early(session, {message: "p1"}, START + 2 * MINUTE)
        settle_early(session, {}, START)
    assert room.message(message).state == "delivered"
    assert [(r.message_id, r.applied_at) for r in receipts(room)] == [(message, START + MINUTE)]


@pytest.mark.parametrize("busy", ["sending", "unknown"])
def test_a_receipt_waits_for_an_engine_that_is_at_work_on_its_message(room: Mailroom, busy: str) -> None:
    message = out(room, state=busy, claimed_by=1, claimed_until=START + MINUTE)
    assert said(room, arrived()) == 0
    assert room.message(message).state == busy
    with room.town.context.database.unit_of_work() as session:
        begin_write(session)
        done = {"state": "accepted", "claimed_by": None, "claimed_until": None}
        session.execute(update(_message).where(_message.c.id == message).values(done))
        settle_early(session, {message: None}, START + MINUTE)
    assert room.message(message).state == "accepted"  # by what name the provider calls it is not known to the recorder
    with room.town.context.database.unit_of_work() as session:
        begin_write(session)
        settle_early(session, {message: "p1"}, START + MINUTE)
    assert room.message(message).state == "delivered"


def test_what_we_had_given_up_and_arrived_all_the_same_is_delivered(room: Mailroom) -> None:
    for n, state in enumerate(("failed_perm", "dead", "failed_temp", "unknown", "queued")):
        message = out(room, f"p{n}", state=state, attend_at=START + MINUTE, error="x")
        assert said(room, arrived(f"p{n}")) == 1
        assert (room.message(message).state, room.message(message).attend_at) == ("delivered", None)
        assert room.message(message).error is None


def test_having_arrived_outweighs_a_failure_whichever_comes_first(room: Mailroom) -> None:
    one, two = out(room, "p1"), out(room, "p2")
    said(room, arrived("p1"))
    said(room, failed("p1"))
    said(room, failed("p2", at=START + MINUTE), arrived("p2", at=START + 2 * MINUTE))
    assert room.states([one, two]) == ["delivered", "delivered"]
    assert room.message(two).attend_at is None


def test_a_failure_of_an_earlier_attempt_says_nothing_of_the_present_one(room: Mailroom) -> None:
    message = out(room, "second")
    said(room, failed("first", message_id=message))
    assert room.message(message).state == "accepted"


def test_what_did_not_arrive_goes_out_another_way(room: Mailroom) -> None:
    message = out(room)
    assert said(room, failed()) == 1
    assert (room.message(message).state, room.message(message).error) == ("failed_perm", "UNDELIV")
    room.turn()
    assert (room.message(message).state, room.message(message).attend_at) == ("failed_perm", None)
    assert [(m.channel, m.state) for m in room.all() if m.fallback_of_id == message] == [("email", "delivered")]
    said(room, failed())
    room.turn()
    assert len([m for m in room.all() if m.fallback_of_id == message]) == 1


def test_a_number_that_is_none_is_flagged_and_the_administrators_hear_of_it_once(room: Mailroom) -> None:
    one, two = out(room, "p1"), out(room, "p2")
    said(room, failed("p1", status="MK:0001", bad_number=True), failed("p2", status="MK:0001", bad_number=True))
    said(room, failed("p1", status="MK:0001", bad_number=True))
    with room.town.context.database.unit_of_work() as session:
        flags = session.execute(select(_failing)).all()
    assert [(f.recipient, f.kind, f.reason, f.code) for f in flags] == [(room.message(one).recipient, "phone", "empty", "MK:0001")]
    assert room.message(two).state == "failed_perm"
    assert {m.notice for m in room.all() if m.dedupe_key.startswith("alarm:")} == {"number_failing"}


def test_what_becomes_of_a_digest_becomes_of_what_it_carries(room: Mailroom) -> None:
    carrier = out(room, notice="digest", case_id=None)
    ids = [room.queue(state="accepted", attend_at=None, digest_id=carrier) for _ in range(2)]
    said(room, failed())
    assert room.message(carrier).state == "failed_perm"
    assert room.message(carrier).attend_at is None
    assert room.states(ids) == ["queued", "queued"]


def test_of_many_receipts_each_finds_its_own(room: Mailroom) -> None:
    ids = [out(room, f"p{n}") for n in range(20)]
    assert said(room, *(arrived(f"p{n}") if n % 2 else failed(f"p{n}") for n in range(25))) == 20
    assert room.states(ids) == ["failed_perm", "delivered"] * 10
    assert sum(r.applied_at is None for r in receipts(room)) == 5


def test_nothing_said_changes_nothing(room: Mailroom) -> None:
    assert said(room) == 0
