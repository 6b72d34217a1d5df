"""The demonstration district's topic (未诉先办): a drain that blocks again and again, and the plan for it."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.catalogue import catalogue
from services.intake import Report, submit
from services.moves import Intent, Setting, make_moves, one
from services.topics import act, detect, take, topics

PLACE = "榕荫路菜市场后巷"
_TEXT = "菜市场后巷下水道又堵了，污水外溢"


def show(session: Session, now: datetime) -> None:
    """Three reports of the same drain, the topic that they are, and a plan that the head of the centre has approved.

    Safe to run twice: where the place has its topic, nothing is done.
    """
    if any(row["place"] == PLACE for row in topics(session)):
        return
    known, setting = catalogue(session), Setting(now)
    reports = [Report(_TEXT, f"{_TEXT}，第{n}次", area="rongyin-1", place=PLACE, key=f"demo:topic:{n}") for n in range(1, 4)]
    cases = [done.case_id for done in submit(session, reports, setting)]
    desk = known.actor("centre.duty")
    for case_id in cases:
        one(make_moves(session, [Intent(case_id, "accept", desk)], setting))
        one(make_moves(session, [Intent(case_id, "file", desk, args={"category": "A01", "urgency": "P1"})], setting))
    (no, *_) = detect(session, now)
    take(session, no, "water", "后巷 60 米管网清淤换大管径，市场加隔油池", known.actor("water.head"), now)
    act(session, no, "approve_plan", known.actor("centre.head"), now)
