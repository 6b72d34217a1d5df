"""Messages to people and events to Prefect, queued in the same commit as what they speak of."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


def _where(given: str, name: str, *columns: str) -> Index:
    """An index of the few rows in which a column is given: the others cost nothing when they are written."""
    condition = text(f"{given} IS NOT NULL")
    return Index(name, *columns, postgresql_where=condition, sqlite_where=condition)


class Message(Base):
    """One notice to one recipient by one channel: what was queued, and how far it has come."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True, comment="case:seq:notice:recipient:channel")
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True, comment="empty: it speaks of no single case")
    seq: Mapped[int | None] = mapped_column(comment="journal entry it tells of")
    notice: Mapped[str] = mapped_column(String(24), comment="notifications/notices.py")
    channel: Mapped[str] = mapped_column(String(20), comment="code of a channel")
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), comment="recipient; empty: a resident, or a unit's duty phone")
    requester_id: Mapped[int | None] = mapped_column(ForeignKey("requester.id"))
    unit_id: Mapped[int | None] = mapped_column(comment="the duty phone of this unit")
    recipient: Mapped[str] = mapped_column(String(16), default="", comment="s12, r5 or u7: staff, resident or unit")
    haste: Mapped[int] = mapped_column(SmallInteger, default=1, comment="0 waits for nothing, 1 as soon as may be, 2 in working time")
    reminder: Mapped[bool] = mapped_column(default=False, comment="from a rung: a minimum gap holds, the newest speaks for the others")
    useful_until: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="after this it would mislead and expires")
    about: Mapped[dict[str, Any]] = mapped_column(JSON, comment="values for the template that only the moment knew")
    state: Mapped[str] = mapped_column(String(12), comment="rules.delivery.State")
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attend_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="something is to be done from then on; empty: nothing")
    claimed_by: Mapped[int | None]
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    template_version: Mapped[int] = mapped_column(default=0, comment="of the words it was put in; 0: those that came with the program")
    wording: Mapped[str | None] = mapped_column(Text, comment="as it was sent")
    segments: Mapped[int | None] = mapped_column(SmallInteger, comment="an SMS: so many are charged")
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="last handed to the channel; counts against the limits")
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="taken by the channel")
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="the provider says that it arrived")
    provider_id: Mapped[str | None] = mapped_column(String(80), comment="what the provider calls it")
    error: Mapped[str | None] = mapped_column(String(200))
    fallback_of_id: Mapped[int | None] = mapped_column(comment="the message it goes out in place of")
    digest_id: Mapped[int | None] = mapped_column(comment="the digest that speaks for it")
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="looked at in the inbox")

    __table_args__ = (
        _where("attend_at", "ix_message_queued", "channel", "haste", "attend_at"),
        _where("attend_at", "ix_message_attend_at", "attend_at"),
        _where("provider_id", "ix_message_provider_id", "provider_id"),
        _where("fallback_of_id", "ix_message_fallback_of_id", "fallback_of_id"),
        _where("digest_id", "ix_message_digest_id", "digest_id"),
        _where("tried_at", "ix_message_tried", "channel", "tried_at"),
        Index("ix_message_recipient", "recipient", "channel", "tried_at"),
    )


class EventOut(Base):
    """A journal entry for Prefect, kept until Prefect says that it has stored it."""

    __tablename__ = "event_out"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int]
    seq: Mapped[int]
    run_id: Mapped[str | None] = mapped_column(String(36), comment="flow run in which it happened")
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="taken by Prefect's API; empty: to be sent")
    tries: Mapped[int] = mapped_column(server_default="0", comment="how often Prefect's API has taken it")

    __table_args__ = (Index(None, "sent_at"),)
