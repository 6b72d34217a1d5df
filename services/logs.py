"""Logging: one rotating file for each kind of process, and the case number in every line that is about a case.

`2026-11-20T10:42:04+08:00 INFO engine [BH-20261119-0231] dispatched`
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from concurrent_log_handler import ConcurrentRotatingFileHandler

from settings import Settings

_case_no: ContextVar[str] = ContextVar("case_no", default="")
_TALKATIVE = ("httpx", "httpcore", "alembic.runtime.plugins")


@contextmanager
def about(case_no: str) -> Iterator[None]:
    """Put a case number into every line logged inside, also by the functions called."""
    before = _case_no.set(case_no)
    try:
        yield
    finally:
        _case_no.reset(before)


class _CaseFilter(logging.Filter):
    """Hands the case number to the formatter; lets every record through."""

    def filter(self, record: logging.LogRecord) -> bool:
        case_no = _case_no.get()
        record.case = f" [{case_no}]" if case_no else ""
        return True


class _Lines(logging.Formatter):
    """One entry begins one line: what follows in it is indented, so that no text can look like an entry of its own."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """Give the local time with its offset from UTC."""
        return datetime.fromtimestamp(record.created, UTC).astimezone().isoformat(timespec="seconds")

    def format(self, record: logging.LogRecord) -> str:
        """Write one entry."""
        return "\n    ".join(super().format(record).splitlines())


class _ProcessFile(ConcurrentRotatingFileHandler):
    """The file that all processes of a kind write; a type of its own, so that setting up twice replaces it."""


def set_up_logging(process: str, settings: Settings) -> None:
    """Log this process to `<log_dir>/<process>.log` from now on; calling it again replaces the earlier set-up.

    Args:
        process: Short name of the kind of process: `engine`, `web`, `replay`. Several of a kind may run at once: lines stay whole, and
            one of them turns the file over.
        settings: Where to, from which level on, and how much is kept.
    """
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _ProcessFile)]:
        root.removeHandler(old)
        old.close()
    settings.log_dir.mkdir(parents=True, exist_ok=True)
    file = _ProcessFile(
        settings.log_dir / f"{process}.log",
        maxBytes=settings.log_max_mb * 1024 * 1024,
        backupCount=settings.log_keep,
        encoding="utf-8",
    )
    file.addFilter(_CaseFilter())
    file.setFormatter(_Lines(f"%(asctime)s %(levelname)s {process}%(case)s %(message)s"))
    root.addHandler(file)
    root.setLevel(settings.log_level)
    logging.captureWarnings(capture=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
