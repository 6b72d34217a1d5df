"""Trying a policy on open cases against its floor: `python -m benchmarks.dry_run --db sqlite|postgres --cases 100000 --json -`.

So many cases of all categories are open, each dispatched with a work order and three running limits (acknowledge, handle, overall). The
policy tried gives all of them another handling limit. The floor reads the same clocks and cases in plain SQL and does nothing with them.
"""

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import perf_counter
from typing import Any, Final

from sqlalchemy import insert, text

from benchmarks.installation import Place, installed
from benchmarks.postgres import server
from benchmarks.report import Row, resident_mb, tell, with_medians
from models import Case, Clock, WorkOrder, table
from rules.facts import OrderState, State
from rules.sla import Policy
from rules.worktime import Limit, budget_of, instant, seconds
from services.catalogue import Catalogue, catalogue
from services.policies.drafting import draft
from services.policies.stored import Treatment, policy_file
from services.policies.trial import dry_run

NOW: Final = datetime(2026, 11, 20, 2, 42, tzinfo=UTC)
_AT_ONCE: Final = 2000
_KINDS: Final = ("acknowledge", "handle", "overall")
_FLOOR: Final = text(
    'SELECT c.id, c.kind, c."limit", c.budget_s, c.consumed_s, c.started_at, c.due_at, f.category, f.urgency FROM clock c '
    "JOIN case_file f ON f.id = c.case_id WHERE c.stopped_at IS NULL ORDER BY c.case_id, c.id"
)


def fill(place: Place, cases: int) -> None:
    """Put in so many open cases, submitted over the past two days."""
    numbers = iter(range(1, cases + 1))
    while some := list(islice(numbers, _AT_ONCE)):
        with place.database.unit_of_work() as session:
            known, run = catalogue(session), session.connection().execute
            made = [_case(known, number, cases) for number in some]
            run(insert(table(Case)), [m[0] for m in made])
            run(insert(table(WorkOrder)), [m[1] for m in made])
            run(insert(table(Clock)), [clock for m in made for clock in m[2]])


def _case(known: Catalogue, number: int, cases: int) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    categories = list(known.categories.values())
    category = categories[number % len(categories)]
    at = NOW - timedelta(days=2) * number / cases
    unit, area = known.unit_ids["water"], known.unit_ids["chenguang-1"]
    case = {
        "no": f"BH-20000101-{number:07d}",
        "state": State.DISPATCHED.value,
        "version": 4,
        "seq": 4,
        "source": "resident",
        "urgency": category.urgency,
        "category": category.code,
        "subject": "小区停水一整天",
        "body": "从昨天晚上开始整栋楼停水，老人小孩没法做饭，请尽快派人检修，谢谢。",
        "area_unit_id": area,
        "submitted_at": at,
        "policy_version": 1,
    }
    order = {"case_id": number, "no": 1, "unit_id": unit, "lead": True, "state": OrderState.SENT.value, "sent_at": at}
    matter = known.matter(category.code, category.urgency, "resident", area, None)
    return case, order, [c for kind in _KINDS if (c := _clock(known, known.policies[1], matter, kind, number, unit, at))]


def _clock(known: Catalogue, policy: Policy, matter: Any, kind: str, case: int, unit: int, at: datetime) -> dict[str, Any] | None:  # noqa: ANN401
    given = policy.limit(kind, matter)
    if given is None:
        return None
    limit, calendar, start = given.limit, known.calendar_of(unit), seconds(at)
    budget = budget_of(limit, start, calendar)
    due = start + budget if limit.natural else calendar.add(start, budget)
    ladder = known.ladder(1, kind)
    return {
        "case_id": case,
        "order_no": None if kind == "overall" else 1,
        "kind": kind,
        "unit_id": unit,
        "limit": str(limit),
        "budget_s": budget,
        "running_since": at,
        "started_at": at,
        "due_at": instant(due),
        "next_fire_at": instant(due),
        "ladder": ladder.code,
        "ladder_version": ladder.version,
        "calendar": calendar.code,
        "calendar_version": calendar.version,
        "policy_version": 1,
    }


def another(place: Place) -> int:
    """A draft that lengthens every handling limit."""
    with place.database.unit_of_work() as session:
        file = policy_file(session, 1)
        rows = tuple(replace(row, limits={k: _longer(v) if k == "handle" else v for k, v in row.limits.items()}) for row in file.rows)
        return draft(session, replace(file, rows=rows), "benchmark", "admin", NOW)


def _longer(limit: str) -> str:
    known = Limit.parse(limit)
    return str(Limit(known.amount + 1, known.unit))


def once(place: Place, version: int) -> Row:
    """One dry run and one reading of the floor."""
    began = perf_counter()
    with place.database.unit_of_work() as session:
        found = dry_run(session, version, Treatment.REPROJECT, NOW)
    ours = perf_counter() - began
    began = perf_counter()
    with place.database.engine.connect() as connection:
        read = len(connection.execute(_FLOOR).all())
    floor = perf_counter() - began
    if read != found.clocks:
        raise SystemExit(f"{found.clocks} clocks looked at, {read} there")
    return {
        "cases": found.cases,
        "clocks": read,
        "moved": len(found.changes),
        "seconds": ours,
        "floor_s": floor,
        "ratio_to_floor": ours / floor,
    }


def run_all(db: str, cases: int, repeats: int) -> list[Row]:
    """The whole benchmark: a row a run, then the medians."""
    with ExitStack() as stack:
        place = stack.enter_context(installed(stack.enter_context(server()) if db == "postgres" else None, NOW, engine=False))
        fill(place, cases)
        version = another(place)
        rows = [{**once(place, version), "database": place.described, "resident_mb": resident_mb()} for _ in range(repeats)]
    return with_medians(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dry_run", description=__doc__)
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", metavar="FILE", help="- for standard output")
    asked = parser.parse_args(arguments)
    tell("dry run", run_all(asked.db, asked.cases, asked.repeats), asked.json)


if __name__ == "__main__":
    main()
