"""The whole loop against its floor: `python -m benchmarks.loop --db sqlite|postgres --n 500 --prefect on|off --runs 3 --json -`.

N issues make ten durable changes each: created, triaged, dispatched, lead_ack, co_ack, lead_done, co_done, fed_back, rated, closed.
What people do (five signals, in random order over the issues) is one commit each through the door; what the engine does goes through
the flows in batches. The floor makes the same ten changes in plain SQL with ten commits, a slice of each in turn.
"""

import argparse
import random
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter, process_time

from sqlalchemy import func, select

from benchmarks.installation import Place, installed
from benchmarks.loop_floor import floor
from benchmarks.pacing import Spent, Worker, alone, side_by_side
from benchmarks.people import Signal, VirtualTime, hand_in, orders_to_handle, ratings, send
from benchmarks.postgres import fresh_database, server
from benchmarks.prefect_server import EventFeed, prefect_server
from benchmarks.report import Row, percentile, resident_mb, rounded, tell, with_medians
from flows.turn import turn
from models import Case, Database, Journal, table
from rules.facts import State
from services.moves import Setting
from tasks.recording import recording

#: A Friday morning on a calendar that the seeds know; each run has a minute of its own, so that no two events are the same.
START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
_SLICE = 25  #: signals in one slice of work


@dataclass
class Loop:
    """One run of our side.

    Attributes:
        latencies: Seconds from asking to committed of each signal.
    """

    place: Place
    n: int
    run: int
    latencies: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._time = VirtualTime(START + timedelta(minutes=self.run))
        self._chance = random.Random(self.run)
        self._batch = self.place.settings.batch_size
        self._done = 0

    def work(self) -> Worker:
        """Carry all issues from handed in to closed."""
        case_ids: list[int] = []
        for first in range(0, self.n, self._batch):
            numbers = range(first, min(self.n, first + self._batch))
            case_ids += hand_in(self.place.database, f"run{self.run}", numbers, Setting(self._time()))
            turn(self._time())
            self._done += 3 * len(numbers)
            yield self._progress()
        yield from self._signals(orders_to_handle(self.place.database, case_ids, self._chance))
        yield from self._signals(ratings(self.place.database, case_ids, self._chance))

    def _signals(self, signals: Iterable[Signal]) -> Worker:
        """People act one by one; the engine takes its turn after each batch of them."""
        for count, signal in enumerate(signals, start=1):
            self.latencies.append(send(self.place.database, signal, Setting(self._time())))
            self._done += 1
            if count % self._batch == 0:
                turn(self._time())
            if count % _SLICE == 0:
                yield self._progress()
        turn(self._time())

    def _progress(self) -> float:
        return min(0.999, self._done / (10 * self.n))


def journal_entries(database: Database, n: int) -> int:
    """How many case-steps the journal holds.

    Raises:
        SystemExit: not every issue is closed; the figures would mean nothing.
    """
    cases, journal = table(Case), table(Journal)
    with database.unit_of_work() as session:
        run = session.connection().execute
        closed = run(select(func.count()).select_from(cases).where(cases.c.state == State.CLOSED.value)).scalar_one()
        if closed != n:
            raise SystemExit(f"{closed} of {n} issues are closed")
        return int(run(select(func.count()).select_from(journal)).scalar_one())


@dataclass(frozen=True, slots=True)
class _Measured:
    ours: Spent
    floor: Spent
    steps: int
    steps_s: float
    confirmed: int


def _plain(loop: Loop, plain_sql: Worker) -> _Measured:
    """Prefect off: both sides in slices, turn about."""
    with recording(on=False):
        ours, floor_spent = side_by_side(loop.work(), plain_sql)
    return _Measured(ours, floor_spent, journal_entries(loop.place.database, loop.n), ours.wall, 0)


def _recorded(loop: Loop, plain_sql: Worker, api: str) -> _Measured:
    """Prefect on: half of the floor before and half after, because the server works on while we pause."""
    floor_spent = Spent()
    while floor_spent.progress < 0.5:
        floor_spent.advance(plain_sql)
    with EventFeed(api) as feed, recording(on=True, tags=("bihuan", f"engine:{loop.place.engine_id}")):
        wall, cpu = perf_counter(), process_time()
        ours = alone(loop.work())
        steps = journal_entries(loop.place.database, loop.n)
        confirmed = feed.wait_for(steps)
        steps_s, ours.cpu = perf_counter() - wall, process_time() - cpu
    while floor_spent.progress < 1.0:
        floor_spent.advance(plain_sql)
    return _Measured(ours, floor_spent, steps, steps_s, confirmed)


def measure(postgres: str | None, n: int, run: int, api: str | None, prefect_database: str) -> Row:
    """One run in a fresh installation.

    Args:
        postgres: Address of a PostgreSQL server; None for SQLite.
        n: How many issues.
        run: Number of the run, the seed of its random order.
        api: Address of Prefect's API; None for no recording.
        prefect_database: What Prefect stores in, for the report.
    """
    with installed(postgres, START, prefect_api_url=api) as place:
        loop, floor_latencies = Loop(place, n, run), list[float]()
        plain_sql = floor(place.floor, n, run, floor_latencies)
        found = _plain(loop, plain_sql) if api is None else _recorded(loop, plain_sql, api)
        ours_per_s, floor_per_s = n / found.ours.wall, n / found.floor.wall
        numbers = {
            "issues_per_s": ours_per_s,
            "floor_issues_per_s": floor_per_s,
            "ratio_to_floor": ours_per_s / floor_per_s,
            "case_steps_per_s": found.steps / found.steps_s,
            "events_confirmed": found.confirmed,
            "signal_ms_p50": percentile(loop.latencies, 50) * 1000,
            "signal_ms_p95": percentile(loop.latencies, 95) * 1000,
            "floor_signal_ms_p50": percentile(floor_latencies, 50) * 1000,
            "floor_signal_ms_p95": percentile(floor_latencies, 95) * 1000,
            "cpu_ms_per_issue": found.ours.cpu / n * 1000,
            "rss_mb": resident_mb(),
        }
        return {"database": place.described, "prefect_database": prefect_database, "n": n, **{k: rounded(v) for k, v in numbers.items()}}


def run_all(db: str, n: int, runs: int, *, prefect: bool, prefect_db: str = "sqlite") -> list[Row]:
    """All runs with their medians last; starts and stops the servers that are needed."""
    with ExitStack() as stack:
        needed = db == "postgres" or (prefect and prefect_db == "postgres")
        postgres = stack.enter_context(server()) if needed else None
        api = None
        if prefect:
            its_database = stack.enter_context(fresh_database(postgres)) if postgres and prefect_db == "postgres" else None
            api = stack.enter_context(prefect_server(its_database))
        used = postgres if db == "postgres" else None
        return with_medians([measure(used, n, run, api, prefect_db if prefect else "off") for run in range(1, runs + 1)])


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loop", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite", help="where Bihuan keeps its data")
    parser.add_argument("--n", type=int, default=500, help="how many issues")
    parser.add_argument("--prefect", choices=("on", "off"), default="off", help="record runs and events in a real Prefect server")
    parser.add_argument("--prefect-db", choices=("sqlite", "postgres"), default="sqlite", help="where that Prefect keeps its data")
    parser.add_argument("--runs", type=int, default=3, help="how many runs; medians are the last row")
    parser.add_argument("--json", metavar="FILE", help="the rows as JSON, - for standard output")
    given = parser.parse_args(arguments)
    rows = run_all(given.db, given.n, given.runs, prefect=given.prefect == "on", prefect_db=given.prefect_db)
    tell(f"the loop, {given.n} issues, ten durable changes each", rows, given.json)


if __name__ == "__main__":
    main()
