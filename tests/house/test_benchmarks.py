"""The benchmarks at toy size: the keys that programs read are there, and the work was done. Nothing here is timed."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks import clocks, dry_run, loop, messages
from benchmarks.loop_floor import floor
from benchmarks.pacing import alone, side_by_side
from benchmarks.report import percentile, with_medians
from benchmarks.waiting import FIRST_RUNG
from models import Sealed

LOOP_KEYS = {
    "issues_per_s",
    "floor_issues_per_s",
    "ratio_to_floor",
    "case_steps_per_s",
    "events_confirmed",
    "signal_ms_p50",
    "signal_ms_p95",
    "cpu_ms_per_issue",
    "rss_mb",
}
CLOCK_KEYS = {"pass_ms", "floor_ms", "ratio_to_floor", "lateness_p99_s"}


@pytest.fixture(autouse=True)
def keys_of_the_other_tests(monkeypatch):
    """A benchmark opens an installation with keys of its own; keys are one for the process, so put the others back afterwards."""
    monkeypatch.setattr(Sealed, "keys", Sealed.keys)


def test_the_loop_closes_every_issue_and_reports_a_row_for_each_run(capsys):
    loop.main(["--db", "sqlite", "--n", "20", "--runs", "2", "--json", "-"])

    rows = json.loads(capsys.readouterr().out)

    assert [row["run"] for row in rows] == [1, 2, "median"]
    assert all(row.keys() >= LOOP_KEYS for row in rows)
    assert all(row["database"].startswith("sqlite") and row["prefect_database"] == "off" for row in rows)


def test_an_issue_makes_ten_durable_changes_of_which_five_are_signals(monkeypatch):
    seen = {}

    def remember(database, _n):
        with database.engine.connect() as connection:
            for thing in ("case", "order", "clock"):
                counted = f"SELECT action, count(*) FROM journal WHERE thing = '{thing}' GROUP BY action"
                seen[thing] = dict(connection.exec_driver_sql(counted).all())
            seen["states"] = dict(connection.exec_driver_sql("SELECT state, count(*) FROM case_file GROUP BY state").all())
        return 1

    monkeypatch.setattr(loop, "journal_entries", remember)

    loop.measure(None, 20, 1, None, "off")

    by_the_engine = ("submit", "accept", "file", "dispatch", "acknowledge", "finish", "waive_check", "feed_back", "rate", "close")
    assert seen["states"] == {"closed": 20}
    assert seen["case"] == dict.fromkeys(by_the_engine, 20)
    assert seen["order"] == {"acknowledge": 40, "finish": 40}
    assert seen["clock"] == {}


def test_the_floor_commits_ten_times_an_issue_in_legal_order(tmp_path):
    import sqlite3

    latencies = []
    alone(floor(str(tmp_path / "floor.db"), 20, 7, latencies))

    history = sqlite3.connect(tmp_path / "floor.db").execute("SELECT issue_id, what FROM history ORDER BY issue_id, seq").fetchall()
    legal = ["created", "triaged", "dispatched", "lead_ack", "co_ack", "lead_done", "co_done", "fed_back", "rated", "closed"]
    assert [what for _, what in history] == legal * 20
    assert len(latencies) == 5 * 20


def test_a_pass_fires_exactly_what_is_due_and_the_live_engine_the_rest(monkeypatch, capsys):
    monkeypatch.setattr(clocks, "_SPREAD_S", 1)
    monkeypatch.setattr(clocks, "_LEAD_S", 1)

    clocks.main(["--db", "sqlite", "--waiting", "40", "--due", "5", "--runs", "2", "--json", "-"])

    rows = json.loads(capsys.readouterr().out)
    assert [row["run"] for row in rows] == [1, 2, "median"]
    assert all(row.keys() >= CLOCK_KEYS for row in rows)


def test_only_the_due_clocks_are_due_at_each_instant():
    base = datetime(2026, 11, 20, tzinfo=UTC)

    moments = list(clocks.instants(base, waiting=100, due=10, passes=3))

    assert len(moments) == 100
    assert [moments.count(base + timedelta(seconds=i)) for i in range(3)] == [10, 10, 10]
    assert all(base + timedelta(hours=1) < m < base + FIRST_RUNG for m in moments[30:])


def test_two_workers_take_turns_and_both_finish():
    order = []

    def worker(name, slices):
        for i in range(slices):
            order.append(name)
            yield (i + 1) / (slices + 1)

    side_by_side(worker("a", 2), worker("b", 8))

    assert order.count("a") == 2
    assert order.count("b") == 8
    assert order[:2] == ["a", "b"]
    assert order[-1] == "b"
    assert order.index("a", 1) < 6


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (95, 95), (99, 99), (100, 100)])
def test_percentiles_are_values_that_were_measured(percent, expected):
    values = list(range(1, 101))
    random.Random(1).shuffle(values)

    assert percentile(values, percent) == expected


def test_the_median_row_comes_last_and_keeps_names():
    rows = with_medians([{"database": "x", "a": 1.0}, {"database": "x", "a": 5.0}, {"database": "x", "a": 2.0}])

    assert rows[-1] == {"run": "median", "database": "x", "a": 2}


def test_a_dry_run_looks_at_every_clock_and_moves_those_whose_limit_differs(capsys):
    dry_run.main(["--db", "sqlite", "--cases", "80", "--repeats", "1", "--json", "-"])

    row = json.loads(capsys.readouterr().out)[0]

    assert row["cases"] == 80
    assert row["clocks"] == 240
    assert 0 < row["moved"] <= 80
    assert row.keys() >= {"seconds", "floor_s", "ratio_to_floor"}


@pytest.mark.soak
def test_every_message_is_sent_and_the_ways_to_the_simulator_are_timed():
    rows = messages.run_all("sqlite", 20, 2, 1)
    assert set(rows[0]) >= {"email_ratio_to_floor", "sms_ratio_to_floor", "accept_p95_s", "email_beside_slow_sms"}
    assert all(float(rows[0][key]) > 0 for key in rows[0] if key not in ("run", "db"))
