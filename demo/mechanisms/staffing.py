"""A/B 角 of the community 晨光: each grid has a head, a worker A, and the worker of the next grid who stands in."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from services.catalogue import catalogue
from services.responsibility.entering import enter
from services.responsibility.listing import rows_of
from services.responsibility.sheets import as_table

SINCE: Final = "2026-01-01"
GRIDS: Final = ("chenguang-1", "chenguang-2", "chenguang-3")


def show(session: Session, now: datetime) -> None:
    """Make the example; does nothing where it is made."""
    if rows_of(session, "posts", now):
        return
    after = dict(zip(GRIDS, (*GRIDS[1:], GRIDS[0]), strict=True))
    posts = [
        (grid, slot, user, SINCE)
        for grid in GRIDS
        for slot, user in (("head", "chenguang.head"), ("a", f"{grid}.worker"), ("b", f"{after[grid]}.worker"))
    ]
    admin = catalogue(session).actor("admin")
    enter(session, "posts", as_table("posts", "grid slot user from", posts), admin, now)
