"""Messages and cases in trouble hold up no others."""

import stat
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from flows import turn
from models import Case, Message, SetAside, begin_write, table
from notifications.channels.bus import Channels
from notifications.outcome import Outcome, Outgoing, Verdict
from services import deliveries
from services.deliveries import Before, Ready, Result, Try
from tasks import claiming
from tasks.context import at_work
from tests.support.town import Town
from wording import say

_case = table(Case)
_message = table(Message)


def queued(town: Town, cases: int) -> int:
    """Hand in cases and let the engine go on without its post; how many messages wait then."""
    for n in range(cases):
        town.reports("路灯不亮", f"三盏路灯不亮{n}", source="hotline", phone=f"1000000{n:04d}")
    with at_work(town.context):
        turn.turn(town.now)
    return len(town.rows(select(_message.c.id).where(_message.c.state == "queued")))


def messages(town: Town) -> list[Any]:
    return town.rows(select(_message).order_by(_message.c.id))


@pytest.fixture
def unwell(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Outgoing], None]], list[int]]:
    """Lets something happen before each message is sent; gives back the list of those sent."""

    def let(happen: Callable[[Outgoing], None]) -> list[int]:
        sent: list[int] = []

        def send(_: Channels, outgoing: Outgoing) -> Outcome:
            happen(outgoing)
            sent.append(outgoing.message_id)
            return Outcome(Verdict.ACCEPTED)

        monkeypatch.setattr(Channels, "send", send)
        return sent

    return let


# messages --------------------------------------------------------------------------------------------------------------


def test_a_phone_that_no_key_opens_stops_no_other_message(town: Town) -> None:
    waiting = queued(town, 3)
    foreign = Fernet(Fernet.generate_key()).encrypt(b"10000000000")
    with town.context.database.unit_of_work() as session:
        session.connection().execute(text("UPDATE requester SET phone = :p WHERE id = 1"), {"p": foreign})
    with at_work(town.context):
        turn.post(lambda: town.now)
    bad = [m for m in messages(town) if m.requester_id == 1]
    assert {m.state for m in bad} == {"failed_temp"}
    assert {m.error for m in bad} == {"no key opens the address"}
    assert sum(m.state == "delivered" for m in messages(town)) == waiting - len(bad) > 0


def test_what_a_channel_raises_over_may_have_been_sent_and_the_others_are_sent_once(
    town: Town, unwell: Callable[[Callable[[Outgoing], None]], list[int]]
) -> None:
    queued(town, 10)
    third = messages(town)[2].id

    def happen(outgoing: Outgoing) -> None:
        if outgoing.message_id == third:
            raise LookupError("a secret of the channel")

    sent = unwell(happen)
    with at_work(town.context):
        turn.post(lambda: town.now)
        turn.post(lambda: town.now)
    bad = next(m for m in messages(town) if m.id == third)
    assert (bad.state, bad.error, bad.attempts) == ("unknown", "LookupError", 1)
    assert len(sent) == len(set(sent)) == len(messages(town)) - 1


def test_a_late_engine_does_not_overwrite_what_another_has_sent(town: Town) -> None:
    queued(town, 1)
    first = messages(town)[0].id
    late, quick = town.context.claimer.engine_id, town.context.claimer.engine_id + 1
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        session.connection().execute(update(_message).values(claimed_by=quick))
        for engine_id, verdict in ((quick, Verdict.ACCEPTED), (late, Verdict.TEMPORARY)):
            tried = Try(False, Outcome(verdict), town.now, town.now)
            ready = Ready(Outgoing(first, "sms", "10000000000", "", "said"), Before("queued", 0, None))
            deliveries.record(session, "sms", [Result(ready, (tried,))], engine_id, town.context.setup, town.now)
    assert messages(town)[0].state == "accepted"


def test_who_has_no_address_is_not_sent_anything(sqlite_town: Town) -> None:
    town = sqlite_town
    queued(town, 1)
    with town.context.database.unit_of_work() as session:
        session.connection().execute(text("UPDATE requester SET phone = NULL"))
        session.connection().execute(text("UPDATE staff SET phone = NULL"))
    with at_work(town.context):
        turn.post(lambda: town.now)
    mute = [m for m in messages(town) if m.channel == "sms"]
    assert {(m.state, m.error, m.attend_at, m.wording) for m in mute} == {("suppressed", "no_address", None, None)}
    assert {m.requester_id is None for m in mute} == {True, False}
    assert {say("delivery.suppressed", lang) for lang in ("zh", "en")} == {
        "不发（另有去处，或不必发）",
        "not sent (told otherwise, or rightly not)",
    }


def test_each_portion_is_planned_at_its_own_moment_and_recorded_at_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "PORTION", 20)
    waiting = queued(town, 30)
    planned: list[Any] = []

    def now() -> Any:
        """A moment later whenever a plan was recorded."""
        done = [m for m in messages(town) if m.tried_at is not None and m.state == "delivered"]
        planned.append(len(done))
        return town.now + timedelta(milliseconds=len(done))

    with at_work(town.context):
        assert turn.post(now) == waiting
    portions = Counter(m.tried_at for m in messages(town))
    assert len(portions) >= -(-waiting // 20) > 2
    assert max(portions.values()) == 20
    assert {0, 20, 40} <= set(planned), "recorded before the next is planned"


def test_a_stop_ends_the_post_after_the_message_under_way(town: Town, unwell: Callable[[Callable[[Outgoing], None]], list[int]]) -> None:
    queued(town, 10)
    stop = threading.Event()
    sent = unwell(lambda _: stop.set())
    with at_work(town.context):
        assert turn.post(lambda: town.now, stop.is_set) == 1
    assert {(m.state, m.attempts, m.tried_at) for m in messages(town) if m.id not in sent} == {("queued", 0, None)}
    assert [m.id for m in messages(town) if m.state == "accepted"] == sent
    assert not [m for m in messages(town) if m.claimed_by is not None], "the rest is given back"


def test_a_slow_channel_never_outlasts_its_lease(town: Town, unwell: Callable[[Callable[[Outgoing], None]], list[int]]) -> None:
    queued(town, 10)
    spent: list[Outgoing] = []
    overtaken: list[int] = []

    def happen(outgoing: Outgoing) -> None:
        spent.append(outgoing)
        (row,) = town.rows(select(_message.c.claimed_until).where(_message.c.id == outgoing.message_id))
        if row.claimed_until < now():
            overtaken.append(outgoing.message_id)

    def now() -> Any:
        return town.now + timedelta(seconds=20 * len(spent))

    sent = unwell(happen)
    with at_work(town.context):
        turn.post(now)
    assert overtaken == []
    assert len(sent) == len(set(sent)) == len(messages(town))


def test_the_record_of_messages_is_for_its_owner_only(sqlite_town: Town, tmp_path: Path) -> None:
    queued(sqlite_town, 1)
    with at_work(sqlite_town.context):
        turn.post(lambda: sqlite_town.now)
    assert stat.S_IMODE((tmp_path / "outbox.jsonl").stat().st_mode) == 0o600


# a long queue ----------------------------------------------------------------------------------------------------------


def test_clocks_do_not_wait_behind_a_long_queue_of_cases(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.context = replace(town.context, batch=2)
    first = town.reports("路灯不亮", source="hotline")
    town.turn()
    town.now = town.next_moment(after=town.now) or town.now
    for n in range(9):
        town.reports("路灯不亮", f"{n}", source="hotline")
    done: list[str] = []
    cases, clocks = turn._some_cases, turn._some_clocks
    moments = (town.now + timedelta(seconds=n) for n in count())
    monkeypatch.setattr(turn, "_some_cases", lambda now: done.append(f"case {now:%S}") or cases(now))
    monkeypatch.setattr(turn, "_some_clocks", lambda now: done.append(f"clock {now:%S}") or clocks(now))
    with at_work(town.context):
        turn.live_turn(lambda: next(moments), lambda: False)
    assert [d.split()[0] for d in done[:4]] == ["case", "clock"] * 2
    assert town.fired(first)
    assert len({d.split()[1] for d in done}) == len(done), "each claim has a moment of its own"
    assert all(c.state == "dispatched" for c in town.rows(select(_case.c.state)))


def test_a_stop_leaves_the_rest_of_a_long_queue(town: Town) -> None:
    town.context = replace(town.context, batch=2)
    for n in range(9):
        town.reports("路灯不亮", f"{n}", source="hotline")
    looks = iter([False, True])
    with at_work(town.context):
        turn.live_turn(lambda: town.now, lambda: next(looks))
    assert sum(c.state == "dispatched" for c in town.rows(select(_case.c.state))) == 2
    assert not town.rows(select(_case.c.id).where(_case.c.claimed_by.is_not(None)))


def test_what_was_set_aside_stays_so_when_the_turn_breaks_off(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    case = town.reports("路灯不亮", source="hotline")
    aside = table(SetAside)
    with town.context.database.unit_of_work() as session:
        hour_ago = town.now - timedelta(hours=1)
        session.connection().execute(
            aside.insert().values(case_id=case, step="report", error="x", tries=1, first_at=hour_ago, last_at=hour_ago)
        )

    def away(*_: object) -> int:
        raise OperationalError("x", {}, ConnectionError())

    with monkeypatch.context() as broken, at_work(town.context):
        broken.setattr(turn, "closed_loop", away)
        with pytest.raises(OperationalError):
            turn.turn(town.now)
        assert town.set_aside(case)[0].resolved_at is None
        claiming.give_back_work()
    town.turn()
    assert town.state(case) == "dispatched"
    assert town.set_aside(case)[0].resolved_at == town.now
