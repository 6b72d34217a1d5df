"""What tests of merged and split units do and look at."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from models import Clock, UnitChange, table
from services.audit import LAG, audit_clocks
from services.units import asking
from services.why import Which, explain
from tests.support.sound import complaints
from tests.support.town import Town

_clock = table(Clock)
_change = table(UnitChange)


DRAIN = ("下水道堵了", "晨光小区5号楼下水道堵了，污水外溢，臭死了")
LIGHT = ("路灯不亮", "小区门口三盏路灯不亮，晚上看不见路")
#: Of a clock, everything but whose it is.
UNTOUCHED = [c for c in _clock.c if c.name not in ("unit_id", "claimed_by", "claimed_until")]


def untouched(town: Town) -> list[Any]:
    return [tuple(row) for row in town.rows(select(*UNTOUCHED).order_by(_clock.c.id))]


def do(town: Town, ask: Any) -> int:
    with town.context.database.unit_of_work() as session:
        return int(ask(session))


def merge(town: Town, code: str, into: str, since: datetime | None = None) -> int:
    return do(town, lambda s: asking.ask_merge(s, code, into, since or town.now, "admin", town.now))


def drain(town: Town, area: str = "chenguang-1") -> int:
    case = town.reports(*DRAIN, area=area, source="hotline")
    town.turn()
    return case


def lamp(town: Town) -> int:
    """A case whose limits are in working days."""
    case = town.reports(*LIGHT, source="hotline")
    town.turn()
    return case


def audited(town: Town) -> None:
    """The auditor and the second opinion find nothing."""
    with town.context.database.unit_of_work() as session:
        assert audit_clocks(session, town.now, LAG) == []
    assert complaints(town.context.database, town.now) == []


def sound(town: Town) -> None:
    """The auditor, the second opinion and `why` agree about every case."""
    audited(town)
    with town.context.database.unit_of_work() as session:
        for row in town.rows(select(_clock.c.case_id).distinct()):
            no = town.case(row.case_id).no
            found = explain(session, no, town.now, Which(stopped=True))
            assert [(f.kind, f.problem, f.due_at, f.stored_due_at) for f in found if not f.agrees] == []
