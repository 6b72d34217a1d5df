"""Everybody outside the engine: residents who hand in and rate, clerks who acknowledge and finish, one commit each."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, Final

from sqlalchemy import select

from models import Case, Database, WorkOrder, table
from rules.facts import Actor, Thing
from services.catalogue import catalogue
from services.intake import Report, submit
from services.moves import Intent, Setting, make_moves, one

#: A seeded category with a lead and exactly one co-handling unit that needs no verification (帮办代办: community + service hall).
CATEGORY: Final = "G02"
SUBJECT: Final = "请帮忙代办老年证"
BODY: Final = "家里老人八十多岁，行动不便，想请社区帮忙代办老年证，材料都准备好了，谢谢。"
TICK: Final = timedelta(milliseconds=1)


class VirtualTime:
    """The instants of the benchmark: a working morning in which each act takes a millisecond, so that no clock comes due."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """The next instant."""
        self._now += TICK
        return self._now


@dataclass(frozen=True, slots=True)
class Signal:
    """One act of one person on one case."""

    case_id: int
    action: str
    actor: Actor
    thing: Thing = Thing.CASE
    no: int | None = None
    args: dict[str, Any] = field(default_factory=dict)


def hand_in(database: Database, run: str, numbers: Sequence[int], setting: Setting) -> list[int]:
    """Hand in a batch of reports in one commit; gives back the case ids."""
    reports = [Report(SUBJECT, BODY, area="chenguang-1", requester=f"{run}-{i % 97}", key=f"{run}-{i}") for i in numbers]
    with database.unit_of_work() as session:
        return [s.case_id for s in submit(session, reports, setting)]


def send(database: Database, signal: Signal, setting: Setting) -> float:
    """Make one person's move; gives back the seconds from asking to committed."""
    started = perf_counter()
    with database.unit_of_work() as session:
        one(make_moves(session, [Intent(signal.case_id, signal.action, signal.actor, signal.thing, signal.no, signal.args)], setting))
    return perf_counter() - started


def orders_to_handle(database: Database, case_ids: Sequence[int], chance: random.Random) -> Iterator[Signal]:
    """Lead and co-handling unit acknowledge, then finish, in random order over the cases."""
    orders = table(WorkOrder)
    with database.unit_of_work() as session:
        known = catalogue(session)
        clerks = {person.unit_id: known.actor(person.name) for person in known.people.values() if person.role == "clerk"}
        wanted = select(orders.c.case_id, orders.c.no, orders.c.unit_id).where(orders.c.case_id.in_(case_ids))
        rows = session.connection().execute(wanted.order_by(orders.c.case_id, orders.c.lead.desc())).all()
    plans: dict[int, list[Signal]] = {}
    for action, args in (("acknowledge", {}), ("finish", {"result": "已代办，证件送到家"})):
        for row in rows:
            plans.setdefault(row.case_id, []).append(Signal(row.case_id, action, clerks[row.unit_id], Thing.ORDER, row.no, args))
    turns = [case_id for case_id, plan in plans.items() for _ in plan]
    chance.shuffle(turns)
    heads = {case_id: iter(plan) for case_id, plan in plans.items()}
    return (next(heads[case_id]) for case_id in turns)


def ratings(database: Database, case_ids: Sequence[int], chance: random.Random) -> Iterator[Signal]:
    """Each resident rates the own case, in random order."""
    cases = table(Case)
    with database.unit_of_work() as session:
        wanted = select(cases.c.id, cases.c.requester_id).where(cases.c.id.in_(case_ids))
        rows = list(session.connection().execute(wanted.order_by(cases.c.id)).all())
    chance.shuffle(rows)
    rated = {"solved": True, "score": 5}
    return (Signal(row.id, "rate", Actor("resident", resident_id=row.requester_id), args=rated) for row in rows)
