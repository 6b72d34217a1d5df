"""The outside world for one benchmark: a real simulator in a process of its own, and an installation whose channels lead to it."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from sqlalchemy import insert

from benchmarks.postgres import free_port, fresh_database
from models import Database, DeliveryPolicy, table
from services.catalogue import reference_changed
from services.channels.demonstration import point_at_simulator, setup_file
from services.channels.opening import open_channels
from services.deliveries import Voice
from services.engine import engines
from services.engine.claims import Claimer
from services.upkeep import opened, prepare
from settings import Settings, load
from tasks.context import EngineContext, at_work

_ROOT: Final = Path(__file__).parents[1]
#: What is measured is how fast we are, not how patient: no quiet hours, no budgets.
_IMPATIENT: Final = {
    "per_minute": 1_000_000,
    "per_quarter_hour": 1_000_000,
    "per_day": 1_000_000,
    "per_notice_day": 1_000_000,
    "digest_from": 1_000_000,
    "quiet_from": "00:00",
    "quiet_until": "00:00",
    "breaker_failures": 1_000_000,
}


@dataclass(frozen=True)
class Outside:
    """An installation and the simulator that its channels lead to.

    Attributes:
        api: The simulator's own API.
    """

    settings: Settings
    database: Database
    api: httpx.Client

    def arrived(self, **wanted: str) -> list[dict[str, Any]]:
        """What the simulator has taken, newest first."""
        found = self.api.get("/api/messages", params={"limit": "10000", "accepted": "yes", **wanted}).raise_for_status()
        return list(found.json()["messages"])

    def slow(self, vendor: str, seconds: float) -> None:
        """Let a vendor take so long for each answer; 0: no longer."""
        if seconds:
            self.api.post("/api/faults", json={"vendor": vendor, "kind": "slow", "seconds": seconds}).raise_for_status()
        else:
            self.api.delete("/api/faults").raise_for_status()


@contextmanager
def outside(server: str | None, now: datetime, **more: Any) -> Iterator[Outside]:  # noqa: ANN401 - settings by name
    """Set both up, and take them away on leaving.

    Args:
        server: Address of a PostgreSQL server; None for SQLite.
        now: The instant at which it is set up.
        more: Further settings.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bihuan-bench-")))
        url = stack.enter_context(fresh_database(server)) if server else f"sqlite:///{folder}/bihuan.db"
        ports = {name: free_port() for name in ("sim_port", "sim_smtp_port", "sim_smpp_port")}
        settings = load(data_dir=folder, database_url=url, demo=True, prefect="off", **ports, **more)
        prepare(settings, now)
        database = stack.enter_context(opened(settings))
        point_at_simulator(database, settings, now)
        with database.unit_of_work() as session:
            row = {"version": 1, "numbers": _IMPATIENT, "since": now - timedelta(days=1), "changed_by": "benchmark"}
            session.connection().execute(insert(table(DeliveryPolicy)).values(row))
            reference_changed(session)
        stack.enter_context(_simulator(settings))
        api = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{settings.sim_port}", trust_env=False, timeout=60))
        yield Outside(settings, database, api)


@contextmanager
def at_the_post(where: Outside, now: datetime) -> Iterator[EngineContext]:
    """Everything inside runs for an engine of that installation."""
    with where.database.unit_of_work() as session:
        engine_id = engines.begin(session, now, events_on=False)
    channels = open_channels(where.database, where.settings)
    claimer = Claimer(engine_id, timedelta(seconds=where.settings.lease_seconds))
    voice = Voice(where.settings.lang, where.settings.sms_sign)
    try:
        with at_work(EngineContext(where.database, claimer, channels, voice, base_url=where.settings.public_url)) as context:
            yield context
    finally:
        channels.close()
        with where.database.unit_of_work() as session:
            engines.end(session, engine_id, now)


@contextmanager
def _simulator(settings: Settings) -> Iterator[None]:
    command = [sys.executable, "-m", "cli", "sim", "--json", "--setup", str(setup_file(settings))]
    ports = [part for name in ("http", "smtp", "smpp") for part in (f"--{name}-port", str(_port(settings, name)))]
    process = subprocess.Popen([*command, *ports], cwd=_ROOT, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise SystemExit("the simulator did not start")
        json.loads(line)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()


def _port(settings: Settings, name: str) -> int:
    return int(getattr(settings, "sim_port" if name == "http" else f"sim_{name}_port"))
