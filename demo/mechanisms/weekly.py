"""A live example of 每周一测评: a published week with an appeal that was upheld, and a sheet of this week that its unit may appeal."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.catalogue import catalogue
from services.moves import Setting
from services.rhythm import sheets, weeks
from services.rhythm.periods import local_day
from services.rhythm.sheets import Filled, Taken

_AGO = timedelta(days=21)  #: long enough for any window to be over, holidays included


def show(session: Session, now: datetime) -> None:
    """Score, appeal, decide and publish a week three weeks ago, and sign one sheet now; does nothing the second time.

    Args:
        session: The unit of work; committed by the caller.
        now: The instant, aware UTC.
    """
    known, then = catalogue(session), now - _AGO
    week = local_day(then, known.zone)
    if weeks.sheets_of(session, week):
        return
    scorer, head = known.actor("centre.clerk"), known.actor("centre.head")
    streets = Filled("streets", "chenguang-1", "湖滨路口", "sanitation", (Taken("roads", 30, "人行道落叶未清"),))
    market = Filled("markets", "dukou", "渡口市场", "market", (Taken("bins", 50, "厨余桶未分类"),))
    for filled in (streets, market):
        done = sheets.open_sheet(session, filled, scorer, Setting(then))
        sheets.sign(session, done.sheet_id, scorer, then)
        if filled is streets:
            weeks.appeal(session, done.sheet_id, [], "该路段当日由街道承包作业", known.actor("sanitation.clerk"), then + timedelta(hours=1))
            weeks.decide(session, done.sheet_id, ["roads"], "作业合同属实，退还扣分", head, then + timedelta(hours=2))
    weeks.publish(session, week, head, now)
    traffic = Filled("traffic", "chenguang-1", "晨光小区东门", "traffic", (Taken("crossings", 20, "早高峰路口无人疏导"),))
    fresh = sheets.open_sheet(session, traffic, scorer, Setting(now))
    sheets.sign(session, fresh.sheet_id, scorer, now)
