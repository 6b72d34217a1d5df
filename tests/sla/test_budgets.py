"""Budgets: what exceeds them waits, is told together or takes another channel; never too much, never nothing. And who may change them."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models import AdminEntry, DeliveryPolicy, Message, Requester, begin_write, table
from rules.delivery import Numbers
from rules.facts import Refused
from services.catalogue import catalogue
from services.deliveries.budgets import Traffic, spent
from services.deliveries.numbers import change, in_force, numbers_at
from tests.support.mailroom import Mailroom
from tests.support.town import START, Town

MINUTE = timedelta(minutes=1)
_requester = table(Requester)


@pytest.fixture
def room(town: Town) -> Mailroom:
    return Mailroom(town)


def most_in(moments: list, window: timedelta) -> int:
    return max(sum(at - window < moment <= at for moment in moments) for at in moments)


def test_the_second_message_goes_when_the_minute_is_over(room: Mailroom) -> None:
    first = room.queue()
    room.turn()
    second = room.queue()
    room.turn(timedelta(seconds=20))
    assert room.states([first, second]) == ["delivered", "queued"]
    assert (room.message(second).attend_at, room.message(second).error) == (START + MINUTE, "budget")
    room.turn(timedelta(seconds=40))
    assert room.message(second).state == "delivered"
    assert room.message(second).error is None


def test_a_stream_to_one_person_is_told_within_the_limits_and_all_of_it(room: Mailroom) -> None:
    for _ in range(30):
        room.queue(case_id=room.case())
        room.turn(timedelta(seconds=37))
    room.walk(room.town.now + timedelta(hours=3))
    told = [m for m in room.all() if m.dedupe_key.startswith("test-")]
    assert {m.state for m in told} == {"delivered"}
    assert most_in(room.tried(), MINUTE) == 1
    assert most_in(room.tried(), 15 * MINUTE) <= 5
    assert sum(d.about["count"] for d in room.digests()) + sum(m.digest_id is None for m in told) == 30


def test_what_is_urgent_does_not_wait_for_what_is_not(room: Mailroom) -> None:
    room.queue()
    room.turn()
    urgent = [room.queue(haste=0, notice="emergency_call") for _ in range(7)]
    room.turn(timedelta(seconds=1))
    assert room.states(urgent) == ["delivered"] * 7


def test_urgent_messages_count_for_ordinary_ones_that_follow(room: Mailroom) -> None:
    room.queue(haste=0, notice="emergency_call")
    room.turn()
    ordinary = room.queue()
    room.turn(timedelta(seconds=5))
    assert room.message(ordinary).attend_at == START + MINUTE


def test_limits_are_those_of_one_person_on_one_channel(room: Mailroom) -> None:
    mine, hers, mailed = room.queue(), room.queue("water.head"), room.queue(channel="email")
    room.turn()
    assert room.states([mine, hers, mailed]) == ["delivered"] * 3


def test_after_a_day_s_worth_another_channel_takes_over_and_says_in_whose_place(room: Mailroom) -> None:
    room.limits(per_minute="3", per_quarter_hour="3", per_day="3", digest_from="9")
    ids = [room.queue() for _ in range(3)]
    room.turn()
    over = room.queue()
    room.turn(timedelta(hours=1))
    assert room.states(ids) == ["delivered"] * 3
    assert (room.message(over).state, room.message(over).error) == ("suppressed", "day_budget")
    instead = [m for m in room.all() if m.fallback_of_id == over]
    assert [(m.channel, m.state) for m in instead] == [("email", "delivered")]


def test_a_resident_who_has_no_other_channel_hears_the_next_day(room: Mailroom) -> None:
    room.limits(per_minute="2", per_quarter_hour="2", per_day="2")
    resident = room.resident()
    first = [room.queue(resident=resident) for _ in range(2)]
    room.turn()
    over = room.queue(resident=resident)
    room.turn(timedelta(hours=1))
    assert room.states(first) == ["delivered"] * 2
    assert (room.message(over).state, room.message(over).error) == ("queued", "day_budget")
    room.walk(START + timedelta(hours=25))
    assert room.message(over).state == "delivered"


def test_a_resident_is_told_of_each_matter_singly(room: Mailroom) -> None:
    resident = room.resident()
    ids = [room.queue(resident=resident) for _ in range(4)]
    room.walk(START + timedelta(minutes=10))
    assert room.states(ids) == ["delivered"] * 4
    assert room.digests() == []
    assert most_in(room.tried(), MINUTE) == 1


def test_what_a_provider_takes_of_one_notice_in_a_day_holds_for_urgent_ones_too(room: Mailroom) -> None:
    room.limits(per_notice_day="3")
    ids = [room.queue(haste=0, notice="emergency_call") for _ in range(4)]
    room.turn()
    assert sorted(room.states(ids)) == ["delivered", "delivered", "delivered", "suppressed"]
    over = next(m for m in room.all() if m.error == "notice_budget")
    assert [m.channel for m in room.all() if m.fallback_of_id == over.id] == ["email"]


def test_a_channel_takes_no_more_than_it_may_in_a_minute_except_what_is_urgent(room: Mailroom) -> None:
    room.limits(channel_per_minute="sms:2")
    everybody = [room.queue(user) for user in ("water.clerk", "water.head", "housing.clerk", "garden.clerk")]
    urgent = room.queue("municipal.clerk", haste=0, notice="emergency_call")
    room.turn()
    assert room.message(urgent).state == "delivered"
    assert sorted(room.states(everybody)) == ["delivered", "queued", "queued", "queued"]
    room.walk(START + 5 * MINUTE)
    assert room.states(everybody) == ["delivered"] * 4
    ordinary = [m.tried_at for m in room.all() if m.id in everybody]
    assert most_in(ordinary, MINUTE) <= 2


def test_a_long_queue_is_given_its_moments_once_and_not_looked_at_every_second(sqlite_town: Town) -> None:
    room = Mailroom(sqlite_town)
    room.limits(channel_per_second="sms:2", per_notice_day=1000, digest_from=1000)
    with sqlite_town.context.database.unit_of_work() as session:
        everybody = sorted(catalogue(session).people)[:9]
    ids = [room.queue(user) for user in everybody]
    room.turn()
    promised = sorted((room.message(i).attend_at - START).total_seconds() for i in ids if room.message(i).attend_at is not None)
    assert promised == [1, 1, 2, 2, 3, 3, 4]
    late = room.queue(next(user for user in ("admin", "centre.duty", "garden.head") if user not in everybody))
    room.turn()
    assert room.message(late).attend_at == START + timedelta(seconds=4)
    for sent in (4, 6, 8, 10):
        room.turn(timedelta(seconds=1))
        assert len(room.tried()) == sent


def test_what_was_sent_is_counted_from_the_messages_themselves(room: Mailroom) -> None:
    a, b = room.queue(), room.queue(channel="email")
    room.turn()
    recipient = room.message(a).recipient
    with room.town.context.database.unit_of_work() as session:
        by_sms = spent(session, [recipient, "s999999"], "sms", START + MINUTE)
        assert dict(spent(session, [], "sms", START)) == {}
        later = spent(session, [recipient], "sms", START + timedelta(days=1))
    assert set(by_sms) == {recipient}
    assert by_sms[recipient].moments == (START,)
    assert dict(by_sms[recipient].notices) == {"dispatched_lead": 1}
    assert dict(later) == {}
    assert room.message(b).channel == "email"


def test_each_attempt_counts_as_one_of_its_notice(room: Mailroom) -> None:
    tried = room.queue(state="failed_temp", attempts=3, tried_at=START - MINUTE, attend_at=None)
    recipient = room.message(tried).recipient
    with room.town.context.database.unit_of_work() as session:
        found = spent(session, [recipient], "sms", START)[recipient]
    assert (len(found.moments), found.notices["dispatched_lead"]) == (1, 3)


def test_the_traffic_of_a_channel_is_counted_on_while_more_is_decided(room: Mailroom) -> None:
    room.queue()
    room.turn()
    numbers = Numbers(channel_per_second={"sms": 1}, channel_per_minute={"sms": 2})
    with room.town.context.database.unit_of_work() as session:
        traffic, free = Traffic(session, "sms", numbers, START), Traffic(session, "email", numbers, START)
    later = START + timedelta(seconds=2)
    assert traffic.free(START) == START + timedelta(seconds=1)
    assert traffic.free(later) is None
    traffic.count(later)
    assert traffic.free(later + timedelta(seconds=1)) == START + MINUTE
    assert free.free(START) is None


def test_a_resident_who_unsubscribed_hears_of_what_was_handed_in_later_only(room: Mailroom) -> None:
    resident = room.resident()
    with room.town.context.database.unit_of_work() as session:
        begin_write(session)
        session.execute(update(_requester).where(_requester.c.id == resident).values(unsubscribed_at=START + MINUTE))
    room.town.now += timedelta(hours=1)
    before = room.queue(resident=resident, haste=0)
    after = room.queue(resident=resident, case_id=room.case())
    room.turn()
    assert (room.message(before).state, room.message(before).error) == ("suppressed", "unsubscribed")
    assert room.message(after).state == "delivered"
    assert [m for m in room.all() if m.fallback_of_id == before] == []


# who may change them --------------------------------------------------------------------------------------------------


def test_a_change_is_a_new_version_in_force_at_once_and_on_record(room: Mailroom) -> None:
    with room.town.context.database.unit_of_work() as session:
        before = in_force(session, START)
        made = change(session, {"per_day": "30", "quiet_from": "22:00"}, "admin", START + MINUTE)
        assert numbers_at(session, START + MINUTE).per_day == 30
    with room.town.context.database.unit_of_work() as session:
        assert made.version == before.version + 1
        assert numbers_at(session, START + MINUTE).per_day == 30
        assert numbers_at(session, START) == before.numbers
        recorded = select(table(AdminEntry)).where(table(AdminEntry).c.action == "limits_changed").order_by(table(AdminEntry).c.id.desc())
        entry = session.execute(recorded).first()
    assert (entry.actor, entry.subject) == ("admin", str(made.version))
    assert entry.data == {"per_day": [20, 30], "quiet_from": ["21:00", "22:00"]}


def test_a_change_that_changes_nothing_makes_no_version(town: Town) -> None:
    with town.context.database.unit_of_work() as session:
        before = in_force(session, START)
        assert change(session, {"per_day": str(before.numbers.per_day)}, "admin", START) == before
        assert len(session.execute(select(table(DeliveryPolicy))).all()) == 1


def test_a_change_that_is_given_up_leaves_nothing_behind(room: Mailroom) -> None:
    with room.town.context.database.sessions() as session:
        before = in_force(session, START)
        change(session, {"per_day": "33"}, "admin", START)
        session.rollback()
    with room.town.context.database.unit_of_work() as session:
        assert in_force(session, START) == before


@pytest.mark.parametrize(
    ("user", "given", "code"),
    [
        ("water.head", {"per_day": "30"}, "limits_admins_only"),
        ("nobody", {"per_day": "30"}, "unknown_user"),
        ("admin", {"per_week": "30"}, "limit_unknown"),
        ("admin", {"per_day": "thirty"}, "limit_form"),
        ("admin", {"quiet_from": "9pm"}, "limit_form"),
        ("admin", {"jitter_percent": "95"}, "limit_range"),
        ("admin", {"per_minute": "2000000"}, "limit_range"),
        ("admin", {"per_day": "5", "per_quarter_hour": "6"}, "limit_order"),
    ],
)
def test_who_may_not_and_what_cannot_be_is_refused_and_nothing_changes(town: Town, user: str, given: dict[str, str], code: str) -> None:
    with town.context.database.unit_of_work() as session:
        before = in_force(session, START)
        with pytest.raises(Refused) as refused:
            change(session, given, user, START)
    assert refused.value.code == code
    with town.context.database.unit_of_work() as session:
        assert in_force(session, START) == before


def test_without_any_version_the_numbers_are_those_that_came_with_the_program(sqlite_database) -> None:
    with sqlite_database.unit_of_work() as session:
        assert in_force(session, START).version == 0
        assert numbers_at(session, START) == Numbers()


def test_messages_of_others_are_not_touched_by_a_plan(room: Mailroom) -> None:
    claimed = room.queue(claimed_by=4711, claimed_until=START + MINUTE)
    room.turn()
    assert room.message(claimed).state == "queued"
    with room.town.context.database.unit_of_work() as session:
        begin_write(session)
        session.execute(table(Message).update().where(table(Message).c.id == claimed).values(claimed_until=START - MINUTE))
    room.turn()
    assert room.message(claimed).state == "delivered"
