"""A real Prefect server for one benchmark, and its answer to the question how many of our events it has stored."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import httpx

from benchmarks.postgres import free_port
from clock import pause
from deployments.prefect_server import client_environment, server_command, server_environment
from settings import load

_PATIENCE_S = 120


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


def stored_events(client: httpx.Client, since: datetime, until: datetime) -> int:
    """How many events of our cases Prefect's store has from this span of time."""
    span = {"since": since.isoformat(), "until": until.isoformat()}
    wanted = {"filter": {"occurred": span, "event": {"prefix": ["bihuan.case."]}}, "limit": 1}
    return int(client.post("/events/filter", json=wanted).raise_for_status().json()["total"])
