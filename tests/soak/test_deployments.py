"""deployments/prefect.yaml for real: a Prefect server, `prefect deploy --all`, a worker, and the engine it runs."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from clock import utcnow
from deployments.prefect_server import client_environment
from models import Case, Database, EngineInstance, table
from services.intake import Report, submit
from services.moves import Setting
from settings import Settings
from tests.support.processes import ROOT, Installation, Process, installed, until

pytestmark = [pytest.mark.soak, pytest.mark.timeout(420)]
ENGINE = "engine/bihuan-engine"
_case, _engine = table(Case), table(EngineInstance)


@dataclass
class Grown:
    """An installation whose engine is placed by Prefect."""

    home: Installation
    settings: Settings
    api: httpx.Client
    first_worker: Process | None = None

    def prefect(self, *command: str) -> Process:
        """Start a command of Prefect's against our server, with Prefect's own patience when the server is busy (503)."""
        patient = {**client_environment(self.settings, {}), "PREFECT_CLIENT_MAX_RETRIES": "5", "PREFECT_WORKER_QUERY_SECONDS": "1"}
        return self.home.start(sys.executable, "-m", "prefect", *command, **patient)

    def worker(self) -> Process:
        """Start a worker, as on one machine more."""
        return self.prefect("worker", "start", "--pool", "bihuan-engines", "--type", "process", "--limit", "1")

    def deploy(self) -> None:
        """Tell Prefect of everything under deployments/, and start the first engine."""
        self.succeeds("work-pool", "create", "bihuan-upkeep", "--type", "process")
        self.succeeds("--no-prompt", "deploy", "--all", "--prefect-file", str(ROOT / "deployments" / "prefect.yaml"))
        self.succeeds("automation", "create", "--from-file", str(ROOT / "deployments" / "automations.yaml"))
        self.succeeds("deployment", "run", ENGINE)

    def succeeds(self, *command: str) -> None:
        """Run a command of Prefect's; it must end well."""
        process = self.prefect(*command)
        assert process.ends(90) == 0, process.said()

    def found(self, kind: str, **wanted: object) -> list[dict[str, object]]:
        """What the server knows of a kind of thing."""
        rows: list[dict[str, object]] = self.api.post(f"/{kind}/filter", json=wanted).raise_for_status().json()
        return rows

    def runs(self) -> list[str]:
        """States of the engines' own runs."""
        return [str(run["state_name"]) for run in self.found("flow_runs", flows={"name": {"any_": ["engine"]}})]

    def engines(self) -> list[int]:
        """Process ids of the engines at work."""
        with self.home.database.unit_of_work() as session:
            return list(session.execute(select(_engine.c.pid).where(_engine.c.stopped_at.is_(None)).order_by(_engine.c.id)).scalars())

    def hand_in(self) -> int:
        """Hand in a case that needs no decision."""
        report = Report("下水道堵了", "晨光小区5号楼下水道堵了，污水外溢", area="chenguang-1")
        with self.home.database.unit_of_work() as session:
            (handed,) = submit(session, [report], Setting(utcnow()))
        return handed.case_id

    def state(self, case_id: int) -> str:
        """The case's state."""
        with self.home.database.unit_of_work() as session:
            return str(session.execute(select(_case.c.state).where(_case.c.id == case_id)).scalar_one())

    def heartbeats(self) -> int:
        """How many signs of life of engines the server has on record."""
        wanted = {"filter": {"event": {"name": ["prefect.flow-run.heartbeat"]}}}
        return int(self.api.post("/events/filter", json=wanted).raise_for_status().json()["total"])

    def answers(self) -> bool:
        """Whether the server can be used."""
        with suppress(httpx.HTTPError):
            return self.api.get("/health").status_code == 200
        return False


@pytest.fixture
def grown(tmp_path: Path, sqlite_database: Database, encryption_key: bytes) -> Iterator[Grown]:
    """A server of its own, with the deployments of this project and a worker."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(data_dir=tmp_path / "data", prefect_port=port)
    with (
        installed(settings.data_dir, sqlite_database, encryption_key, BIHUAN_PREFECT="on", BIHUAN_PREFECT_PORT=str(port)) as home,
        httpx.Client(base_url=settings.prefect_api_url, timeout=20) as api,
    ):
        there = Grown(home, settings, api)
        home.start(sys.executable, "-m", "deployments.prefect_server")
        until(there.answers, 90, "the Prefect server")
        there.first_worker = there.worker()
        until(lambda: there.found("work_pools"), 60, "the pool of the first worker")
        try:
            yield there
        finally:
            for pid in there.engines():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def test_a_worker_runs_the_engine_and_a_crashed_one_is_started_again(grown: Grown) -> None:
    grown.deploy()
    assert {d["name"] for d in grown.found("deployments")} >= {"bihuan-engine"}
    case = grown.hand_in()
    until(lambda: grown.state(case) == "dispatched", 90, "the dispatch")
    (first,) = grown.engines()
    of_cases = {"flows": {"name": {"any_": ["closed-loop"]}}}
    assert [run["parent_task_run_id"] for run in grown.found("flow_runs", **of_cases)] == [None], "cases have runs of their own"

    os.kill(first, signal.SIGKILL)
    until(lambda: grown.engines() not in ([first], []), 120, "the engine that takes the place of the killed one")
    second = grown.hand_in()
    until(lambda: grown.state(second) == "dispatched", 60, "the dispatch by the second engine")
    assert sorted(grown.runs()) == ["Crashed", "Running"]


def test_a_cancelled_engine_finishes_and_stays_away(grown: Grown) -> None:
    grown.deploy()
    until(grown.engines, 90, "the engine")
    running = {"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}}
    until(lambda: grown.found("flow_runs", **running), 30, "the run of the engine")
    (run,) = grown.found("flow_runs", **running)
    grown.succeeds("flow-run", "cancel", str(run["id"]))
    until(lambda: not grown.engines(), 90, "the end of the engine")
    until(lambda: grown.found("flow_runs", flow_runs={"state": {"name": {"any_": ["Cancelled"]}}}), 30, "the end of the run")
    waiting = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED", "PENDING", "RUNNING"]}}}}
    assert grown.found("flow_runs", **waiting) == []


def test_an_engine_whose_machine_is_gone_is_replaced_on_another(grown: Grown) -> None:
    grown.deploy()
    until(grown.engines, 90, "the engine")
    until(grown.heartbeats, 30, "its first sign of life")
    (first,) = grown.engines()
    assert grown.first_worker is not None
    grown.first_worker.kill()
    os.kill(first, signal.SIGKILL)

    grown.worker()
    until(lambda: grown.engines() not in ([first], []), 240, "the engine that takes its place")
    assert sorted(grown.runs()) == ["Crashed", "Running"]
    case = grown.hand_in()
    until(lambda: grown.state(case) == "dispatched", 60, "the dispatch")
