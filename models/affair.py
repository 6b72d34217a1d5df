"""Affairs beside the loop (事项): whistles, pools, meetings, disputes, files, errands, campaigns, topics; and which mechanisms are on."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class Affair(Base):
    """An affair, kept in the journal of a case file: of the case that it is about, or of a file of its own in the state `beside`."""

    __tablename__ = "affair"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True, comment="case file in whose journal it is kept")
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="journal entry there that opened it")
    thing: Mapped[str] = mapped_column(String(12), comment="its kind: a key of rules.handling.AFFAIRS")
    no: Mapped[str] = mapped_column(String(20), unique=True, comment="e.g. CS-YYYYMMDD-NNNN, local day of opening")
    state: Mapped[str] = mapped_column(String(12), comment="a state of its kind")
    form: Mapped[str] = mapped_column(String(20), default="", comment="variety of its kind, e.g. weekly, court, elderly")
    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text, default="")
    place: Mapped[str] = mapped_column(String(120), default="")
    area_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True, comment="where it belongs")
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), comment="unit whose affair it is")
    asker_id: Mapped[int | None] = mapped_column(ForeignKey("requester.id"), index=True, comment="resident for whom it is done")
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), comment="person who is in charge of it")
    at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="when it takes place or begins")
    until: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="when it ends by its own terms")
    tier: Mapped[int | None] = mapped_column(comment="tier of a file, 1 the lowest")
    quantity: Mapped[int | None] = mapped_column(comment="how much is wanted or aimed at")
    measure: Mapped[str] = mapped_column(String(20), default="", comment="unit of measure of the quantity, e.g. 把, m²")
    amount_fen: Mapped[int | None] = mapped_column(BigInteger, comment="money it is about, in fen")
    limits: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, comment="clock kind: limit (3wd) or moment (ISO) given for it")
    hidden: Mapped[bool] = mapped_column(default=False, comment="seen by its owner alone until it is released")
    parent_case_id: Mapped[int | None] = mapped_column(comment="affair that it belongs to, e.g. the series of a meeting")
    parent_seq: Mapped[int | None] = mapped_column()
    result: Mapped[str | None] = mapped_column(Text, comment="what came of it")
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, comment="what its mechanism keeps besides")
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_by: Mapped[str] = mapped_column(String(60))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(60))

    __table_args__ = (Index(None, "thing", "state"), Index(None, "parent_case_id", "parent_seq"))


class AffairPart(Base):
    """One part of an affair: a unit that was called, a pledge, a voice, a sitting, a look, a line of a list."""

    __tablename__ = "affair_part"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, … within the case file")
    seq: Mapped[int] = mapped_column(comment="affair that it is part of")
    thing: Mapped[str] = mapped_column(String(12), comment="its kind: a key of rules.handling.PARTS")
    state: Mapped[str] = mapped_column(String(12), comment="a state of its kind")
    title: Mapped[str] = mapped_column(String(120), default="")
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    requester_id: Mapped[int | None] = mapped_column(ForeignKey("requester.id"), index=True)
    role: Mapped[str] = mapped_column(String(20), default="", comment="what it is in the affair, e.g. tenant, landlord, mediator")
    quantity: Mapped[int | None] = mapped_column(comment="how much of the affair's quantity")
    done: Mapped[int | None] = mapped_column(comment="how much of that is done")
    measure: Mapped[str] = mapped_column(String(20), default="", comment="unit of measure, e.g. 把, m²")
    amount_fen: Mapped[int | None] = mapped_column(BigInteger, comment="money, in fen")
    share_bp: Mapped[int | None] = mapped_column(comment="share of the cost in hundredths of a per cent; shares add up to 10000")
    area_dm2: Mapped[int | None] = mapped_column(comment="floor area that a vote counts by, in square decimetres")
    score: Mapped[int | None] = mapped_column(comment="1 very dissatisfied to 5 very satisfied")
    words: Mapped[str] = mapped_column(Text, default="", comment="what was said or done")
    limits: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, comment="clock kind: limit (3wd) or moment (ISO) given for it")
    other_case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True, comment="case that came of it")
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, comment="what its mechanism keeps besides")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by: Mapped[str | None] = mapped_column(String(60))

    __table_args__ = (Index(None, "case_id", "seq"),)


class AffairCase(Base):
    """A further case that an affair is about."""

    __tablename__ = "affair_case"

    home_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True, comment="case file in whose journal it is kept")
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="journal entry there that opened it")
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True, index=True)


class AffairNumber(Base):
    """The last number given out to a kind of affair on a day; taken in the same commit, so no number is ever missing."""

    __tablename__ = "affair_number"

    day: Mapped[str] = mapped_column(String(12), primary_key=True, comment="prefix and YYYYMMDD, local")
    last: Mapped[int]


class MechanismSwitch(Base):
    """A mechanism that an administrator has switched on or off; one that is not named here is as rules.handling says."""

    __tablename__ = "mechanism_switch"

    code: Mapped[str] = mapped_column(String(30), primary_key=True, comment="a key of rules.handling.HANDLING")
    on: Mapped[bool]
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(60))
