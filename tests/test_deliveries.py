"""A message from the queue to its end: attempts, other ways, what may have been sent, channels that rest, receipts that do not come."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import OperationalError

from flows.turn import post
from models import Attempt, Case, ChannelState, Clock, DeliveryPolicy, FailingNumber, Message, Staff, begin_write, table
from notifications.outcome import Confirmation, Outcome, Outgoing, Trouble, Verdict
from rules.delivery import Numbers
from services import callbacks, claims, deliveries, engines
from services.catalogue import reference_changed
from services.deliveries import receipts
from tasks import claiming, delivering
from tasks.context import at_work
from tests.support.moody import (
    ABSENT,
    BUSY,
    DOWN,
    REFUSED,
    SILENCE,
    TAKEN,
    URLS,
    duty_phone,
    family,
    hush,
    moody,
    queue,
    row,
)
from tests.support.town import Town

GAS = "楼道里闻到燃气泄漏的味道，很浓"
_message, _attempt, _state = table(Message), table(Attempt), table(ChannelState)


def deliver(town: Town, *, seconds: float = 0) -> None:
    """Time passes, and everything is delivered that is due then."""
    town.now += timedelta(seconds=seconds)
    with at_work(town.context):
        post(lambda: town.now)


def attempts(town: Town, message: int) -> list[tuple[int, bool, str]]:
    found = town.rows(select(_attempt).where(_attempt.c.message_id == message).order_by(_attempt.c.no))
    return [(a.no, a.asked, a.outcome) for a in found]


def quiet_case(town: Town, text: str = "路灯不亮") -> int:
    """A case of which nothing waits to be told."""
    case = town.reports(text, source="hotline")
    town.turn()
    hush(town)
    return case


def plan_only(town: Town, channel: str = "sms") -> deliveries.Plan:
    """What an engine does before it dies: it plans, and nobody records."""
    with town.context.database.unit_of_work() as session:
        return deliveries.plan(session, town.context.claimer, channel, town.now, 100, town.context.setup)


def bury(town: Town) -> None:
    """The engine is found dead, another takes its place."""
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        engines.end(session, town.context.claimer.engine_id, town.now)
        engine_id = engines.begin(session, town.now, events_on=False)
    town.context = replace(town.context, claimer=replace(town.context.claimer, engine_id=engine_id))


# queueing -------------------------------------------------------------------------------------------------------------


def test_what_is_queued_says_whom_it_is_for_and_how_it_waits(town: Town) -> None:
    case = town.reports(GAS)
    town.turn()
    told = {m.notice: m for m in town.messages(case)}
    assert {m.haste for m in told.values()} == {0}, "an emergency waits for nothing"
    lead = told["dispatched_lead"]
    assert lead.recipient == f"s{lead.staff_id}"
    assert told["accepted"].recipient == f"r{told['accepted'].requester_id}"
    assert (lead.reminder, lead.useful_until) == (False, None)


def test_reminders_of_working_clocks_wait_for_working_time_and_expire(town: Town) -> None:
    case = town.reports("公园长椅坏了，建议维修", source="hotline")
    town.fast_forward(until=lambda: any(m.notice in ("clock_remind", "desk_remind") for m in town.messages(case)), limit=timedelta(days=60))
    reminder = next(m for m in town.messages(case) if m.notice in ("clock_remind", "desk_remind"))
    natural = reminder.about["limit"][-1] in "mh" and not reminder.about["limit"].endswith("wh")
    assert reminder.haste == (0 if natural else 2)
    assert reminder.reminder
    assert reminder.useful_until.isoformat() == reminder.about["due"]


def test_what_says_before_and_comes_too_late_is_not_sent(town: Town) -> None:
    case, channels = quiet_case(town), moody(town)
    late = queue(town, case, useful_until=town.now + timedelta(minutes=30))
    channels.says("sms", BUSY)
    for minutes in range(60):
        deliver(town, seconds=60 if minutes else 0)
    assert row(town, late).state == "expired"
    assert 1 < len(channels.sent) <= 4
    assert family(town, late)[1:] == []


# attempts and other ways ----------------------------------------------------------------------------------------------


def test_a_message_is_worded_marked_and_recorded(town: Town) -> None:
    case, channels = quiet_case(town), moody(town)
    channels.says("sms", replace(TAKEN, provider_id="p-1"))
    message = queue(town, case)
    deliver(town)
    found = row(town, message)
    assert (found.state, found.attempts, found.provider_id, found.attend_at) == ("accepted", 1, "p-1", None)
    assert (found.tried_at, found.sent_at, found.claimed_by) == (town.now, town.now, None)
    assert found.segments
    assert channels.sent[0].reference == f"BH{message}"
    assert attempts(town, message) == [(1, False, "accepted")]


def test_what_fails_for_now_is_tried_five_times_and_then_goes_another_way(town: Town) -> None:
    case, channels = quiet_case(town), moody(town, "sms", "email")
    channels.says("sms", BUSY)
    message = queue(town, case)
    deliver(town)
    waits: list[float] = []
    while (found := row(town, message)).attend_at is not None:
        waits.append((found.attend_at - town.now).total_seconds())
        deliver(town, seconds=waits[-1])
    assert waits == [30, 120, 600, 3600]
    first, second = family(town, message)
    assert (first.state, first.attempts) == ("dead", 5)
    assert (second.channel, second.state, second.recipient) == ("email", "accepted", first.recipient)
    assert "not_delivered" not in town.actions(case)


def test_what_is_refused_goes_down_the_chain_and_is_on_record_only_at_its_end(town: Town) -> None:
    case, channels = quiet_case(town), moody(town, "sms", "im", "email")
    for channel in ("sms", "im", "email"):
        channels.says(channel, REFUSED)
    message = queue(town, case)
    deliver(town)
    ways = family(town, message)
    assert [w.channel for w in ways] == ["sms", "im", "email"]
    assert {w.state for w in ways} == {"failed_perm"}
    lost = [e for e in town.journal(case) if e.action == "not_delivered" and e.data["notice"] == "urged"]
    assert [(e.data["to"], e.data["channel"], e.data["reason"]) for e in lost] == [("water.clerk", "sms", "no such number")]
    assert [m.notice for m in town.messages(case)].count("unreached") >= 1


def test_a_message_that_nobody_can_be_told_by_is_no_silence_for_a_resident_either(town: Town) -> None:
    case = town.reports("路灯不亮", phone="10000000001")
    channels = moody(town)
    channels.says("sms", REFUSED)
    town.turn()
    own = [m for m in town.messages(case) if m.requester_id is not None]
    assert {m.state for m in own} == {"failed_perm"}
    assert [m for m in town.messages(case) if m.fallback_of_id in {o.id for o in own}] == [], "residents are neither rung up nor mailed"


def test_a_channel_that_is_not_configured_is_emptied_into_others(town: Town) -> None:
    case = quiet_case(town)
    moody(town, "email")
    message = queue(town, case)
    deliver(town)
    first, second = family(town, message)
    assert (first.state, first.error, first.attempts) == ("suppressed", "no_channel", 0)
    assert (second.channel, second.state) == ("email", "accepted")


def test_who_has_no_phone_is_written_to(town: Town) -> None:
    case, channels = quiet_case(town), moody(town, "sms", "email")
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        session.connection().execute(update(table(Staff)).where(table(Staff).c.name == "water.clerk").values(phone=None))
    message = queue(town, case)
    deliver(town)
    assert [(w.channel, w.state) for w in family(town, message)] == [("sms", "suppressed"), ("email", "accepted")]
    assert channels.ways() == ["email"]


def test_nobody_is_told_the_same_twice_by_the_same_channel(town: Town) -> None:
    case, channels = quiet_case(town), moody(town, "sms", "email")
    channels.says("sms", REFUSED)
    channels.says("email", REFUSED)
    both = [queue(town, case, channel="sms"), queue(town, case, channel="email")]
    deliver(town)
    assert [m.id for m in town.messages(case) if m.notice == "urged"] == both
    assert sorted(o.message_id for o in channels.sent if o.message_id in both) == both
    assert [e.data["to"] for e in town.journal(case) if e.action == "not_delivered" and e.data["notice"] == "urged"] != []


# emergencies ----------------------------------------------------------------------------------------------------------


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


# reminders ------------------------------------------------------------------------------------------------------------


def test_a_reminder_of_what_is_over_is_not_sent(sqlite_town: Town) -> None:
    town = sqlite_town
    case, channels = quiet_case(town), moody(town)
    clock = town.rows(select(table(Clock)).where(table(Clock).c.case_id == case, table(Clock).c.stopped_at.is_(None)))[0]
    about = {"clock": clock.kind, "unit_id": clock.unit_id}
    told = queue(town, case, notice="clock_due", reminder=True, about=about, seq=2)
    deliver(town)
    later = queue(town, case, notice="clock_overdue", reminder=True, about=about, seq=3, attend_at=town.now + timedelta(hours=1))
    town.now += timedelta(minutes=30)
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        session.connection().execute(update(table(Clock)).where(table(Clock).c.id == clock.id).values(stopped_at=town.now))
    news = queue(town, case, notice="acknowledge_deemed", reminder=True, about=about, seq=4)
    deliver(town, seconds=1800)
    assert [o.message_id for o in channels.sent] == [told, news]
    assert (row(town, later).state, row(town, later).error) == ("suppressed", "over")
    ended = queue(town, case, notice="clock_due", reminder=True, about={"clock": "x"}, seq=5)
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        session.connection().execute(update(table(Case)).where(table(Case).c.id == case).values(state="closed"))
    deliver(town)
    assert row(town, ended).error == "over"


def test_a_reminder_is_not_dropped_for_one_that_would_expire_before_it_goes_out(sqlite_town: Town) -> None:
    town = sqlite_town
    case, channels = quiet_case(town), moody(town)
    older = queue(town, case, notice="clock_due", reminder=True, about={"clock": "acknowledge"}, seq=2)
    late = {"useful_until": town.now + timedelta(hours=1), "attend_at": town.now + timedelta(hours=2)}
    queue(town, case, notice="clock_yellow", reminder=True, about={"clock": "acknowledge"}, seq=3, **late)
    deliver(town)
    assert [o.message_id for o in channels.sent] == [older]


# what may have been sent ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("found_by", ["death", "lease"])
def test_what_was_being_sent_when_the_engine_died_is_asked_about_first(town: Town, found_by: str) -> None:
    case, channels = quiet_case(town), moody(town)
    message = queue(town, case)
    plan_only(town)
    assert row(town, message).state == "sending"
    channels.knows("sms", replace(TAKEN, verdict=Verdict.DELIVERED, provider_id="p-9"))
    if found_by == "death":
        bury(town)
        deliver(town)
    else:
        deliver(town, seconds=30)
        assert channels.asked == [], "another holds it"
        deliver(town, seconds=31)
    assert channels.sent == []
    found = row(town, message)
    assert (found.state, found.provider_id, found.attempts) == ("delivered", "p-9", 1)
    assert attempts(town, message) == [(1, True, "delivered")]


def test_what_the_provider_never_saw_is_sent_again_under_the_same_reference(town: Town) -> None:
    case, channels = quiet_case(town), moody(town)
    message = queue(town, case)
    plan_only(town)
    bury(town)
    channels.knows("sms", ABSENT)
    deliver(town)
    assert [(o.reference, o.resent) for o in channels.sent] == [(f"BH{message}", True)]
    assert (row(town, message).state, row(town, message).attempts) == ("accepted", 2)
    assert attempts(town, message) == [(1, True, "absent"), (2, False, "accepted")]


def test_one_that_cannot_be_asked_about_is_sent_again_under_the_same_reference(town: Town) -> None:
    case, channels = quiet_case(town), moody(town)
    message = queue(town, case, channel="email")
    plan_only(town, "email")
    bury(town)
    deliver(town)
    assert channels.asked == []
    assert [(o.reference, o.resent) for o in channels.sent] == [(f"BH{message}", True)]
    assert row(town, message).state == "accepted"


def test_what_the_provider_never_saw_is_not_sent_to_a_number_that_fails_by_now(sqlite_town: Town) -> None:
    town = sqlite_town
    case, channels = quiet_case(town), moody(town, "sms", "email")
    channels.says("sms", SILENCE)
    channels.knows("sms", ABSENT)
    message = queue(town, case)
    deliver(town)
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        failing = {"recipient": row(town, message).recipient, "kind": "phone", "reason": "empty", "code": "x", "since": town.now}
        session.connection().execute(insert(table(FailingNumber)).values(**failing))
    deliver(town, seconds=40)
    assert channels.ways() == ["sms", "email"]
    assert attempts(town, message) == [(1, False, "unknown"), (2, True, "absent")]
    assert row(town, message).state == "suppressed"


def test_what_cannot_be_asked_about_is_sent_again_only_when_it_may_be_sent(sqlite_town: Town) -> None:
    town = sqlite_town
    case, channels = quiet_case(town), moody(town, "im")
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        session.connection().execute(update(table(DeliveryPolicy)).values(numbers=Numbers().stored()))
        reference_changed(session)
    assert not channels.traits("im").askable
    town.now = datetime(2026, 11, 20, 12, 59, 55, tzinfo=UTC)  # five seconds to nine in the evening
    channels.says("im", SILENCE, TAKEN)
    message = queue(town, case, channel="im")
    deliver(town)
    for _ in range(30):
        deliver(town, seconds=60)
    assert channels.ways() == ["im"]
    assert (row(town, message).state, row(town, message).error) == ("unknown", "quiet_hours")


def test_a_message_of_unknown_end_goes_another_way_and_is_asked_about_until_nobody_wants_to_know(town: Town) -> None:
    case, channels = quiet_case(town), moody(town, "sms", "email")
    channels.says("sms", SILENCE)
    message = queue(town, case)
    deliver(town)
    assert (row(town, message).attend_at - town.now).total_seconds() == 30
    while (again := row(town, message).attend_at) is not None:
        deliver(town, seconds=(again - town.now).total_seconds())
    assert channels.ways() == ["sms", "email"], "nobody sends what may have arrived, and nobody waits for ever"
    first, second = family(town, message)
    assert first.state == "unknown"
    assert town.now - first.tried_at == timedelta(hours=72)
    assert (second.channel, second.state) == ("email", "accepted")
    assert timedelta(minutes=5) <= second.sent_at - first.tried_at < timedelta(minutes=15)


def test_one_that_the_provider_has_never_named_is_sent_again_under_the_same_reference(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(URLS, "sms", "smsc://us:secret@sms.test/?from=10690")  # type: ignore[arg-type]
    case, channels = quiet_case(town), moody(town, "sms")
    channels.says("sms", SILENCE, replace(TAKEN, provider_id="p-1"))
    message = queue(town, case)
    deliver(town)
    assert (row(town, message).state, row(town, message).attempts) == ("unknown", 1)
    deliver(town, seconds=30)
    assert channels.asked == []
    assert [(o.reference, o.resent) for o in channels.sent] == [(f"BH{message}", False), (f"BH{message}", True)]
    assert (row(town, message).state, row(town, message).provider_id) == ("accepted", "p-1")


def test_an_emergency_of_unknown_end_is_asked_about_sooner(town: Town) -> None:
    case, channels = quiet_case(town), moody(town)
    channels.says("sms", SILENCE)
    channels.knows("sms", replace(TAKEN, provider_id="p-2"))
    message = queue(town, case, haste=0)
    deliver(town)
    assert (row(town, message).attend_at - town.now).total_seconds() == 10
    deliver(town, seconds=10)
    assert row(town, message).state == "accepted"


def test_results_are_kept_while_the_database_is_away(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    case, channels = quiet_case(town), moody(town)
    message = queue(town, case)
    record, tries = deliveries.record, []

    def away(*args: Any) -> None:
        tries.append(args)
        if len(tries) < 3:
            raise OperationalError("x", {}, ConnectionError())
        record(*args)

    monkeypatch.setattr(delivering, "_AGAIN_S", 0.01)
    monkeypatch.setattr(deliveries, "record", away)
    deliver(town)
    assert (len(tries), len(channels.sent), row(town, message).state) == (3, 1, "accepted")


def test_what_was_heard_is_kept_while_the_database_is_away(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    case, channels = quiet_case(town), moody(town)
    channels.says("sms", replace(TAKEN, provider_id="p-1"))
    message = queue(town, case)
    deliver(town)
    channels.give_back("sms", [Confirmation("p-1", None, "DELIVRD", True)])

    def away(*_: Any) -> None:
        raise OperationalError("x", {}, ConnectionError())

    with at_work(town.context):
        with monkeypatch.context() as patched:
            patched.setattr(delivering, "_AGAIN_S", 60.0)
            patched.setattr(callbacks, "take", away)
            with pytest.raises(OperationalError):
                delivering.hear("sms", town.now)
        assert row(town, message).state == "accepted"
        assert [delivering.hear("sms", town.now) for _ in range(2)] == [1, 0]
    assert row(town, message).state == "delivered"


def test_a_title_is_one_line(town: Town) -> None:
    case = town.reports("路灯不亮\r\n【五治】请点开\u2028这里", "路灯不亮")
    assert [c.subject for c in town.rows(select(table(Case)).where(table(Case).c.id == case))] == ["路灯不亮 【五治】请点开 这里"]


# channels that rest ---------------------------------------------------------------------------------------------------


def standing(town: Town, code: str = "sms") -> Any:
    return town.rows(select(_state).where(_state.c.code == code))[0]


def alarms(town: Town) -> list[tuple[str, str]]:
    return [(m.notice, m.channel) for m in town.rows(select(_message).where(_message.c.case_id.is_(None)).order_by(_message.c.id))]


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


# receipts -------------------------------------------------------------------------------------------------------------


def receipt(town: Town, provider_id: str, *, delivered: bool) -> None:
    with town.context.database.unit_of_work() as session:
        told = Confirmation(provider_id, None, "DELIVRD" if delivered else "UNDELIV", delivered)
        receipts.take(session, "sms", [told], town.now)


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


# order and claims -----------------------------------------------------------------------------------------------------


def test_what_is_urgent_goes_first_however_long_the_others_have_waited(town: Town) -> None:
    case, channels = quiet_case(town), moody(town)
    for n in range(3):
        queue(town, case, seq=n)
    urgent = queue(town, case, "water.head", haste=0)
    deliver(town)
    assert channels.sent[0].message_id == urgent
    assert channels.sent[0].urgent


def test_channels_with_something_to_do_are_found_without_looking_at_all_messages(town: Town) -> None:
    case = quiet_case(town)
    queue(town, case, channel="voice")
    queue(town, case, channel="email", attend_at=town.now + timedelta(minutes=1))
    queue(town, case, channel="sms", claimed_by=99, claimed_until=town.now + timedelta(minutes=1))
    for minutes, expected in ((0, ["voice"]), (2, ["email", "sms", "voice"])):
        with town.context.database.unit_of_work() as session:
            assert claims.channels_due(session, town.now + timedelta(minutes=minutes)) == expected


def test_of_two_engines_each_message_is_planned_by_one(town: Town) -> None:
    case = quiet_case(town)
    moody(town)
    for n in range(6):
        queue(town, case, seq=n)
    plans: list[deliveries.Plan] = []

    def planned(engine_id: int) -> None:
        claimer = replace(town.context.claimer, engine_id=engine_id)
        with town.context.database.unit_of_work() as session:
            plans.append(deliveries.plan(session, claimer, "sms", town.now, 3, town.context.setup))

    engines_at_work = [Thread(target=planned, args=(number,)) for number in (1, 77)]
    for each in engines_at_work:
        each.start()
    for each in engines_at_work:
        each.join()
    ids = [r.outgoing.message_id for plan in plans for r in plan.ready]
    assert len(ids) == len(set(ids)) == 6


def test_every_message_of_a_lively_day_comes_to_an_end(town: Town) -> None:
    channels = moody(town)
    answers: Sequence[Outcome] = (TAKEN, BUSY, REFUSED, SILENCE, TAKEN, DOWN, replace(TAKEN, verdict=Verdict.DELIVERED))

    def moods(outgoing: Outgoing) -> Outcome:
        return answers[(outgoing.message_id + len(channels.sent)) % len(answers)]

    for channel in ("sms", "voice", "im", "email"):
        channels.says(channel, moods)
        channels.knows(channel, ABSENT)
    for text in (GAS, "5号楼前下水道堵了，污水外溢", "路灯不亮"):
        town.reports(text)
    town.fast_forward(hours=30)
    town.now += timedelta(days=4)
    for _ in range(40):
        town.turn()
        town.now += timedelta(hours=2)
    final = {"accepted", "delivered", "failed_perm", "dead", "expired", "suppressed"}
    old = town.rows(select(_message).where(_message.c.queued_at < town.now - timedelta(days=3)))
    assert {m.state for m in old} <= final | {"unknown"}
    assert [m.id for m in old if m.attend_at is not None] == []
    children = {m.fallback_of_id for m in town.rows(select(_message))}
    lost = [m for m in old if m.state in ("failed_perm", "dead") and m.staff_id and m.id not in children]
    on_record = {(m.case_id, e.data["notice"]) for m in lost if m.case_id for e in town.journal(m.case_id) if e.action == "not_delivered"}
    reached = {(m.case_id, m.notice, m.seq) for m in old if m.state in ("accepted", "delivered")}
    assert [
        m.id for m in lost if m.case_id and (m.case_id, m.notice) not in on_record and (m.case_id, m.notice, m.seq) not in reached
    ] == []
