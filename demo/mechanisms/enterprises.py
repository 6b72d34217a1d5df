"""An enterprise's file in the demonstration district: two issues of the ledger, one of which is solved and waits for its word."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from rules.facts import Thing
from services.affairs import sheet
from services.affairs.acting import Ask, act
from services.catalogue import catalogue
from services.moves import Setting
from services.subjects import Subject, open_subject

FILE: Final = Subject("enterprise", "QY-0012 湖滨食品厂", tier=2, area="chenguang", kind="食品加工", phone="10000080002", name="厂办")
ISSUES: Final = (("service", "厂门口路灯不亮，夜班不安全", "municipal"), ("labour", "缺 6 名包装工", "business"))


def show(session: Session, now: datetime) -> None:
    """Open the file with two issues found at visits, and have the first one solved; does nothing the second time.

    Args:
        session: The unit of work; committed by the caller.
        now: The instant, aware UTC.
    """
    known, setting = catalogue(session), Setting(now)
    clerk = known.actor("chenguang.clerk")
    opened = open_subject(session, FILE, clerk, setting)
    if opened.known:
        return
    for way, title, unit in ISSUES:
        act(session, Ask(opened.no, "open_issue", None, {"title": title, "way": way, "unit": known.unit_ids[unit]}), clerk, setting)
    first = next(part["no"] for part in sheet(session, opened.no).parts if part["thing"] == Thing.ISSUE.value)
    act(session, Ask(opened.no, "solve_issue", first, {"result": "换了灯头，今晚已亮"}), known.actor("municipal.clerk"), setting)
