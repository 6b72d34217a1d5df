"""What becomes of a message: queueing, attempts, other ways, reminders, order and claims."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Thread

from sqlalchemy import select, update

from models import Attempt, Case, ChannelState, Clock, Message, Staff, begin_write, table
from notifications.outcome import Outcome, Outgoing, Verdict
from services import deliveries
from services.engine import claims
from tests.support.delivering import GAS, attempts, deliver, quiet_case
from tests.support.moody import ABSENT, BUSY, DOWN, REFUSED, SILENCE, TAKEN, family, moody, queue, row
from tests.support.town import Town

_message = table(Message)
_attempt = table(Attempt)
_state = table(ChannelState)


# queueing --------------------------------------------------------------------------------------------------------------


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


# attempts and other ways -----------------------------------------------------------------------------------------------


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


# reminders -------------------------------------------------------------------------------------------------------------


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


# order and claims ------------------------------------------------------------------------------------------------------


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
