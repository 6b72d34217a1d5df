"""Messages of which nobody knows whether they were sent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import OperationalError

from models import Case, DeliveryPolicy, FailingNumber, begin_write, table
from notifications.outcome import Confirmation, Verdict
from rules.delivery import Numbers
from services import callbacks, deliveries
from services.catalogue import reference_changed
from tasks import delivering
from tasks.context import at_work
from tests.support.delivering import attempts, bury, deliver, plan_only, quiet_case
from tests.support.moody import ABSENT, SILENCE, TAKEN, URLS, family, moody, queue, row
from tests.support.town import Town


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
