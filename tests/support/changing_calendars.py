"""What tests of changed calendars do and look at: edits, due moments, journals, and that all is sound."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from models import Case, Database, table
from services.audit.rounds import audit_clocks
from services.calendars import Done, NoticeDay, OneDay, catch_up, change_calendars, set_day
from services.calendars.layers import Edit
from services.calendars.listing import Day, calendar_named, month_of
from services.catalogue import catalogue
from services.why import explain
from tests.support.sound import complaints
from tests.support.town import Town

DRAIN, PARKING, LAMP = "5号楼前下水道堵了，污水外溢", "小区停车位不够，想增加停车位", "路灯不亮"
#: 27 January 2027, 10:00 in Shanghai, a Wednesday.
JANUARY = datetime(2027, 1, 27, 2, 0, tzinfo=UTC)
#: Our own invention: the Spring Festival from 5 to 12 February, paid for by two Saturdays; the other holidays as the law has them.
FESTIVAL = [(f"2027-02-{n:02d}", False) for n in range(5, 13)] + [("2027-01-30", True), ("2027-02-27", True)]
OTHERS = ("01-01", "04-05", "05-03", "05-04", "06-09", "09-15", "10-01", "10-04", "10-05")
SPRING = FESTIVAL + [(f"2027-{day}", False) for day in OTHERS]


def told(days: Sequence[tuple[str, bool]] = SPRING) -> list[NoticeDay]:
    return [NoticeDay(n, date.fromisoformat(day), on, "调休上班" if on else "春节", "") for n, (day, on) in enumerate(days, start=2)]


def off(day: str, calendar: str = "cn", layer: str = "stoppage") -> Edit:
    return set_day(OneDay(calendar, date.fromisoformat(day), False, layer, "台风停工", "三防指挥部"))


def back(day: str, calendar: str = "cn", layer: str = "stoppage") -> Edit:
    return set_day(OneDay(calendar, date.fromisoformat(day), None, layer, "", ""))


def change(town: Town, edit: Edit, *, confirm: bool = False, by: str = "admin") -> Done:
    with town.context.database.unit_of_work() as session:
        done = change_calendars(session, edit, by, town.now, confirm=confirm)
    with town.context.database.unit_of_work() as session:
        assert catch_up(session, done, town.now) == []
    return done


def due(town: Town, case: int, kind: str, unit: str | None = None) -> str:
    """Local due moment of an open clock of a case."""
    (found,) = [c for c in town.clocks(case) if c.kind == kind and c.stopped_at is None and unit in (None, town.unit_code(c.unit_id))]
    return str((found.due_at + timedelta(hours=8)).strftime("%m-%d %H:%M"))


def entries(town: Town, case: int) -> list[Any]:
    return [e for e in town.journal(case) if e.action == "reprojected"]


def sound(town: Town) -> None:
    """Nothing wrong with any journal or clock, and every clock can be explained."""
    assert complaints(town.context.database, town.now) == []
    with town.context.database.unit_of_work() as session:
        assert audit_clocks(session, town.now, timedelta(minutes=2)) == []
    explained(town, *(row.id for row in town.rows(select(table(Case).c.id))))


def explained(town: Town, *cases: int) -> None:
    """What journal and calendar alone say of every open clock adds up to what is stored."""
    for case in cases:
        with town.context.database.unit_of_work() as session:
            told = explain(session, town.case(case).no, town.now)
        assert [(e.kind, e.problem, e.due_at, e.stored_due_at) for e in told if e.agrees is False] == []


def month(database: Database, code: str, year: int, number: int) -> dict[int, Day]:
    with database.unit_of_work() as session:
        return {d.day.day: d for d in month_of(calendar_named(catalogue(session), code), year, number)}


def dispatched(town: Town, text: str) -> int:
    case = town.reports(text)
    town.turn()
    assert town.state(case) == "dispatched"
    return case
