"""An errand in the demonstration district: a chronic illness to be recognised, done at home by the grid worker; one paper is there."""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Affair, connection_of, table
from rules.facts import Thing
from services.affairs.acting import Ask, act
from services.catalogue import catalogue
from services.errands import Wish, begin_errand
from services.moves import Setting

PLACE: Final = "晨光小区 5 栋"
_affair = table(Affair)


def show(session: Session, now: datetime) -> None:
    """Begin the errand and tick off the first paper; does nothing the second time.

    Args:
        session: The unit of work; committed by the caller.
        now: The instant, aware UTC.
    """
    there = select(_affair.c.no).where(_affair.c.thing == Thing.ERRAND.value, _affair.c.place == PLACE)
    if connection_of(session).execute(there).scalar() is not None:
        return
    known, setting = catalogue(session), Setting(now)
    clerk = known.actor("chenguang.clerk")
    wish = Wish("chronic", "10000080001", "周爷爷", place=PLACE, area="chenguang-1", agent="chenguang-1.worker", home=True)
    began = begin_errand(session, wish, clerk, setting)
    act(session, Ask(began.no, "tick_material", None, {"material": "id_card"}), clerk, setting)
