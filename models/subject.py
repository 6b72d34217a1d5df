"""What is sensitive in a subject file (一户一档, 一企一档): sealed notes, apart from the file, read by few and never unseen."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Sealed, UtcDateTime


class SubjectNote(Base):
    """A sensitive note of a subject file: whose it is, health, tracks, family. The journal never holds its text; it goes with the file."""

    __tablename__ = "subject_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), comment="case file with which the subject file is kept")
    seq: Mapped[int] = mapped_column(comment="journal entry there that opened the subject file")
    kind: Mapped[str] = mapped_column(String(20), comment="identity, health, track, family or other (seeds/subjects.toml)")
    text: Mapped[str] = mapped_column(Sealed, comment="encrypted")
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    written_by: Mapped[str] = mapped_column(String(60))

    __table_args__ = (Index(None, "case_id", "seq"),)
