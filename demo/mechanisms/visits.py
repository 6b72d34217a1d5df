"""入户走访: the grid worker of 晨光一网格 has called at a building; two matters have become cases."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.catalogue import catalogue
from services.intake import Report
from services.intake.visits import Visited, open_visit, visits
from services.moves import Setting


def show(session: Session, now: datetime) -> None:
    """Make the example; does nothing where it is made."""
    if visits(session, limit=1):
        return
    visited = Visited(area="chenguang-1", place="晨光小区 3 栋", note="走访 12 户，两户反映问题", at=now, key="demo:visit")
    matters = [Report("", "楼道灯不亮，老人上下楼看不清"), Report("", "3 栋门口井盖松动，车压过响声大")]
    open_visit(session, visited, matters, catalogue(session).actor("chenguang-1.worker"), Setting(now))
