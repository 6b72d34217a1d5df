"""Lanes: a thread for each channel, so that a slow provider holds up nobody but himself."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from clock import utcnow
from flows.turn import lane
from tasks import claiming
from tasks.context import here
from tasks.delivering import hear
from tasks.recording import recording

log = logging.getLogger("bihuan.engine")
HURRY: Final = timedelta(seconds=2)  #: how often it is looked whether an emergency stands behind one that hangs
HEAR_S: Final = 1.0  #: how often a lane listens to what its provider has to say of itself
FAREWELL: Final = timedelta(seconds=5)  #: how long an engine that stops goes on sending what is queued
JOIN_S: Final = 8.0
Start = Callable[[str, Callable[[], None]], threading.Thread]
#: Does something; what it raises is logged and followed by a pause. Gives back whether it was done.
Safely = Callable[[str, Callable[[], object], threading.Event], bool]


@dataclass
class _Lane:
    """One channel's thread and what wakes it."""

    due: threading.Event
    thread: threading.Thread


@dataclass
class Lanes:
    """All lanes of an engine.

    Attributes:
        recorded: Whether runs are recorded in Prefect; each lane has a client of its own.
        tags: Of those runs.
        stop: Ends them.
        start: Starts a thread that sees this engine's context.
        safely: How one round of work is done.
    """

    recorded: bool
    tags: tuple[str, ...]
    stop: threading.Event
    start: Start
    safely: Safely
    _lanes: dict[str, _Lane] = field(default_factory=dict)
    _hurried_at: datetime | None = None
    _awake_since: datetime | None = None

    def look(self) -> None:
        """Wake the lane of each channel that has messages to look at; called by one thread, which never waits for any of them."""
        now = utcnow()
        awake_since, self._awake_since = self._awake_since or now, None
        due = set(claiming.channels_due(now))
        for code in sorted(due | set(here().present.codes)):
            found = self._lanes.get(code)
            if found is None or not found.thread.is_alive():
                found = self._lanes[code] = self._open(code)
            if code in due:
                found.due.set()
        self._hurry(now, awake_since)
        self._awake_since = awake_since  # not reached when the database is away: then nobody is at work

    def _hurry(self, now: datetime, awake_since: datetime) -> None:
        """Look for emergencies that stand behind one that hangs, once the lanes have had time to do their work."""
        if self._hurried_at is None or now - self._hurried_at >= HURRY:
            self._hurried_at = now
            claiming.hurry(now, awake_since)

    def end(self) -> None:
        """Wake all of them for the last time and wait until they have ended."""
        for each in self._lanes.values():
            each.due.set()
        for each in self._lanes.values():
            each.thread.join(JOIN_S)

    def _open(self, code: str) -> _Lane:
        due = threading.Event()
        return _Lane(due, self.start(f"post {code}", lambda: self._run(code, due)))

    def _run(self, code: str, due: threading.Event) -> None:
        with recording(on=self.recorded, tags=self.tags):
            broken = False
            while not self.stop.is_set():
                if broken:
                    broken = not self.safely(code, lambda: claiming.give_back_post(code), self.stop)
                    continue
                due.wait(HEAR_S)
                due.clear()
                broken = not self.safely(code, lambda: self._round(code), self.stop)
            self._farewell(code)

    def _round(self, code: str) -> None:
        hear(code, utcnow())
        lane(code, utcnow, self.stop.is_set)

    def _farewell(self, code: str) -> None:
        """What is still queued when the engine stops is sent for a few seconds more."""
        leave_by: datetime = utcnow() + FAREWELL
        try:
            lane(code, utcnow, lambda: utcnow() > leave_by)
        except Exception:
            log.exception("the last messages by %s were not sent; they wait for the next engine", code)
