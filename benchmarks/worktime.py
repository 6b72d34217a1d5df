"""Working-time arithmetic against its floor: `python -m benchmarks.worktime --n 100000 --json -`.

On the seeded calendar of China, from random moments of two years: 4 working hours added, the working time of up to 30 days measured, the
close of business of the 5th working day, the budget of 5 working days at its start. The floor is what no search in a sorted table can do
without: one bisection and two look-ups in a bare loop over the same moments and the same number of windows.
"""

import argparse
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from time import perf_counter
from typing import Final
from zoneinfo import ZoneInfo

from benchmarks.report import Row, rounded, tell, with_medians
from rules.worktime import Calendar, Limit, Window, budget_of, every_day, seconds
from seeds import read, rows

_AMOUNT_S: Final = 4 * 3600
_LIMIT: Final = Limit.parse("5wd")
_LONGEST_S: Final = 30 * 86400


def seeded() -> Calendar:
    """The calendar of China as an installation has it from the seeds."""
    info = read("calendar/cn.toml")
    exceptions = {date.fromisoformat(row["date"]): row["working"] == "1" for row in rows("calendar/cn.csv")}
    windows = [Window(time.fromisoformat(w["opens"]), time.fromisoformat(w["closes"])) for w in info["windows"]]
    return Calendar(info["code"], 1, ZoneInfo(info["zone"]), every_day(info["first"], info["last"], exceptions), windows)


def pairs_of_moments(calendar: Calendar, n: int) -> list[tuple[int, int]]:
    """Random starts in the years 2025 and 2026, each with an end up to 30 days later."""
    some = random.Random(20261120)
    first, last = (seconds(datetime(year, 1, 1, tzinfo=calendar.zone)) for year in (2025, 2027))
    starts = (some.randrange(first, last) for _ in range(n))
    return [(start, start + some.randrange(_LONGEST_S)) for start in starts]


def _each_us(ask: Callable[[int, int], object], pairs: Sequence[tuple[int, int]]) -> float:
    began = perf_counter()
    for start, end in pairs:
        ask(start, end)
    return (perf_counter() - began) / len(pairs) * 1e6


def floor_us(windows: int, pairs: Sequence[tuple[int, int]]) -> float:
    """Microseconds of one bisection and two look-ups, in tables with so many windows around these moments."""
    low, high = min(start for start, _ in pairs), max(start for start, _ in pairs)
    starts = [low + (high - low) * i // windows for i in range(windows)]
    totals = list(range(windows))
    found = 0
    began = perf_counter()
    for start, _ in pairs:
        i = bisect_right(starts, start) - 1
        found += start - starts[i] + totals[i]
    took = perf_counter() - began
    if found <= 0:
        raise SystemExit("the floor found nothing")
    return took / len(pairs) * 1e6


def measure(calendar: Calendar, pairs: Sequence[tuple[int, int]]) -> Row:
    """One run over all moments, in microseconds a call."""
    windows = 2 * sum(calendar.days.values())
    floor = floor_us(windows, pairs)
    add = _each_us(lambda start, _: calendar.add(start, _AMOUNT_S), pairs)
    numbers = {
        "add_us": add,
        "subtract_us": _each_us(lambda start, _: calendar.subtract(start, _AMOUNT_S), pairs),
        "between_us": _each_us(calendar.between, pairs),
        "close_of_us": _each_us(lambda start, _: calendar.close_of(start, _LIMIT.amount), pairs),
        "budget_of_us": _each_us(lambda start, _: budget_of(_LIMIT, start, calendar), pairs),
        "segments_us": _each_us(calendar.segments, pairs[: len(pairs) // 20 or 1]),
        "floor_us": floor,
        "ratio_to_floor": add / floor,
    }
    return {"calendar": calendar.code, "n": len(pairs), "windows": windows, **{key: rounded(value) for key, value in numbers.items()}}


def run_all(n: int, runs: int) -> list[Row]:
    """All runs with their medians last."""
    calendar = seeded()
    pairs = pairs_of_moments(calendar, n)
    return with_medians([measure(calendar, pairs) for _ in range(runs)])


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.worktime", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--n", type=int, default=100_000, help="from how many random moments")
    parser.add_argument("--runs", type=int, default=3, help="how many runs; medians are the last row")
    parser.add_argument("--json", metavar="FILE", help="the rows as JSON, - for standard output")
    given = parser.parse_args(arguments)
    tell(f"working time from {given.n} moments", run_all(given.n, given.runs), given.json)


if __name__ == "__main__":
    main()
