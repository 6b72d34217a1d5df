"""Lanes: a thread for each channel in a running engine, with real servers outside; one that hangs holds up nobody else."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from clock import utcnow
from flows import engine, lanes, turn
from models import Channel, Database, DeliveryPolicy, Message, Receipt, Staff, begin_write, table
from notifications.channels.bus import Channels
from notifications.outcome import Confirmation
from services.catalogue import catalogue, reference_changed
from services.channels.opening import open_channels
from services.deliveries.lenient import WITHOUT_LIMITS, heed_no_limits
from services.upkeep import prepare
from settings import Settings, load
from tasks.ways import Ways
from tests.support.centre import centre
from tests.support.listening import Asked, Listening, http
from tests.support.processes import until
from tests.support.quiet import without_lists

_message, _staff, _channel, _receipt = table(Message), table(Staff), table(Channel), table(Receipt)


@pytest.fixture
def installation(tmp_path: Path, encryption_key: bytes) -> Settings:
    """An installation of its own, with everybody and nothing to do, in which nothing waits for the morning."""
    made = load(data_dir=tmp_path / "data", prefect="off", poll_ms=20)
    made.data_dir.mkdir()
    made.key_file.write_bytes(encryption_key)
    prepare(made, utcnow())
    with database(made) as there, there.unit_of_work() as session:
        heed_no_limits(session)
        without_lists(session)
    return made


@contextmanager
def database(settings: Settings) -> Iterator[Database]:
    made = Database(settings.database_url)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def running(settings: Settings) -> Iterator[None]:
    """An engine at work; it stops on leaving."""
    stop = threading.Event()
    thread = threading.Thread(target=engine.run, args=(settings, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def configure(settings: Settings, **urls: str) -> None:
    """As an administrator does: rows, and everybody learns of it."""
    with database(settings) as there, there.unit_of_work() as session:
        begin_write(session)
        for code, url in urls.items():
            run = session.connection().execute
            run(_channel.delete().where(_channel.c.code == code))
            row = {"code": code, "url": url, "callback": f"{code}-{len(url)}", "changed_at": utcnow(), "changed_by": "admin"}
            run(insert(_channel).values(row))
        reference_changed(session)


def letters(settings: Settings, channel: str, count: int, *, first: int = 0, haste: int = 1) -> None:
    """Queue alarms, which belong to no case, to so many people."""
    now = utcnow()
    with database(settings) as there, there.unit_of_work() as session:
        begin_write(session)
        run = session.connection().execute
        people = list(run(select(_staff.c.id).order_by(_staff.c.id)).scalars())[:count]
        rows = [
            {
                "dedupe_key": f"alarm:test{first}:channel_up:s{person}:{channel}",
                "notice": "channel_up",
                "channel": channel,
                "staff_id": person,
                "recipient": f"s{person}",
                "haste": haste,
                "about": {"channel": "x"},
                "state": "queued",
                "queued_at": now,
                "attend_at": now,
            }
            for person in people
        ]
        run(insert(_message), rows)


def states(settings: Settings, channel: str) -> list[str]:
    with database(settings) as there, there.unit_of_work() as session:
        return list(session.connection().execute(select(_message.c.state).where(_message.c.channel == channel)).scalars())


def hurried_after(settings: Settings, seconds: int) -> None:
    """How long an emergency may stand behind one that hangs."""
    with database(settings) as there, there.unit_of_work() as session:
        begin_write(session)
        numbers = {**WITHOUT_LIMITS.stored(), "hurry_seconds": seconds}
        session.connection().execute(update(table(DeliveryPolicy)).values(numbers=numbers))
        reference_changed(session)


def hook(server: Listening) -> str:
    return f"hook://:secret@127.0.0.1:{server.port}/in?tls=no&medium=sms&address=phone&private=yes"


def references(server: Listening) -> list[str]:
    return [json.loads(asked.body)["reference"] for asked in server.asked]


def test_a_channel_that_hangs_holds_up_no_other(installation: Settings) -> None:
    go_on = threading.Event()

    def hangs(_: Asked) -> tuple[int, Any]:
        go_on.wait(30)
        return 200, {}

    with http(hangs) as slow, http() as quick:
        configure(installation, sms=hook(slow), sms2=hook(quick))
        letters(installation, "sms", 3)
        with running(installation):
            until(lambda: slow.asked != [], 20, "the slow one was called")
            letters(installation, "sms2", 12)
            until(lambda: states(installation, "sms2") == ["accepted"] * 12, 20, "the quick channel has done its work")
            assert "accepted" not in states(installation, "sms")
            go_on.set()
            until(lambda: states(installation, "sms") == ["accepted"] * 3, 20, "the slow one too")
    assert len(references(slow)) == len(set(references(slow))) == 3


def test_urgent_messages_behind_one_that_hangs_take_another_way(installation: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    hurried_after(installation, 1)
    monkeypatch.setattr(lanes, "HURRY", timedelta(seconds=0.1))
    go_on = threading.Event()

    def hangs(_: Asked) -> tuple[int, Any]:
        go_on.wait(30)
        return 200, {}

    with http(hangs) as slow, http() as quick:
        configure(installation, sms=hook(slow), voice=hook(quick).replace("medium=sms", "medium=voice"))
        letters(installation, "sms", 6, haste=0)
        with running(installation):
            until(lambda: states(installation, "voice") == ["accepted"] * 6, 20, "everybody was rung up")
            assert "accepted" not in states(installation, "sms")
            go_on.set()


def test_what_is_urgent_waits_behind_no_long_portion(installation: Settings) -> None:
    with http() as server:
        configure(installation, sms=hook(server))
        letters(installation, "sms", 30)
        letters(installation, "sms", 2, first=1, haste=0)
        with running(installation):
            until(lambda: states(installation, "sms") == ["accepted"] * 32, 30, "all are sent")
    with database(installation) as there, there.unit_of_work() as session:
        urgent = set(session.connection().execute(select(_message.c.id).where(_message.c.haste == 0)).scalars())
    assert {int(r.removeprefix("BH")) for r in references(server)[:2]} == urgent


def test_channels_that_are_configured_anew_are_used_at_once(installation: Settings) -> None:
    with http() as before, http() as after:
        configure(installation, sms=hook(before))
        with running(installation):
            letters(installation, "sms", 1)
            until(lambda: states(installation, "sms") == ["accepted"], 20, "by the first")
            configure(installation, sms=hook(after))
            letters(installation, "sms", 1, first=1)
            until(lambda: states(installation, "sms") == ["accepted"] * 2, 20, "by the second")
    assert (len(before.asked), len(after.asked)) == (1, 1)


def test_a_lane_that_dies_is_replaced(installation: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    deaths: list[str] = []
    alive = turn.lane

    def dies(channel: str, *args: Any) -> int:
        if channel == "sms" and not deaths:
            deaths.append(channel)
            raise SystemExit
        return alive(channel, *args)

    monkeypatch.setattr(lanes, "lane", dies)
    with http() as server:
        configure(installation, sms=hook(server))
        letters(installation, "sms", 1)
        with running(installation):
            until(lambda: states(installation, "sms") == ["accepted"], 20, "another thread has sent it")
    assert deaths == ["sms"]


def test_what_is_queued_when_the_engine_stops_is_sent_for_a_little_while(installation: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with http() as server:
        configure(installation, sms=hook(server))
        with running(installation):
            until(lambda: any(thread.name.endswith("post sms") for thread in threading.enumerate()), 20, "the engine at work")
            monkeypatch.setattr(lanes, "HEAR_S", 30.0)
            letters(installation, "sms", 2)
        assert states(installation, "sms") == ["accepted"] * 2


def test_ways_are_opened_anew_only_when_they_lead_elsewhere(installation: Settings) -> None:
    with database(installation) as there:
        ways = Ways(there, installation)
        first = ways.present()
        with there.unit_of_work() as session:
            begin_write(session)
            session.connection().execute(update(_staff).values(im="somebody"))
            reference_changed(session)
            assert catalogue(session)
        ways.look()
        assert ways.present() is first
        configure(installation, voice="voice://us:secret@127.0.0.1:9/call?tls=no&private=yes")
        ways.look()
        assert ways.present() is not first
        assert "voice" in ways.present().codes
        ways.close()
        opened: Channels = open_channels(there, installation)
        assert set(opened.codes) == set(ways.present().codes)
        opened.close()


def test_what_came_over_a_line_that_ends_is_not_lost(installation: Settings) -> None:
    with centre() as smsc, database(installation) as there:
        url = f"smsc://us:secret@127.0.0.1:{smsc.port}/?from=10690&tls=no&private=yes"
        configure(installation, sms=url)
        ways = Ways(there, installation)
        assert ways.present().heard("sms") == []
        smsc.deliver("13800138000", b"id:p-1 stat:DELIVRD", esm_class=4, number=1)
        smsc.heeds(0x05, 1)
        configure(installation, sms=f"{url}&wait=9")
        ways.look()
        found: list[object] = []
        until(lambda: found.extend(ways.present().heard("sms")) or found, 10, "the lane of the same code hears it")
        assert found == [Confirmation("p-1", None, "DELIVRD", True)]
        smsc.deliver("13800138000", b"id:p-2 stat:DELIVRD", esm_class=4, number=2)
        smsc.heeds(0x05, 2)
        ways.close()
        with there.unit_of_work() as session:
            assert session.connection().execute(select(_receipt.c.provider_id)).scalars().all() == ["p-2"]
