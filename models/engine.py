"""Engines that run or ran, what they had to set aside, and what their rounds have found."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class EngineInstance(Base):
    """A running engine; its id is the fencing number of every claim it makes."""

    __tablename__ = "engine"

    id: Mapped[int] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(String(120))
    pid: Mapped[int]
    process: Mapped[str | None] = mapped_column(String(80), comment="boot and start of the process; empty: its machine does not say")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="empty: running, or dead without a word")
    runs_closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="its open flow runs were closed in Prefect")


class SetAside(Base):
    """Something that raised and was put aside so that the rest could go on; listed by `doctor` until it works again."""

    __tablename__ = "set_aside"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int]
    clock_id: Mapped[int | None] = mapped_column(comment="set when a clock's rung raised")
    step: Mapped[str] = mapped_column(String(10))
    error: Mapped[str] = mapped_column(Text)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=1)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "case_id"),)


class AuditRound(Base):
    """One row: the last time that an engine had held all cases against their clocks, and the last heartbeat to the outside."""

    __tablename__ = "audit_round"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="always 1")
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="empty: no round has come to its end yet")
    cases: Mapped[int] = mapped_column(default=0, comment="cases looked at")
    findings: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict, comment="kind of finding → how many")
    first: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, comment="the first few: code and number of the case")
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="when the outside was last told that all is well")
