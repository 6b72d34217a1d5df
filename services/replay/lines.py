"""The lines of a replay's table: what happened per category and per unit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Clock, Message, RungFiring, table
from services.catalogue import Catalogue

_clock, _message, _firing = table(Clock), table(Message), table(RungFiring)
_LIGHTS, _ESCALATIONS = ("yellow", "red"), ("escalate_1", "escalate_2")


@dataclass(slots=True)
class Line:
    """One line of the table: a category or a unit."""

    cases: int = 0
    acknowledged: int = 0
    acknowledged_on_time: int = 0
    handled: int = 0
    handled_on_time: int = 0
    lights: int = 0
    escalations: int = 0
    messages: int = 0

    def add(self, **amounts: int) -> None:
        """Count something in."""
        for name, amount in amounts.items():
            setattr(self, name, getattr(self, name) + amount)


Lines = dict[str, Line]


def lines(
    session: Session, cases: Mapping[int, Any], clocks: Sequence[Any], orders: Sequence[Any], known: Catalogue
) -> tuple[Lines, Lines]:
    """Count per category and per unit (by unit code; cases of a unit are its work orders)."""
    category: Lines = {}
    unit: Lines = {}
    for case in cases.values():
        category.setdefault(case.category or "-", Line()).add(cases=1)
    for order in orders:
        unit.setdefault(known.units[order.unit_id].code, Line()).add(cases=1)
    for case_id, unit_id, amounts in _counted(session, clocks):
        category.setdefault(cases[case_id].category or "-", Line()).add(**amounts)
        if unit_id is not None:
            unit.setdefault(known.units[unit_id].code, Line()).add(**amounts)
    return dict(sorted(category.items())), dict(sorted(unit.items()))


def _counted(session: Session, clocks: Sequence[Any]) -> Iterator[tuple[int, int | None, dict[str, int]]]:
    for clock in clocks:
        if clock.stopped_at is not None:
            kind = "acknowledged" if clock.kind == "acknowledge" else "handled"
            yield clock.case_id, clock.unit_id, {kind: 1, f"{kind}_on_time": int(clock.stopped_at <= clock.due_at)}
    run = session.connection().execute
    rungs = select(_firing.c.rung, _clock.c.case_id, _clock.c.unit_id).join(_clock, _clock.c.id == _firing.c.clock_id)
    for row in run(rungs):
        yield row.case_id, row.unit_id, {"lights": int(row.rung in _LIGHTS), "escalations": int(row.rung in _ESCALATIONS)}
    for case_id, about in run(select(_message.c.case_id, _message.c.about)):
        yield case_id, about.get("unit_id"), {"messages": 1}
