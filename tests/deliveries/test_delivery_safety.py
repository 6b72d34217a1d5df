"""What may never happen on the way out: a word to who may not know, a portion lost to one bad answer, the same thing sent twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from models import Attempt, Case, Database, Message, Staff, begin_write, table
from notifications.outcome import Confirmation, Inbound, Outcome, Trouble, Verdict, own_id
from rules.delivery import Numbers
from services import deliveries
from services.catalogue import reference_changed
from services.deliveries import falling_back, receipts
from services.deliveries.numbers import change
from tests.conftest import context_for
from tests.support.delivering import bury, deliver, plan_only, quiet_case
from tests.support.moody import ABSENT, TAKEN, family, moody, queue, row
from tests.support.town import Town

OTHER = 77  #: another engine
_message, _attempt, _case, _staff = table(Message), table(Attempt), table(Case), table(Staff)


def sets(town: Town, statement: Any) -> None:
    """Change a row by hand."""
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        session.connection().execute(statement)
        reference_changed(session)


# what a provider says -------------------------------------------------------------------------------------------------


def test_whatever_a_provider_says_can_be_written_down() -> None:
    said = Outcome(Verdict.ACCEPTED, "a\0b", "c\ud800d", "x" * 79 + "\0yz")
    assert (said.code, said.words, said.provider_id) == ("ab", "c?d", "x" * 79 + "y")
    receipt = Confirmation("p\0" + "x" * 99, 2**40, "MK:\udfff" + "1" * 99, delivered=True)
    assert (receipt.provider_id, receipt.message_id, receipt.status) == ("p" + "x" * 79, None, ("MK:?" + "1" * 99)[:40])
    heard = Inbound("1\0", "139\ud83d", "还在漏\0")
    assert (heard.provider_id, heard.phone, heard.text) == ("1", "139?", "还在漏")
    assert Outcome(Verdict.ACCEPTED, "成功", "已提交").words == "已提交"
    assert (own_id("BH12"), own_id("BH" + "9" * 5000), own_id("12")) == (12, None, None)


def test_an_answer_that_no_database_takes_breaks_nothing(town: Town) -> None:
    case, channels = quiet_case(town), moody(town)
    channels.says("sms", replace(TAKEN, provider_id="a\0" + "b" * 99, words="\ud800\0"), replace(TAKEN, provider_id="p-2"))
    first, second = queue(town, case, seq=1), queue(town, case, seq=2)
    deliver(town)
    assert [row(town, m).state for m in (first, second)] == ["accepted"] * 2
    assert row(town, first).provider_id == "a" + "b" * 79


def test_one_result_that_cannot_be_written_down_does_not_take_the_others_along(town: Town) -> None:
    case, channels = quiet_case(town), moody(town)
    bad, good = queue(town, case, seq=1), queue(town, case, seq=2)
    made = {"message_id": bad, "no": 1, "asked": False, "begun_at": town.now, "ended_at": town.now, "outcome": "accepted"}
    sets(town, insert(_attempt).values(made))
    deliver(town)
    assert [row(town, m).state for m in (bad, good)] == ["sending", "accepted"]
    assert channels.ways() == ["sms", "sms"]


# who may know ---------------------------------------------------------------------------------------------------------


def test_a_message_that_was_queued_before_its_case_became_sensitive_stays_here(sqlite_town: Town) -> None:
    town = sqlite_town
    case, channels = quiet_case(town), moody(town, "sms", "email")
    message = queue(town, case, attend_at=town.now + timedelta(hours=1))
    doubtful = queue(town, case, seq=2, channel="email", state="unknown", tried_at=town.now, attempts=1, attend_at=town.now)
    duty = {"staff_id": None, "unit_id": town.unit_id("water"), "recipient": f"u{town.unit_id('water')}"}
    phone = queue(town, case, seq=3, attend_at=town.now + timedelta(hours=1), **duty)
    reader = queue(town, case, "centre.duty", seq=4, attend_at=town.now + timedelta(hours=1))
    town.act(case, "restrict", "centre.duty", kind="minor", reason="孩子受伤")
    assert town.person_id("water.clerk") not in town.case(case).readers
    deliver(town, seconds=3600)
    assert {m: (row(town, m).state, row(town, m).error) for m in (message, phone)} == dict.fromkeys(
        (message, phone), ("suppressed", "not_a_reader")
    )
    assert (row(town, doubtful).state, row(town, doubtful).attend_at) == ("unknown", None)
    told = {each.message_id for each in channels.sent}
    assert reader in told
    assert not told & {message, doubtful, phone}
    heard = {m.staff_id for m in town.rows(select(_message).where(_message.c.id.in_(told)))}
    assert heard <= set(town.case(case).readers), "only readers heard of it"
    assert "not_delivered" in town.actions(case)


def test_who_has_left_is_told_no_more_and_somebody_else_is(sqlite_town: Town) -> None:
    town = sqlite_town
    case, channels = quiet_case(town), moody(town, "sms", "email")
    sets(town, update(_staff).where(_staff.c.name == "water.clerk").values(left_at=town.now))
    message = queue(town, case)
    deliver(town)
    assert (row(town, message).state, row(town, message).error) == ("suppressed", "left")
    assert message not in {each.message_id for each in channels.sent}
    assert [w.id for w in family(town, message)] == [message]
    assert [m.name for m in town.messages(case) if m.notice == "unreached"] == ["water.head"]


# sent once ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "delivered", "state"), [("DELIVRD", True, "delivered"), ("UNDELIV", False, "failed_perm")])
def test_what_a_receipt_has_settled_is_not_sent_again(town: Town, status: str, delivered: bool, state: str) -> None:
    case, channels = quiet_case(town), moody(town, "sms", "email")
    channels.knows("sms", ABSENT)
    message = queue(town, case)
    plan_only(town)  # the engine has sent it, and is killed before it can say so
    with town.context.database.unit_of_work() as session:
        assert receipts.take(session, "sms", [Confirmation("p1", message, status, delivered)], town.now) == 0, "an engine is at work"
    bury(town)
    deliver(town, seconds=5)
    assert (channels.asked, row(town, message).state) == ([], state)
    assert channels.ways() == ([] if delivered else ["email"]), "by another way only if it did not arrive"


def test_an_engine_that_comes_back_late_does_not_write_over_a_receipt(town: Town) -> None:
    case = quiet_case(town)
    moody(town)
    message = queue(town, case)
    plan = plan_only(town)
    late = town.now + 2 * town.context.claimer.lease
    with town.context.database.unit_of_work() as session:
        assert receipts.take(session, "sms", [Confirmation("p1", message, "DELIVRD", True)], late) == 1
    results = [deliveries.Result(each, (deliveries.Try(False, TAKEN, late, late),)) for each in plan.ready]
    with town.context.database.unit_of_work() as session:
        deliveries.record(session, "sms", results, town.context.claimer.engine_id, town.context.setup, late)
    assert row(town, message).state == "delivered"


# two engines ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def shared(postgres_database: Database, tmp_path: Path) -> Town:
    """A town whose database engines share: on SQLite one writes at a time anyway."""
    return Town(context_for(postgres_database, tmp_path))


def at_once(town: Town, first: Callable[[Any], object], second: Callable[[Any], object]) -> None:
    """The first does its work and has not committed yet; the second begins, and is through before that, unless it waits for the first."""
    done = Event()

    def other() -> None:
        with town.context.database.unit_of_work() as session:
            second(session)
        done.set()

    thread = Thread(target=other)
    with town.context.database.unit_of_work() as session:
        first(session)
        thread.start()
        done.wait(1)
    thread.join()
    assert done.is_set()


def test_limits_hold_for_all_engines_together(shared: Town) -> None:
    town = shared
    case = quiet_case(town)
    plans: list[deliveries.Plan] = []
    moody(town)
    with town.context.database.unit_of_work() as session:
        change(session, Numbers().stored(), "admin", town.now)
    for n in range(2):
        queue(town, case, seq=10 + n)

    def planned(engine_id: int) -> Callable[[Any], object]:
        claimer = replace(town.context.claimer, engine_id=engine_id)
        return lambda session: plans.append(deliveries.plan(session, claimer, "sms", town.now, 1, town.context.setup))

    at_once(town, planned(town.context.claimer.engine_id), planned(OTHER))
    assert [len(plan.ready) for plan in plans] == [1, 0], "one a minute to one person, whoever sends it"


def test_two_engines_that_see_a_channel_break_raise_one_alarm(shared: Town) -> None:
    town = shared
    case, broken = quiet_case(town), Outcome(Verdict.TEMPORARY, "403", "no", trouble=Trouble.CREDENTIALS)
    moody(town)

    def recorded(engine_id: int, seq: int, seconds: int) -> Callable[[Any], object]:
        at, claimer = town.now + timedelta(seconds=seconds), replace(town.context.claimer, engine_id=engine_id)
        queue(town, case, seq=seq)
        with town.context.database.unit_of_work() as session:
            plan = deliveries.plan(session, claimer, "sms", town.now, 1, town.context.setup)
        results = [deliveries.Result(each, (deliveries.Try(False, broken, at, at),)) for each in plan.ready]
        return lambda session: deliveries.record(session, "sms", results, engine_id, town.context.setup, at)

    at_once(town, recorded(town.context.claimer.engine_id, 10, 1), recorded(OTHER, 11, 2))
    told = [(m.recipient, m.channel) for m in town.rows(select(_message).where(_message.c.notice == "channel_down"))]
    assert len(told) == len(set(told)) > 0


def test_planning_holds_families_before_it_makes_codes_so_that_nobody_waits_in_a_circle(shared: Town) -> None:
    town = shared
    moody(town)
    queue(town, quiet_case(town))
    lock = select(func.pg_try_advisory_xact_lock(falling_back._ONE))
    with town.context.database.unit_of_work() as one, town.context.database.unit_of_work() as other:
        assert deliveries.plan(one, town.context.claimer, "sms", town.now, 9, town.context.setup).ready
        assert not other.execute(lock).scalar_one(), "recording takes this lock first, and then that of the case"


def test_a_channel_that_breaks_again_and_again_is_told_of_once(town: Town) -> None:
    case, channels = quiet_case(town), moody(town, "sms", "email")
    broken = Outcome(Verdict.TEMPORARY, "403", "no", trouble=Trouble.CREDENTIALS)

    def told(notice: str) -> list[tuple[str, str]]:
        rows = town.rows(select(_message).where(_message.c.notice == notice, _message.c.state == "accepted"))
        return [(m.recipient, m.channel) for m in rows if m.fallback_of_id is None and m.channel == "email"]

    for n in range(8):
        channels.says("sms", TAKEN if n % 2 else broken)
        queue(town, case, seq=100 + n)
        deliver(town, seconds=60)
    once = told("channel_down")
    assert len(once) == len(set(once)) > 0
    assert told("channel_up") == []
    deliver(town, seconds=660)
    assert sorted(told("channel_up")) == sorted(once)
