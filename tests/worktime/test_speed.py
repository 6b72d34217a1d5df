"""The benchmark of working time at toy size: the keys that programs read are there, and a name picks a benchmark. Nothing here is timed."""

import json

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import worktime
from tests.worktime.calendars import CN


def test_a_row_for_each_run_and_the_medians(capsys: pytest.CaptureFixture[str]) -> None:
    worktime.main(["--n", "40", "--runs", "2", "--json", "-"])

    rows = json.loads(capsys.readouterr().out)

    assert [row["run"] for row in rows] == [1, 2, "median"]
    wanted = {"add_us", "subtract_us", "between_us", "close_of_us", "budget_of_us", "segments_us", "floor_us", "ratio_to_floor"}
    assert all(row.keys() >= wanted and row["n"] == 40 and row["calendar"] == "cn" for row in rows)


def test_the_measured_calendar_is_the_seeded_one() -> None:
    assert worktime.seeded().days == CN.days
    assert list(worktime.seeded().windows) == list(CN.windows)


def test_a_name_picks_a_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    benchmarks.main(["worktime", "--n", "1"])

    said = capsys.readouterr().out
    assert "add_us" in said
    assert "issues_per_s" not in said
    with pytest.raises(SystemExit):
        benchmarks.main(["worktim"])
