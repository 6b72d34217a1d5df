"""`bihuan web` with two real processes on one port: counted together, logged together, replaced when one dies."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import clock
from tests.support.postgres import free_port

ROOT = Path(__file__).parents[2]


@contextmanager
def web(folder: Path, **env: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A web server over a database that needs no tables, as what is asked here reads none."""
    port = free_port()
    given = {"DATA_DIR": str(folder), "PORT": str(port), "PREFECT": "off", "SIM": "off", **env}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BIHUAN_")}
    environment |= {f"BIHUAN_{name}": value for name, value in given.items()} | {"PYTHONPATH": str(ROOT)}
    with (folder / "web.out").open("wb") as out:
        process = subprocess.Popen([sys.executable, "-P", "-m", "cli", "web"], env=environment, cwd=folder, stdout=out, stderr=out)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def get(address: str) -> httpx.Response:
    """By a connection of its own, so that either process may take it."""
    return httpx.get(address, timeout=20, trust_env=False)


def pids(exposition: str) -> set[int]:
    return {int(pid) for pid in re.findall(r'^process_start_time_seconds\{pid="(\d+)"\}', exposition, re.MULTILINE)}


def when_two_answer(address: str, without: int = 0) -> set[int]:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            found = pids(get(f"{address}/metrics").text)
            if len(found) == 2 and without not in found:
                return found
        except httpx.HTTPError:
            pass
        clock.pause(0.1)
    pytest.fail("two processes never answered")


def lives(pid: int) -> bool:
    """Whether it runs; one that ended and waits for whoever inherited it does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def counted(address: str) -> int:
    name = re.escape('bihuan_http_requests_total{method="GET",route="/livez",status="200"}')
    line = re.search(rf"^{name} (\S+)$", get(f"{address}/metrics").text, re.MULTILINE)
    return int(float(line[1])) if line else 0


def test_two_processes_count_as_one_and_a_dead_one_is_replaced(tmp_path: Path) -> None:
    with web(tmp_path) as (server, address):
        first = when_two_answer(address)
        for _ in range(40):
            assert get(f"{address}/livez").is_success
        assert {counted(address) for _ in range(8)} == {40}, "whichever process answers"
        victim = min(first)
        os.kill(victim, signal.SIGKILL)
        second = when_two_answer(address, without=victim)
        assert first & second == first - {victim}
        assert get(f"{address}/livez").is_success
        assert counted(address) == 41, "what the dead one had counted is not forgotten"
        assert get(f"{address}/metrics").text.count("# TYPE process_resident_memory_bytes ") == 1
        server.terminate()
        assert server.wait(20) == 0
    assert not any(lives(pid) for pid in first | second)


def test_no_process_outlives_a_server_that_was_killed(tmp_path: Path) -> None:
    with web(tmp_path) as (server, address):
        answering = when_two_answer(address)
        server.kill()
        ends = time.monotonic() + 20
        while any(lives(pid) for pid in answering):
            assert time.monotonic() < ends
            clock.pause(0.05)


def test_a_console_that_cannot_start_ends_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("", encoding="utf-8")
    with web(tmp_path) as (server, _):
        assert server.wait(60) == 1
    assert "remove it, and a new token is made" in (tmp_path / "web.out").read_text(encoding="utf-8")


def test_a_port_that_is_taken_is_said_at_once(tmp_path: Path) -> None:
    with web(tmp_path, WEB_PROCESSES="1") as (first, address):
        ends = time.monotonic() + 60
        while not (tmp_path / "web.out").read_text(encoding="utf-8").count("Application startup complete"):
            assert time.monotonic() < ends
            clock.pause(0.1)
        other = tmp_path / "other"
        other.mkdir()
        with web(other, PORT=address.rpartition(":")[2]) as (second, _):
            assert second.wait(60) == 2
        assert "BIHUAN_PORT" in (other / "web.out").read_text(encoding="utf-8")
        assert first.poll() is None
        assert get(f"{address}/livez").is_success
