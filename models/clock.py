"""Clocks and the rungs that fired."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class Clock(Base):
    """A running, paused or stopped clock; `due_at` and `next_fire_at` are derived, overdue is asked and never stored."""

    __tablename__ = "clock"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    order_no: Mapped[int | None] = mapped_column(comment="work order; empty: the case itself")
    kind: Mapped[str] = mapped_column(String(12), comment="rules.clocks.ClockKind")
    stage: Mapped[str | None] = mapped_column(String(20), comment="milestone that a stage clock waits for")
    supervision_seq: Mapped[int | None] = mapped_column(comment="supervision order it belongs to, by the entry that opened it")
    affair_seq: Mapped[int | None] = mapped_column(comment="affair it belongs to, by the entry that opened it")
    part_no: Mapped[int | None] = mapped_column(comment="part of the affair")
    round: Mapped[int] = mapped_column(default=1, comment="an extension opens a new round; breaches stay")
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), comment="unit whose time it is")
    limit: Mapped[str] = mapped_column(String(8), comment="as people write it, e.g. 3wd")
    budget_s: Mapped[int] = mapped_column(comment="seconds of its own kind of time")
    consumed_s: Mapped[int] = mapped_column(default=0, comment="used up before running_since")
    running_since: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="empty: paused or stopped")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="empty: open")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    provisional: Mapped[bool] = mapped_column(default=False, comment="due in a year without an official calendar")
    next_fire_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="next rung; empty: paused, stopped or all fired")
    ladder: Mapped[str] = mapped_column(String(20))
    ladder_version: Mapped[int]
    calendar: Mapped[str] = mapped_column(String(20))
    calendar_version: Mapped[int]
    policy_version: Mapped[int]
    source_row: Mapped[int | None] = mapped_column(comment="line of the policy that gave the limit; empty: given by a person")
    bound_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="limit from outside, where it is earlier than its own")
    bound_by: Mapped[str | None] = mapped_column(String(10), comment="lead, upstream or note")
    claimed_by: Mapped[int | None]
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "ix_clock_due", "next_fire_at", postgresql_where=text("next_fire_at IS NOT NULL"), sqlite_where=text("next_fire_at IS NOT NULL")
        ),
        Index("ix_clock_open", "case_id", postgresql_where=text("stopped_at IS NULL"), sqlite_where=text("stopped_at IS NULL")),
        Index(None, "case_id"),
    )


class RungFiring(Base):
    """A rung that fired: at most once per clock and round, because this row is unique."""

    __tablename__ = "rung_firing"

    clock_id: Mapped[int] = mapped_column(ForeignKey("clock.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rung: Mapped[str] = mapped_column(String(20), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, comment="moment at which it was to fire")
    fired_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    skipped: Mapped[str | None] = mapped_column(String(40), comment="why nothing was done, e.g. nobody to tell")
