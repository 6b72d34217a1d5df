"""What every task works with: the database, who claims, how the installation speaks. Set once by whoever runs the engine."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from models import Database
from notifications.channels import Channels
from services.claims import Claimer
from services.deliveries import Voice

log = logging.getLogger("bihuan.engine")
#: Cases written in one commit on SQLite: the write lock is then held for a few milliseconds only.
SQLITE_CHUNK = 40


@dataclass(frozen=True)
class EngineContext:
    """Everything an engine needs to know of its installation.

    Attributes:
        batch: Most cases, clocks or messages that one claim takes.
        small: Up to so many ready cases get a flow run each.
    """

    database: Database
    claimer: Claimer
    channels: Channels
    voice: Voice
    batch: int = 200
    small: int = 3

    @property
    def chunk(self) -> int:
        """How many cases are written in one commit."""
        return SQLITE_CHUNK if self.database.is_sqlite else self.batch


_present: ContextVar[EngineContext] = ContextVar("engine_context")


def here() -> EngineContext:
    """The engine in which this task runs.

    Raises:
        LookupError: the task is called outside of `at_work`.
    """
    return _present.get()


@contextmanager
def at_work(context: EngineContext) -> Iterator[EngineContext]:
    """Everything inside runs for this engine."""
    token = _present.set(context)
    try:
        yield context
    finally:
        _present.reset(token)
