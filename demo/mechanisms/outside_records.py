"""The demonstration district's records of organisations outside: a property company was called in, and has objected to a bad record."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.catalogue import catalogue
from services.moves import Setting
from services.outside_records import Record, act, record, records

RULE = "《物业服务信用评价办法》第12条"


def show(session: Session, now: datetime) -> None:
    """An interview and a bad record of a property company; it objects, and somebody else has to decide.

    Safe to run twice: where there are records, nothing is done.
    """
    if records(session, now, limit=1):
        return
    known, setting = catalogue(session), Setting(now)
    made = [
        Record("interview", "chenguang-estate", "楼道堆物多次催告未清", RULE),
        Record("bad_record", "chenguang-estate", "消防通道长期堵塞，拒不整改", RULE, until=now + timedelta(days=180)),
    ]
    _, bad = record(session, made, known.actor("housing.head"), setting)
    act(session, bad, "object_record", known.actor("chenguang-estate.head"), setting, reason="已在期限内清空，有照片")
