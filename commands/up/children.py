"""What runs on one machine: Prefect server, simulator, web, engine, as data."""

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deployments.prefect_server import client_environment, server_command, server_environment
from settings import Settings, reachable

ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Child:
    """A process to be kept running."""

    name: str
    """Short, as in the names of log files."""
    argv: tuple[str, ...]
    env: Mapping[str, str]
    health_url: str | None = None
    """Answers 200 when the child can be used; None: it can as soon as it runs."""
    stop_signal: signal.Signals = signal.SIGTERM
    cwd: Path | None = None
    """Folder to start in; None is the parent's own."""


def children_of(settings: Settings) -> tuple[Child, ...]:
    """List the children of this machine in the order of starting; they are stopped the other way round."""
    prefect = (_prefect(settings),) if settings.runs_own_prefect else ()
    sim = (_sim(settings),) if settings.runs_sim else ()
    return (*prefect, *sim, _web(settings), _engine(settings))


def _prefect(settings: Settings) -> Child:
    home = settings.data_dir / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    return Child(
        name="prefect",
        argv=server_command(settings),
        env=server_environment(settings, os.environ) | {"PYTHONUNBUFFERED": "1"},
        health_url=f"http://{reachable(settings.prefect_host)}:{settings.prefect_port}/api/health",
        cwd=home,  # Prefect reads a prefect.toml and a .env of the folder it starts in
    )


def _sim(settings: Settings) -> Child:
    from services.channels.demonstration import setup_file

    setup = setup_file(settings)
    known = ("--setup", str(setup)) if setup.exists() else ()
    return Child(
        name="sim",
        argv=(*_python("cli"), "sim", "--keep", str(setup.with_name("messages.jsonl")), *known),
        env=_ours(settings),
        health_url=f"{sim_page(settings)}/livez",
        stop_signal=signal.SIGINT,
    )


def sim_page(settings: Settings) -> str:
    """Address of the simulator's inbox."""
    return f"http://{reachable(settings.sim_host)}:{settings.sim_port}"


def _web(settings: Settings) -> Child:
    return Child(
        name="web",
        argv=(*_python("cli"), "web"),
        env=_ours(settings),
        health_url=f"http://{reachable(settings.host)}:{settings.port}/livez",
    )


def _engine(settings: Settings) -> Child:
    return Child(name="engine", argv=(*_python("cli"), "engine"), env=_ours(settings), stop_signal=signal.SIGINT)


def _python(module: str) -> tuple[str, ...]:
    """Run a module without the current folder in front: a `web/` or `cli.py` lying there must not be taken for ours."""
    return (sys.executable, "-P", "-m", module)


def _ours(settings: Settings) -> dict[str, str]:
    """Give our own processes Prefect's address and, when started from a checkout, the way to it."""
    environment = client_environment(settings, os.environ) | {"PYTHONUNBUFFERED": "1"}
    if (ROOT / "pyproject.toml").is_file():
        inherited = os.environ.get("PYTHONPATH", "")
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), inherited)))
    return environment
