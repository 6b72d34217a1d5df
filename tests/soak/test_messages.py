"""Messages arrive, once, whatever breaks: proved from the record of the simulator, on both databases, by a public gateway and by SMPP."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from models import Database
from tests.soak.test_kills import hold_the_lock
from tests.support.databases import PostgresSupply, fresh_database
from tests.support.emergencies import ALL_FAULTS, every_fault
from tests.support.faults import Stream, killed
from tests.support.postgres import PrivateServer
from tests.support.processes import Process
from tests.support.reckoning import Books, complaints, duplicates
from tests.support.sim import SimServer
from tests.support.stream import HASTY, Surroundings, surroundings

pytestmark = [pytest.mark.soak, pytest.mark.timeout(420)]
NOTICES = 2_000
PER_STEP = 4
WAIT = 2  #: seconds that a channel waits for an answer
#: Steps of the stream: while a line is dropped after the message was taken, and while a vendor is slow.
FIRST_KILL, AWAY, SECOND_KILL = 12, 21, 28


def flows(around: Surroundings, away: Callable[[], None]) -> None:
    """The stream, the kills, the database away for a while; then everything is looked at."""

    def database_away(engine: Process) -> Process:
        away()
        assert engine.popen.poll() is None, engine.said()[-3000:]
        return engine

    around.open(HASTY, WAIT)
    stream = Stream(around, PER_STEP)
    incidents = {
        FIRST_KILL: lambda engine: killed(around, engine),
        AWAY: database_away,
        SECOND_KILL: lambda engine: killed(around, engine),
    }
    engine = stream.run(around.installation.engine(), incidents)
    stream.finish()
    around.replied("10000000003")
    around.come_to_rest(100)
    books = Books(around)
    print(f"{len(books.messages)} messages, {len(books.arrivals)} arrivals, {len(around.in_flight)} in flight when the engine died")
    print("arrived twice:", dict(duplicates(books)), "· nothing came under", sorted(set(stream.quiet)))
    found = complaints(books)
    assert not found, f"{len(found)} complaints:\n" + "\n".join(found[:40])
    assert len(books.messages) >= NOTICES
    assert around.in_flight, "no kill hit a message: that proves nothing"
    assert engine.stop(30) == 0, engine.said()[-3000:]


def test_a_stream_under_every_fault_on_sqlite_by_a_public_gateway(
    sqlite_database: Database, tmp_path: Path, encryption_key: bytes, sim: SimServer
) -> None:
    file = str(sqlite_database.engine.url.database)
    with surroundings(tmp_path / "data", sqlite_database, encryption_key, sim) as around:
        flows(around, lambda: assert_held(hold_the_lock(file, 8)))


def assert_held(cases: int) -> None:
    assert cases > 0


def test_a_stream_under_every_fault_on_postgres_by_smpp(tmp_path: Path, encryption_key: bytes, sim: SimServer) -> None:
    server = PrivateServer()
    try:
        server.create()
        with (
            closing(PostgresSupply(server.url)) as supply,
            fresh_database(supply) as database,
            surroundings(tmp_path / "data", database, encryption_key, sim, smpp=True) as around,
        ):

            def torn_down() -> None:
                server.restart_immediately()
                database.engine.dispose()

            flows(around, torn_down)
    finally:
        server.remove()


def test_an_emergency_reaches_somebody_within_a_minute_under_every_fault(
    database: Database, tmp_path: Path, encryption_key: bytes, sim: SimServer
) -> None:
    with surroundings(tmp_path / "data", database, encryption_key, sim, smpp=database.is_sqlite) as around:
        took = every_fault(around, ALL_FAULTS)
    print({name: round(each.total_seconds(), 1) for name, each in took.items()})
    assert {name: each for name, each in took.items() if each > timedelta(seconds=60)} == {}
