"""What tests of firing rungs do and look at."""

from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models import Absence, Case, Clock, Database, LadderVersion, Message, RungFiring, Staff, begin_write, table
from tests.support.databases import reference_data_changed
from tests.support.town import START, Town

_firing = table(RungFiring)
_message = table(Message)
_clock = table(Clock)
_case = table(Case)
_staff = table(Staff)


DRAIN = "5号楼前下水道堵了，污水外溢"  # led by water, 24 h, acknowledged within 30 min


def change(database: Database, *statements: Any) -> None:
    """Change reference data as whoever edits it must."""
    with database.unit_of_work() as session:
        begin_write(session)
        for statement in statements:
            session.connection().execute(statement)
        reference_data_changed(session)


def ids(session: Session, *names: str) -> list[int]:
    return list(session.connection().execute(select(_staff.c.id).where(_staff.c.name.in_(names))).scalars())


def send_away(town: Town, *names: str) -> None:
    with town.context.database.unit_of_work() as session:
        gone = ids(session, *names)
    assert len(gone) == len(names)
    change(town.context.database, insert(table(Absence)).values([{"staff_id": i, "since": START, "reason": ""} for i in gone]))


def ladder(town: Town, code: str, *rungs: dict[str, Any]) -> None:
    """Give every clock of a ladder these rungs, before any has started."""
    change(town.context.database, update(table(LadderVersion)).where(table(LadderVersion).c.code == code).values(rungs=list(rungs)))


def told(town: Town, case: int, notice: str) -> list[str | None]:
    return [m.name for m in town.messages(case) if m.notice == notice]


def entry(town: Town, case: int, rung: str, kind: str = "handle") -> Any:
    return next(e for e in town.journal(case) if e.thing == "clock" and e.action == rung and e.data["clock"] == kind and e.thing_no == 1)


def climbed(town: Town, case: int) -> list[str]:
    """The rungs of the lead's handling clock, in order."""
    return [e.action for e in town.journal(case) if e.thing == "clock" and e.thing_no == 1 and e.data["clock"] == "handle"]


def skips(town: Town, case: int) -> set[tuple[str, str]]:
    joined = _firing.join(_clock, _clock.c.id == _firing.c.clock_id)
    wanted = select(_firing.c.rung, _firing.c.skipped).select_from(joined).where(_clock.c.case_id == case, _firing.c.skipped.is_not(None))
    return {(row.rung, row.skipped) for row in town.rows(wanted)}


def working(town: Town, text: str = DRAIN) -> int:
    """A case on which every unit is at work."""
    case = town.reports(text)
    town.turn()
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
        town.order(case, "contact", f"{order.code}.clerk", order.code)
    return case
