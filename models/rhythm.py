"""The rhythm of governance: the list of the day and what was said about it, score sheets of the week, the bulletin of the month."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class RhythmRules(Base):
    """A version of what the district has settled about its rhythm: hours, recipients, topics and their items, windows; the newest holds."""

    __tablename__ = "rhythm_rules"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, …; before the first one seeds/rhythm.toml")
    body: Mapped[dict[str, Any]] = mapped_column(JSON, comment="toml: the text, as in seeds/rhythm.toml")
    put_at: Mapped[datetime] = mapped_column(UtcDateTime)
    put_by: Mapped[str] = mapped_column(String(60))


class DutyList(Base):
    """The list of a day (每日一清单) or of a week, frozen as it was at one moment."""

    __tablename__ = "duty_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    span: Mapped[str] = mapped_column(String(4), comment="day or week")
    day: Mapped[str] = mapped_column(String(10), comment="YYYY-MM-DD, local; of a week its Monday")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, comment="moment that it shows")
    since: Mapped[datetime] = mapped_column(UtcDateTime, comment="what is new came in after this moment")
    until: Mapped[datetime] = mapped_column(UtcDateTime, comment="what is due is due before this moment: the end of the day or week")
    made_by: Mapped[str] = mapped_column(String(60), comment="user name, or system")
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="when it was sent to whom the rules name")

    __table_args__ = (Index("uq_duty_list_day", "span", "day", unique=True),)


class DutyLine(Base):
    """One line of a list: a clock that is due or overdue, a case that is blocked, a new emergency."""

    __tablename__ = "duty_line"

    list_id: Mapped[int] = mapped_column(ForeignKey("duty_list.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, … within the list")
    part: Mapped[str] = mapped_column(String(8), comment="due, overdue, blocked or new")
    why: Mapped[str] = mapped_column(String(12), comment="kind of clock; why it is blocked; urgency of what is new")
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    order_no: Mapped[int | None] = mapped_column(comment="work order it is about")
    clock_id: Mapped[int | None] = mapped_column(comment="clock it is about")
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), comment="unit whose next act is waited for")
    area_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    urgency: Mapped[str] = mapped_column(String(2))
    state: Mapped[str] = mapped_column(String(12), comment="of the case, as it was")
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="as it was")


class DutyRemark(Base):
    """What was said about a list or one line of it (一点评), and what was made of it."""

    __tablename__ = "duty_remark"

    list_id: Mapped[int] = mapped_column(ForeignKey("duty_list.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, … within the list")
    line_no: Mapped[int | None] = mapped_column(comment="empty: about the list as a whole")
    words: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(60))
    task: Mapped[str | None] = mapped_column(String(10), comment="urge or supervise; empty: words only")
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), comment="case that the task is about")
    order_no: Mapped[int | None] = mapped_column(comment="work order that was urged")
    supervision_seq: Mapped[int | None] = mapped_column(comment="journal entry that opened the supervision order")


class ScoreSheet(Base):
    """A sheet filled in on the spot (每周一测评): announced to the unit, open to appeal, published with its week."""

    __tablename__ = "score_sheet"

    id: Mapped[int] = mapped_column(primary_key=True)
    week: Mapped[str] = mapped_column(String(10), index=True, comment="YYYY-MM-DD, local: its Monday")
    topic: Mapped[str] = mapped_column(String(20), comment="code of a topic in the rules")
    rules_version: Mapped[int] = mapped_column(comment="rules that it was scored by; 0: seeds/rhythm.toml")
    area_unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    place: Mapped[str] = mapped_column(String(120))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True, comment="unit that is scored")
    scorer: Mapped[str] = mapped_column(String(60), comment="user name")
    scored_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(10), comment="draft, signed, appealed, settled, published or dropped")
    full: Mapped[int] = mapped_column(comment="points to be had, in tenths")
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="since then the unit knows it")
    appeal_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appealed_by: Mapped[str | None] = mapped_column(String(60))
    appeal: Mapped[str | None] = mapped_column(Text, comment="what the unit says")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(60))
    upheld: Mapped[bool | None] = mapped_column(comment="whether the unit was right, in whole or in part")
    answer: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_by: Mapped[str | None] = mapped_column(String(60))


class ScoreItem(Base):
    """One item of a sheet, with the points taken off and why."""

    __tablename__ = "score_item"

    sheet_id: Mapped[int] = mapped_column(ForeignKey("score_sheet.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, … within the sheet")
    code: Mapped[str] = mapped_column(String(20))
    zh: Mapped[str] = mapped_column(String(60), comment="as it was called")
    en: Mapped[str] = mapped_column(String(80))
    points: Mapped[int] = mapped_column(comment="to be had, in tenths")
    taken: Mapped[int] = mapped_column(default=0, comment="taken off, in tenths")
    reason: Mapped[str] = mapped_column(Text, default="")
    photos: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, comment="kept files: name, media, sha256, size")
    appealed: Mapped[bool] = mapped_column(default=False)
    given_back: Mapped[bool] = mapped_column(default=False, comment="an appeal was upheld: nothing is taken off")
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), comment="case that was opened on the spot")


class Bulletin(Base):
    """The bulletin of a month (每月一通报): drafted, open to objections, published by two people."""

    __tablename__ = "bulletin"

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7), unique=True, comment="YYYY-MM, local")
    state: Mapped[str] = mapped_column(String(10), comment="draft, open, approved or published")
    since: Mapped[datetime] = mapped_column(UtcDateTime, comment="the month, local; its end is not in it")
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    small: Mapped[int] = mapped_column(comment="figures of fewer are marked and not compared")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, comment="as things stood then")
    made_by: Mapped[str] = mapped_column(String(60))
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_by: Mapped[str | None] = mapped_column(String(60))
    objections_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_by: Mapped[str | None] = mapped_column(String(60))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_by: Mapped[str | None] = mapped_column(String(60))


class BulletinCase(Base):
    """One case behind the figures of a bulletin: what was true of it when the bulletin was drafted."""

    __tablename__ = "bulletin_case"

    bulletin_id: Mapped[int] = mapped_column(ForeignKey("bulletin.id"), primary_key=True)
    family: Mapped[str] = mapped_column(String(12), primary_key=True, comment="rules.indicators.Family")
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    item: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, comment="clock, request or rating within the case; 0: the case"
    )
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), comment="unit that answers for it")
    category: Mapped[str | None] = mapped_column(String(10))
    sensitive: Mapped[bool] = mapped_column(comment="counted in the totals only, and never listed")
    facts: Mapped[str] = mapped_column(String(60), comment="rules.indicators.Fact, separated by blanks")
    corrected: Mapped[str | None] = mapped_column(String(10), comment="an objection was upheld: left_out or met")


class Objection(Base):
    """A unit objects to how a case was counted, before the bulletin is published; somebody else decides."""

    __tablename__ = "objection"

    bulletin_id: Mapped[int] = mapped_column(ForeignKey("bulletin.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, … within the bulletin")
    family: Mapped[str] = mapped_column(String(12))
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    item: Mapped[int] = mapped_column()
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    reason: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10), comment="asked, upheld or rejected")
    correction: Mapped[str | None] = mapped_column(String(10), comment="upheld: left_out or met")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(60))
    answer: Mapped[str | None] = mapped_column(Text)
