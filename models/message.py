"""Messages to people and events to Prefect, queued in the same commit as what they speak of."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class Message(Base):
    """One notice to one recipient by one channel."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True, comment="case:seq:notice:recipient")
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    seq: Mapped[int] = mapped_column(comment="journal entry it tells of")
    notice: Mapped[str] = mapped_column(String(24), comment="notifications/notices.py")
    channel: Mapped[str] = mapped_column(String(12))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), comment="recipient; empty: a resident")
    requester_id: Mapped[int | None] = mapped_column(ForeignKey("requester.id"))
    about: Mapped[dict[str, Any]] = mapped_column(JSON, comment="values for the template that only the moment knew")
    state: Mapped[str] = mapped_column(
        String(12), comment="queued, sending, accepted, failed_temp, failed_perm, expired, suppressed or dead"
    )
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attend_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="to be sent from then on; empty: final")
    claimed_by: Mapped[int | None]
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    wording: Mapped[str | None] = mapped_column(Text, comment="as it was sent")
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(String(200))

    __table_args__ = (
        Index("ix_message_queued", "attend_at", postgresql_where=text("attend_at IS NOT NULL"), sqlite_where=text("attend_at IS NOT NULL")),
    )


class EventOut(Base):
    """A journal entry that Prefect may not have stored yet; kept for a minute after its API took it, then deleted."""

    __tablename__ = "event_out"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int]
    seq: Mapped[int]
    run_id: Mapped[str | None] = mapped_column(String(36), comment="flow run in which it happened")
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="taken by Prefect's API; empty: to be sent")

    __table_args__ = (Index(None, "sent_at"),)
