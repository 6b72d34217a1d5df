"""The hundred folding chairs of seed 003 in the demonstration district: an order in the pool that three units have taken a part of."""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Affair, connection_of, table
from rules.facts import Thing
from services.affairs.acting import Ask, act
from services.catalogue import catalogue
from services.claims_pool import Line, Order, pair, post
from services.moves import Setting

TITLE: Final = "社区议事厅要100把折叠椅，还要2个人安装"
PLEDGES: Final = (("hubin-estates", 30), ("urban", 25), ("housing", 20))
_affair = table(Affair)


def show(session: Session, now: datetime) -> None:
    """Post the order and let three units claim: 25 chairs and both installers are still free. Does nothing the second time.

    Args:
        session: The unit of work; committed by the caller.
        now: The instant, aware UTC.
    """
    there = select(_affair.c.no).where(_affair.c.thing == Thing.POOL.value, _affair.c.title == TITLE)
    if connection_of(session).execute(there).scalar() is not None:
        return
    known, setting = catalogue(session), Setting(now)
    lines = (Line("折叠椅", 100, "把"), Line("安装", 2, "人", "木工"))
    began = post(session, Order(TITLE, lines, place="晨光社区议事厅", area="chenguang"), known.actor("chenguang.clerk"), setting)
    for unit, quantity in PLEDGES:
        act(session, Ask(began.no, "claim", None, {"quantity": quantity}), known.actor(f"{unit}.clerk"), setting)
    pair(session, "chenguang", "hubin-estates", known.actor("admin"), now)
