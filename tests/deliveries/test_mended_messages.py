"""News for a resident in their order, alarms that are still true, and channels that somebody has put right."""

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update

from models import ChannelState, Message, begin_write, table
from notifications.outcome import Outcome, Trouble, Verdict
from rules.delivery import Breaker, Numbers
from services.channels import Wanted, configure
from services.channels.stored import set_enabled
from services.deliveries.breakers import Standing, keep, standing
from tests.support.mailroom import Mailroom
from tests.support.town import Town

_message, _state = table(Message), table(ChannelState)
WRONG = Outcome(Verdict.PERMANENT, "InvalidAccessKeyId", "no such key", trouble=Trouble.CREDENTIALS)
TAKEN = Outcome(Verdict.ACCEPTED)


def after(town: Town, outcome: Outcome) -> Standing:
    """The channel `sms` suffered this."""
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        before = standing(session, "sms")
        keep(session, before, before.after([(outcome, town.now)], Numbers()), town.now)
        return standing(session, "sms")


def alarms(town: Town) -> list[Any]:
    return town.rows(select(_message).where(_message.c.notice == "channel_down").order_by(_message.c.id))


def test_who_reported_does_not_hear_that_it_was_taken_in_after_it_was_done(sqlite_town: Town) -> None:
    room = Mailroom(sqlite_town)
    resident = room.resident()
    before = room.queue(resident=resident, notice="held")
    room.turn()
    early = room.queue(resident=resident, notice="accepted")
    asked = room.queue(resident=resident, notice="fed_back")
    room.turn()
    assert [room.message(each).state for each in (before, early, asked)] == ["delivered", "queued", "queued"]
    late = room.queue(resident=resident, notice="closed", haste=0)
    room.turn()
    sqlite_town.now += timedelta(minutes=3)
    room.turn()
    sqlite_town.now += timedelta(minutes=3)
    room.turn()
    assert room.message(late).state == "delivered"
    assert (room.message(early).state, room.message(early).error) == ("suppressed", "superseded")
    assert room.message(asked).state == "delivered", "what asks for an answer is no news"


def test_a_channel_that_is_down_is_not_told_of_by_itself_and_not_after_it_works_again(sqlite_town: Town) -> None:
    room = Mailroom(sqlite_town)
    assert after(sqlite_town, WRONG).reason == "credentials"
    assert {m.about["reason"] for m in alarms(sqlite_town)} == {"账号或密钥不对，或没有权限"}
    sqlite_town.now += timedelta(minutes=20)
    after(sqlite_town, TAKEN)
    assert {(m.state, m.error) for m in alarms(sqlite_town)} == {("suppressed", "superseded")}
    after(sqlite_town, WRONG)
    sqlite_town.now += timedelta(minutes=20)
    room.turn()
    by_itself = [m for m in alarms(sqlite_town) if m.channel == "sms" and m.queued_at > sqlite_town.now - timedelta(minutes=30)]
    assert {(m.state, m.error) for m in by_itself} == {("suppressed", "channel_down")}


def test_a_channel_that_rests_is_tried_at_once_when_somebody_resumes_it(sqlite_town: Town) -> None:
    room = Mailroom(sqlite_town)
    until, now = sqlite_town.now + timedelta(hours=1), sqlite_town.now
    waits, failed = (room.queue(), room.queue())
    with sqlite_town.context.database.unit_of_work() as session:
        configure(session, Wanted("sms", "record://"), "admin", now)
        session.connection().execute(insert(_state).values(code="sms", failures=6, trips=3, open_until=until, reason="down"))
        later = update(_message).values(attend_at=until)
        session.connection().execute(later.where(_message.c.id == waits).values(error="channel_down"))
        session.connection().execute(
            later.where(_message.c.id == failed).values(state="failed_temp", attend_at=until - timedelta(minutes=9))
        )
    with sqlite_town.context.database.unit_of_work() as session:
        set_enabled(session, "sms", "admin", now, enabled=True)
        assert standing(session, "sms").breaker == Breaker(6, 0, now)
    assert {room.message(each).attend_at for each in (waits, failed)} == {now}
