"""A live example of a poll: a twenty-year-old estate is asked about its drains, online and in a talk."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from rules.facts import Thing
from services.affairs import affairs
from services.affairs.acting import Ask, act
from services.catalogue import catalogue
from services.moves import Setting
from services.polls import Poll, open_poll


def show(session: Session, now: datetime) -> None:
    """Open a poll with the answers of a talk; does nothing where there is a poll already.

    Args:
        session: The unit of work; committed by the caller.
        now: The instant, aware UTC.
    """
    if affairs(session, (Thing.POLL,), limit=1):
        return
    setting, clerk = Setting(now), catalogue(session).actor("chenguang.clerk")
    options = ("全部换新", "只换主管", "暂不改造")
    poll = Poll("老小区排水管怎么换", options, (now + timedelta(days=10)).isoformat(), 240, place="晨光小区")
    no = open_poll(session, poll, clerk, setting).no
    talk = ({"choice": options[0], "households": 18}, {"choice": options[1], "households": 7})
    act(session, Ask(no, "record_answers", None, {"how": "talk", "answers": talk, "words": "第一场座谈"}), clerk, setting)
