"""People of the town as a process of their own: they hand in cases and play every part a person plays, while engines live and die.

`python -m tests.support.people <first> <last>` hands in the cases numbered so and carries each as far as `goal_of` says.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from clock import pause, utcnow
from models import Case, Database, WorkOrder, table
from rules.facts import Actor, Thing
from services.catalogue import Catalogue, catalogue
from services.intake import Report, submit
from services.moves import Intent, Setting, make_moves
from services.upkeep import opened
from settings import load

_case, _order = table(Case), table(WorkOrder)
_WAVE: Final = 8  #: cases handed in and carried on between two breaths
_TEXTS: Final = (
    ("下水道堵了", "晨光小区5号楼下水道堵了，污水外溢，臭死了"),
    ("路灯不亮", "小区门口三盏路灯不亮，晚上看不见路"),
    ("自行车乱停", "共享单车乱停乱放，人行道走不了"),
)
_NOBODYS: Final = ("孩子上学的事", "想问问转学插班的手续怎么走")


def report_of(n: int) -> Report:
    """The n-th report: most come through the hotline, some climb from the grid, some are claimed by no rule."""
    subject, body = _NOBODYS if n % 12 == 5 else _TEXTS[n % 3]
    source = "grid_worker" if n % 6 == 1 else "hotline"
    return Report(
        subject, f"{body}（{n}）", source=source, area="chenguang-1", requester=f"r{n % 40}", phone=f"1000000{n % 40:04d}", key=f"k{n}"
    )


def goal_of(n: int) -> str:
    """Where the n-th case ends when everybody has done their part: some units never answer."""
    if n % 12 == 5:
        return "accepted"
    return "dispatched" if n % 10 == 3 else "closed"


def patiently(work: Any) -> Any:
    """Try again for as long as the database is away; whatever was under way was rolled back as a whole."""
    for _ in range(600):
        try:
            return work()
        except DBAPIError as problem:
            if not problem.connection_invalidated and "deadlock" not in str(problem) and "onnect" not in str(problem):
                raise
            print("tried again:", type(problem.orig).__name__, str(problem.orig).splitlines()[0], file=sys.stderr, flush=True)
            pause(0.1)
    msg = "the database did not come back"
    raise TimeoutError(msg)


def hand_in(database: Database, numbers: Sequence[int]) -> None:
    """Hand in some cases; a second attempt after a lost connection makes none twice."""
    with database.unit_of_work() as session:
        submit(session, [report_of(n) for n in numbers], Setting(utcnow()))


def carry_on(database: Database, numbers: Sequence[int]) -> bool:
    """Everybody does what is theirs to do for these cases.

    Returns:
        Whether all are where they should end.
    """
    wanted = {f"k{n}": n for n in numbers}
    with database.unit_of_work() as session:
        known = catalogue(session)
        rows = session.connection().execute(select(_case).where(_case.c.idempotency_key.in_(wanted))).all()
        orders = session.connection().execute(select(_order).where(_order.c.case_id.in_([r.id for r in rows]))).all()
    waiting = [r for r in rows if r.state != goal_of(wanted[r.idempotency_key])]
    for row in waiting:
        for intent in _intents(row, [o for o in orders if o.case_id == row.id], known):
            patiently(lambda intent=intent: _ask(database, intent))
    return not waiting and len(rows) == len(numbers)


def _ask(database: Database, intent: Intent) -> None:
    """Refusals are answers: somebody was faster."""
    with database.unit_of_work() as session:
        make_moves(session, [intent], Setting(utcnow()))


def _clerk(known: Catalogue, unit_id: int) -> Actor:
    person = next(p for p in known.by_unit[unit_id] if p.role in ("clerk", "worker", "dispatcher"))
    return known.actor(person.name)


#: Off its duty list: the centre may, with a reason.
_TO_WATER: Final = {"override": True, "reason": "就近先处理"}


def _intents(case: Any, orders: Sequence[Any], known: Catalogue) -> Iterator[Intent]:
    centre = known.actor("centre.duty")
    if case.state == "reporting":
        yield Intent(case.id, "dispatch", centre, args=_TO_WATER | {"lead": known.unit_ids["water"]})
    elif case.state in ("dispatched", "handling"):
        for order in orders:
            action = {"sent": "acknowledge", "working": "finish"}.get(order.state)
            if action:
                yield Intent(case.id, action, _clerk(known, order.unit_id), Thing.ORDER, order.no, {"result": "已处理"})
    elif case.state == "handled":
        yield Intent(case.id, "pass_check", centre)
    elif case.state == "fed_back":
        yield Intent(case.id, "rate", centre, args={"solved": True, "score": 5})


def main() -> None:
    """Hand in wave by wave and carry on what is there, until everything is where it should end."""
    numbers = range(int(sys.argv[1]), int(sys.argv[2]))
    with opened(load()) as database:
        for start in range(numbers.start, numbers.stop, _WAVE):
            wave = numbers[start - numbers.start :][:_WAVE]
            patiently(lambda wave=wave: hand_in(database, wave))
            patiently(lambda start=start: carry_on(database, range(max(numbers.start, start - 60), start)))
            pause(0.15)
        while not patiently(lambda: carry_on(database, numbers)):
            pause(0.2)


if __name__ == "__main__":
    main()
