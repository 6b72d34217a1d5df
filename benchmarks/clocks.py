"""A pass over due clocks against its floor: `python -m benchmarks.clocks --db sqlite|postgres --waiting 100000 --due 3000 --json -`.

`waiting` cases wait under a running clock each, on the seeded lead's ladder; at one instant `due` of them are escalated: fired,
journalled, the notice queued. A pass is the engine's turn until none is due: claim, fire, give back. The floor does the same rows in
plain SQL, one commit each, pass about. A second kind of pass turns as many red: the unit is urged, a supervision order is proposed under a
clock of its own, whoever may sign is asked. Lateness: rungs fall due over some seconds under a live engine; late is from the due moment
until anybody else can read the firing. With `--more N` so many further clocks are put in, and the passes repeated.
"""

import argparse
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import islice, repeat
from statistics import median
from time import perf_counter
from typing import Final

from sqlalchemy import func, select

from benchmarks.clocks_floor import Floor, open_floor
from benchmarks.installation import Place, installed
from benchmarks.postgres import server
from benchmarks.report import Row, percentile, resident_mb, rounded, tell, with_medians
from benchmarks.waiting import FIRST_RUNG, fill
from clock import pause, utcnow
from flows import engine
from flows.turn import turn
from models import RungFiring, table
from services.engine import engines

_SPREAD_S = 5  #: over so many seconds the rungs of the lateness part fall due, at whole seconds as all moments of clocks do
_LEAD_S = 6  #: so long before that they are put in and the engine is started
_GRAIN_S: Final = 0.02  #: how often the watcher looks
_GIVE_UP: Final = timedelta(seconds=60)
_STEP: Final = timedelta(seconds=1)
_firing = table(RungFiring)


def instants(base: datetime, waiting: int, due: int, passes: int) -> Iterator[datetime]:
    """When the first rung of each clock fires: `due` at each of the passes' instants, the rest in the hours ahead."""
    for number in range(passes):
        yield from (base + _STEP * number for _ in range(due))
    ahead = FIRST_RUNG / max(1, waiting)
    yield from (base + FIRST_RUNG / 2 + ahead * i / 2 for i in range(waiting - due * passes))


def fired(place: Place) -> int:
    """How many rungs have fired."""
    with place.database.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(_firing)).scalar_one())


def one_pass(place: Place, now: datetime, due: int) -> float:
    """One pass over what is due at this instant; gives back how many seconds it took.

    Raises:
        SystemExit: it did not fire exactly what was due.
    """
    before, began = fired(place), perf_counter()
    turn(now)
    ours = perf_counter() - began
    if fired(place) - before != due:
        raise SystemExit(f"due {due}, fired {fired(place) - before}")
    return ours


def floor_pass(floor: Floor, now: datetime, due: int) -> float:
    """The same for the floor."""
    began = perf_counter()
    by_floor = floor.fire(now, now + FIRST_RUNG)
    if by_floor != due:
        raise SystemExit(f"due {due}, fired by the floor {by_floor}")
    return perf_counter() - began


def lateness(place: Place, due: int) -> list[float]:
    """Let a live engine fire rungs that fall due over some seconds, and watch from outside.

    Returns:
        For each rung the seconds from its due moment until its firing was there for others to read.
    """
    stop = threading.Event()
    thread = threading.Thread(target=engine.run, args=(place.settings, stop), daemon=True)
    first = utcnow().replace(microsecond=0) + timedelta(seconds=_LEAD_S)
    fill(place.database, (first + _STEP * (i * _SPREAD_S // due) for i in range(due)), "escalate_1")
    thread.start()
    try:
        return _watch(place, first, due)
    finally:
        stop.set()
        thread.join(timeout=30)


def _watch(place: Place, first: datetime, due: int) -> list[float]:
    late: dict[int, float] = {}
    newest = first
    while len(late) < due and utcnow() < first + _GIVE_UP:
        with place.database.engine.connect() as connection:
            rows = connection.execute(select(_firing).where(_firing.c.fired_at >= newest, _firing.c.due_at >= first)).all()
        now = utcnow()
        for row in rows:
            late.setdefault(row.clock_id, (now - row.due_at).total_seconds())
        newest = max((row.fired_at for row in rows), default=newest)
        pause(_GRAIN_S)
    return list(late.values())


def run_all(db: str, waiting: int, due: int, runs: int, more: int = 0) -> list[Row]:
    """All passes with their medians last, and the lateness of a live engine in the same database."""
    with ExitStack() as stack:
        postgres = stack.enter_context(server()) if db == "postgres" else None
        now = utcnow().replace(microsecond=0)
        place = stack.enter_context(installed(postgres, now))
        floor = open_floor(place.floor)
        first = now + _STEP
        floor.fill(instants(first, waiting, due, runs))
        _prepare(place, first, islice(instants(first, waiting, due, runs), due * runs, None), due, runs)
        passes = [_passes(place, floor, first + _STEP * i * 2, first + _STEP * i, due) for i in range(runs)]
        grown = _grown(place, first, more, due, runs) / median(ours for ours, _, _ in passes) if more else None
        if place.engine_id is not None:
            with place.database.unit_of_work() as session:
                engines.end(session, place.engine_id, utcnow())
        late = lateness(place, due)
        return with_medians([_row(place, waiting, due, spent, grown, late) for spent in passes])


def _prepare(place: Place, first: datetime, waiting: Iterable[datetime], due: int, passes: int) -> None:
    """Put in those that wait, and for each pass those to be escalated and, a second later, those that turn red."""
    fill(place.database, waiting)
    for number in range(passes):
        at = first + _STEP * number * 2
        fill(place.database, repeat(at, due), "escalate_1")
        fill(place.database, repeat(at + _STEP, due), "red")
    if not place.database.is_sqlite:
        with place.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def _passes(place: Place, floor: Floor, now: datetime, floor_now: datetime, due: int) -> tuple[float, float, float]:
    """One pass of each kind: ours and the floor's over what is escalated, ours over what turns red."""
    return one_pass(place, now, due), floor_pass(floor, floor_now, due), one_pass(place, now + _STEP, due)


def _grown(place: Place, first: datetime, more: int, due: int, passes: int) -> float:
    """The median pass with so many more clocks waiting."""
    later = first + _STEP * (passes * 2 + 1)
    _prepare(place, later, instants(later + FIRST_RUNG / 4, more, 0, 0), due, passes)
    spent = [one_pass(place, later + _STEP * i, due) for i in range(passes * 2)]
    return median(spent[::2])


def _row(place: Place, waiting: int, due: int, spent: tuple[float, float, float], grown: float | None, late: list[float]) -> Row:
    ours, plain, red = spent
    numbers = {
        "pass_ms": ours * 1000,
        "floor_ms": plain * 1000,
        "ratio_to_floor": ours / plain,
        "red_ms": red * 1000,
        **({} if grown is None else {"ratio_to_fewer": grown}),
        "lateness_p50_s": percentile(late, 50),
        "lateness_p99_s": percentile(late, 99),
        "rss_mb": resident_mb(),
    }
    return {"database": place.described, "waiting": waiting, "due": due, **{k: rounded(v) for k, v in numbers.items()}}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clocks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite", help="where Bihuan keeps its data")
    parser.add_argument("--waiting", type=int, default=100_000, help="how many clocks run")
    parser.add_argument("--due", type=int, default=3000, help="how many of them have a rung to fire in a pass")
    parser.add_argument("--more", type=int, default=0, help="so many clocks are then added, and the passes repeated")
    parser.add_argument("--runs", type=int, default=3, help="how many passes; medians are the last row")
    parser.add_argument("--json", metavar="FILE", help="the rows as JSON, - for standard output")
    given = parser.parse_args(arguments)
    rows = run_all(given.db, given.waiting, given.due, given.runs, given.more)
    tell(f"a pass over {given.due} due clocks among {given.waiting} waiting", rows, given.json)


if __name__ == "__main__":
    main()
