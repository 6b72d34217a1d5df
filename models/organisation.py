"""Units and the people in them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Sealed, UtcDateTime


class Unit(Base):
    """A unit that can hold, handle, verify or supervise: a grid, a street, a department, a company."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True, comment="short ascii name")
    zh: Mapped[str] = mapped_column(String(60), comment="name in Chinese")
    en: Mapped[str] = mapped_column(String(80), comment="name in English")
    kind: Mapped[str] = mapped_column(String(20), comment="unit kind, seeds/unit_kinds.toml")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), comment="above by territory")
    supervising_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), comment="escalation follows this edge")
    calendar: Mapped[str] = mapped_column(String(20), default="cn", comment="working calendar of the unit")
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="since when it is merged or dissolved; nothing is sent to it")
    successor_id: Mapped[int | None] = mapped_column(comment="unit that goes on with its work")
    duty_phone: Mapped[str | None] = mapped_column(Sealed, comment="encrypted; rung when nobody of the unit can be reached otherwise")


class UnitKind(Base):
    """A kind of unit (部门类型): decides how it is found for a place and whether red lights apply."""

    __tablename__ = "unit_kind"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    zh: Mapped[str] = mapped_column(String(40))
    en: Mapped[str] = mapped_column(String(60))
    level: Mapped[str] = mapped_column(String(10), comment="grid, community, street, district or outside")
    territorial: Mapped[bool] = mapped_column(comment="found by walking up the case's area")
    penalties: Mapped[bool] = mapped_column(comment="false: reminders and help, never a red light")
    vertical: Mapped[bool] = mapped_column(default=False, comment="answers to its own line (条): gets a letter (函告), never an order")


class UnitName(Base):
    """What a unit was called before it was renamed: history is told under the old name."""

    __tablename__ = "unit_name"

    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True, comment="from then on it is called otherwise")
    zh: Mapped[str] = mapped_column(String(60))
    en: Mapped[str] = mapped_column(String(80))


class UnitChange(Base):
    """A unit is renamed, merged into another or split: asked for now, in force from a moment on."""

    __tablename__ = "unit_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), comment="rename, merge, split or leave")
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    to: Mapped[dict[str, Any]] = mapped_column(JSON, comment="new names, the successor, or which categories and areas go where")
    effective_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by: Mapped[str] = mapped_column(String(60))
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="empty: not yet in force, or being applied")
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Handover(Base):
    """A shift's list of open work (交接班): who hands over stays responsible until both have signed."""

    __tablename__ = "handover"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    prepared_at: Mapped[datetime] = mapped_column(UtcDateTime)
    prepared_by: Mapped[str] = mapped_column(String(60))
    note: Mapped[str] = mapped_column(Text, default="")
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSON, comment="what was open: case, work order, due moment, remark")
    given_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="signed by who hands over")
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="signed by who takes over")
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Staff(Base):
    """A person who works for a unit."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True, comment="user name, e.g. water.clerk")
    zh: Mapped[str] = mapped_column(String(60), comment="post in Chinese, no personal name")
    en: Mapped[str] = mapped_column(String(80), comment="post in English")
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    role: Mapped[str] = mapped_column(String(20), comment="clerk, head, worker, dispatcher, duty_leader or admin")
    deputy_id: Mapped[int | None] = mapped_column(comment="staff member who stands in when away (A/B 角)")
    phone: Mapped[str | None] = mapped_column(Sealed, comment="encrypted")
    email: Mapped[str | None] = mapped_column(Sealed, comment="encrypted")
    im: Mapped[str | None] = mapped_column(Sealed, comment="user id in the unit's instant messenger, encrypted")
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="since when the person acts and is told no more")


class Absence(Base):
    """Somebody is away: what is for him or her goes to the deputy, or to who is on duty."""

    __tablename__ = "absence"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="empty: until further notice")
    reason: Mapped[str] = mapped_column(String(60), default="")


class DutyRoster(Base):
    """Who is on duty for a unit from when to when (值班)."""

    __tablename__ = "duty_roster"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class Requester(Base):
    """A resident who reports (诉求人); anonymous ones have no name and no phone."""

    __tablename__ = "requester"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True, comment="keyed hash by which the same person is found again")
    name: Mapped[str | None] = mapped_column(Sealed, comment="encrypted")
    phone: Mapped[str | None] = mapped_column(Sealed, comment="encrypted")
    unsubscribed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="TD: not told of what was handed in until then")
