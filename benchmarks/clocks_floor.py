"""The floor of a pass over due clocks: find them by the index, then four plain statements and a commit for each."""

import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice
from typing import Any, Final, LiteralString

import psycopg

_TABLES: Final[tuple[LiteralString, ...]] = (
    "CREATE TABLE clock (id INTEGER PRIMARY KEY, case_id INTEGER NOT NULL, kind TEXT NOT NULL, due_at TEXT NOT NULL, next_fire_at TEXT)",
    "CREATE INDEX clock_next ON clock (next_fire_at) WHERE next_fire_at IS NOT NULL",
    "CREATE TABLE firing (clock_id INTEGER NOT NULL, rung TEXT NOT NULL, fired_at TEXT NOT NULL, PRIMARY KEY (clock_id, rung))",
    "CREATE TABLE journal (case_id INTEGER NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL, what TEXT NOT NULL, data TEXT NOT NULL,"
    " PRIMARY KEY (case_id, seq))",
)
_MESSAGE: Final[dict[bool, LiteralString]] = {
    True: "CREATE TABLE message (id INTEGER PRIMARY KEY, case_id INTEGER NOT NULL, to_id INTEGER NOT NULL, about TEXT NOT NULL)",
    False: "CREATE TABLE message (id SERIAL PRIMARY KEY, case_id INTEGER NOT NULL, to_id INTEGER NOT NULL, about TEXT NOT NULL)",
}
_DUE: Final[LiteralString] = "SELECT id, case_id FROM clock WHERE next_fire_at <= {now} ORDER BY next_fire_at"
_FIRE: Final[LiteralString] = (
    "WITH moved AS (UPDATE clock SET next_fire_at = %(next)s WHERE id = %(id)s AND next_fire_at <= %(now)s RETURNING id, case_id),"
    " fired AS (INSERT INTO firing SELECT id, 'remind', %(now)s FROM moved),"
    " noted AS (INSERT INTO journal SELECT case_id, 6, %(now)s, 'remind', %(data)s FROM moved)"
    " INSERT INTO message (case_id, to_id, about) SELECT case_id, 7, %(data)s FROM moved"
)
_DATA: Final = '{"clock": "handle", "limit": "24h", "due": "2026-11-21T10:42:04+08:00", "unit_id": 9}'
_ROWS: Final[LiteralString] = "INSERT INTO clock VALUES ({})"


class SqliteFloor:
    """Plain SQL on SQLite: WAL, synchronous=FULL, one connection."""

    def __init__(self, file: str) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._connection.execute(f"PRAGMA {pragma}")
        for statement in (*_TABLES, _MESSAGE[True]):
            self._connection.execute(statement)

    def fill(self, due: Iterable[datetime]) -> None:
        """Add a clock for each instant at which one is due."""
        self._connection.execute("BEGIN")
        self._connection.executemany(_ROWS.format("?, ?, ?, ?, ?"), _clocks(due))
        self._connection.execute("COMMIT")

    def fire(self, now: datetime, later: datetime) -> int:
        """Fire what is due, one commit each; gives back how many that were."""
        run, at, then = self._connection.execute, now.isoformat(), later.isoformat()
        due = run(_DUE.format(now="?"), (at,)).fetchall()
        for clock, case in due:
            run("BEGIN IMMEDIATE")
            run("UPDATE clock SET next_fire_at = ? WHERE id = ? AND next_fire_at <= ?", (then, clock, at))
            run("INSERT INTO firing VALUES (?, 'remind', ?)", (clock, at))
            run("INSERT INTO journal VALUES (?, 6, ?, 'remind', ?)", (case, at, _DATA))
            run("INSERT INTO message (case_id, to_id, about) VALUES (?, 7, ?)", (case, _DATA))
            run("COMMIT")
        return len(due)


class PostgresFloor:
    """Plain SQL on PostgreSQL: the four writes as one statement, one connection."""

    def __init__(self, address: str) -> None:
        self._connection = psycopg.connect(address, autocommit=True)
        for statement in (*_TABLES, _MESSAGE[False]):
            self._connection.execute(statement)

    def fill(self, due: Iterable[datetime]) -> None:
        """Add a clock for each instant at which one is due."""
        rows = _clocks(due)
        while some := list(islice(rows, 10000)):
            with self._connection.transaction():
                self._connection.cursor().executemany(_ROWS.format("%s, %s, %s, %s, %s"), some)
        self._connection.execute("ANALYZE")

    def fire(self, now: datetime, later: datetime) -> int:
        """Fire what is due, one commit each; gives back how many that were."""
        at = now.isoformat()
        due = self._connection.execute(_DUE.format(now="%s"), (at,)).fetchall()
        cursor = self._connection.cursor()
        for clock, _ in due:
            cursor.execute(_FIRE, {"id": clock, "now": at, "next": later.isoformat(), "data": _DATA})
        return len(due)


def _clocks(due: Iterable[datetime]) -> Any:  # noqa: ANN401 - an iterator of rows
    return ((i, i, "handle", at.isoformat(), at.isoformat()) for i, at in enumerate(due, start=1))


Floor = SqliteFloor | PostgresFloor
open_floor: Callable[[str], Floor] = lambda address: (PostgresFloor if address.startswith("postgresql") else SqliteFloor)(address)  # noqa: E731
