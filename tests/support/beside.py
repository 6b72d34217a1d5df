"""Affairs in a town: opened, moved and read as people do it."""

from typing import Any

from rules.facts import Thing
from services.affairs import AffairSheet, Began, Plan, begin, find, open_on, sheet
from services.moves import Intent, Moved, Setting, make_moves, one
from tests.support.town import Town


def opens(town: Town, user: str, action: str, *cases: str, area: str | None = None, **args: Any) -> Began:
    """Somebody opens an affair now, on cases or on none."""
    with town.context.database.unit_of_work() as session:
        plan, actor, setting = Plan(action, args), town.actor(user), Setting(town.now)
        return open_on(session, list(cases), plan, actor, setting) if cases else begin(session, plan, actor, setting, area)


def does(town: Town, no: str, action: str, user: str, part: int | None = None, **args: Any) -> Moved:
    """Somebody makes a move of an affair now, or of one of its parts by its number."""
    with town.context.database.unit_of_work() as session:
        ref = find(session, no)
        found = sheet(session, no)
        thing = ref.thing if part is None else Thing(next(p["thing"] for p in found.parts if p["no"] == part))
        intent = Intent(ref.case_id, action, town.actor(user), thing, ref.seq if part is None else part, args)
        return one(make_moves(session, [intent], Setting(town.now)))


def seen(town: Town, no: str) -> AffairSheet:
    """An affair as the database has it now."""
    with town.context.database.unit_of_work() as session:
        return sheet(session, no)


def part_of(town: Town, no: str, unit: str) -> int:
    """Number of the part of an affair that is a unit's."""
    unit_id = town.unit_id(unit)
    return int(next(p["no"] for p in seen(town, no).parts if p["unit_id"] == unit_id))
