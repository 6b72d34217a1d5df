"""Dead letters and how channels stand, on both databases: one message and its fall-backs are one letter; what is sent again arrives."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from models import Attempt, ChannelState, Database, FailingNumber, Message, Receipt, table
from rules.facts import Refused
from services.audit import dead_messages
from services.channels import SYSTEM, Wanted, configure, configured, reopened, urls
from services.channels.stored import Origin, remove, set_enabled
from services.messages.lost import dead_letters
from services.messages.resending import resend, resend_all
from services.messages.standing import standings
from services.metrics import read_figures
from services.people.addresses import set_addresses, set_duty_phone
from services.reading import as_json, read_case
from settings import load
from tests.support.town import START, Town
from web.meters import Meters

_message, _attempt, _state, _receipt = table(Message), table(Attempt), table(ChannelState), table(Receipt)
_failing = table(FailingNumber)


def do(town: Town, work: Callable[..., Any]) -> Any:
    with town.context.database.unit_of_work() as session:
        return work(session)


@pytest.fixture
def case(town: Town) -> int:
    """A case whose messages were all taken."""
    made = town.reports("下水道堵了", "晨光小区5号楼下水道堵了，污水外溢", source="hotline")
    town.turn()
    do(town, lambda s: s.connection().execute(update(_message).values(state="accepted", attend_at=None)))
    return made


def message(town: Town, case: int, state: str, instead_of: int | None = None, **values: Any) -> int:
    """One more message of the case, as the pipeline might have left it."""
    like = town.rows(select(_message).where(_message.c.case_id == case, _message.c.staff_id.is_not(None)).order_by(_message.c.id))[0]
    count = len(town.rows(select(_message.c.id)))
    row = {
        **like._mapping,
        "dedupe_key": f"t{count}",
        "state": state,
        "attend_at": None,
        "fallback_of_id": instead_of,
        "attempts": 1,
        **values,
    }
    del row["id"]
    made = do(town, lambda s: s.connection().execute(insert(_message).values(**row).returning(_message.c.id)).scalar_one())
    tried = {"begun_at": town.now, "ended_at": town.now, "outcome": "permanent", "code": "550", "words": "no such mailbox"}
    do(town, lambda s: s.connection().execute(insert(_attempt).values(message_id=made, no=1, asked=False, **tried)))
    return int(made)


def letters(town: Town, **wanted: Any) -> list[int]:
    return [letter.id for letter in do(town, lambda s: dead_letters(s, **wanted))]


@pytest.mark.parametrize("state", ["failed_perm", "dead", "unknown"])
def test_what_reached_nobody_is_a_dead_letter(town: Town, case: int, state: str) -> None:
    lost = message(town, case, state)
    (letter,) = do(town, dead_letters)
    assert (letter.id, letter.no, letter.code, letter.instead) == (lost, town.case(case).no, "550", None)
    assert do(town, dead_messages) == 1


@pytest.mark.parametrize("state", ["accepted", "delivered", "expired", "suppressed"])
def test_what_arrived_or_was_rightly_not_sent_is_none(town: Town, case: int, state: str) -> None:
    message(town, case, state)
    assert letters(town) == []


@pytest.mark.parametrize(
    ("reason", "listed"), [("no_channel", True), ("number_failing", True), ("no_address", False), ("superseded", False)]
)
def test_what_was_never_sent_is_one_where_somebody_can_put_it_right(town: Town, case: int, reason: str, listed: bool) -> None:
    held = message(town, case, "suppressed", error=reason)
    assert letters(town) == ([held] if listed else [])
    message(town, case, "delivered", held)
    assert letters(town) == []


def test_what_is_still_being_looked_after_is_none(town: Town, case: int) -> None:
    message(town, case, "unknown", attend_at=town.now)
    message(town, case, "failed_temp", attend_at=town.now)
    assert letters(town) == []


def test_a_letter_that_another_channel_took_is_listed_only_when_all_are_asked_for(town: Town, case: int) -> None:
    lost = message(town, case, "failed_perm")
    second = message(town, case, "dead", lost)
    message(town, case, "accepted", second, channel="email")
    assert letters(town) == []
    found = do(town, lambda s: dead_letters(s, everything=True))
    assert [(letter.id, letter.instead) for letter in found] == [(second, "email"), (lost, "email")]


def test_a_letter_that_is_on_another_way_is_not_given_up_yet(town: Town, case: int) -> None:
    lost = message(town, case, "failed_perm")
    message(town, case, "queued", lost, attend_at=town.now + timedelta(minutes=1))
    assert letters(town) == []


def test_one_letter_and_its_ways_are_one(town: Town, case: int) -> None:
    first = message(town, case, "failed_perm")
    message(town, case, "dead", message(town, case, "dead", first))
    assert letters(town) == [first]


def test_a_way_is_the_letter_where_the_first_one_was_never_sent(town: Town, case: int) -> None:
    second = message(town, case, "dead", message(town, case, "suppressed"))
    assert letters(town) == [second]


def test_letters_of_a_channel_and_of_a_time(town: Town, case: int) -> None:
    old = message(town, case, "dead", queued_at=START - timedelta(days=9))
    new = message(town, case, "dead", channel="voice")
    assert letters(town) == [new, old]
    assert letters(town, channel="voice") == [new]
    assert letters(town, since=START - timedelta(days=1)) == [new]


def test_a_resident_is_listed_with_a_masked_phone(town: Town, case: int) -> None:
    message(town, case, "dead", staff_id=None, requester_id=town.case(case).requester_id)
    (letter,) = do(town, dead_letters)
    assert letter.to == "100****0001"


# sending again --------------------------------------------------------------------------------------------------------


def test_what_is_sent_again_arrives_as_another_attempt(town: Town, case: int) -> None:
    lost = message(town, case, "dead", attempts=5, tried_at=START - timedelta(days=3))
    assert do(town, lambda s: resend(s, [lost], "admin", town.now)) == 1
    town.turn()
    (row,) = town.rows(select(_message).where(_message.c.id == lost))
    assert row.state in ("accepted", "delivered")
    tried = town.rows(select(_attempt).where(_attempt.c.message_id == lost).order_by(_attempt.c.no))
    assert [(each.no, each.outcome == "permanent") for each in tried] == [(1, True), (2, False)]


def test_none_is_sent_again_where_one_of_them_may_not_be(town: Town, case: int) -> None:
    lost = message(town, case, "dead")
    others = {"message_not_lost": message(town, case, "accepted"), "message_too_late": message(town, case, "dead", useful_until=town.now)}
    for code, other in (*others.items(), ("unknown_message", 987_654)):
        with pytest.raises(Refused) as refused:
            do(town, lambda s, other=other: resend(s, [lost, other], "admin", town.now))
        assert refused.value.code == code
    with pytest.raises(Refused) as refused:
        do(town, lambda s: resend(s, [lost], "water.head", town.now))
    assert refused.value.code == "channel_admins_only"
    assert town.rows(select(_message.c.state).where(_message.c.id == lost)) == [("dead",)]


def test_all_are_sent_again_once(town: Town, case: int) -> None:
    lost = [message(town, case, "dead"), message(town, case, "failed_perm")]
    message(town, case, "dead", useful_until=town.now - timedelta(minutes=1))
    assert do(town, lambda s: resend_all(s, "admin", town.now)) == (2, 1)
    assert do(town, lambda s: resend_all(s, "admin", town.now)) == (0, 1)
    states = town.rows(select(_message.c.state).where(_message.c.id.in_(lost)))
    assert {row.state for row in states} == {"failed_temp"}


# how channels stand ---------------------------------------------------------------------------------------------------


def test_how_channels_stand(town: Town, case: int) -> None:
    do(town, lambda s: s.connection().execute(update(_message).values(channel="sms", state="accepted")))
    for state in ("delivered", "dead"):
        message(town, case, state, channel="voice")
    message(town, case, "accepted", channel="voice")
    message(town, case, "queued", channel="voice", attend_at=town.now - timedelta(seconds=30), queued_at=town.now - timedelta(hours=1))
    message(town, case, "queued", channel="voice", attend_at=town.now + timedelta(seconds=30))
    broken = {"code": "voice", "failures": 6, "trips": 1, "open_until": town.now + timedelta(minutes=1), "reason": "connect"}
    do(town, lambda s: s.connection().execute(insert(_state).values(**broken)))
    found = {each.channel: each for each in do(town, lambda s: standings(s, ["im"], town.now))}
    assert list(found) == ["im", "sms", "voice"]
    voice = found["voice"]
    assert (voice.waiting, voice.receipt_rate) == ({"queued": 2}, 0.5)
    assert (voice.recent["dead"], voice.is_open(town.now), voice.reason) == (1, True, "connect")
    assert (voice.oldest_at, voice.due_since) == (town.now - timedelta(hours=1), town.now - timedelta(seconds=30))
    assert (found["im"].receipt_rate, found["sms"].receipt_rate, found["sms"].open_until) == (None, 0.0, None)


def test_what_prometheus_reads(town: Town, case: int) -> None:
    message(town, case, "queued", channel="voice", attend_at=town.now - timedelta(seconds=30), queued_at=town.now - timedelta(hours=1))
    broken = {"code": "voice", "failures": 6, "trips": 1, "open_until": town.now + timedelta(minutes=1)}
    do(town, lambda s: s.connection().execute(insert(_state).values(**broken)))
    flagged = {"recipient": "s1", "kind": "phone", "reason": "empty", "code": "x", "since": town.now}
    do(town, lambda s: s.connection().execute(insert(_failing).values(**flagged)))
    figures = do(town, lambda s: read_figures(s, town.now))
    assert (figures.failing_numbers, figures.replies_waiting) == (1, 0)
    text = Meters().exposition(town.context.database, town.now).decode()
    for line in (
        'bihuan_channel_waiting{channel="voice",state="queued"} 1.0',
        'bihuan_channel_breaker_open{channel="voice"} 1.0',
        'bihuan_channel_oldest_waiting_seconds{channel="voice"} 3600.0',
        'bihuan_channel_due_seconds{channel="voice"} 30.0',
        "bihuan_failing_numbers 1.0",
        "bihuan_replies_waiting 0.0",
    ):
        assert line in text.splitlines(), line


def test_a_case_tells_of_tries_and_receipts(town: Town, case: int) -> None:
    sent = message(town, case, "delivered", provider_id="P1", channel="sms")
    said = {"channel": "sms", "provider_id": "P1", "status": "DELIVRD", "delivered": True, "at": town.now, "received_at": town.now}
    do(town, lambda s: s.connection().execute(insert(_receipt).values(**said)))
    duty = message(town, case, "accepted", staff_id=None, unit_id=town.unit_id("water"), channel="voice")
    story = as_json(do(town, lambda s: read_case(s, town.case(case).no, town.now)), town.now)
    told = {each["id"]: each for each in story["messages"]}
    assert [(tried["no"], tried["code"]) for tried in told[sent]["tries"]] == [(1, "550")]
    assert [receipt["status"] for receipt in told[sent]["receipts"]] == ["DELIVRD"]
    assert (told[duty]["to"], told[duty]["receipts"]) == ("water", [])


# channels as rows -----------------------------------------------------------------------------------------------------


def test_channels_are_opened_anew_when_they_are_configured_anew(database: Database) -> None:
    settings = load(data_dir="data")

    def look(before: dict[str, str]) -> tuple[Any, Any]:
        with database.unit_of_work() as session:
            return reopened(session, settings, before)

    first, channels = look({})
    assert (set(first), channels is None) == ({"inbox", "sms", "email"}, False)
    assert look(first)[1] is None
    with database.unit_of_work() as session:
        configure(session, Wanted("sms2", "record://", public=True), "admin", START)
    second, channels = look(first)
    assert set(second) == {"inbox", "sms2"}
    assert channels.traits("sms2").public
    with database.unit_of_work() as session:
        set_enabled(session, "sms2", "admin", START, enabled=False)
        assert urls(session, settings) == {"inbox": "inbox://"}
        set_enabled(session, "sms2", "admin", START, enabled=True)
        assert set(urls(session, settings)) == {"inbox", "sms2"}


def test_what_the_demonstration_configured_anybody_may_replace(database: Database) -> None:
    settings = load(data_dir="data")
    with database.unit_of_work() as session:
        assert configure(session, Wanted("sms", "record://"), SYSTEM, START, secret="of-the-demonstration") == "of-the-demonstration"
    with database.unit_of_work() as session:
        secret = configure(session, Wanted("sms", "record://"), "admin", START)
        assert secret not in (None, "of-the-demonstration")
        assert configured(session, settings)["sms"].changed_by == "admin"
        with pytest.raises(Refused) as refused:
            configure(session, Wanted("sms", "record://"), SYSTEM, START)
        assert refused.value.code == "channel_taken"


def test_the_environment_stands_above_rows_and_rows_above_recording(database: Database) -> None:
    with database.unit_of_work() as session:
        configure(session, Wanted("sms", "record://"), "admin", START)
        found = configured(session, load(data_dir="data", channels={"sms": "record://", "im": "record://"}))
        assert {code: each.origin for code, each in found.items()} == {
            "inbox": Origin.BUILT_IN,
            "sms": Origin.ENVIRONMENT,
            "im": Origin.ENVIRONMENT,
        }
        remove(session, "sms", "admin", START)
        assert {each.origin for each in configured(session, load(data_dir="data")).values()} == {Origin.BUILT_IN, Origin.DEFAULT}


# where people are reached ---------------------------------------------------------------------------------------------


def test_an_address_is_changed_and_used_again(town: Town) -> None:
    person = town.person_id("water.clerk")
    for kind in ("phone", "email"):
        flagged = {"recipient": f"s{person}", "kind": kind, "reason": "empty", "code": "x", "since": town.now}
        do(town, lambda s, flagged=flagged: s.connection().execute(insert(_failing).values(**flagged)))
    do(town, lambda s: set_addresses(s, "water.clerk", {"phone": "139 0000 0000", "im": None}, "admin", town.now))
    left = town.rows(select(_failing.c.kind).where(_failing.c.cleared_at.is_(None)))
    assert [row.kind for row in left] == ["email"]
    do(town, lambda s: set_duty_phone(s, "water", "", "admin", town.now))
    for user, given, code in (
        ("water.clerk", {"phone": "1"}, "phone_form"),
        ("water.clerk", {"email": "x"}, "mailbox_form"),
        ("water.clerk", {"im": "a b"}, "messenger_form"),
        ("water.clerk", {}, "address_wanted"),
        ("nobody", {"phone": "13900000000"}, "unknown_user"),
    ):
        with pytest.raises(Refused) as refused:
            do(town, lambda s, user=user, given=given: set_addresses(s, user, given, "admin", town.now))
        assert refused.value.code == code
