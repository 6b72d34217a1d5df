"""The engine: a long-lived run that claims ready cases, due clocks and queued messages, and calls the flows in process."""

import contextvars
import logging
import os
import socket
import threading
from datetime import timedelta

import httpx
from sqlalchemy.exc import InterfaceError, OperationalError

from clock import pause, utcnow
from flows.turn import post, turn
from flows.wakeup import Waker, open_waker
from models import Database
from notifications.channels import Channels
from services import engines
from services.claims import Claimer
from services.deliveries import Voice
from services.upkeep import opened
from settings import Settings
from tasks import claiming, events
from tasks.context import EngineContext, at_work
from tasks.recording import is_away, recording

log = logging.getLogger("bihuan.engine")
BEAT_S = 5.0  #: how often an engine says that it is alive and looks for dead ones
PATIENCE_S = 1.0  #: pause before the database is tried again
DATABASE_TROUBLE = (OperationalError, InterfaceError)


class TakenForDeadError(RuntimeError):
    """Another engine has taken this one for dead and has its work now; begin anew."""


def run(settings: Settings, stop: threading.Event) -> None:
    """Run one engine until `stop` is set; a batch under way is finished first.

    Raises:
        Refused: `engine_running`, another engine is alive on this SQLite database.
        TakenForDeadError: this engine was silent for too long.
    """
    with opened(settings) as database:
        engine_id = _begin(settings, database, stop)
        if engine_id is None:
            return
        log.info("engine %d begins (pid %d)", engine_id, os.getpid())
        taken_for_dead = threading.Event()
        try:
            _work(settings, database, engine_id, stop, taken_for_dead)
        finally:
            _end(database, engine_id)
        if taken_for_dead.is_set():
            raise TakenForDeadError(engine_id)


def _begin(settings: Settings, database: Database, stop: threading.Event) -> int | None:
    while not stop.is_set():
        try:
            with database.unit_of_work() as session:
                return engines.begin(session, utcnow(), events_on=settings.prefect == "on")
        except DATABASE_TROUBLE as problem:
            log.warning("the database is away (%s); trying again", type(problem.orig).__name__)
            pause(PATIENCE_S)
    return None


def _end(database: Database, engine_id: int) -> None:
    try:
        with database.unit_of_work() as session:
            engines.end(session, engine_id, utcnow())
        log.info("engine %d has stopped", engine_id)
    except DATABASE_TROUBLE:
        log.warning("engine %d stops without a word: the database is away", engine_id)


def _work(settings: Settings, database: Database, engine_id: int, stop: threading.Event, taken_for_dead: threading.Event) -> None:
    context = EngineContext(
        database,
        Claimer(engine_id, timedelta(seconds=settings.lease_seconds)),
        Channels(settings.channels, settings.data_dir / "outbox.jsonl"),
        Voice(settings.lang, settings.sms_sign),
        settings.batch_size,
        settings.small,
    )
    post_stop = threading.Event()
    with at_work(context), events.client_of(settings, on=settings.prefect == "on") as client:
        threads = [
            _thread("post", _post_loop, settings, database, post_stop),
            _thread("beat", _beat_loop, database, engine_id, client, stop, taken_for_dead),
        ]
        if client is not None:
            threads.append(_thread("events", _event_loop, settings, database, client, post_stop))
        try:
            with recording(on=client is not None, tags=("bihuan", f"engine:{engine_id}")):
                _case_loop(settings, database, stop)
        finally:
            post_stop.set()
            for thread in threads:
                thread.join(timeout=10)


def _thread(name: str, target: object, *args: object) -> threading.Thread:
    """A thread that sees the same engine context as we do."""
    thread = threading.Thread(target=contextvars.copy_context().run, args=(target, *args), name=name, daemon=True)
    thread.start()
    return thread


def _case_loop(settings: Settings, database: Database, stop: threading.Event) -> None:
    """Turn after turn: at once when something was changed, else several times a second for what falls due."""
    broken = False
    with open_waker(database) as waker:
        while not stop.is_set():
            try:
                if broken:
                    claiming.give_back_work()
                    broken = False
                turn(utcnow())
            except DATABASE_TROUBLE as problem:
                broken = True
                log.warning("the database is away (%s); trying again", type(problem.orig).__name__)
                pause(PATIENCE_S)
            _wait(waker, settings.poll_ms / 1000, stop)


def _wait(waker: Waker, seconds: float, stop: threading.Event) -> None:
    try:
        waker.wait(seconds, stop)
    except DATABASE_TROUBLE:
        stop.wait(PATIENCE_S)


def _post_loop(settings: Settings, database: Database, stop: threading.Event) -> None:
    """Messages have a thread of their own: a slow channel must not hold up a case or a clock."""
    broken = False
    with open_waker(database) as waker:
        while not stop.is_set():
            try:
                if broken:
                    claiming.give_back_post()
                    broken = False
                post(utcnow())
            except DATABASE_TROUBLE:
                broken = True
                pause(PATIENCE_S)
            except Exception:
                log.exception("sending messages failed; trying again")
                pause(PATIENCE_S)
            _wait(waker, settings.poll_ms / 1000, stop)
        post(utcnow())


def _event_loop(settings: Settings, database: Database, client: httpx.Client, stop: threading.Event) -> None:
    """Events too: the engine never waits for Prefect."""
    doubtful = True  # what was sent just before Prefect went away, or before the last engine died
    with open_waker(database) as waker:
        while not stop.is_set():
            try:
                doubtful = doubtful or is_away()
                if is_away() and not events.probe(client):
                    stop.wait(2)
                    continue
                if doubtful:
                    events.send_again()
                    doubtful = False
                events.close_runs_of_the_dead(client, utcnow())
                while events.push(client, utcnow()) and not stop.is_set():
                    pass
                events.forget(utcnow())
            except DATABASE_TROUBLE:
                pause(PATIENCE_S)
            _wait(waker, settings.poll_ms / 1000, stop)


def _beat_loop(
    database: Database, engine_id: int, client: httpx.Client | None, stop: threading.Event, taken_for_dead: threading.Event
) -> None:
    """Say that we live, bury the dead, and stop when we were taken for dead ourselves."""
    while not stop.wait(BEAT_S):
        try:
            with database.unit_of_work() as session:
                alive = engines.beat(session, engine_id, utcnow())
                engines.take_over(session, utcnow())
            if not alive:
                log.error("engine %d was taken for dead by another; stopping", engine_id)
                taken_for_dead.set()
                stop.set()
            if client is not None and not is_away():
                events.probe(client)
        except DATABASE_TROUBLE:
            log.warning("the database is away; no heartbeat")


def name() -> str:
    """What this engine is called in Prefect's run list."""
    return f"engine · {socket.gethostname()} · {os.getpid()}"
