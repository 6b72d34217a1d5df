"""Filling a database with cases that wait: each with its lead's work order and a running 24-hour clock on the seeded lead's ladder."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from models import Case, Clock, Database, RungFiring, WorkOrder, table
from rules.clocks import ClockKind
from rules.facts import OrderState, State
from rules.ladder import FULL, Ladder
from services.catalogue import Catalogue, catalogue

CATEGORY: Final = "A07"  #: led by a department under a 24-hour limit, so that moments are the same on every calendar
LIMIT: Final = timedelta(hours=24)
FIRST_RUNG: Final = LIMIT / 2  #: `remind`, at half the limit: a reminder to the unit's clerk
_AT_ONCE: Final = 2000

Row = dict[str, Any]


def fill(database: Database, due: Iterable[datetime], rung: str = "remind") -> None:
    """Add a waiting case for each instant, at which its next rung is due; the rungs before it have fired in their time.

    Args:
        database: Seeded with the demonstration district.
        due: When that rung of each new clock is to fire.
        rung: A rung of the lead's ladder at a share of the limit.
    """
    moments = iter(due)
    while some := list(islice(moments, _AT_ONCE)):
        with database.unit_of_work() as session:
            _add(session, catalogue(session), some, rung)


def _add(session: Session, known: Catalogue, due: list[datetime], rung: str) -> None:
    run = session.connection().execute
    ladder = known.ladder(known.in_force[-1].version, ClockKind.HANDLE.value)
    shares = {r.code: r.permille * LIMIT / FULL for r in ladder.rungs if r.permille is not None}
    since = shares[rung]
    first, first_clock = (int(run(select(func.coalesce(func.max(table(m).c.id), 0))).scalar_one()) + 1 for m in (Case, Clock))
    make_case, make_order, make_clock = _makers(known, ladder, since)
    numbered = list(enumerate(due, start=first))
    run(insert(table(Case)), [make_case(i, at) for i, at in numbered])
    run(insert(table(WorkOrder)), [make_order(i, at) for i, at in numbered])
    run(insert(table(Clock)), [make_clock(i, at) for i, at in numbered])
    before = {code: share - since for code, share in shares.items() if share < since}
    fired = [
        {"clock_id": first_clock + i - first, "round": 1, "rung": code, "due_at": at + ago, "fired_at": at + ago}
        for i, at in numbered
        for code, ago in before.items()
    ]
    if fired:
        run(insert(table(RungFiring)), fired)


def _makers(known: Catalogue, ladder: Ladder, since: timedelta) -> Iterator[Callable[[int, datetime], Row]]:
    """Rows of a case, its work order and its clock, which was started so long before the instant."""
    unit, area = known.unit_ids["utility"], known.unit_ids["chenguang-1"]
    version = known.in_force[-1].version

    def case(number: int, due: datetime) -> Row:
        return {
            "no": f"BH-20000101-{number:07d}",
            "state": State.HANDLING.value,
            "version": 5,
            "seq": 5,
            "source": "resident",
            "urgency": "P1",
            "category": CATEGORY,
            "subject": "小区停水一整天",
            "body": "从昨天晚上开始整栋楼停水，老人小孩没法做饭，请尽快派人检修，谢谢。",
            "area_unit_id": area,
            "authority": "district",
            "submitted_at": due - since,
            "policy_version": version,
        }

    def order(number: int, due: datetime) -> Row:
        done = dict.fromkeys(("sent_at", "acknowledged_at", "contacted_at", "controlled_at"), due - since)
        return {"case_id": number, "no": 1, "unit_id": unit, "lead": True, "state": OrderState.WORKING.value, **done}

    def clock(number: int, due: datetime) -> Row:
        return {
            "case_id": number,
            "order_no": 1,
            "kind": ClockKind.HANDLE.value,
            "unit_id": unit,
            "limit": "24h",
            "budget_s": int(LIMIT.total_seconds()),
            "running_since": due - since,
            "started_at": due - since,
            "due_at": due - since + LIMIT,
            "next_fire_at": due,
            "ladder": ladder.code,
            "ladder_version": ladder.version,
            "calendar": "cn",
            "calendar_version": known.calendars["cn"].version,
            "policy_version": version,
        }

    yield from (case, order, clock)
