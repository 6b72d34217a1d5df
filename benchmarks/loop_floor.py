"""The floor of the loop: the ten changes of an issue in plain SQL, ten commits, one connection, nothing else."""

import random
import sqlite3
from collections.abc import Callable, Generator
from time import perf_counter
from typing import Final, LiteralString

import psycopg

from benchmarks.pacing import Worker

BY_ENGINE: Final = ("triaged", "dispatched")
SIGNALS: Final = ("lead_ack", "co_ack", "lead_done", "co_done")
LAST: Final = ("fed_back", "rated", "closed")
#: States in which an issue waits for somebody and so carries a pending deadline.
WAITING: Final = frozenset({"dispatched", "lead_ack", "co_ack", "lead_done", "fed_back"})
SLICE: Final = 50  #: commits in one slice of work

_TABLES: Final[tuple[LiteralString, ...]] = (
    "CREATE TABLE issue (id INTEGER PRIMARY KEY, no TEXT NOT NULL, state TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL,"
    " changed_at TEXT NOT NULL, due_at TEXT)",
    "CREATE INDEX issue_due ON issue (due_at) WHERE due_at IS NOT NULL",
    "CREATE TABLE history (issue_id INTEGER NOT NULL REFERENCES issue, seq INTEGER NOT NULL, at TEXT NOT NULL, what TEXT NOT NULL,"
    " actor TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (issue_id, seq))",
)
_OUTBOX: Final[dict[bool, LiteralString]] = {
    True: "CREATE TABLE outbox (id INTEGER PRIMARY KEY, issue_id INTEGER NOT NULL, seq INTEGER NOT NULL, payload TEXT NOT NULL)",
    False: "CREATE TABLE outbox (id SERIAL PRIMARY KEY, issue_id INTEGER NOT NULL, seq INTEGER NOT NULL, payload TEXT NOT NULL)",
}
_BODY: Final = "楼下窗口请帮忙代办老年证，老人行动不便。" * 4
_DATA: Final = '{"note": "already on the way, with two people and the material that is needed"}'
_AT: Final = "2026-11-20T10:42:04.000000+08:00"

Change = Callable[[int, str, int], None]


def _due(state: str) -> str | None:
    return "2026-11-23T17:30:00.000000+08:00" if state in WAITING else None


def on_sqlite(file: str) -> Change:
    """One change on SQLite: three statements in one commit, WAL, synchronous=FULL."""
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    for statement in (*_TABLES, _OUTBOX[True]):
        connection.execute(statement)
    run = connection.execute

    def change(issue: int, state: str, version: int) -> None:
        run("BEGIN IMMEDIATE")
        if version == 1:
            run("INSERT INTO issue VALUES (?, ?, ?, ?, ?, ?, ?)", (issue, f"GZ-{issue:06d}", state, 1, _BODY, _AT, _due(state)))
        else:
            values = (state, version, _AT, _due(state), issue, version - 1)
            run("UPDATE issue SET state = ?, version = ?, changed_at = ?, due_at = ? WHERE id = ? AND version = ?", values)
        run("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?)", (issue, version, _AT, state, "somebody", _DATA))
        run("INSERT INTO outbox (issue_id, seq, payload) VALUES (?, ?, ?)", (issue, version, _DATA))
        run("COMMIT")

    return change


_WRITES: Final[LiteralString] = (
    "history_row AS (INSERT INTO history SELECT id, version, changed_at, state, 'somebody', %(data)s FROM changed)"
    " INSERT INTO outbox (issue_id, seq, payload) SELECT id, version, %(data)s FROM changed"
)
#: Foreign keys are checked when a statement ends, so issue and history may come in one.
_NEW: Final[LiteralString] = (
    "WITH changed AS (INSERT INTO issue VALUES (%(id)s, %(no)s, %(state)s, %(version)s, %(body)s, %(at)s, %(due)s)"
    " RETURNING id, version, changed_at, state), " + _WRITES
)
_NEXT: Final[LiteralString] = (
    "WITH changed AS (UPDATE issue SET state = %(state)s, version = %(version)s, changed_at = %(at)s, due_at = %(due)s"
    " WHERE id = %(id)s AND version = %(version)s - 1 RETURNING id, version, changed_at, state), " + _WRITES
)


def on_postgres(address: str) -> Change:
    """One change on PostgreSQL: the three writes as one statement, committed by itself."""
    connection = psycopg.connect(address, autocommit=True)
    for statement in (*_TABLES, _OUTBOX[False]):
        connection.execute(statement)
    cursor = connection.cursor()

    def change(issue: int, state: str, version: int) -> None:
        values: dict[str, object] = {"id": issue, "state": state, "version": version, "at": _AT, "due": _due(state), "data": _DATA}
        if version == 1:
            cursor.execute(_NEW, values | {"no": f"GZ-{issue:06d}", "body": _BODY})
        else:
            cursor.execute(_NEXT, values)

    return change


def floor(address: str, n: int, seed: int, latencies: list[float]) -> Worker:
    """Carry `n` issues through their ten changes; the five signals come in random order over the issues.

    Args:
        address: A file for SQLite, `postgresql://…` for PostgreSQL.
        n: How many issues.
        seed: Of the random order.
        latencies: Receives the seconds that each signal took until it was committed.
    """
    change = on_postgres(address) if address.startswith("postgresql") else on_sqlite(address)
    for done, (issue, state, version, signal) in enumerate(_script(n, random.Random(seed)), start=1):
        started = perf_counter()
        change(issue, state, version)
        if signal:
            latencies.append(perf_counter() - started)
        if done % SLICE == 0:
            yield min(0.999, done / (10 * n))


def _script(n: int, chance: random.Random) -> Generator[tuple[int, str, int, bool], None, None]:
    """Every change of every issue, in the order in which they are made: (issue, state, version, is a signal)."""
    for issue in range(1, n + 1):
        for version, state in enumerate(("created", *BY_ENGINE), start=1):
            yield issue, state, version, False
    signals = [issue for issue in range(1, n + 1) for _ in SIGNALS]
    chance.shuffle(signals)
    had = dict.fromkeys(range(1, n + 1), 0)
    for issue in signals:
        had[issue] += 1
        yield issue, SIGNALS[had[issue] - 1], 3 + had[issue], True
    for issue in chance.sample(range(1, n + 1), n):
        for version, state in enumerate(LAST, start=8):
            yield issue, state, version, state == "rated"
