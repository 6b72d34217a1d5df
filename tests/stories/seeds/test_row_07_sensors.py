"""Row 7 (seed 002, 街道中脑+社区微脑): a smoke detector flaps 40 times; one case, acknowledged in 3 minutes or escalated."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from models import SensorAlarm, SensorDevice, table
from services.routing.explaining import explain
from services.sensors.figures import of_case
from tests.support.sensing import SMOKE, Supplier, supplier_of
from tests.support.sound import complaints
from tests.support.town import Town

_alarm, _device = table(SensorAlarm), table(SensorDevice)
NOT_119 = "不能代替119、110、120"


def flaps(town: Town, supplier: Supplier, times: int) -> list[dict[str, str]]:
    """One alarm every second, each a push of its own; the engine turns after the first."""
    told = []
    for n in range(times):
        told += supplier.alarms([SMOKE.code], town.now)
        if n == 0:
            town.turn()
        town.now += timedelta(seconds=1)
    return told


def the_case(town: Town) -> int:
    """The one case that there is."""
    (case_id,) = {row.case_id for row in town.rows(select(_alarm.c.case_id))}
    return int(case_id)


def test_forty_alarms_of_one_detector_that_nobody_acknowledges(town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    with supplier_of(town.context.database, tmp_path, encryption_key, town.now) as supplier:
        began = town.now
        told = flaps(town, supplier, 40)
        assert [each["outcome"] for each in told] == ["opened", *["flapping"] * 39]
        assert len({each["case"] for each in told}) == 1
        case = the_case(town)
        row = town.case(case)
        assert (row.state, row.urgency, row.category, row.source) == ("dispatched", "P0", "E04", "sensor")
        assert [(o.code, o.lead) for o in town.orders(case)] == [("chenguang", True), ("chenguang-estate", False), ("fire", False)]
        assert {o.sent_at for o in town.orders(case)} == {began}, "all at the same moment"
        told_at_once = {m.name for m in town.messages(case) if m.queued_at == began}
        assert {"chenguang.clerk", "chenguang-estate.clerk", "fire.clerk", "chenguang-1.worker"} <= told_at_once
        for name in ("chenguang.clerk", "chenguang-estate.clerk", "fire.clerk", "chenguang-1.worker"):
            assert any("不代替119、110、120" in text for text in town.heard(name, case)), name
        assert NOT_119 in row.body
        with town.context.database.unit_of_work() as session:
            (way,) = [turn for turn in explain(session, row.no, "zh") if turn.action == "dispatch"]
        assert way.why == "按设备 YG-0001 登记的责任单位：晨光社区。"
        assert town.actions(case).count("sensor_alarm") == 1, "the journal is not flooded"
        assert town.actions(case).count("sensor_more") == 1

        assert town.heard("hubin.head", case) == []
        town.fast_forward(until=began + timedelta(minutes=3))
        assert ("acknowledge", "escalate_1", began + timedelta(minutes=3)) in town.fired(case)
        (urged,) = town.heard("hubin.head", case)
        assert "晨光社区无人签收" in urged
        assert "不代替119、110、120" in urged
        assert town.state(case) == "dispatched", "silence is no answer"

        town.now += timedelta(minutes=1)
        town.order(case, "acknowledge", "chenguang.clerk")
        town.now += timedelta(minutes=6)
        stood_down(town, case)
        figures_read_back(town, case)


def stood_down(town: Town, case: int) -> None:
    """The community finds somebody smoking in the stairwell; everybody who was called hears who says so and why."""
    town.act(case, "stand_down", "chenguang.clerk", reason="楼道有人吸烟，现场无火情")
    town.turn()
    assert (town.state(case), town.case(case).result) == ("handled", "楼道有人吸烟，现场无火情")
    (entry,) = [e for e in town.journal(case) if e.action == "stand_down" and e.thing == "case"]
    assert (entry.actor, entry.data["reason"]) == ("chenguang.clerk", "楼道有人吸烟，现场无火情")
    for name in ("chenguang-estate.clerk", "fire.clerk", "chenguang-1.worker", "hubin.head"):
        assert any("报警解除" in text and "119、110、120" in text for text in town.heard(name, case)), name
    assert not any("报警解除" in text for text in town.heard("chenguang.clerk", case)), "who says so need not be told"


def figures_read_back(town: Town, case: int) -> None:
    """40 alarms, 1 case, 39 suppressed; one false alarm of the detector; then somebody else has looked, and it is over."""
    with town.context.database.unit_of_work() as session:
        found = of_case(session, case)
    assert (found.alarms, found.cases, found.suppressed, found.devices) == (40, 1, 39, (SMOKE.code,))
    (device,) = town.rows(select(_device))
    assert (device.alarms, device.suppressed, device.false_alarms) == (40, 39, 1)
    town.act(case, "pass_check", "centre.duty")
    town.fast_forward(days=15)
    assert town.state(case) == "closed"
    assert complaints(town.context.database, town.now) == []


def test_acknowledged_within_three_minutes_nobody_is_escalated_to(town: Town, tmp_path: Path, encryption_key: bytes) -> None:
    with supplier_of(town.context.database, tmp_path, encryption_key, town.now) as supplier:
        began = town.now
        flaps(town, supplier, 40)
        case = the_case(town)
        town.now = began + timedelta(minutes=2)
        for unit in ("chenguang", "chenguang-estate", "fire"):
            town.order(case, "acknowledge", f"{unit}.clerk", unit)
        town.fast_forward(until=began + timedelta(minutes=4))
        assert town.heard("hubin.head", case) == []
        assert not [rung for kind, rung, _ in town.fired(case) if kind == "acknowledge"]
        stood_down_by_fire(town, case)
        quiet_for_its_window(town, supplier, case)
        assert complaints(town.context.database, town.now) == []


def stood_down_by_fire(town: Town, case: int) -> None:
    """Any unit of the case may say that it is nothing; the named person was never called, and hears nothing."""
    town.act(case, "stand_down", "fire.clerk", reason="探测器进了灰尘")
    town.turn()
    assert any("报警解除" in text for text in town.heard("chenguang.clerk", case))
    assert town.heard("hubin.head", case) == []


def quiet_for_its_window(town: Town, supplier: Supplier, case: int) -> None:
    """Dust goes on alarming for a while unheard; after that it is a new event."""
    (told,) = supplier.alarms([SMOKE.code], town.now + timedelta(minutes=9))
    assert told["outcome"] == "stood_down"
    town.now += timedelta(minutes=11)
    (told,) = supplier.alarms([SMOKE.code], town.now)
    assert told["outcome"] == "opened"
    assert told["case"] != town.case(case).no
    town.turn()
