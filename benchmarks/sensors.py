"""Alarms through the real hook: `python -m benchmarks.sensors --db sqlite|postgres --n 1000 --runs 3 --json -`.

`bihuan web` of its own, suppliers on several connections, every push signed and taken in a commit of its own; afterwards the database is
asked whether any alarm was lost. The floor is as many plain inserts with a commit each, one after the other.
"""

import argparse
import http.client
import json
import secrets
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle
from time import perf_counter
from typing import Any, Final

import psycopg
from sqlalchemy import func, select

from benchmarks.installation import Place, installed
from benchmarks.postgres import server
from benchmarks.report import Row, percentile, rounded, tell, with_medians
from benchmarks.web_server import web_server
from clock import utcnow
from models import Case, SensorAlarm, table
from services.catalogue import catalogue
from services.sensors import hooks
from services.sensors.devices import Written, add
from services.sensors.signatures import sign

HOOK: Final = "bench"
_PATIENCE_S: Final = 60.0
_CONNECTIONS: Final = 4
_TABLE: Final = "CREATE TABLE alarm (key TEXT PRIMARY KEY, device TEXT, at TEXT, value TEXT)"
_PLAIN: Final = "INSERT INTO alarm VALUES ({0}, {0}, {0}, {0})"


def register(place: Place, devices: int) -> tuple[str, list[str]]:
    """A hook and so many smoke detectors, spread over the communities of the district; gives back its secret and their codes."""
    codes = [f"YG-{n:05}" for n in range(devices)]
    with place.database.unit_of_work() as session:
        secret = hooks.make(session, HOOK, "bench", "admin", utcnow(), per_minute=1_000_000)
        grids = cycle(sorted(unit.code for unit in catalogue(session).units.values() if unit.kind == "COMMUNITY"))
        for code, area in zip(codes, grids, strict=False):
            add(session, Written(code, "smoke", f"{code}号楼道", area), "admin", utcnow())
    return secret, codes


# pushing --------------------------------------------------------------------------------------------------------------


def pushes_of(codes: Sequence[str], n: int, batch: int, run: str) -> list[bytes]:
    """The bodies of n alarms, so many in a push, the devices in turn."""
    at, turn = utcnow().isoformat(), cycle(codes)
    alarms = [{"key": f"{run}-{i}", "device": next(turn), "at": at, "value": "0.9"} for i in range(n)]
    return [json.dumps({"alarms": alarms[i : i + batch]}).encode() for i in range(0, n, batch)]


def push(port: int, secret: str, bodies: Sequence[bytes]) -> tuple[float, list[float]]:
    """Push them over several connections at once; the seconds for all, and for each push."""
    took, wrong, waiting, lock = list[float](), list[str](), list(reversed(bodies)), threading.Lock()

    def supplier() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
        while True:
            with lock:
                if not waiting:
                    return
                body = waiting.pop()
            started = perf_counter()
            refused = _one(connection, secret, body)
            took.append(perf_counter() - started)
            if refused:
                wrong.append(refused)
                return

    threads = [threading.Thread(target=supplier) for _ in range(_CONNECTIONS)]
    started = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise SystemExit(f"not taken: {wrong[0]}")
    return perf_counter() - started, took


def _one(connection: http.client.HTTPConnection, secret: str, body: bytes) -> str:
    """Push one body; gives back why it was not taken, or nothing."""
    stamp, nonce = str(int(utcnow().timestamp())), secrets.token_hex(16)
    headers = {"X-Bihuan-Timestamp": stamp, "X-Bihuan-Nonce": nonce, "X-Bihuan-Signature": sign(secret, stamp, nonce, body)}
    connection.request("POST", f"/sensors/{HOOK}", body, headers)
    answer = connection.getresponse()
    told = answer.read()
    return "" if answer.status == 202 else f"{answer.status} {told[:200]!r}"


# floor and result -----------------------------------------------------------------------------------------------------


def floor(place: Place, n: int) -> float:
    """Seconds for n plain inserts with a commit each, with the durability that the database comes with."""
    values: list[tuple[Any, ...]] = [(f"k{i}", "YG-1", utcnow().isoformat(), "0.9") for i in range(n)]
    if place.database.is_sqlite:
        connection: Any = sqlite3.connect(place.floor, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
    else:
        connection = psycopg.connect(place.floor, autocommit=True)
    connection.execute(_TABLE)
    statement = _PLAIN.format("?" if place.database.is_sqlite else "%s")
    started = perf_counter()
    for row in values:
        connection.execute(statement, row)
    found = perf_counter() - started
    connection.close()
    return found


def counted(place: Place) -> tuple[int, int]:
    """How many alarms were kept, and how many cases there are."""
    with place.database.unit_of_work() as session:
        run = session.connection().execute
        alarms, cases = (run(select(func.count()).select_from(table(model))).scalar_one() for model in (SensorAlarm, Case))
    return int(alarms), int(cases)


def once(url: str | None, n: int, devices: int) -> Row:
    """One run: n alarms one by one, then n alarms in pushes of 500."""
    with installed(url, utcnow(), engine=False) as place:
        secret, codes = register(place, devices)
        with web_server(place) as address:
            port = int(address.rpartition(":")[2])
            seconds, took = push(port, secret, pushes_of(codes, n, 1, "one"))
            received, cases = counted(place)
            batched, _ = push(port, secret, pushes_of(codes, n, 500, "many"))
        everything, _ = counted(place)
        plain = floor(place, n)
        return {
            "database": place.described,
            "received": received,
            "cases": cases,
            "lost": 2 * n - everything,
            "seconds": rounded(seconds),
            "alarms_per_s": rounded(n / seconds),
            "push_ms_p95": rounded(percentile(took, 95) * 1000),
            "batched_seconds": rounded(batched),
            "floor_seconds": rounded(plain),
            "ratio_to_floor": rounded(plain / seconds),
        }


def run_all(db: str, n: int, devices: int, runs: int) -> list[Row]:
    """All runs, with their medians at the end.

    Args:
        db: `sqlite` or `postgres`.
        n: Alarms, each brought once alone and once in a batch (under another key).
        devices: How many devices bring them in turn.
        runs: How often.
    """
    with ExitStack() as stack:
        url = stack.enter_context(server()) if db == "postgres" else None
        return with_medians([once(url, n, devices) for _ in range(runs)])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--n", type=int, default=1000, help="alarms")
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", dest="json_to")
    given = parser.parse_args(arguments)
    tell(f"sensors: {given.n} alarms of {given.devices} devices", run_all(given.db, given.n, given.devices, given.runs), given.json_to)


if __name__ == "__main__":
    main()
