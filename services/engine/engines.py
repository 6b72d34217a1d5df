"""Engines as rows: who runs, who died, and one at a time on SQLite."""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models import EngineInstance, System, begin_write, table
from rules.facts import Refused
from services.engine.claims import release_all

_engine, _system = table(EngineInstance), table(System)
#: Only what the first tables had: a program must recognise engines in a database that it has yet to migrate.
_OPEN: Final = select(*(_engine.c[n] for n in ("id", "host", "pid", "process", "heartbeat_at"))).where(_engine.c.stopped_at.is_(None))
SILENT_AFTER: Final = timedelta(seconds=30)  #: an engine that has not beaten for so long is taken for dead
DOUBTFUL_AFTER: Final = timedelta(minutes=2)  #: so is a process of this machine that cannot be told from another with its number
_PROC: Final = Path("/proc")
_DEAD: Final = ("Z", "X")  #: a zombie has a number still and nothing else
_STATE: Final = 0  #: field 3 of /proc/<pid>/stat, counted behind the name
_STARTED: Final = 19  #: field 22


def process_of(pid: int) -> str | None:
    """What tells a running process from every other that had its number or will have it: the boot, and the tick it started at.

    Returns:
        None when this machine does not say (it has no /proc, or shows us our own processes only).

    Raises:
        ProcessLookupError: no such process runs.
    """
    try:
        # the name, in brackets, may hold anything; the fields behind it are numbers and one letter
        fields = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        _ask_for(pid)
        return None
    if fields[_STATE] in _DEAD:
        raise ProcessLookupError(pid)
    return f"{boot}:{fields[_STARTED]}"


def _ask_for(pid: int) -> None:
    """Raise ProcessLookupError when no process has this number; one of somebody else's that we may not touch runs all the same."""
    with suppress(PermissionError):
        os.kill(pid, 0)


def is_alive(engine: Any, now: datetime) -> bool:  # noqa: ANN401 - a result row
    """Whether an engine of this machine still runs: its process, not another that was given its number."""
    silent = now - engine.heartbeat_at
    if engine.pid == os.getpid() and silent > SILENT_AFTER:
        return False  # ours, from an earlier life of this process
    try:
        present = process_of(engine.pid)
    except ProcessLookupError:
        return False
    if present is None or engine.process is None:
        return bool(silent <= DOUBTFUL_AFTER)
    return bool(present == engine.process)


Alive = Callable[[Any, datetime], bool]


def begin(session: Session, now: datetime, *, events_on: bool, alone: bool = False, alive: Alive = is_alive) -> int:
    """Enter this process as a running engine, after taking over from dead ones.

    Args:
        session: The unit of work.
        now: The instant.
        events_on: Whether journal entries are queued for Prefect from now on.
        alone: Refuse while any other engine is alive; on SQLite always so.
        alive: Tells whether an engine of this machine runs.

    Returns:
        The engine's id, its fencing number.

    Raises:
        Refused: `engine_running`, another engine is alive on this database and there may be one only.
    """
    begin_write(session)
    running = take_over(session, now, alive=alive)
    if running and (alone or session.connection().dialect.name == "sqlite"):
        raise Refused("engine_running", pid=running[0].pid, host=running[0].host)
    session.connection().execute(
        update(_system).where(_system.c.events_on != events_on).values(events_on=events_on, revision=_system.c.revision + 1)
    )
    pid = os.getpid()
    row = {"host": socket.gethostname(), "pid": pid, "process": process_of(pid), "started_at": now, "heartbeat_at": now}
    return int(session.connection().execute(insert(_engine).values(row).returning(_engine.c.id)).scalar_one())


def take_over(session: Session, now: datetime, *, alive: Alive = is_alive) -> list[Any]:
    """Mark dead engines as stopped and give back what they had claimed.

    Returns:
        The engines that are alive.
    """
    living: list[Any] = []
    for engine in session.connection().execute(_OPEN.order_by(_engine.c.id)).all():
        if _lives(engine, now, alive):
            living.append(engine)
        else:
            end(session, engine.id, now)
    return living


def any_alive(session: Session, now: datetime, *, alive: Alive = is_alive) -> bool:
    """Whether any engine works on this database, as far as can be told from here; changes nothing."""
    running = session.connection().execute(_OPEN).all()
    return any(_lives(engine, now, alive) for engine in running)


def _lives(engine: Any, now: datetime, alive: Alive) -> bool:  # noqa: ANN401 - a result row
    """Whether an engine is alive: of this machine by its process, of another by its heartbeat."""
    return alive(engine, now) if engine.host == socket.gethostname() else bool(now - engine.heartbeat_at <= SILENT_AFTER)


def beat(session: Session, engine_id: int, now: datetime) -> bool:
    """Say that this engine is alive.

    Returns:
        False when somebody has taken it for dead meanwhile: it must stop and begin anew.
    """
    begin_write(session)
    done = session.connection().execute(
        update(_engine).where(_engine.c.id == engine_id, _engine.c.stopped_at.is_(None)).values(heartbeat_at=now)
    )
    return done.rowcount == 1


def end(session: Session, engine_id: int, now: datetime) -> None:
    """Mark an engine as stopped and give back its claims."""
    begin_write(session)
    session.connection().execute(update(_engine).where(_engine.c.id == engine_id).values(stopped_at=now))
    release_all(session, engine_id)


def with_open_runs(session: Session) -> list[int]:
    """Engines that have stopped and whose flow runs in Prefect have not been looked through yet."""
    wanted = select(_engine.c.id).where(_engine.c.stopped_at.is_not(None), _engine.c.runs_closed_at.is_(None))
    return list(session.connection().execute(wanted).scalars())


def runs_closed(session: Session, engine_id: int, now: datetime) -> None:
    """Note that no flow run of this engine is left open in Prefect."""
    begin_write(session)
    session.connection().execute(update(_engine).where(_engine.c.id == engine_id).values(runs_closed_at=now))
