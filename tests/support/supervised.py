"""A second opinion on supervision orders: each is where its journal leads, its clock is the one its state demands, no number is missing."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Clock, Evidence, Journal, SupervisionOrder, table
from rules.facts import Thing
from rules.lifecycle import TABLE

_order, _clock, _journal, _evidence = table(SupervisionOrder), table(Clock), table(Journal), table(Evidence)
#: The clock of each state, written down a second time.
CLOCKS: Final = {
    "proposed": ["sign"],
    "signed": ["rectify"],
    "replied": ["review"],
    "verified": ["sign"],
    "written_off": [],
    "dismissed": [],
}


def supervision_complaints(session: Session) -> Iterator[str]:
    """Everything about supervision orders that is not as it should be."""
    run = session.connection().execute
    journal: dict[int, list[Any]] = defaultdict(list)
    for entry in run(select(_journal).order_by(_journal.c.case_id, _journal.c.seq)):
        journal[entry.case_id].append(entry)
    running: dict[tuple[int, int], list[str]] = defaultdict(list)
    for clock in run(select(_clock).where(_clock.c.supervision_seq.is_not(None), _clock.c.stopped_at.is_(None))):
        running[clock.case_id, clock.supervision_seq].append(clock.kind)
    orders = list(run(select(_order).where(_order.c.seq > 0)))
    for order in orders:
        name = f"supervision {order.case_id}#{order.seq}"
        yield from (f"{name}: {what}" for what in _path(order, journal[order.case_id]))
        if running[order.case_id, order.seq] != CLOCKS[order.state]:
            yield f"{name} is {order.state} and its clocks are {running[order.case_id, order.seq]}"
    yield from _numbers(orders)
    yield from _hashes(session, journal)


def _path(order: Any, journal: list[Any]) -> Iterator[str]:
    state, number = "proposed", None
    if order.seq > len(journal):
        yield "opened by an entry that is not there"
    for entry in journal:
        if entry.thing == "supervision" and entry.thing_no == order.seq:
            move = TABLE.get((Thing.SUPERVISION, entry.action, state))
            if move is None or entry.before != state or entry.after != move.to.value:
                yield f"{entry.action} from {state} is not in the table"
                return
            state, number = move.to.value, entry.data.get("number")
    if (state, number) != (order.state, order.number):
        yield f"is {order.state} {order.number}, its journal says {state} {number}"


def _numbers(orders: list[Any]) -> Iterator[str]:
    days: dict[str, list[int]] = defaultdict(list)
    for _, day, number in (order.number.split("-") for order in orders if order.number):
        days[day].append(int(number))
    yield from (f"numbers DB-{day} have gaps: {sorted(n)}" for day, n in days.items() if sorted(n) != list(range(1, len(n) + 1)))


def _hashes(session: Session, journal: dict[int, list[Any]]) -> Iterator[str]:
    """Every file that is evidence stands in the journal with its hash."""
    rows = session.connection().execute(select(_evidence.c.case_id, _evidence.c.sha256).where(_evidence.c.sha256.is_not(None)))
    kept = Counter((row.case_id, row.sha256) for row in rows)
    said: Counter[tuple[int, str]] = Counter()
    for case_id, entries in journal.items():
        for entry in entries:
            for stage in ("before", "after"):
                given = entry.data.get(stage) if entry.thing in ("case", "supervision") else None
                said.update((case_id, p["sha256"]) for p in given or () if isinstance(p, dict) and p.get("sha256"))
    if kept != said:
        yield f"evidence {kept} is not what the journal says: {said}"
