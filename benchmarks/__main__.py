"""All benchmarks at modest sizes, with a summary at the end: `python -m benchmarks`, which is what `make bench` runs.

`python -m benchmarks worktime clocks` runs those two only.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks import clocks, dry_run, http, loop, messages, worktime
from benchmarks.report import Row, tell


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that we mean to reach, with the benchmark that shows it."""

    key: str
    limit: float
    at_least: bool

    def reached(self, row: Row) -> bool:
        """Whether the figure is good enough."""
        return float(row[self.key]) >= self.limit if self.at_least else float(row[self.key]) <= self.limit


@dataclass(frozen=True, slots=True)
class Entry:
    """One benchmark of the programme."""

    title: str
    run: Callable[[], list[Row]]
    goals: tuple[Goal, ...]


def programme(n: int, waiting: int, due: int) -> tuple[Entry, ...]:
    """What is run, in order; Prefect comes last, because it needs a server and imports much."""
    handled_in_time = (
        Goal("ratio_to_floor", 3, at_least=False),
        Goal("pass_ms", 2000, at_least=False),
        Goal("red_ms", 2000, at_least=False),
        Goal("lateness_p99_s", 1, at_least=False),
    )
    arriving = (
        Goal("email_ratio_to_floor", 0.5, at_least=True),
        Goal("sms_ratio_to_floor", 0.3, at_least=True),
        Goal("email_beside_slow_sms", 0.9, at_least=True),
        Goal("accept_p95_s", 1, at_least=False),
    )
    return (
        Entry("worktime", lambda: worktime.run_all(n * 100, 3), (Goal("add_us", 5, at_least=False),)),
        Entry(
            "loop, SQLite",
            lambda: loop.run_all("sqlite", n, 3, prefect=False),
            (Goal("ratio_to_floor", 0.25, at_least=True), Goal("signal_ms_p95", 5, at_least=False)),
        ),
        Entry("loop, PostgreSQL", lambda: loop.run_all("postgres", n, 3, prefect=False), (Goal("ratio_to_floor", 0.20, at_least=True),)),
        Entry("clocks, SQLite", lambda: clocks.run_all("sqlite", waiting, due, 3), handled_in_time),
        Entry("clocks, PostgreSQL", lambda: clocks.run_all("postgres", waiting, due, 3), handled_in_time),
        Entry("messages, SQLite", lambda: messages.run_all("sqlite", n, n // 10, 3), arriving),
        Entry("messages, PostgreSQL", lambda: messages.run_all("postgres", n, n // 10, 3), arriving),
        Entry(
            "http, SQLite",
            lambda: http.run_all("sqlite", waiting, 50, 20, 3),
            (
                Goal("list_p95_ms", 150, at_least=False),
                Goal("case_p95_ms", 100, at_least=False),
                Goal("move_p95_ms", 50, at_least=False),
            ),
        ),
        Entry("dry_run, SQLite", lambda: dry_run.run_all("sqlite", waiting, 3), (Goal("seconds", 5, at_least=False),)),
        Entry(
            "loop, SQLite, Prefect on",
            lambda: loop.run_all("sqlite", n, 1, prefect=True),
            (Goal("case_steps_per_s", 300, at_least=True),),
        ),
    )


_SIZES: Final = {"n": 300, "waiting": 100_000, "due": 3000}
_NAMES: Final = ("worktime", "loop", "clocks", "messages", "http", "dry_run")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run everything, a table for each benchmark as it ends, then what was reached; never fails because of a figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("only", nargs="*", choices=_NAMES, metavar="NAME", help=f"which of {', '.join(_NAMES)}; all without")
    for name, size in _SIZES.items():
        parser.add_argument(f"--{name}", type=int, default=size)
    sizes = vars(parser.parse_args(arguments))
    only = tuple(sizes.pop("only")) or _NAMES
    summary = Table("benchmark", "figure", "median", "goal", "", title="summary (a shared machine is ±30 %: repeat before believing)")
    for entry in (e for e in programme(**sizes) if e.title.startswith(only)):
        rows = entry.run()
        tell(entry.title, rows, None)
        for goal in entry.goals:
            sign, mark = "≥" if goal.at_least else "≤", "✓" if goal.reached(rows[-1]) else "✗"
            summary.add_row(entry.title, goal.key, str(rows[-1][goal.key]), f"{sign} {goal.limit:g}", mark)
    Console(highlight=False).print(summary)


if __name__ == "__main__":
    main()
