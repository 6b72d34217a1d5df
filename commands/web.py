"""`bihuan web`: console and APIs on one address, answered by several processes."""

import os
import shutil
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from wording import say

if TYPE_CHECKING:
    from fastapi import FastAPI

    from settings import Settings


_PATIENCE_S: Final = (
    10  #: for an answer under way when told to stop; for a sign of life of a process, as a busy machine is no reason to end one
)


def add(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(help=say("cli.web"))
    def web() -> None:
        from settings import get_settings

        serve(get_settings())


def serve(settings: "Settings") -> None:
    """Answer until told to stop; a process that dies is replaced.

    Args:
        settings: Where to listen, and by how many processes (`web_processes`).

    Raises:
        Exit: with 2, nobody can listen there or write to the data folder; with 1, the console does not start. What is wrong was said.
    """
    import uvicorn
    from uvicorn.config import STARTUP_FAILURE
    from uvicorn.supervisors import Multiprocess

    _check(settings)
    config = uvicorn.Config(
        "commands.web:process",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.web_processes,
        access_log=False,
        timeout_graceful_shutdown=_PATIENCE_S,
        timeout_worker_healthcheck=_PATIENCE_S,
    )
    listener = config.bind_socket()
    # asyncio sets this only on sockets that it made itself; without it an answer's last piece waits 40 ms for the browser's receipt
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _share_meters(settings)  # once the address is ours: those of who has it are not touched
    processes = Multiprocess(config, sockets=[listener])
    processes.run()
    if any(process.exitcode == STARTUP_FAILURE for process in processes.processes):
        raise typer.Exit(1)


def process() -> "FastAPI":
    """Make what one of the processes serves, and let it end with the one that started it, also when that is killed."""
    from multiprocessing import parent_process

    from commands.up.child import PR_SET_PDEATHSIG, prctl
    from web.app import create_app

    parent = parent_process()
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent is not None and not parent.is_alive():
        raise SystemExit(1)
    return create_app()


def _meters(settings: "Settings") -> Path:
    """Where the processes of one address count: another address of the same data folder has its own."""
    return settings.data_dir / "meters" / f"{settings.host}-{settings.port}".replace(":", "_")


def _check(settings: "Settings") -> None:
    from commands.up import CANNOT_START
    from commands.up.checks import CannotStartError, check_folder, check_port
    from commands.up.screen import Screen

    try:
        check_folder("data_dir", _meters(settings))
        check_port("port", settings.host, settings.port)
    except CannotStartError as problem:
        Screen(settings.lang).complain_about(problem)
        raise typer.Exit(CANNOT_START) from None


def _share_meters(settings: "Settings") -> None:
    """Begin the counts of the processes anew, in the folder which they share (web/meters.py)."""
    folder = _meters(settings)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
