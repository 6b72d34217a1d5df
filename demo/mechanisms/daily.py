"""A live example of 每日一清单: today's list of the demonstration district, with something said about it."""

from datetime import datetime

from sqlalchemy.orm import Session

from rules.facts import State
from services.catalogue import catalogue
from services.moves import Setting
from services.rhythm import lists
from services.rhythm.periods import DAY, local_day
from services.rhythm.remarks import Said, remark, remarks

_WITH_UNITS = (State.DISPATCHED, State.HANDLING)


def show(session: Session, now: datetime) -> None:
    """Make the list of the day, and urge the first unit on it that works on something; does nothing where somebody has spoken before.

    Args:
        session: The unit of work; committed by the caller.
        now: The instant, aware UTC.
    """
    known = catalogue(session)
    day = local_day(now, known.zone)
    lists.make(session, DAY, "system", now)
    if remarks(session, DAY, day, None):
        return
    centre, setting = known.actor("centre.duty"), Setting(now)
    remark(session, DAY, day, Said("今日重点：先办特急和紧急，超期的当天说明原因"), centre, setting)
    lines = lists.read_list(session, DAY, day, centre).lines
    live = (line for line in lines if line["part"] in ("due", "overdue") and line["order_no"] and line["state"] in _WITH_UNITS)
    first = next(live, None)
    if first is not None:
        remark(session, DAY, day, Said("今天办结，有困难上午报中心", first["no"], urge=True), centre, setting)
