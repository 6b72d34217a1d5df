"""What people send in besides a report: once each, however often a phone that lost its connection sends it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class Submission(Base):
    """A form that a member of staff has sent from a phone, by the key that the form was given: the same key again does nothing more."""

    __tablename__ = "submission"

    key: Mapped[str] = mapped_column(String(80), primary_key=True, comment="who sent it and the key of the form")
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), comment="who sent it")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(String(200), comment="address of the page that says what became of it")

    __table_args__ = (Index(None, "at"),)


class Supplement(Base):
    """What a reporter adds to a case that is under way (追加说明), or that he or she would like to be called."""

    __tablename__ = "supplement"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="journal entry that tells of it")
    key: Mapped[str] = mapped_column(String(80), unique=True, comment="of the form: the same key twice is one")
    requester_id: Mapped[int | None] = mapped_column(ForeignKey("requester.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    words: Mapped[str] = mapped_column(Text, comment="in the reporter's own words; empty: photos or a wish to be called alone")
    call_back: Mapped[bool] = mapped_column(default=False, comment="would like to be called")
