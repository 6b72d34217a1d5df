"""吹哨报到: the street 湖滨 whistles for two bureaus because of a night market; one has reported in."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from rules.facts import Thing
from services.affairs import Plan, affairs, begin, sheet
from services.affairs.acting import Ask, act
from services.catalogue import catalogue
from services.moves import Setting


def show(session: Session, now: datetime) -> None:
    """Make the example; does nothing where it is made."""
    if affairs(session, (Thing.WHISTLE,), limit=1):
        return
    known, setting = catalogue(session), Setting(now)
    called = tuple(known.unit_ids[code] for code in ("urban", "water"))
    due = (now + timedelta(hours=2)).isoformat()
    plan = Plan("whistle", {"title": "湖滨路夜市油烟、污水联合处置", "place": "湖滨路口", "called": called, "limit": due})
    began = begin(session, plan, known.actor("hubin.clerk"), setting)
    first = next(part["no"] for part in sheet(session, began.no).parts if part["unit_id"] == called[0])
    act(session, Ask(began.no, "report_in", first, {"way": "on_site", "words": "已到场"}), known.actor("urban.clerk"), setting)
