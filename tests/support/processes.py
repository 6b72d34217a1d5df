"""Real processes: an installation in a folder, its engines and people; whatever is left at the end is killed by its pid."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import select

from clock import pause
from models import Database, EngineInstance, table
from services.deliveries.lenient import heed_no_limits
from tests.support.quiet import without_lists

ROOT: Final = Path(__file__).parents[2]
_engine = table(EngineInstance)


def until(true: Callable[[], object], seconds: float = 30, what: str = "it") -> None:
    """Look again and again until something is true.

    Raises:
        AssertionError: it did not come true in time.
    """
    for _ in range(round(seconds / 0.02)):
        if true():
            return
        pause(0.02)
    raise AssertionError(f"{what} did not come true in {seconds} s")


@dataclass
class Process:
    """A process of ours with its log."""

    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.popen.pid

    def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        self.popen.kill()
        self.popen.wait(timeout=30)

    def ends(self, seconds: float = 30) -> int:
        """Wait for its end; gives back the exit code."""
        try:
            return self.popen.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"does not end; its log:\n{self.said()[-3000:]}") from None

    def stop(self, seconds: float = 15) -> int:
        """SIGINT, as Ctrl-C sends it; gives back the exit code."""
        self.popen.send_signal(2)
        return self.ends(seconds)

    def said(self) -> str:
        """Everything it has logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@dataclass
class Installation:
    """A folder and a database, as a deployer would set them; `environment` holds the rest of the settings."""

    folder: Path
    database: Database
    environment: dict[str, str] = field(default_factory=dict)
    _processes: list[Process] = field(default_factory=list)

    def start(self, *command: str, **more: str) -> Process:
        """Start a program of ours with this installation's settings."""
        log = self.folder / f"process-{len(self._processes)}.log"
        with log.open("wb") as out:
            popen = subprocess.Popen(command, cwd=ROOT, env=self._settings(more), stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        process = Process(popen, log)
        self._processes.append(process)
        return process

    def _settings(self, more: Mapping[str, str]) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("BIHUAN_", "PREFECT_", "COV_"))}
        url = self.database.engine.url.render_as_string(hide_password=False)
        own = {"BIHUAN_DATA_DIR": str(self.folder), "BIHUAN_DATABASE_URL": url, "BIHUAN_PREFECT": "off", "PYTHONPATH": str(ROOT)}
        return inherited | own | self.environment | more

    def engine(self, die: str = "", **more: str) -> Process:
        """Start an engine and wait until it is at work; one that is to die may be dead by then."""
        process = self.start(sys.executable, "-m", "tests.support.engine_main", BIHUAN_TEST_DIE=die, **more)
        until(lambda: process.popen.poll() is not None or self.works(process), 60, "the engine's start")
        assert die or process.popen.poll() is None, process.said()
        return process

    def works(self, process: Process) -> bool:
        """Whether this process is entered as a running engine."""
        with self.database.unit_of_work() as session:
            wanted = select(_engine.c.id).where(_engine.c.pid == process.pid, _engine.c.stopped_at.is_(None))
            return session.connection().execute(wanted).first() is not None

    def people(self, first: int, last: int) -> Process:
        """Start people who hand in these cases and play everybody's part."""
        return self.start(sys.executable, "-m", "tests.support.people", str(first), str(last))

    def end(self) -> None:
        """Kill what is left."""
        for process in self._processes:
            if process.popen.poll() is None:
                process.kill()


@contextmanager
def installed(folder: Path, database: Database, key: bytes, **environment: str) -> Iterator[Installation]:
    """An installation for one test."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "secret.key").write_bytes(key + b"\n")
    with database.unit_of_work() as session:
        heed_no_limits(session)  # no test waits for the morning
        without_lists(session)
    installation = Installation(folder, database, environment)
    try:
        yield installation
    finally:
        installation.end()
