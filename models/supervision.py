"""Supervision orders (督办单): numbered, signed by a person, written off when somebody else has looked."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class SupervisionOrder(Base):
    """A supervision order, letter or bulletin: attaches to cases, never changes their owner; a reply alone closes nothing."""

    __tablename__ = "supervision_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    seq: Mapped[int] = mapped_column(comment="journal entry that opened it; below zero: before supervision orders had clocks")
    number: Mapped[str | None] = mapped_column(String(20), unique=True, comment="DB-YYYYMMDD-NNNN, given when it is signed")
    order_no: Mapped[int | None] = mapped_column(comment="work order it is about")
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True, comment="unit it is addressed to")
    form: Mapped[str] = mapped_column(String(12), comment="order (督办单), letter (函告, to vertical lines) or bulletin (通报)")
    rank: Mapped[str] = mapped_column(String(12), default="daily", comment="daily (日常) or listed (挂牌), decided by people")
    origin: Mapped[str] = mapped_column(String(12), default="rung", comment="rung, person or inspection")
    demand: Mapped[str] = mapped_column(Text, default="", comment="what is to be put right")
    limit: Mapped[str | None] = mapped_column(String(8), comment="time to put it right, e.g. 5wd; empty: as the policy says")
    state: Mapped[str] = mapped_column(String(12), index=True, comment="rules.facts.SupervisionState")
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proposed_by: Mapped[str] = mapped_column(String(60), default="system")
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_by: Mapped[str | None] = mapped_column(String(60))
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replied_by: Mapped[str | None] = mapped_column(String(60))
    reply: Mapped[str | None] = mapped_column(Text)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    verified_by: Mapped[str | None] = mapped_column(String(60))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="written off, dismissed or withdrawn")
    ended_by: Mapped[str | None] = mapped_column(String(60))

    __table_args__ = (Index("uq_supervision_order_opened", "case_id", "seq", unique=True),)


class SupervisionCase(Base):
    """A further case that a supervision order is about."""

    __tablename__ = "supervision_case"

    home_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True, comment="case in whose journal the order is kept")
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="journal entry there that opened the order")
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True, index=True)


class Evidence(Base):
    """What shows how it was before or is now: a sentence, and a file where there is one."""

    __tablename__ = "evidence"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True, comment="case in whose journal the order is kept")
    seq: Mapped[int] = mapped_column(comment="journal entry there that opened the order")
    stage: Mapped[str] = mapped_column(String(6), comment="before or after")
    note: Mapped[str] = mapped_column(Text, default="")
    sha256: Mapped[str | None] = mapped_column(String(64), comment="the file's hash, by which it is kept; empty: no file")
    name: Mapped[str | None] = mapped_column(String(120), comment="what the file was called")
    media: Mapped[str | None] = mapped_column(String(40), comment="media type, looked at and not believed")
    size: Mapped[int | None] = mapped_column(comment="bytes")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[str] = mapped_column(String(60))


class SupervisionNumber(Base):
    """The last number given out on a day; taken in the same commit as the signature, so no number is ever missing."""

    __tablename__ = "supervision_number"

    day: Mapped[str] = mapped_column(String(8), primary_key=True, comment="YYYYMMDD, local")
    last: Mapped[int]
