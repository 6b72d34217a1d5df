"""What a benchmark says: a table for people, the same rows as JSON for programs."""

import json
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

Row = dict[str, float | int | str]


def with_medians(runs: Sequence[Row]) -> list[Row]:
    """The rows with one more at the end: the median of each number over all runs."""
    numbered: list[Row] = [{"run": i, **row} for i, row in enumerate(runs, start=1)]
    middle: Row = {"run": "median"}
    for key, first in runs[0].items():
        middle[key] = first if isinstance(first, str) else rounded(median(float(row[key]) for row in runs))
    return [*numbered, middle]


def rounded(value: float) -> float | int:
    """As many digits as the measurement deserves."""
    return int(value) if value == int(value) or abs(value) >= 1000 else round(value, 3)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below or at which so many percent of the values lie (nearest rank); 0 when there are none."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(percent * 10) // 1000) - 1)] if ordered else 0.0


def resident_mb() -> float:
    """The most memory that this process has held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def tell(title: str, rows: Sequence[Row], json_to: str | None) -> None:
    """Print the table; with `json_to` also the rows as JSON, into that file or, for `-`, on standard output.

    The table goes to standard error when JSON goes to standard output.
    """
    facts = {k: v for k, v in rows[0].items() if isinstance(v, str)}
    table = Table(title=f"{title}\n{' · '.join(f'{k}: {v}' for k, v in facts.items())}")
    table.add_column("run")
    for row in rows:
        table.add_column(str(row["run"]), justify="right", style="bold" if row is rows[-1] else None)
    for key in (k for k in rows[0] if k not in facts and k != "run"):
        table.add_row(key, *(str(row[key]) for row in rows))
    Console(stderr=json_to == "-", highlight=False).print(table)
    if json_to == "-":
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    elif json_to:
        Path(json_to).write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
