"""Sensors: what the hook takes and refuses, storms, mutes, unregistered devices, many at once, tables of devices, the command line."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from models import Case, SensorAlarm, SensorDelivery, SensorDevice, table
from rules.facts import Refused
from services.duty import set_away, set_deputy
from services.mechanisms import switch
from services.sensors import hooks
from services.sensors.devices import Written, add
from services.sensors.importing import import_devices
from services.sensors.muting import mute, unmute
from services.sheets import workbook
from tests.support.sensing import HOOK, SMOKE, Supplier, supplier_of
from tests.support.sound import complaints
from tests.support.town import Town

_alarm, _device, _case, _delivery = table(SensorAlarm), table(SensorDevice), table(Case), table(SensorDelivery)
NOT_119 = "不能代替119、110、120"


@pytest.fixture
def supplier(town: Town, tmp_path: Path, encryption_key: bytes) -> Iterator[Supplier]:
    with supplier_of(town.context.database, tmp_path, encryption_key, town.now) as found:
        yield found


def doors(town: Town, count: int, kind: str = "door", area: str = "chenguang-2") -> list[str]:
    """Registers so many devices of one community."""
    codes = [f"{kind}-{n:02}" for n in range(count)]
    with town.context.database.unit_of_work() as session:
        for code in codes:
            add(session, Written(code, kind, f"晨光小区{code}", area), "admin", town.now)
    return codes


def how_many(town: Town, of: Any = _alarm) -> int:
    return int(town.rows(select(func.count().label("n")).select_from(of))[0].n)


def outcomes(told: list[dict[str, Any]]) -> list[str]:
    return [each["outcome"] for each in told]


def test_what_the_hook_refuses_and_what_it_takes_only_once(town: Town, supplier: Supplier) -> None:
    now, one = town.now, supplier.alarm(SMOKE.code, town.now)
    old = str(int((now - timedelta(seconds=301)).timestamp()))
    for headers, status, code in (
        ({"signature": "v1=" + "0" * 64}, 401, "signature_wrong"),
        ({"secret": "not-the-secret"}, 401, "signature_wrong"),
        ({"signature": "v1=\xe9"}, 401, "signature_missing"),
        ({"nonce": "short"}, 401, "signature_missing"),
        ({"timestamp": old}, 401, "timestamp_off"),
        ({"timestamp": str(int(now.timestamp()) + 301)}, 401, "timestamp_off"),
    ):
        answer = supplier.brings(one, now, **headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert NOT_119 in answer.json()["note"]
        assert answer.json()["sentence"].endswith("。")
    for body, status, code in (
        ([], 422, "alarms_form"),
        ({"alarms": []}, 422, "alarms_form"),
        ({"alarms": [one] * 501}, 413, "alarms_too_many"),
    ):
        answer = supplier.brings(body, now)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert how_many(town) == how_many(town, _case) == how_many(town, _delivery) == 0, "nothing half-done"
    assert supplier.client.get(f"/sensors/{HOOK}").status_code == 405, "looking never acts"
    assert supplier.client.post("/sensors/nobody", content=b"{}").status_code == 401

    taken = supplier.brings(one, now, nonce="once-and-only")
    assert (taken.status_code, outcomes(taken.json()["alarms"])) == (202, ["opened"])
    assert NOT_119 in taken.json()["note"]
    replayed = supplier.brings(one, now, nonce="once-and-only")
    assert (replayed.status_code, replayed.json()["code"]) == (409, "nonce_used")
    again = supplier.brings(one, now).json()["alarms"][0]
    assert (again["outcome"], again["case"]) == ("known", taken.json()["alarms"][0]["case"]), "the same key signed anew is one alarm"
    assert (how_many(town), how_many(town, _case)) == (1, 1)


def test_a_batch_answers_for_each_alarm_and_a_bad_one_holds_up_nobody(town: Town, supplier: Supplier) -> None:
    now = town.now
    good, wild = supplier.alarm(SMOKE.code, now), supplier.alarm(SMOKE.code, now, at="0001-01-01T00:00:00+08:00", value=1.5)
    bad = {"key": "x", "device": SMOKE.code, "at": "yesterday", "siren": True}
    answer = supplier.brings({"alarms": [bad, good, good, wild, supplier.alarm(SMOKE.code, now, signal="clear")]}, now)
    told = answer.json()["alarms"]
    assert (answer.status_code, outcomes(told)) == (202, ["refused", "opened", "known", "flapping", "clear"])
    assert {e["field"] for e in told[0]["errors"]} == {"alarms[0].at", "alarms[0].siren"}
    assert supplier.brings({"alarms": [bad]}, now).status_code == 422
    (kept,) = town.rows(select(_alarm).where(_alarm.c.key == wild["key"]))
    assert (kept.at, kept.value) == (now, "1.5"), "a clock that has lost its mind loses no alarm"
    town.turn()
    case = kept.case_id
    assert town.state(case) == "dispatched", "what a device says is over closes nothing"
    assert town.actions(case).count("sensor_clear") == 1
    with pytest.raises(Refused, match="not_yours"):
        town.act(case, "stand_down", "water.clerk", reason="路过")
    with pytest.raises(Refused, match="reason_missing"):
        town.act(case, "stand_down", "fire.clerk")
    ordinary = town.reports("桥东路灯坏了一周没人修")
    town.turn()
    with pytest.raises(Refused, match="not_from_sensor"):
        town.act(ordinary, "stand_down", "centre.duty", reason="误报")
    assert complaints(town.context.database, town.now) == []


def test_secrets_are_rotated_with_an_overlap_and_limits_hold(town: Town, supplier: Supplier) -> None:
    database, now, old = town.context.database, town.now, supplier.secret
    with database.unit_of_work() as session:
        supplier.secret, until = hooks.rotate(session, HOOK, "admin", now, timedelta(hours=1))
        assert until == now + timedelta(hours=1)
        assert all(not {"secret", "before"} & row.keys() for row in hooks.hooks(session))
    for minutes, secret, status in ((0, supplier.secret, 202), (59, old, 202), (61, old, 401), (61, supplier.secret, 202)):
        then = now + timedelta(minutes=minutes)
        assert supplier.brings(supplier.alarm(SMOKE.code, then), then, secret=secret).status_code == status
    with database.unit_of_work() as session:
        with pytest.raises(Refused, match="admins_only"):
            hooks.stop(session, HOOK, "hubin.clerk", now)
        few = hooks.make(session, "few", "小厂", "admin", now, per_minute=2)
    three = {"alarms": [supplier.alarm(SMOKE.code, now) for _ in range(3)]}
    too_many = supplier.brings(three, now, "few", secret=few)
    assert (too_many.status_code, too_many.json()["code"], too_many.headers["Retry-After"]) == (429, "too_many_alarms", "60")
    big = supplier.client.post(f"/sensors/{HOOK}", content=b"x" * 300_000)
    assert (big.status_code, big.json()["code"]) == (413, "too_large")
    with database.unit_of_work() as session:
        hooks.stop(session, HOOK, "admin", now)
    assert supplier.brings(supplier.alarm(SMOKE.code, now), now).status_code == 401
    with database.unit_of_work() as session:
        switch(session, "sensors", town.actor("admin"), now, on=False)
    assert supplier.brings(three["alarms"][0], now, "few", secret=few).status_code == 503, "to be brought again later"


def test_unregistered_devices_are_kept_shown_and_looked_at_by_a_person(town: Town, supplier: Supplier) -> None:
    told = supplier.alarms(["XX-9", "XX-9", "XX-8", SMOKE.code], town.now)
    assert outcomes(told) == ["opened", "unknown_device", "unknown_device", "opened"]
    assert told[0]["case"] == told[2]["case"] != told[3]["case"]
    town.turn()
    (row,) = town.rows(select(_case).where(_case.c.no == told[0]["case"]))
    assert (row.state, row.urgency) == ("accepted", "P1")
    assert "XX-9" in row.subject
    assert any("bihuan" not in text for text in town.heard("centre.duty", row.id)), "the desk hears of it"
    kept = town.rows(select(_alarm).where(_alarm.c.device_id.is_(None)).order_by(_alarm.c.id))
    assert [(a.device, a.case_id) for a in kept] == [("XX-9", row.id), ("XX-9", row.id), ("XX-8", row.id)]
    town.act(row.id, "decline", "centre.duty", reason="供应商的测试设备")
    assert outcomes(supplier.alarms(["XX-7"], town.now)) == ["opened"], "after that it is a new matter"


def test_many_devices_of_one_place_are_one_storm(town: Town, supplier: Supplier) -> None:
    codes = doors(town, 9)
    first = supplier.alarms(codes[:2], town.now)
    assert len({each["case"] for each in first}) == 2
    town.turn()
    earlier = [town.rows(select(_case).where(_case.c.no == each["case"]))[0].id for each in first]
    town.order(earlier[1], "acknowledge", "chenguang.clerk")
    third = supplier.alarms(codes[2:3], town.now)
    town.now += timedelta(seconds=30)
    told = supplier.alarms([*codes[3:], SMOKE.code], town.now)
    assert outcomes(told) == ["storm"] * 6 + ["opened"], "a smoke detector is never part of a power cut"
    assert {each["case"] for each in told[:6]} == {first[0]["case"]}
    town.turn()
    assert town.rows(select(_case).where(_case.c.no == third[0]["case"]))[0].state == "merged", "what nobody has taken up goes on in it"
    assert town.state(earlier[1]) == "handling", "who is on the way keeps his case"
    linked = town.rows(select(_device.c.code).where(_device.c.case_id == earlier[0]))
    assert {row.code for row in linked} == {codes[0], *codes[2:]}
    assert supplier.alarms(codes[2:3], town.now)[0]["case"] == first[0]["case"], "its alarms go where its case went"
    assert complaints(town.context.database, town.now) == []
    lamps = supplier.alarms(doors(town, 7, "lamp"), town.now)
    assert outcomes(lamps) == ["opened", *["storm"] * 6]
    assert len({each["case"] for each in lamps}) == 1


def test_what_alarms_apart_is_no_storm_and_what_was_finished_alarms_anew(town: Town, supplier: Supplier) -> None:
    codes = doors(town, 7)
    for code in codes:
        assert outcomes(supplier.alarms([code], town.now)) == ["opened"]
        town.now += timedelta(seconds=20)
    town.turn()
    case = int(town.rows(select(_device.c.case_id).where(_device.c.code == codes[0]))[0].case_id)
    assert [(o.code, o.lead) for o in town.orders(case)] == [("chenguang", True)], "the property company is not called off its list"
    town.order(case, "acknowledge", "chenguang.clerk")
    town.without_photos()
    town.order(case, "finish", "chenguang.clerk", result="门磁松动，已紧固")
    town.turn()
    assert outcomes(supplier.alarms(codes[:1], town.now)) == ["opened"]


def test_a_muted_device_calls_nobody_and_loses_nothing(town: Town, supplier: Supplier) -> None:
    database, end = town.context.database, town.now + timedelta(hours=2)
    with database.unit_of_work() as session:
        for by, reason, until, code in (
            ("water.clerk", "更换电池", end, "not_your_device"),
            ("chenguang-estate.clerk", " ", end, "mute_reason_missing"),
            ("chenguang-estate.clerk", "更换电池", town.now, "mute_past"),
            ("chenguang-estate.clerk", "更换电池", town.now + timedelta(hours=73), "mute_too_long"),
        ):
            with pytest.raises(Refused, match=code):
                mute(session, SMOKE.code, reason, until, by, town.now)
        mute(session, SMOKE.code, "更换电池", end, "chenguang-estate.clerk", town.now)
    assert outcomes(supplier.alarms([SMOKE.code], town.now)) == ["muted"]
    assert (how_many(town), how_many(town, _case)) == (1, 0)
    assert outcomes(supplier.alarms([SMOKE.code], end)) == ["opened"], "it ends by itself"
    with database.unit_of_work() as session, pytest.raises(Refused, match="not_muted"):
        unmute(session, SMOKE.code, "admin", end)


def test_two_pushes_at_the_same_instant_are_one_case(town: Town, supplier: Supplier) -> None:
    told: list[dict[str, Any]] = []
    start = threading.Barrier(6)

    def push() -> None:
        start.wait()
        told.extend(supplier.alarms([SMOKE.code, "XX-1"], town.now))

    threads = [threading.Thread(target=push) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes(told)) == sorted(["opened"] * 2 + ["flapping"] * 5 + ["unknown_device"] * 5)
    assert (how_many(town), how_many(town, _case)) == (12, 2)


SHEET = (
    ("设备编号", "类型", "安装位置", "区域", "坐标", "升级联系人", "责任人"),
    ("YG-7", "烟感", "7幢", "chenguang-1", "30.25,120.16", "hubin.head", ""),
)


def test_a_table_of_devices_goes_in_whole_or_not_at_all(town: Town, tmp_path: Path) -> None:
    file, database = tmp_path / "devices.csv", town.context.database
    rows = [
        SHEET[0],
        SHEET[1],
        ("YG 8", "烟感", "8幢", "chenguang-1", "", "", ""),
        ("YG-9", "水枪", "9幢", "atlantis", "", "", ""),
        SHEET[1],
    ]
    file.write_text("\n".join(",".join(f'"{cell}"' for cell in row) for row in rows), encoding="utf-8")
    with database.unit_of_work() as session:
        done = import_devices(session, file, "admin", town.now)
    assert [(w.line, w.field, w.refusal and w.refusal.code) for w in done.wrong] == [
        (3, "code", "device_code"),
        (4, "kind", "unknown_sensor_kind"),
        (5, "code", "device_twice"),
    ]
    assert how_many(town, _device) == 0
    sheet = tmp_path / "devices.xlsx"
    sheet.write_bytes(workbook({"设备": [*SHEET, ("YG-8", "gas", "8幢", "rongyin-1", "", "", "hubin.clerk rongyin.clerk")]}))
    found = []
    for _ in range(2):
        with database.unit_of_work() as session:
            done = import_devices(session, sheet, "admin", town.now)
        found.append((done.added, done.changed, done.same))
    assert found == [(2, 0, 0), (0, 0, 2)], "twice is once"
    units = {row.code: (row.community_unit_id, row.property_unit_id, row.fire_unit_id) for row in town.rows(select(_device))}
    assert units["YG-8"] == tuple(town.unit_id(code) for code in ("rongyin", "hubin-estates", "fire"))


def test_whoever_stands_in_for_the_named_person_hears_and_without_one_the_head_does(town: Town, supplier: Supplier) -> None:
    database, began = town.context.database, town.now
    with database.unit_of_work() as session:
        add(session, Written("YG-2", "smoke", "4幢", "rongyin-1"), "admin", began)
        set_deputy(session, "hubin.head", "hubin.clerk")
        set_away(session, "hubin.head", began - timedelta(hours=1), began + timedelta(days=1), "出差", began)
    first, second = supplier.alarms([SMOKE.code, "YG-2"], began)
    town.fast_forward(until=began + timedelta(minutes=3))
    for told, name in ((first, "hubin.clerk"), (second, "rongyin.head")):
        assert any(told["case"] in text and "无人签收" in text for text in town.heard(name)), name
    assert not any(first["case"] in text for text in town.heard("hubin.head"))
    cases = {row.no: row.id for row in town.rows(select(_case.c.no, _case.c.id))}
    supplier.brings(supplier.alarm(SMOKE.code, town.now, signal="clear"), town.now)
    town.act(cases[first["case"]], "stand_down", "centre.duty", reason="误报")
    town.turn()
    assert any("报警解除" in text for text in town.heard("hubin.clerk")), "who was called hears that it is over"
    town.act(cases[first["case"]], "fail_check", "centre.duty", reason="现场仍有烟")
    assert outcomes(supplier.alarms([SMOKE.code], town.now)) == ["flapping"], "it was real after all: its alarms belong to it again"
    assert town.orders(cases[first["case"]])[0].state == "working"
    assert complaints(database, town.now) == []
