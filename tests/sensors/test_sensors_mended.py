"""Sensors: a second fire while the first is being handled, stopped hooks, keys nobody can write, strangers, and what flaps in a storm."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from models import Case, CaseLink, Message, SensorAlarm, SensorCase, SensorDevice, table
from services.sensors import hooks
from services.sensors.devices import Written, add
from tests.support.sensing import HOOK, SMOKE, Supplier, supplier_of
from tests.support.sound import complaints
from tests.support.town import Town

_alarm, _device, _case, _link = table(SensorAlarm), table(SensorDevice), table(Case), table(SensorCase)
_beside, _message = table(CaseLink), table(Message)


@pytest.fixture
def supplier(town: Town, tmp_path: Path, encryption_key: bytes) -> Iterator[Supplier]:
    with supplier_of(town.context.database, tmp_path, encryption_key, town.now) as found:
        yield found


def case_of(town: Town, no: str) -> int:
    return int(town.rows(select(_case.c.id).where(_case.c.no == no))[0].id)


def taken_up(town: Town, case: int) -> None:
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    town.turn()
    assert town.state(case) == "handling"


def test_a_second_fire_calls_everybody_anew_while_the_first_is_being_handled(town: Town, supplier: Supplier) -> None:
    (first,) = supplier.alarms([SMOKE.code], town.now)
    town.turn()
    one = case_of(town, first["case"])
    taken_up(town, one)
    town.now += timedelta(minutes=10)
    (still,) = supplier.alarms([SMOKE.code], town.now)
    assert (still["outcome"], still["case"]) == ("flapping", first["case"]), "no longer than its window: the same fire"
    town.now += timedelta(minutes=11)
    clear = supplier.brings(supplier.alarm(SMOKE.code, town.now, signal="clear"), town.now).json()["alarms"][0]
    assert (clear["outcome"], clear["case"]) == ("clear", first["case"]), "what is over belongs to the first"

    began, told = town.now, supplier.alarms([SMOKE.code, SMOKE.code], town.now)
    assert [each["outcome"] for each in told] == ["opened", "flapping"]
    assert told[0]["case"] == told[1]["case"] != first["case"]
    town.turn()
    two = case_of(town, told[0]["case"])
    assert (town.state(two), town.case(two).urgency) == ("dispatched", "P0")
    called = {message.name for message in town.messages(two) if message.queued_at == began}
    assert {"chenguang.clerk", "chenguang-estate.clerk", "fire.clerk", "chenguang-1.worker"} <= called
    for case, other in ((one, two), (two, one)):
        (entry,) = [e for e in town.journal(case) if e.action == "linked"]
        assert entry.data == {"other": town.case(other).no}
    (link,) = town.rows(select(_beside).where(_beside.c.kind == "same_matter"))
    assert (link.case_id, link.other_id, link.state) == (two, one, "confirmed")
    town.fast_forward(until=began + timedelta(minutes=3))
    assert any("无人签收" in text for text in town.heard("hubin.head", two)), "the clock of acknowledging runs again"
    assert supplier.alarms([SMOKE.code], town.now + timedelta(minutes=30))[0]["case"] == told[0]["case"], "it goes on calling already"
    assert {row.case_id: row.alarms for row in town.rows(select(_link))} == {one: 2, two: 3}
    assert complaints(town.context.database, town.now) == []


def test_a_second_storm_is_one_new_case_and_what_is_not_urgent_waits(town: Town, supplier: Supplier) -> None:
    doors, lamp = [f"MJ-{n}" for n in range(7)], "LD-1"
    with town.context.database.unit_of_work() as session:
        for code in doors:
            add(session, Written(code, "door", f"晨光小区{code}", "chenguang-2"), "admin", town.now)
        add(session, Written(lamp, "lamp", "晨光路1号杆", "chenguang-3"), "admin", town.now)
    first = supplier.alarms([*doors, lamp], town.now)
    town.turn()
    for case in {case_of(town, each["case"]) for each in first}:
        taken_up(town, case)
    town.now += timedelta(hours=13)
    second = [supplier.alarms([code], town.now)[0] for code in doors[:6]] + supplier.alarms([doors[6], lamp], town.now)
    assert [each["outcome"] for each in second[-3:]] == ["storm", "storm", "flapping"]
    assert second[-1]["case"] == first[-1]["case"], "a street lamp joins its case"
    assert len({each["case"] for each in second[5:7]}) == 1
    assert second[6]["case"] == second[0]["case"] != first[0]["case"]
    town.turn()
    assert complaints(town.context.database, town.now) == []


def test_the_secret_of_a_stopped_hook_never_comes_back(town: Town, supplier: Supplier) -> None:
    database, now, leaked = town.context.database, town.now, supplier.secret
    with database.unit_of_work() as session:
        hooks.stop(session, HOOK, "admin", now)
        new, until = hooks.rotate(session, HOOK, "admin", now)
    assert until is None
    for secret, status in ((leaked, 401), (new, 202)):
        assert supplier.brings(supplier.alarm(SMOKE.code, now), now, secret=secret).status_code == status


def test_a_key_that_nobody_can_write_is_answered_for_without_it(town: Town, supplier: Supplier) -> None:
    bad: tuple[object, ...] = ("\ud800", "报警", "k" * 81, "a b", 7, None)
    body = [supplier.alarm(SMOKE.code, town.now), *({"key": key, "device": "\ud800", "at": "?", "\ud800": "\ud800"} for key in bad)]
    answer = supplier.brings({"alarms": body}, town.now)
    assert (answer.status_code, [each["outcome"] for each in answer.json()["alarms"]]) == (202, ["opened", *["refused"] * 6])
    assert [each["key"] for each in answer.json()["alarms"][1:]] == [None] * 6
    readable = {"key": "a-1", "device": SMOKE.code, "at": "yesterday"}
    assert supplier.brings(readable, town.now).json()["alarms"][0]["key"] == "a-1"


def test_each_unregistered_device_is_entered_and_told_to_the_desk_once(town: Town, supplier: Supplier) -> None:
    (first,) = supplier.alarms(["XX-1"], town.now)
    town.turn()
    case = case_of(town, first["case"])
    before = len(town.heard("centre.duty", case))
    town.fast_forward(hours=5)
    for codes in (["XX-2", "XX-3", "XX-2"], ["XX-1", "XX-2", "XX-3"]):
        assert {each["outcome"] for each in supplier.alarms(codes, town.now)} == {"unknown_device"}
    town.turn()
    assert [e.data["device"] for e in town.journal(case) if e.action == "sensor_alarm"] == ["XX-1", "XX-2", "XX-3"]
    more = [text for text in town.heard("centre.duty", case)[before:] if "XX-2, XX-3" in text]
    assert len(more) == 1
    assert "又有 2 台未登记的设备报警" in more[0]
    assert town.rows(select(func.count().label("n")).select_from(_message).where(_message.c.notice == "unclaimed"))[0].n == 2
    assert complaints(town.context.database, town.now) == []


def test_what_flaps_in_the_batch_of_a_storm_goes_on_in_its_case(town: Town, supplier: Supplier) -> None:
    doors = [f"MJ-{n}" for n in range(8)]
    with town.context.database.unit_of_work() as session:
        for code in doors:
            add(session, Written(code, "door", f"晨光小区{code}", "chenguang-2"), "admin", town.now)
    (one, _) = supplier.alarms(doors[:2], town.now)
    told = supplier.alarms([doors[1], *doors[2:]], town.now + timedelta(seconds=5))
    assert {each["case"] for each in told} == {one["case"]}
    case = case_of(town, one["case"])
    assert {row.case_id for row in town.rows(select(_alarm))} == {case}
    counted = select(_device.c.code, _link.c.case_id, _link.c.alarms).join(_link, _link.c.device_id == _device.c.id)
    assert {row.code: (row.case_id, row.alarms) for row in town.rows(counted)} == {code: (case, 1 + (code == doors[1])) for code in doors}
