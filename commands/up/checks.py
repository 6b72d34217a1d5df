"""What must be true before a machine can run, each with one sentence that says what to do when it is not."""

import errno
import fcntl
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from settings import variable

NEEDED_PYTHON: Final = (3, 11)
PORT_SENTENCES: Final = {
    errno.EADDRINUSE: "port_in_use",
    errno.EACCES: "port_refused",
}


class CannotStartError(Exception):
    """Something the deployer has to put right first."""

    def __init__(self, key: str, **values: object) -> None:
        """Name the sentence (`up.<key>` in locales/) and what stands in it."""
        super().__init__(key)
        self.key = key
        self.values = values


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> None:
    """Make sure that Python is new enough.

    Raises:
        CannotStartError: it is not.
    """
    if version < NEEDED_PYTHON:
        found = ".".join(map(str, version))
        raise CannotStartError("python_too_old", found=found, needed=".".join(map(str, NEEDED_PYTHON)))


def check_folder(setting: str, folder: Path) -> None:
    """Make a folder if there is none, and make sure that files can be written there.

    Args:
        setting: The setting that names the folder, for the sentence: `data_dir`.
        folder: Where it is.

    Raises:
        CannotStartError: it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"bihuan")
    except OSError as problem:
        raise CannotStartError("folder_unwritable", path=folder, reason=problem.strerror, variable=variable(setting)) from None


def check_port(setting: str, host: str, port: int, host_setting: str = "") -> None:
    """Make sure that we can listen there.

    Args:
        setting: The setting that names the port, for the sentence: `prefect_port`.
        host: The address to listen on.
        port: The port.
        host_setting: The setting that names the address, where it is not called like that of the port.

    Raises:
        CannotStartError: another program does, we may not, or the address is not one of this machine.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as problem:
        key = PORT_SENTENCES.get(problem.errno or 0, "host_unknown")
        at_host = variable(host_setting or setting.replace("port", "host"))
        raise CannotStartError(key, host=host, port=port, variable=variable(setting), host_variable=at_host) from None


@contextmanager
def claim_folder(data_dir: Path) -> Iterator[None]:
    """Keep every other `bihuan up` away from this data folder; the kernel lets go when we end, however that happens.

    Raises:
        CannotStartError: another one runs on it.
    """
    with (data_dir / "up.lock").open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "?"
            raise CannotStartError("already_running", path=data_dir, pid=holder) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
