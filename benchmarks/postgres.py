"""A PostgreSQL for one benchmark: the one at `BIHUAN_BENCH_PG`, else this machine's own binaries started privately. fsync stays on."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

VARIABLE = "BIHUAN_BENCH_PG"
_BINARIES = Path("/usr/lib/postgresql")  #: where Debian and its kin keep them, one folder a version


def _tool(name: str) -> str:
    """The newest of this machine's PostgreSQL programs of that name."""
    versions = sorted(_BINARIES.glob(f"*/bin/{name}"), key=lambda p: float(p.parent.parent.name), reverse=True)
    found = str(versions[0]) if versions else shutil.which(name)
    if found is None:
        raise SystemExit(f"no PostgreSQL here: set {VARIABLE}=postgresql://… or install the server ({name} was not found)")
    return found


def _as_server_user() -> list[str]:
    """PostgreSQL refuses to run as root; then it runs as the user that its package made."""
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def free_port() -> int:
    """A port on which nobody listens at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(folder: str, *command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)


@contextmanager
def _private() -> Iterator[str]:
    """A server of our own in a temporary folder, with the settings it comes with; stopped and removed on leaving."""
    with tempfile.TemporaryDirectory(prefix="bihuan-pg-", ignore_cleanup_errors=True) as folder:
        data, port, user = Path(folder) / "data", free_port(), "postgres"
        prefix = _as_server_user()
        if prefix:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        log = str(Path(folder) / "log")
        _run(folder, *prefix, _tool("initdb"), "-D", str(data), "-U", user, "-A", "trust", "-E", "UTF8", "--locale=C")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        _run(folder, *prefix, _tool("pg_ctl"), "-D", str(data), "-l", log, "-w", "-o", options, "start")
        try:
            yield f"postgresql://{user}@127.0.0.1:{port}/postgres"
        finally:
            _run(folder, *prefix, _tool("pg_ctl"), "-D", str(data), "-m", "fast", "-w", "stop")


@contextmanager
def server() -> Iterator[str]:
    """The address of a server on which databases may be made."""
    with ExitStack() as stack:
        yield os.environ.get(VARIABLE) or stack.enter_context(_private())


@contextmanager
def fresh_database(address: str) -> Iterator[str]:
    """An empty database on that server; dropped on leaving."""
    name = f"bihuan_bench_{secrets.token_hex(4)}"
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    try:
        parts = conninfo_to_dict(address)
        host, port = parts.get("host", "localhost"), parts.get("port", "5432")
        password = f":{parts['password']}" if parts.get("password") else ""
        yield f"postgresql://{parts.get('user', '')}{password}@{host}:{port}/{name}"
    finally:
        with psycopg.connect(make_conninfo(address), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
