"""A household file in the demonstration district: an old woman who lives alone, watched day and night since she pressed the button."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from services.affairs.acting import Ask, act
from services.catalogue import catalogue
from services.moves import Setting
from services.subjects import Alert, Subject, alert, open_subject, write_note

FILE: Final = Subject(
    "household",
    "晨光1-03-501",
    tier=2,
    area="chenguang-1",
    kind="独居老人",
    identity="林阿婆，82 岁，3 栋 501",
)
READER: Final = "chenguang.head"


def show(session: Session, now: datetime) -> None:
    """Open the file with a sealed note and a reader, and raise it to tier 4; does nothing the second time.

    Args:
        session: The unit of work; committed by the caller.
        now: The instant, aware UTC.
    """
    worker, setting = catalogue(session).actor("chenguang-1.worker"), Setting(now)
    opened = open_subject(session, FILE, worker, setting)
    if opened.known:
        return
    head = catalogue(session).actor(READER)
    act(session, Ask(opened.no, "name_readers", None, {"readers": (head.user_id,)}), head, setting)
    write_note(session, opened.no, "health", "高血压，每天早晚服药，女儿在外地", worker.name, now)
    alert(session, opened.no, Alert("sos", "一键呼叫，称头晕，社区已上门"), setting)
