"""Messages over real sockets, in short: streams under faults, a killed engine, an emergency that gets through; long: make soak."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models import Database
from tests.support.emergencies import ALL_FAULTS, every_fault
from tests.support.faults import Stream, killed
from tests.support.reckoning import Books, complaints
from tests.support.sim import SimServer
from tests.support.stream import HASTY, surroundings

DROPPED: tuple[str, str, Mapping[str, Any]] = ("sms", "drop", {"times": 2})
SLOW: tuple[str, str, Mapping[str, Any]] = ("sms", "slow", {"seconds": 0.3})
REST: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("email", "throttle", {"code": "451"}),
    ("im", "refuse", {}),
    ("sms", "down", {}),
)


def test_a_stream_and_a_killed_engine(sqlite_database: Database, tmp_path: Path, encryption_key: bytes, sim: SimServer) -> None:
    with surroundings(tmp_path / "data", sqlite_database, encryption_key, sim) as around:
        around.open(HASTY, 1)
        stream = Stream(around, 4, (DROPPED, SLOW, *REST))
        engine = stream.run(around.installation.engine(), {1: lambda present: killed(around, present)})
        around.replied("10000000003")
        around.come_to_rest(60)
        books = Books(around)
        assert engine.popen.poll() is None, engine.said()[-3000:]
    assert complaints(books) == []
    assert around.in_flight
    assert {each["medium"] for each in books.arrivals if each["accepted"]} >= {"sms", "email"}


@pytest.mark.soak
def test_by_smpp_nothing_stays_in_doubt(postgres_database: Database, tmp_path: Path, encryption_key: bytes, sim: SimServer) -> None:
    with surroundings(tmp_path / "data", postgres_database, encryption_key, sim, smpp=True) as around:
        around.open(HASTY, 1)
        Stream(around, 3, (DROPPED, ("voice", "refuse", {})), patience_s=10).run(around.installation.engine(), {})
        around.come_to_rest(60)
        books = Books(around)
    assert complaints(books) == []
    assert {each["verdict"] for each in books.arrivals if each["vendor"] == "smpp"} >= {"accepted", "dropped"}


def test_an_emergency_gets_through(sqlite_database: Database, tmp_path: Path, encryption_key: bytes, sim: SimServer) -> None:
    with surroundings(tmp_path / "data", sqlite_database, encryption_key, sim) as around:
        took = every_fault(around, {name: ALL_FAULTS[name] for name in ("wrong credentials",)})
    assert max(took.values()) <= timedelta(seconds=60)
