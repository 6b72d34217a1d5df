"""文明存折 of the community 晨光, switched on for the demonstration: an account, a partner with goods, one piece put aside."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from services import mechanisms, points
from services.catalogue import catalogue
from services.patrols import Resident
from services.points import Goods, Partner, Wish

PHONE: Final = "10000070004"
PARTNER: Final = "chenguang-mall"


def show(session: Session, now: datetime) -> None:
    """Switch points on and make the example; does nothing where an administrator has switched them since, or it is made."""
    standing = next((each for each in mechanisms.standings(session) if each.code == points.MECHANISM), None)
    if standing is None or standing.since is not None:
        return
    known = catalogue(session)
    clerk = known.actor("chenguang.clerk")
    mechanisms.switch(session, points.MECHANISM, known.actor("admin"), now, on=True)
    account = points.open_account(session, Resident("居民老周", PHONE), clerk, now)
    points.add_partner(session, Partner(PARTNER, "晨光爱心商城", "Chenguang Kindness Shop", "晨光小区南门"), clerk, now)
    points.add_goods(session, Goods("chenguang-soap", "香皂一块", "A bar of soap", PARTNER, 2, 20), clerk, now)
    for key, what in (("walk", "河道巡护一次"), ("books", "图书角整理一次")):
        points.give(session, account, "voluntary_work", key, what, clerk, now)
    points.redeem(session, Wish(account, "chenguang-soap", PHONE, key=f"demo {account}"), now, clerk)
