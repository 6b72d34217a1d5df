"""The engine: a long-lived run that claims ready cases, due clocks and queued messages, and calls the flows in process."""

import contextvars
import logging
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import httpx

from clock import pause, utcnow
from flows.lanes import Lanes
from flows.turn import live_turn
from flows.wakeup import open_waker
from models import Database
from services.audit import Watch
from services.deliveries import Voice
from services.engine import engines
from services.engine.claims import Claimer
from services.upkeep import opened
from settings import Settings
from tasks import claiming, events
from tasks.context import EngineContext, at_work
from tasks.heartbeat import Heart, look_on
from tasks.patrol import Patrol
from tasks.recording import is_away, recording
from tasks.safely import DATABASE_TROUBLE
from tasks.ways import Ways

log = logging.getLogger("bihuan.engine")
BEAT_S: Final = 5.0  #: how often an engine says that it is alive and looks for dead ones
ROUND_S: Final = 5.0  #: how often it looks at the next few cases of its round
PATIENCE_S: Final = 1.0  #: pause before the database is tried again
LONGER_S: Final = 5.0  #: pause after what nobody has foreseen
PREFECT_S: Final = 2.0  #: how often Prefect is asked whether it is back
GRAIN_S: Final = 0.1  #: how often the engine looks after its threads
JOIN_S: Final = 10.0


class TakenForDeadError(RuntimeError):
    """Another engine has taken this one for dead and has its work now; begin anew."""


class ThreadDiedError(RuntimeError):
    """One of the engine's threads has ended by itself; begin anew."""


def run(settings: Settings, stop: threading.Event) -> None:
    """Run one engine until `stop` is set; a batch under way is finished first.

    Raises:
        Refused: `engine_running`, another engine is alive on this SQLite database.
        TakenForDeadError: this engine was silent for too long.
        ThreadDiedError: a part of it has died.
    """
    with opened(settings) as database:
        begun = _begin(settings, database, stop)
        if begun is None:
            return
        engine_id, tag = begun
        log.info("engine %d begins (pid %d)", engine_id, os.getpid())
        ways = Ways(database, settings)
        context = EngineContext(
            database,
            Claimer(engine_id, timedelta(seconds=settings.lease_seconds)),
            ways.present(),
            Voice(settings.lang, settings.sms_sign),
            settings.batch_size,
            settings.small,
            settings.public_url,
            ways.present,
        )
        try:
            with at_work(context), events.client_of(settings, on=settings.prefect == "on") as client:
                _Engine(settings, context, ways, client, ("bihuan", tag), stop).run()
        finally:
            _end(database, engine_id)
            ways.close()


def _begin(settings: Settings, database: Database, stop: threading.Event) -> tuple[int, str] | None:
    """Enter the engine: its id and the tag of its runs; None when it was stopped before the database was there."""
    while not stop.is_set():
        try:
            with database.unit_of_work() as session:
                engine_id = engines.begin(session, utcnow(), events_on=settings.prefect == "on")
                return engine_id, events.engine_tag(session, engine_id)
        except DATABASE_TROUBLE as problem:
            log.warning("the database is away (%s); trying again", type(problem.orig).__name__)
            stop.wait(PATIENCE_S)
    return None


def _end(database: Database, engine_id: int) -> None:
    try:
        with database.unit_of_work() as session:
            engines.end(session, engine_id, utcnow())
        log.info("engine %d has stopped", engine_id)
    except DATABASE_TROUBLE:
        log.warning("engine %d stops without a word: the database is away", engine_id)


@dataclass
class _Engine:
    """One engine at work: cases and clocks, messages, events, sign of life, audit and heartbeat, each in a thread of its own.

    So a slow channel or Prefect holds up no case; and Prefect, which takes over SIGTERM where it runs in the main thread, does not.

    Attributes:
        stop: Somebody wants us to stop.
        last_call: No case moves any more; the other threads finish.
        doubtful: Prefect is asked what it has of what was sent just before it went away, or the last engine died; the rest goes again.
        watch: What the audit has found.
        patrol: When topics and the like were looked for.
    """

    settings: Settings
    context: EngineContext
    ways: Ways
    client: httpx.Client | None
    tags: tuple[str, ...]
    stop: threading.Event
    last_call: threading.Event = field(default_factory=threading.Event)
    doubtful: bool = True
    taken_for_dead: bool = False
    watch: Watch = field(default_factory=Watch)
    patrol: Patrol = field(default_factory=Patrol)

    def run(self) -> None:
        """Work until told to stop, or until a thread has died."""
        threads = [_thread("cases", self._cases), _thread("post", self._post), _thread("beat", self._beats), _thread("audit", self._rounds)]
        if self.client is not None:
            threads.append(_thread("events", self._events))
        if self.settings.heartbeat_url:
            _thread("heartbeat", self._heartbeats)  # waited for by nobody: it may hang in somebody else's network
        died = self._look_after(threads)
        threads[0].join()
        self.last_call.set()
        for thread in threads[1:]:
            thread.join(JOIN_S)
        if self.taken_for_dead:
            raise TakenForDeadError(self.context.claimer.engine_id)
        if died:
            raise ThreadDiedError(", ".join(died))

    def _look_after(self, threads: list[threading.Thread]) -> list[str]:
        """Wait until told to stop; gives back the names of threads that have ended before."""
        died: list[str] = []
        while not self.stop.is_set():
            pause(GRAIN_S)  # not on the event: a signal's handler, which runs in this thread, may want its lock
            died = [thread.name for thread in threads if not thread.is_alive()]
            if died and not self.stop.is_set():
                log.critical("a thread has died (%s); stopping", ", ".join(died))
                self.stop.set()
                return died
        return []

    def _cases(self) -> None:
        """Turn after turn: at once when something was changed, else several times a second for what falls due."""
        with recording(on=self.client is not None, tags=self.tags):
            self._over_and_over("cases", self.stop, lambda: live_turn(utcnow, self.stop.is_set), claiming.give_back_work)

    def _post(self) -> None:
        """Wake the lane of each channel that has messages; what is still queued when the engine stops is sent for a few seconds more."""
        lanes = Lanes(self.client is not None, self.tags, self.last_call, _thread, _done)
        self._over_and_over("messages", self.last_call, lambda: self._wake(lanes), lambda: None)
        lanes.end()

    def _wake(self, lanes: Lanes) -> None:
        self.ways.look()
        lanes.look()

    def _events(self) -> None:
        """Events too: the engine never waits for Prefect."""
        if self.client is not None:
            client = self.client
            self._over_and_over("events", self.last_call, lambda: self._tell_prefect(client), lambda: None)

    def _tell_prefect(self, client: httpx.Client) -> None:
        self.doubtful = self.doubtful or is_away()
        if is_away() and not events.probe(client):
            self.last_call.wait(PREFECT_S)
            return
        if self.doubtful and not events.settle_doubts(client, utcnow()):
            return
        self.doubtful = False
        events.close_runs_of_the_dead(client, utcnow())
        while events.push(client, utcnow()) and not self.last_call.is_set():
            pass
        events.forget_stored(client, utcnow())

    def _over_and_over(self, what: str, stop: threading.Event, once: Callable[[], object], make_good: Callable[[], None]) -> None:
        """Do something whenever somebody has committed, or the time to look has come; whatever it raises, it is done again.

        Args:
            what: What it is about, for the log.
            stop: Ends it.
            once: Done each time.
            make_good: Done before, after it was broken off.
        """
        broken = False
        with open_waker(self.context.database) as waker:
            while not stop.is_set():
                if broken:
                    broken = not _done(what, make_good, stop)
                    continue
                broken = not _done(what, once, stop)
                if not broken:
                    waker.wait(self.settings.poll_ms / 1000, stop)

    def _beats(self) -> None:
        """Say that we live, bury the dead, and stop when we were taken for dead ourselves."""
        while not self.stop.wait(BEAT_S):
            _done("sign of life", self._beat, self.stop)

    def _rounds(self) -> None:
        """Hold all cases against their clocks, a few at a time, round after round."""
        while not self.stop.is_set():
            _done("audit", lambda: look_on(self.watch, utcnow()), self.stop)
            _done("patrol", lambda: self.patrol.look(utcnow()), self.stop)
            self.stop.wait(ROUND_S)

    def _heartbeats(self) -> None:
        """Tell the outside that all is well, as soon as that is known and then every so often."""
        heart = Heart(self.settings.heartbeat_url, self.settings.heartbeat_fail_url, self.watch)
        told: list[bool] = []
        while not self.stop.wait(self.settings.heartbeat_seconds if any(told) else PATIENCE_S):
            told.clear()
            _done("heartbeat", lambda: told.append(heart.beat(utcnow())), self.stop)

    def _beat(self) -> None:
        engine_id = self.context.claimer.engine_id
        with self.context.database.unit_of_work() as session:
            alive = engines.beat(session, engine_id, utcnow())
            engines.take_over(session, utcnow())
        if not alive:
            log.error("engine %d was taken for dead by another; stopping", engine_id)
            self.taken_for_dead = True
            self.stop.set()
        if self.client is not None and not is_away():
            events.probe(self.client)


def _done(what: str, once: Callable[[], object], stop: threading.Event) -> bool:
    """Do something; when it raises, log that and let some time pass.

    Returns:
        Whether it was done.
    """
    try:
        once()
    except DATABASE_TROUBLE as problem:
        log.warning("%s: the database is away (%s); trying again", what, type(problem.orig).__name__)
        stop.wait(PATIENCE_S)
        return False
    except Exception:
        log.exception("%s: broken off; trying again", what)
        stop.wait(LONGER_S)
        return False
    return True


def _thread(name: str, target: Callable[[], None]) -> threading.Thread:
    """A thread that sees the same engine context as we do."""
    thread = threading.Thread(target=contextvars.copy_context().run, args=(_logged, name, target), name=name, daemon=True)
    thread.start()
    return thread


def _logged(name: str, target: Callable[[], None]) -> None:
    try:
        target()
    except BaseException:
        log.critical("the thread %s dies", name, exc_info=True)


def name() -> str:
    """What this engine is called in Prefect's run list."""
    return f"engine · {socket.gethostname()} · {os.getpid()}"
