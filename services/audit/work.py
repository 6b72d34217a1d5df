"""The engines' work: who is at it, what is late, what was given up."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Clock, EngineInstance, table
from services.messages.lost import dead_letters

_clock, _engine = table(Clock), table(EngineInstance)


def oldest_rung(session: Session) -> datetime | None:
    """The moment of the oldest rung that has not fired; in the past when the engine is behind."""
    wanted = select(_clock.c.next_fire_at).where(_clock.c.next_fire_at.is_not(None)).order_by(_clock.c.next_fire_at).limit(1)
    found: datetime | None = session.connection().execute(wanted).scalar()
    return found


def engines_on_record(session: Session) -> list[Any]:
    """Engines that have not said that they stopped: alive, or dead without a word."""
    return list(session.connection().execute(select(_engine).where(_engine.c.stopped_at.is_(None)).order_by(_engine.c.id)).all())


def is_first(session: Session, engine_id: int) -> bool:
    """Whether no engine on record is older: of several, one goes the rounds and speaks for all."""
    first = session.connection().execute(select(func.min(_engine.c.id)).where(_engine.c.stopped_at.is_(None))).scalar()
    return bool(first == engine_id)


def dead_messages(session: Session) -> int:
    """How many messages reached nobody, by no way, and are not tried any more."""
    return len(dead_letters(session))
