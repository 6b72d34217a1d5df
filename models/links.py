"""Cases that belong together: likely duplicates, the same matter again, topics of an area; and samples for call-backs."""

from datetime import datetime

from sqlalchemy import JSON, Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class CaseLink(Base):
    """One case seems to be about what another is about; a person decides."""

    __tablename__ = "case_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), comment="the later one")
    other_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True, comment="the earlier one")
    kind: Mapped[str] = mapped_column(String(12), comment="duplicate, same_matter or recurrence (复发)")
    score: Mapped[float] = mapped_column(Float, comment="0 to 1")
    reasons: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(12), index=True, comment="proposed, confirmed or refused")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(60), default="system")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(60))

    __table_args__ = (Index("uq_case_link_pair", "case_id", "other_id", "kind", unique=True),)


class CallBack(Base):
    """A closed case drawn into a sample: somebody of another unit asks the resident again (回访)."""

    __tablename__ = "call_back"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), unique=True)
    draw: Mapped[str] = mapped_column(String(20), index=True, comment="which draw: day and number")
    stratum: Mapped[str] = mapped_column(String(60), comment="lead unit and category it was drawn for")
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    drawn_by: Mapped[str] = mapped_column(String(60))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by: Mapped[str | None] = mapped_column(String(60))
    reached: Mapped[bool | None]
    solved: Mapped[bool | None]
    score: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text, default="")


class AdminEntry(Base):
    """What somebody changed, or looked at that is hidden, outside of cases: append only."""

    __tablename__ = "admin_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(60))
    action: Mapped[str] = mapped_column(String(30), comment="e.g. unmask, rule_added, unit_merged, keys_rotated")
    subject: Mapped[str] = mapped_column(String(60), comment="case number, unit code, rule, …")
    data: Mapped[dict[str, object]] = mapped_column(JSON)
