"""The demonstration district's task force (专班): a unit for the renewal of old estates, until the street's own office goes on."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.catalogue import catalogue
from services.people.addresses import set_addresses
from services.seeding import pretend_phone
from services.units.task_forces import Force, set_up

CODE = "renewal"


def show(session: Session, now: datetime) -> None:
    """A task force of 湖滨街道 that ends in 90 days, with a clerk and a head who can be told.

    Safe to run twice: where it is, nothing is done.
    """
    if CODE in catalogue(session).unit_ids:
        return
    end = now + timedelta(days=90)
    set_up(session, [Force(CODE, "老旧小区改造专班", "Estate Renewal Task Force", "hubin", end, "hubin-works")], "admin", now)
    for post in ("clerk", "head"):
        user = f"{CODE}.{post}"
        set_addresses(session, user, {"phone": pretend_phone(user), "email": f"{user}@example.cn"}, "admin", now)
