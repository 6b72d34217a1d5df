"""Engines that run or ran, and what they had to set aside."""

from datetime import datetime

from sqlalchemy import Index, String, Text
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
