"""Engines die at any moment, PostgreSQL is torn down, SQLite's lock is held: nothing is lost and nothing is done twice."""

import json
import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from clock import pause, utcnow
from models import Case, Clock, Database, EngineInstance, Message, table
from services.audit import audit_clocks, check_journal
from tests.support.databases import PostgresSupply, fresh_database
from tests.support.people import goal_of
from tests.support.postgres import PrivateServer
from tests.support.processes import Installation, Process, installed, until
from tests.support.sound import complaints

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]
CASES = 600
_case, _clock, _message, _engine = table(Case), table(Clock), table(Message), table(EngineInstance)


@pytest.fixture
def installation(database: Database, tmp_path: Path, encryption_key: bytes) -> Iterator[Installation]:
    with installed(tmp_path / "data", database, encryption_key, BIHUAN_BATCH_SIZE="50") as made:
        yield made


def states(database: Database) -> Counter[str]:
    """States of the cases; what comes up again and again is a topic besides, with a file of its own."""
    with database.unit_of_work() as session:
        return Counter(session.connection().execute(select(_case.c.state).where(_case.c.state != "beside")).scalars())


def at_rest(database: Database) -> bool:
    """Nothing is ready, nothing is queued."""
    with database.unit_of_work() as session:
        ready = select(func.count()).select_from(_case).where(_case.c.attend_at.is_not(None))
        queued = select(func.count()).select_from(_message).where(_message.c.attend_at.is_not(None))
        return sum(session.connection().execute(q).scalar_one() for q in (ready, queued)) == 0


def finish(installation: Installation, people: Process, cases: int, engine: Process | None = None) -> None:
    """Let a last engine bring everything to its end, then look at everything."""
    engine = engine or installation.engine()
    assert people.ends(240) == 0, people.said()[-3000:]
    until(lambda: at_rest(installation.database), 60, "rest")
    # who lives looks for the dead with each beat: the work may well be done before the next one
    until(lambda: open_engines(installation.database) == 1, 60, "the dead to be found")
    assert engine.stop(30) == 0, engine.said()[-3000:]
    check(installation, cases)


def open_engines(database: Database) -> int:
    """Engines that nobody has ended yet."""
    with database.unit_of_work() as session:
        return int(session.connection().execute(select(func.count()).where(_engine.c.stopped_at.is_(None))).scalar_one())


def check(installation: Installation, cases: int) -> None:
    """Every case where it should be, no step twice, none missing, every message sent at least once."""
    database = installation.database
    assert states(database) == Counter(goal_of(n) for n in range(cases))
    assert complaints(database, utcnow(), timedelta(0)) == []
    assert audit(database) == []
    assert open_engines(database) == 0
    recorded = Counter(json.loads(line)["id"] for line in whole_lines(installation.folder / "outbox.jsonl"))
    with database.unit_of_work() as session:
        rows = session.connection().execute(select(_message)).all()
        assert session.connection().execute(select(func.count()).where(_case.c.claimed_by.is_not(None))).scalar_one() == 0
    missing = [row for row in rows if row.state != "suppressed" and row.id not in recorded]
    assert missing == [], "messages that were never handed to their channel"
    assert {row.error for row in rows if row.state == "suppressed"} <= {"superseded", "over"}, "dropped without a lawful reason"


def whole_lines(file: Path) -> list[str]:
    """Lines of the record; one that a kill has cut short does not count as sent."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if line.startswith("{") and line.endswith("}")]


def audit(database: Database) -> list[object]:
    """What the product's own auditor finds."""
    with database.unit_of_work() as session:
        ids = list(session.connection().execute(select(_case.c.id)).scalars())
        return [*audit_clocks(session, utcnow(), timedelta(minutes=1)), *check_journal(session, ids)]


def in_flight(database: Database) -> int:
    """What is claimed at this moment: after a kill, what the engine had in its hands."""
    with database.unit_of_work() as session:
        counts = [select(func.count()).where(t.c.claimed_by.is_not(None)) for t in (_case, _clock, _message)]
        return sum(session.connection().execute(q).scalar_one() for q in counts)


def test_kill_9_at_random_moments(installation: Installation) -> None:
    chance = random.Random(20261120)
    people, caught = installation.people(0, CASES), 0
    for _ in range(15):
        engine = installation.engine()
        pause(chance.uniform(0.05, 1.2))
        engine.kill()
        caught += in_flight(installation.database)
    print("in flight at the kills:", caught)
    finish(installation, people, CASES)


def test_kill_9_inside_a_commit_and_between_statements(installation: Installation) -> None:
    chance = random.Random(20261121)
    people, caught = installation.people(0, CASES), 0
    kinds = ["before", "after", "statement"] * 6
    chance.shuffle(kinds)
    for kind in kinds:
        engine = installation.engine(die=f"{kind}:{chance.randint(3, 60) * (6 if kind == 'statement' else 1)}")
        assert engine.ends(120) == -9
        caught += in_flight(installation.database)
    print("in flight at the kills:", caught)
    assert caught > 0, "no kill hit any work: the test proves nothing"
    finish(installation, people, CASES)


def test_two_engines_and_one_of_them_is_killed_over_and_over(postgres_database: Database, tmp_path: Path, encryption_key: bytes) -> None:
    with installed(tmp_path / "data", postgres_database, encryption_key, BIHUAN_BATCH_SIZE="20") as installation:
        steady = installation.engine()
        people = installation.people(0, 300)
        chance = random.Random(20261122)
        for _ in range(6):
            engine = installation.engine()
            pause(chance.uniform(0.2, 1.2))
            engine.kill()
        finish(installation, people, 300, steady)


def test_postgres_is_torn_down_while_the_engine_works(tmp_path: Path, encryption_key: bytes) -> None:
    server = PrivateServer()
    try:
        server.create()
        with (
            closing(PostgresSupply(server.url)) as supply,
            fresh_database(supply) as database,
            installed(tmp_path / "data", database, encryption_key, BIHUAN_BATCH_SIZE="50") as installation,
        ):
            people = installation.people(0, 300)
            engine = installation.engine()
            for _ in range(4):
                pause(2.5)
                server.restart_immediately()
                database.engine.dispose()
                assert engine.popen.poll() is None, engine.said()[-3000:]
            finish(installation, people, 300, engine)
    finally:
        server.remove()


def test_sqlites_write_lock_is_held_for_15_seconds(sqlite_database: Database, tmp_path: Path, encryption_key: bytes) -> None:
    file = str(sqlite_database.engine.url.database)
    with installed(tmp_path / "data", sqlite_database, encryption_key, BIHUAN_BATCH_SIZE="50") as installation:
        people = installation.people(0, 200)
        engine = installation.engine()
        pause(2)
        before = hold_the_lock(file, 15)
        assert sum(states(sqlite_database).values()) >= before
        assert engine.popen.poll() is None, engine.said()[-3000:]
        assert people.popen.poll() is None, people.said()[-3000:]
        finish(installation, people, 200, engine)


def hold_the_lock(file: str, seconds: float) -> int:
    """Hold the write lock from another connection; gives back how many cases there were under it."""
    holder = sqlite3.connect(file, isolation_level=None, timeout=30)
    try:
        holder.execute("BEGIN IMMEDIATE")
        cases = "SELECT count(*) FROM case_file WHERE state != 'beside'"  # files of topics are none
        count = int(holder.execute(cases).fetchone()[0])
        threading.Event().wait(seconds)
        assert int(holder.execute(cases).fetchone()[0]) == count
        holder.execute("ROLLBACK")
        return count
    finally:
        holder.close()
