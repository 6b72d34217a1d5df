"""`bihuan engine`: one engine, until it is told to stop."""

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from wording import say

if TYPE_CHECKING:
    from settings import Settings

#: Beside what every process of ours that records in Prefect is told: no reports home, no chatter on the screen.
QUIET: Final = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_LOGGING_LEVEL": "WARNING"}


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(help=say("cli.engine"))
    def engine() -> None:
        from settings import get_settings

        _run(get_settings())


def _run(settings: "Settings") -> None:
    from services.logs import set_up_logging

    meet_prefect(settings)
    set_up_logging("engine", settings)
    from flows.engine import run

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())  # the batch under way is finished
    typer.echo(say("cli.engine_runs", path=settings.log_dir / "engine.log"))
    run(settings, stop)
    typer.echo(say("cli.engine_stopped"))


def meet_prefect(settings: "Settings") -> None:
    """Tell Prefect's client where its server is, before it is imported; what the shell said of Prefect is dropped."""
    from deployments.prefect_server import client_environment

    if settings.prefect == "on":
        environment = client_environment(settings, os.environ) | QUIET
        Path(environment["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)  # Prefect makes the last folder only
        os.environ.clear()
        os.environ.update(environment)
