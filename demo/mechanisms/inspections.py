"""The demonstration district's inspection (四不两直): one that is out, with a problem handed out on the spot."""

from datetime import datetime

from sqlalchemy.orm import Session

from rules.facts import Thing
from services.affairs import find as find_affair
from services.catalogue import catalogue
from services.inspections import Found, Planned, Site, find, plan, visible
from services.inspections.planning import CODE
from services.mechanisms import require
from services.moves import Intent, Setting, make_moves, one

NAME = "湖滨路街面秩序暗访"


def show(session: Session, now: datetime) -> None:
    """An inspection of shop fronts by the duty leader and the head of the centre; it is not released, so units do not see it.

    Safe to run twice: where it is, nothing is done.
    """
    require(session, CODE)
    leader, setting = catalogue(session).actor("chenghu.leader"), Setting(now)
    if any(row["data"]["name"] == NAME for row in visible(session, leader)):
        return
    sites = (Site("湖滨路沿街", "urban", "hubin"), Site("榕荫路菜市场周边", "sanitation", "rongyin"))
    text = "不发通知、不打招呼、不听汇报、不用陪同接待，直奔基层、直插现场"
    no = plan(session, Planned(NAME, text, "streets", ("chenghu.leader", "centre.head"), sites), leader, setting).no
    ref = find_affair(session, no, Thing.INSPECTION)
    one(make_moves(session, [Intent(ref.case_id, "begin_inspection", leader, Thing.INSPECTION, ref.seq)], setting))
    shops = Found("店外经营", "湖滨路沿街", "urban", "overflow", "5wd", "hubin", 12, "处", before=("摊桌外摆，占用盲道",))
    find(session, no, shops, leader, setting)
