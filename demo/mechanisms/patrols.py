"""小蜜蜂 of the community 晨光: a group of couriers with a station, a child with her mother, three reports."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from services import patrols
from services.catalogue import catalogue
from services.moves import Setting
from services.patrols import Line, Opening, Resident

CODE: Final = "chenguang-bees"
CHILDREN: Final = "chenguang-hihi"
MEMBERS: Final = (("骑手小陈", "10000070001"), ("骑手小林", "10000070002"))
MOTHER: Final = "10000070003"
SEEN: Final = ("共享单车乱停，人行道走不了", "垃圾桶满溢，垃圾掉了一地")


def show(session: Session, now: datetime) -> None:
    """Make the example; does nothing where it is made."""
    if any(row["code"] == CODE for row in patrols.listed(session, "group")):
        return
    known = catalogue(session)
    clerk, zone = known.actor("chenguang.clerk"), known.zone
    patrols.open_group(session, Opening(CODE, "晨光小蜜蜂", "Chenguang Little Bees", "chenguang", kind="courier"), clerk, now)
    patrols.open_group(session, Opening(CHILDREN, "晨光小嗨嗨", "Chenguang Little Helpers", "chenguang", kind="children"), clerk, now)
    hive = Opening("chenguang-hive", "晨光蜂巢驿站", "Chenguang Hive", "chenguang", place="晨光小区东门")
    patrols.open_station(session, hive, clerk, now)
    riders = [patrols.join(session, CODE, Resident(name, phone), clerk, now, station=hive.code) for name, phone in MEMBERS]
    signed = (now - timedelta(days=7)).astimezone(zone).date()
    child = patrols.join(session, CHILDREN, Resident("小雨", None, "child", "小雨妈妈", MOTHER, signed), clerk, now)
    lines = [Line(rider, text, "chenguang-1", "晨光小区东门") for rider, text in zip(riders, SEEN, strict=True)]
    patrols.report(session, [*lines, Line(child, "学校门口路灯不亮", "chenguang-2", "学校门口")], Setting(now))
