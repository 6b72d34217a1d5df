"""Engines as rows: who runs, who died, and one at a time on SQLite."""

import os
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models import EngineInstance, System, begin_write, table
from rules.facts import Refused
from services.claims import release_all

_engine, _system = table(EngineInstance), table(System)
SILENT_AFTER: Final = timedelta(seconds=30)  #: an engine that has not beaten for so long is taken for dead


def is_alive(pid: int) -> bool:
    """Whether a process of this machine is running."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def begin(session: Session, now: datetime, *, events_on: bool, alone: bool = False, alive: Callable[[int], bool] = is_alive) -> int:
    """Enter this process as a running engine, after taking over from dead ones.

    Args:
        session: The unit of work.
        now: The instant.
        events_on: Whether journal entries are queued for Prefect from now on.
        alone: Refuse while any other engine is alive; on SQLite always so.
        alive: Tells whether a process of this machine runs.

    Returns:
        The engine's id, its fencing number.

    Raises:
        Refused: `engine_running`, another engine is alive on this database and there may be one only.
    """
    begin_write(session)
    host = socket.gethostname()
    running = take_over(session, now, alive=alive)
    if running and (alone or session.connection().dialect.name == "sqlite"):
        raise Refused("engine_running", pid=running[0].pid, host=running[0].host)
    session.connection().execute(
        update(_system).where(_system.c.events_on != events_on).values(events_on=events_on, revision=_system.c.revision + 1)
    )
    row = {"host": host, "pid": os.getpid(), "started_at": now, "heartbeat_at": now}
    return int(session.connection().execute(insert(_engine).values(row).returning(_engine.c.id)).scalar_one())


def take_over(session: Session, now: datetime, *, alive: Callable[[int], bool] = is_alive) -> list[Any]:
    """Mark dead engines as stopped and give back what they had claimed.

    Returns:
        The engines that are alive.
    """
    host = socket.gethostname()
    open_ones = session.connection().execute(select(_engine).where(_engine.c.stopped_at.is_(None))).all()
    here = [e for e in open_ones if e.host == host and e.pid != os.getpid()]
    dead = {e.id for e in here if not alive(e.pid)} | {e.id for e in open_ones if e.host != host and now - e.heartbeat_at > SILENT_AFTER}
    dead |= {e.id for e in open_ones if e.host == host and e.pid == os.getpid() and now - e.heartbeat_at > SILENT_AFTER}
    for engine_id in sorted(dead):
        end(session, engine_id, now)
    return [e for e in open_ones if e.id not in dead]


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
