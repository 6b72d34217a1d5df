"""What every task works with: the database, who claims, how the installation speaks. Set once by whoever runs the engine."""

import gc
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass

from models import Database
from notifications.channels.bus import Channels
from notifications.channels.schemes import Traits
from services.deliveries import Setup, Voice
from services.engine.claims import Claimer

log = logging.getLogger("bihuan.engine")
#: Cases written in one commit on SQLite: the write lock is then held for a few milliseconds only.
SQLITE_CHUNK = 40


@dataclass(frozen=True)
class EngineContext:
    """Everything an engine needs to know of its installation.

    Attributes:
        channels: The channels, unless `reopened` gives those that are configured by now.
        batch: Most cases, clocks or messages that one claim takes.
        small: Up to so many ready cases get a flow run each.
        base_url: Where residents and staff reach the site from outside; empty: messages carry no links.
        reopened: Gives the channels as they are configured at present; never waits for a database or a network.
    """

    database: Database
    claimer: Claimer
    channels: Channels
    voice: Voice
    batch: int = 200
    small: int = 3
    base_url: str = ""
    reopened: Callable[[], Channels] | None = None

    @property
    def present(self) -> Channels:
        """The channels as they are configured at present."""
        return self.reopened() if self.reopened is not None else self.channels

    @property
    def setup(self) -> Setup:
        """How messages leave this installation at present."""
        return Setup(self.voice, traits_of(self.present), self.base_url)

    @property
    def chunk(self) -> int:
        """How many cases are written in one commit."""
        return SQLITE_CHUNK if self.database.is_sqlite else self.batch


def traits_of(channels: Channels) -> Mapping[str, Traits]:
    """What is known of each channel, by its code; one whose scheme nobody knows is none."""
    found = {}
    for code in channels.codes:
        with suppress(KeyError):
            found[code] = channels.traits(code)
    return found


_present: ContextVar[EngineContext] = ContextVar("engine_context")


def here() -> EngineContext:
    """The engine in which this task runs.

    Raises:
        LookupError: the task is called outside of `at_work`.
    """
    return _present.get()


@contextmanager
def at_work(context: EngineContext) -> Iterator[EngineContext]:
    """Everything inside runs for this engine.

    What is loaded by now stays, so the collector need not walk through all of it again and again: a fifth of a second, each time,
    in which nobody's move is made.
    """
    token = _present.set(context)
    gc.freeze()
    try:
        yield context
    finally:
        gc.unfreeze()
        _present.reset(token)
