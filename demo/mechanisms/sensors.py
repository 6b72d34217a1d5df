"""感知预警 (row 7) in the demonstration district: detectors in 晨光社区, a supplier, and an alarm that is open."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import SensorDevice, begin_write, connection_of, table
from services.sensors import hooks
from services.sensors.devices import Written, add
from services.sensors.judging import Alarm
from services.sensors.muting import mute
from services.sensors.taking import take

HOOK: Final = "demo"
DEVICES: Final = (
    Written(
        "YG-CG-0301",
        "smoke",
        "晨光小区3幢2单元楼道",
        "chenguang-1",
        "30.2501,120.1602",
        escalate_to="hubin.head",
        people="chenguang-1.worker",
    ),
    Written("RQ-CG-0101", "gas", "晨光小区1幢101厨房", "chenguang-1", "30.2503,120.1605", escalate_to="hubin.head"),
    Written("SW-CG-0001", "water", "晨光河闸口", "chenguang-3", "30.2512,120.1620"),
    Written("JH-CG-0502", "call", "晨光小区5幢201（独居）", "chenguang-2", escalate_to="chenguang.head", people="chenguang-2.worker"),
    Written("MJ-CG-0700", "door", "晨光小区7幢门厅", "chenguang-2"),
    Written("LD-CG-0012", "lamp", "晨光路12号杆", "chenguang-3"),
)


def show(session: Session, now: datetime) -> None:
    """Register the devices, mute one, and let the smoke detector flap five times: one case. Does nothing the second time."""
    begin_write(session)
    device = table(SensorDevice)
    if connection_of(session).execute(select(device.c.id).where(device.c.code == DEVICES[0].code)).first():
        return
    for written in DEVICES:
        add(session, written, "admin", now)
    mute(session, "MJ-CG-0700", "更换门禁电源", now + timedelta(hours=8), "chenguang-estate.clerk", now)
    hooks.make(session, HOOK, "演示供应商", "admin", now)
    hook = hooks.opened(session, HOOK, now)
    if hook is not None:
        alarms = [Alarm(f"demo-{n}", DEVICES[0].code, now, value="0.9 dB/m") for n in range(1, 6)]
        take(session, hook, [*alarms, Alarm("demo-door", "MJ-CG-0700", now)], now)
