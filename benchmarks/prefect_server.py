"""A real Prefect server for one benchmark, and its answer to the question how many of our events it has stored."""

import contextvars
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

import httpx

from benchmarks.postgres import free_port
from clock import pause, utcnow
from deployments.prefect_server import client_environment, server_command, server_environment
from settings import load
from tasks.events import push

_PATIENCE_S: Final = 120
_GRAIN_S: Final = 0.1  #: how often the outbox and Prefect's store are looked at
_STALLED: Final = timedelta(seconds=30)  #: events that Prefect has not stored by then will not come


@contextmanager
def prefect_server(database_url: str | None) -> Iterator[str]:
    """Start a server with the settings that we ship, in a home of its own; stopped and removed on leaving.

    This process becomes its client: call it before anything imports Prefect.

    Args:
        database_url: A PostgreSQL database for it; None for SQLite in its home.

    Yields:
        The address of its API.
    """
    with tempfile.TemporaryDirectory(prefix="bihuan-bench-prefect-", ignore_cleanup_errors=True) as folder:
        own = {} if database_url is None else {"prefect_database_url": database_url}
        settings = load(data_dir=Path(folder), prefect_port=free_port(), prefect_auth="", **own)
        (Path(folder) / "prefect").mkdir()
        _become_client(client_environment(settings, os.environ) | {"PREFECT_LOGGING_LEVEL": "WARNING"})
        with (Path(folder) / "log").open("wb") as log:
            environment = server_environment(settings, os.environ)
            process = subprocess.Popen(server_command(settings), env=environment, cwd=folder, stdout=log, stderr=log)
            try:
                _wait_until_healthy(settings.prefect_api_url, process, Path(folder) / "log")
                yield settings.prefect_api_url
            finally:
                process.terminate()
                process.wait(timeout=30)


def _become_client(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def _wait_until_healthy(api: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(_PATIENCE_S * 4):
        try:
            if httpx.get(f"{api}/health", timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        if process.poll() is not None:
            raise SystemExit(f"the Prefect server has ended:\n{log.read_text(errors='replace')[-2000:]}")
        pause(0.25)
    raise SystemExit(f"the Prefect server did not answer within {_PATIENCE_S} s")


class EventFeed:
    """Hands our outbox to Prefect in a thread of its own, as the engine does, and asks Prefect what it has stored."""

    def __init__(self, api: str) -> None:
        self._client = httpx.Client(base_url=api, timeout=30)
        self._since = utcnow()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=contextvars.copy_context().run, args=(self._push,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._client.close()

    def _push(self) -> None:
        while not self._stop.is_set():
            if not push(self._client, utcnow()):
                self._stop.wait(_GRAIN_S)

    def wait_for(self, count: int) -> int:
        """Wait until Prefect's store has so many of our events.

        Returns:
            How many it has; fewer than asked for when it has stopped taking more.
        """
        stored, seen_at = 0, utcnow()
        while stored < count and utcnow() - seen_at < _STALLED:
            now_stored = self.stored()
            if now_stored != stored:
                stored, seen_at = now_stored, utcnow()
            self._stop.wait(_GRAIN_S)
        return stored

    def stored(self) -> int:
        """How many events of our cases Prefect's store has since this feed was opened."""
        span = {"since": self._since.isoformat(), "until": (utcnow() + timedelta(minutes=1)).isoformat()}
        wanted = {"filter": {"occurred": span, "event": {"prefix": ["bihuan.case."]}}, "limit": 1}
        return int(self._client.post("/events/filter", json=wanted).raise_for_status().json()["total"])
