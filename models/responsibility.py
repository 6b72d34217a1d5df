"""Who is responsible for what and where: the matrix of signed letters, professional grids, staffing, the five offices, profiles."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Sealed, UtcDateTime


class Responsibility(Base):
    """One row of the responsibility matrix (责任书, 片长制): a place, a matter, who answers for it. Never overwritten, only followed."""

    __tablename__ = "responsibility"

    id: Mapped[int] = mapped_column(primary_key=True)
    area_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), comment="unit in whose area it holds")
    section: Mapped[str] = mapped_column(String(120), default="", comment="road section or place in words; empty: all of the area")
    matter: Mapped[str] = mapped_column(
        String(20), default="", comment="category, family of categories or professional line; empty: whatever comes up"
    )
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), comment="responsible unit")
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True, comment="responsible person")
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), comment="who stands in; empty: the person's own deputy")
    post: Mapped[str] = mapped_column(String(60), comment="as what, e.g. 片长")
    promise: Mapped[str] = mapped_column(Text, default="", comment="what is promised, in public")
    document: Mapped[str] = mapped_column(String(120), default="", comment="reference of the signed letter")
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="as it was signed; empty: until another row of its kind begins")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="taken back before its time")
    ended_by: Mapped[str | None] = mapped_column(String(60))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[str] = mapped_column(String(60))

    __table_args__ = (Index(None, "area_unit_id", "since"),)


class ProfessionalGrid(Base):
    """A professional grid (警务, 城管, 环卫, 消防, …) laid over one base grid (1+X 多格合一)."""

    __tablename__ = "professional_grid"

    id: Mapped[int] = mapped_column(primary_key=True)
    grid_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), comment="base grid")
    line: Mapped[str] = mapped_column(String(20), comment="professional line, seeds/lines.toml")
    name: Mapped[str] = mapped_column(String(60), comment="what the line calls its own grid")
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), comment="unit of the line that answers there")
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), comment="its person for this grid")
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[str] = mapped_column(String(60))

    __table_args__ = (Index("uq_professional_grid_line", "grid_id", "line", "since", unique=True),)


class GridPost(Base):
    """A post of a grid's staffing: its head, worker A, B who stands in, and more of them."""

    __tablename__ = "grid_post"

    id: Mapped[int] = mapped_column(primary_key=True)
    grid_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    slot: Mapped[str] = mapped_column(String(6), comment="head, a, b or more")
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[str] = mapped_column(String(60))

    __table_args__ = (Index("uq_grid_post_person", "grid_id", "slot", "staff_id", "since", unique=True),)


class OfficeTag(Base):
    """One of the five offices (五大员) of a block captain, who is one of the staff or a resident: decides what reaches him or her."""

    __tablename__ = "office_tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    office: Mapped[str] = mapped_column(String(12), comment="seeds/offices.toml")
    area_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), comment="grid or community")
    building: Mapped[str] = mapped_column(String(40), default="", comment="building in words; empty: all of the area")
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), comment="one of the staff; else a resident")
    requester_id: Mapped[int | None] = mapped_column(ForeignKey("requester.id"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[str] = mapped_column(String(60))

    __table_args__ = (Index(None, "area_unit_id", "office"),)


class GridStation(Base):
    """A station in an area where people of the lines and volunteers work (近邻城管工作站, 近邻驿站)."""

    __tablename__ = "grid_station"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    line: Mapped[str] = mapped_column(String(20), default="", comment="professional line it belongs to; empty: none")
    area_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), comment="unit that runs it")
    place: Mapped[str] = mapped_column(String(120), default="")
    hours: Mapped[str] = mapped_column(String(60), default="", comment="opening hours in words")
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[str] = mapped_column(String(60))


class Profile(Base):
    """What a person, or a unit as a whole, shows in public (三亮): duty and promise; a name only where the person wants it shown."""

    __tablename__ = "profile"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), comment="empty: the unit as a whole")
    shown_name: Mapped[str | None] = mapped_column(Sealed, comment="encrypted; own name, if it may be shown; empty: the post only")
    duty_zh: Mapped[str] = mapped_column(Text)
    duty_en: Mapped[str] = mapped_column(Text, default="")
    promise_zh: Mapped[str] = mapped_column(Text)
    promise_en: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[str] = mapped_column(String(60))

    __table_args__ = (Index(None, "unit_id", "staff_id"),)
