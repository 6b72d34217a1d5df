"""What tests of explanations look at: the clocks of a case, told line by line, and whether they add up."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, delete, insert, select, update

from models import Case, Clock, Journal, SlaRow, System, table
from services.why import Explanation, Which, explain
from services.why.explanation import Pause, Run
from tests.support.town import Town

_case = table(Case)
_journal = table(Journal)
_clock = table(Clock)


EVERYTHING = Which(stopped=True)
#: A street light: 3 working days for the lead (municipal) and the property company.
LIGHT = "桥下路灯坏了一周没人修"
BEFORE_THE_HOLIDAY = datetime(2026, 9, 28, 2, 42, tzinfo=UTC)


def local(text: str) -> datetime:
    """An instant by its wall time in Shanghai."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def why(town: Town, case: int, which: Which = EVERYTHING) -> list[Explanation]:
    with town.context.database.unit_of_work() as session:
        return explain(session, town.case(case).no, town.now, which)


def agreed(town: Town, case: int) -> dict[tuple[str, int | None], Explanation]:
    """All clocks of a case, which must agree and add up; the newest of each kind and work order."""
    found = why(town, case)
    assert len(found) == len(town.clocks(case)) > 0
    assert [(e.kind, e.order_no, e.problem, e.off_by_s) for e in found if not e.agrees or e.problem or e.off_by_s] == []
    for each in found:
        adds_up(each)
    return {(e.kind, e.order_no): e for e in found}


def adds_up(each: Explanation) -> None:
    """The stretches are whole, and the last one of a clock that runs ends when it is due."""
    runs = of(each, Run)
    for run in runs:
        assert run.seconds == (sum(day.seconds for day in run.days) if run.days else (run.until - run.since).total_seconds())
        assert all(day.seconds == sum((b - a).total_seconds() for a, b in day.stretches) for day in run.days)
    at_once = any(pause.until == each.due_at for pause in of(each, Pause))  # a limit that bound it had passed while it stood still
    assert not runs or at_once or runs[-1].until == each.due_at or (each.status == "paused" and runs[-1].until < each.stored_due_at)


def of(each: Explanation, kind: type) -> list[Any]:
    return [event for event in each.events if isinstance(event, kind)]


def at_work_on(town: Town, words: str, **more: Any) -> int:
    case = town.reports(words, **more)
    town.turn()
    for order in town.orders(case):
        town.order(case, "acknowledge", f"{order.code}.clerk", order.code)
    return case


def hold_over_the_holiday(town: Town) -> int:
    """Dispatched on Monday 28 September 2026 at 10:42, held from the 29th at 15:00 to 8 October at 9:30."""
    town.now = BEFORE_THE_HOLIDAY
    case = at_work_on(town, LIGHT)
    town.now = local("2026-09-29T15:00")
    town.act(case, "hold", "centre.duty", reason="等电缆")
    town.now = local("2026-10-08T09:30")
    town.act(case, "resume", "centre.duty")
    return case


def change(town: Town, of_table: Table, key: int, **values: object) -> None:
    with town.context.database.unit_of_work() as session:
        session.connection().execute(update(of_table).where(of_table.c.id == key).values(**values))


def move_due(town: Town, clock_id: int) -> None:
    row = town.rows(select(_clock).where(_clock.c.id == clock_id))[0]
    change(town, _clock, clock_id, due_at=row.due_at + timedelta(minutes=1))


def give(town: Town, *rows: tuple[dict[str, str], dict[str, str]]) -> None:
    """Write rows into the policy in force, limits and what they name, in place of those that were given before."""
    row, system = table(SlaRow), table(System)
    values = [{"version": 1, "line": 900 + i, "limits": limits, "stages": [], **names} for i, (limits, names) in enumerate(rows)]
    with town.context.database.unit_of_work() as session:
        run = session.connection().execute
        run(delete(row).where(row.c.line >= 900))
        for each in values:
            run(insert(row).values(**each))
        run(update(system).values(revision=system.c.revision + 1))
