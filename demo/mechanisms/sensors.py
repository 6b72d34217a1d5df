"""感知预警 (row 7) in the demonstration district: detectors in 晨光社区, a supplier, an open alarm, a button of a household file."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.mechanisms import households
from models import SensorDevice, begin_write, connection_of, table
from services.catalogue import catalogue
from services.mechanisms import is_on
from services.moves import Setting
from services.sensors import hooks
from services.sensors.devices import Written, add
from services.sensors.judging import Alarm
from services.sensors.linking import link
from services.sensors.muting import mute
from services.sensors.taking import take
from services.subjects import open_subject

HOOK: Final = "demo"
AT_HOME: Final = "JH-CG-0305"  #: the button of the old woman of the household file
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
    Written(AT_HOME, "call", "晨光小区3幢501（独居）", "chenguang-1", escalate_to="chenguang.head", people="chenguang-1.worker"),
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
    if is_on(session, "households"):
        _link(session, now)


def _link(session: Session, now: datetime) -> None:
    """An alarm of the button is heard on the household file of the demonstration."""
    households.show(session, now)
    file = open_subject(session, households.FILE, catalogue(session).actor("chenguang-1.worker"), Setting(now))
    link(session, AT_HOME, file.no, "chenguang.head", now)
