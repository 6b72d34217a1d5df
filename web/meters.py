"""What Prometheus reads at /metrics: requests as they come, of all web processes together, and figures of the whole."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from models import Database
from services.metrics import Figures, read_figures
from web.figures import families, up

#: Folder in which the web processes of one address keep their counts, so that whichever answers tells those of all; it has to be
#: named before this module is loaded: prometheus_client looks once. Without it a process counts for itself.
SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
FRESH_FOR: Final = timedelta(seconds=5)
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Meters:
    """The meters of one web process."""

    def __init__(self) -> None:
        folder = os.environ.get(SHARED)
        own = CollectorRegistry()
        self.requests = Counter("bihuan_http_requests", "HTTP requests", ("method", "route", "status"), registry=own)
        self.seconds = Histogram("bihuan_http_request_seconds", "Time to answer", ("method", "route"), registry=own, buckets=_BUCKETS)
        self._shown = CollectorRegistry() if folder else own
        if folder:
            MultiProcessCollector(self._shown, folder)  # type: ignore[no-untyped-call]
            self._shown.register(_Processes(Path(folder)))
        else:
            ProcessCollector(registry=own)
        self._lock = Lock()
        self._read_at: datetime | None = None
        self._of_figures = b""

    def exposition(self, database: Database, now: datetime) -> bytes:
        """Everything in Prometheus' text format, figures at most five seconds old.

        A database that is away shows as `bihuan_database_up 0`, and no figure is told that may have changed since.
        """
        with self._lock:
            if self._read_at is None or not timedelta() <= now - self._read_at < FRESH_FOR:
                self._of_figures = _told(_read(database, now), now)
                self._read_at = now
            return generate_latest(self._shown) + self._of_figures


def _read(database: Database, now: datetime) -> Figures | None:
    try:
        with database.unit_of_work() as session:
            return read_figures(session, now)
    except SQLAlchemyError:
        return None


def _told(figures: Figures | None, now: datetime) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Families([up(figures is not None), *(families(figures, now) if figures else ())]))
    return generate_latest(registry)


def _parent(pid: str) -> int | None:
    """The process that started one; None: it has gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
    except OSError:
        return None


class _Families(Collector):
    """Metrics that are ready."""

    def __init__(self, ready: list[Metric]) -> None:
        self._ready = ready

    def collect(self) -> Iterator[Metric]:
        """Give them."""
        yield from self._ready


class _Processes(Collector):
    """Processor time, memory and files of every web process that lives, told apart by `pid`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """Read them from the system; each name once, with a row for each process."""
        named: dict[str, Metric] = {}
        for pid in sorted(self._living(), key=int):
            for found in ProcessCollector(pid=partial(int, pid), registry=CollectorRegistry()).collect():  # none of one that has gone
                family = named.setdefault(found.name, Metric(found.name, found.documentation, found.type))
                for sample in found.samples:
                    family.add_sample(sample.name, {**sample.labels, "pid": pid}, sample.value)
        yield from named.values()

    def _living(self) -> set[str]:
        """Those that counted here and have the parent that we have: files outlive a process, and its number may go to another."""
        counted = {file.stem.rpartition("_")[2] for file in self._folder.glob("*.db")}
        return {pid for pid in counted if _parent(pid) == os.getppid()}
