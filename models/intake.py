"""What comes along with a report: home visits, photos and other attachments."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class Visit(Base):
    """A home visit (入户走访), from which several cases may come."""

    __tablename__ = "visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    visited_at: Mapped[datetime] = mapped_column(UtcDateTime)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), comment="who went there")
    area_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    place: Mapped[str] = mapped_column(String(120), default="")
    note: Mapped[str] = mapped_column(Text, default="")


class Attachment(Base):
    """A photo or paper of a case: re-encoded without what the camera wrote into it, which is kept here as evidence."""

    __tablename__ = "attachment"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, … within the case")
    stage: Mapped[str] = mapped_column(String(10), comment="report, before, after, paper or other")
    order_no: Mapped[int | None] = mapped_column(comment="work order it belongs to")
    name: Mapped[str] = mapped_column(String(120), comment="what the file was called")
    media: Mapped[str] = mapped_column(String(40), comment="media type, looked at and not believed")
    sha256: Mapped[str] = mapped_column(String(64), comment="hash under which it is kept")
    sha256_given: Mapped[str] = mapped_column(String(64), comment="hash of the file as it came")
    size: Mapped[int] = mapped_column(comment="bytes as kept")
    width: Mapped[int | None] = mapped_column(comment="pixels")
    height: Mapped[int | None] = mapped_column(comment="pixels")
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="as the camera wrote")
    taken_lat: Mapped[float | None] = mapped_column(comment="WGS84 degrees, as the camera wrote")
    taken_lon: Mapped[float | None]
    taken_accuracy_m: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text, default="")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[str] = mapped_column(String(60))

    __table_args__ = (Index(None, "sha256"),)
