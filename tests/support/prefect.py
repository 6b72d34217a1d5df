"""A real Prefect server in a process of its own, and what it knows of our cases."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import httpx

from deployments.prefect_server import server_command, server_environment
from settings import load
from tests.support.postgres import free_port
from tests.support.processes import until


class PrefectServer:
    """Our server settings, a free port, a home of its own; may be killed, stopped and started again with the same database."""

    def __init__(self, folder: Path) -> None:
        self._settings = load(data_dir=folder, prefect_host="127.0.0.1", prefect_port=free_port(), prefect_auth="")
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.api = self._settings.prefect_api_url
        self.client = httpx.Client(base_url=self.api, timeout=30)
        (folder / "prefect").mkdir(parents=True, exist_ok=True)

    def launch(self) -> None:
        """Start it without waiting."""
        environment = server_environment(self._settings, os.environ)
        with (self._folder / "server.log").open("ab") as log:
            command = server_command(self._settings)
            self._process = subprocess.Popen(command, env=environment, cwd=self._folder, stdout=log, stderr=log)

    def start(self) -> None:
        """Start it, unless it runs, and wait until it answers."""
        if self._process is None:
            self.launch()
        until(self.answers, 120, "the Prefect server's start")

    def answers(self) -> bool:
        """Whether it is there; one that has ended by itself is an error."""
        assert self._process is not None
        assert self._process.poll() is None, self.says()
        try:
            return httpx.get(f"{self.api}/health", timeout=2).is_success
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """`kill -9`."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """It still takes connections, but answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was frozen."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self, sign: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(sign)
            self._process.wait(timeout=60)
            self._process = None

    def remove(self) -> None:
        """End it; a server that will not stop is killed."""
        try:
            self._end(signal.SIGTERM)
        except subprocess.TimeoutExpired:
            self._end(signal.SIGKILL)
        self.client.close()

    def says(self) -> str:
        """The end of its log."""
        return (self._folder / "server.log").read_text(encoding="utf-8", errors="replace")[-3000:]

    # what it knows ----------------------------------------------------------------------------------------------------

    def runs(self, *tags: str) -> list[dict[str, Any]]:
        """Flow runs that carry all these tags, oldest first."""
        wanted = {"flow_runs": {"tags": {"all_": list(tags)}}, "sort": "START_TIME_ASC", "limit": 200}
        found: list[dict[str, Any]] = self.client.post("/flow_runs/filter", json=wanted).raise_for_status().json()
        return found

    def events(self, no: str) -> list[dict[str, Any]]:
        """The event feed of a case, in the order of its journal."""
        wanted = {"filter": {"any_resource": {"id": [f"bihuan.case.{no}"]}, "order": "ASC"}, "limit": 50}
        page = self.client.post("/events/filter", json=wanted).raise_for_status().json()
        found: list[dict[str, Any]] = [*page["events"]]
        while page.get("next_page"):
            page = self.client.get(page["next_page"]).raise_for_status().json()
            found += page["events"]
        return sorted(found, key=lambda e: e["payload"]["seq"])
