"""Patrols (小蜜蜂, 小嗨嗨, 随手拍): stations, groups of residents who report, their members, and the cases that came from them."""

from datetime import date, datetime
from typing import Final

from sqlalchemy import Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Sealed, UtcDateTime

#: Memberships that last; written out, because both databases match an index by its words.
LASTING: Final = text("left_at IS NULL")


class PatrolStation(Base):
    """A station (蜂巢驿站): a place where members of patrols rest, meet, and hand things in."""

    __tablename__ = "patrol_station"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True, comment="short ascii name")
    zh: Mapped[str] = mapped_column(String(60))
    en: Mapped[str] = mapped_column(String(80))
    area_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True, comment="community in whose area it lies")
    place: Mapped[str] = mapped_column(String(120), comment="address in words")
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_by: Mapped[str] = mapped_column(String(60))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PatrolGroup(Base):
    """A group of residents who report what they see on their way."""

    __tablename__ = "patrol_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True, comment="short ascii name")
    zh: Mapped[str] = mapped_column(String(60))
    en: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20), comment="seeds/patrols.toml: decides the source of its reports")
    area_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True, comment="community it belongs to")
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_by: Mapped[str] = mapped_column(String(60))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PatrolMember(Base):
    """A resident as a member of a group; name and phone are those of the requester, a minor is there with a guardian who consented."""

    __tablename__ = "patrol_member"

    id: Mapped[int] = mapped_column(primary_key=True, comment="number by which the member is known to everybody else")
    group_id: Mapped[int] = mapped_column(ForeignKey("patrol_group.id"), index=True)
    station_id: Mapped[int | None] = mapped_column(ForeignKey("patrol_station.id"), comment="station the member belongs to")
    requester_id: Mapped[int | None] = mapped_column(ForeignKey("requester.id"), index=True, comment="empty: left, and forgotten")
    found_by: Mapped[str | None] = mapped_column(Sealed, comment="encrypted; by what the requester is found again when handing in")
    age: Mapped[str] = mapped_column(String(6), comment="adult, youth (14 to 17) or child (under 14)")
    guardian_id: Mapped[int | None] = mapped_column(ForeignKey("requester.id"), index=True, comment="guardian of a minor")
    consented_on: Mapped[date | None] = mapped_column(Date, comment="day on which the guardian consented in writing")
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    joined_by: Mapped[str] = mapped_column(String(60), comment="who of ours wrote it down")
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    left_why: Mapped[str] = mapped_column(String(120), default="")

    __table_args__ = (
        Index("uq_patrol_member_lasting", "group_id", "requester_id", unique=True, postgresql_where=LASTING, sqlite_where=LASTING),
    )


class PatrolReport(Base):
    """A case that came from a member of a patrol, under the group and station he or she belonged to at that time."""

    __tablename__ = "patrol_report"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(ForeignKey("patrol_member.id"), index=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("patrol_group.id"), index=True)
    station_id: Mapped[int | None] = mapped_column(ForeignKey("patrol_station.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(60), comment="member, or who of ours wrote it down for the member")
