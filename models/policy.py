"""Numbers as data: categories, limits, ladders, calendars, triage words. Versioned, stamped on the case when applied."""

from datetime import date, time
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class System(Base):
    """One row of facts about the whole: which state of the reference data is current, whether events are recorded."""

    __tablename__ = "system"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(default=1, comment="grows with every change of reference data")
    installation: Mapped[str] = mapped_column(String(36), comment="random name of this database; makes event ids unique everywhere")
    events_on: Mapped[bool] = mapped_column(default=False, comment="write an outbox row for Prefect per journal entry")


class Category(Base):
    """A category of matters (类别)."""

    __tablename__ = "category"

    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    zh: Mapped[str] = mapped_column(String(60))
    en: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(12), comment="component, event, service or sensor")
    urgency: Mapped[str] = mapped_column(String(2), comment="P0 to P3")
    lead: Mapped[str] = mapped_column(String(20), comment="kind of the leading unit")
    co: Mapped[list[str]] = mapped_column(JSON, comment="kinds of co-handling units")
    authority: Mapped[str] = mapped_column(String(10), comment="lowest level that may dispatch it")
    verify: Mapped[bool] = mapped_column(comment="false: no verification needed (a question answered)")
    basis: Mapped[str] = mapped_column(String(2), comment="where the numbers come from: a, a~, b, c")


class Source(Base):
    """A source of reports (来源): where a case starts its climb."""

    __tablename__ = "source"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    zh: Mapped[str] = mapped_column(String(40))
    en: Mapped[str] = mapped_column(String(60))
    entry: Mapped[str] = mapped_column(String(10), comment="grid, community or centre")


class SlaPolicy(Base):
    """One version of all limits."""

    __tablename__ = "sla_policy"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    effective_from: Mapped[date] = mapped_column(comment="local day from which dispatches are stamped with it")
    note: Mapped[str] = mapped_column(Text, default="")
    ladders: Mapped[dict[str, str]] = mapped_column(JSON, comment="clock kind → ladder code")


class SlaRow(Base):
    """Limits of a category and urgency; the most specific row wins, clock by clock."""

    __tablename__ = "sla_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(ForeignKey("sla_policy.version"), index=True)
    category: Mapped[str | None] = mapped_column(String(10), comment="empty: any category")
    urgency: Mapped[str] = mapped_column(String(2))
    limits: Mapped[dict[str, str]] = mapped_column(JSON, comment="clock kind → limit, e.g. 3wd")


class LadderVersion(Base):
    """One version of one ladder."""

    __tablename__ = "ladder"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    zh: Mapped[str] = mapped_column(String(40))
    en: Mapped[str] = mapped_column(String(60))
    rungs: Mapped[list[dict[str, Any]]] = mapped_column(JSON, comment="as in seeds/ladders.toml")


class CalendarInfo(Base):
    """A working calendar."""

    __tablename__ = "calendar"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[int] = mapped_column(default=1, comment="grows with every change of its days or windows")
    zone: Mapped[str] = mapped_column(String(40))
    first: Mapped[date]
    last: Mapped[date]


class CalendarDay(Base):
    """A day that differs from Monday–Friday: holiday or make-up workday (调休)."""

    __tablename__ = "calendar_day"

    calendar: Mapped[str] = mapped_column(ForeignKey("calendar.code"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(60))
    source: Mapped[str] = mapped_column(String(60))
    provisional: Mapped[bool] = mapped_column(comment="no official notice yet")


class WorkingWindow(Base):
    """Daily business hours in local time."""

    __tablename__ = "working_window"

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar: Mapped[str] = mapped_column(ForeignKey("calendar.code"))
    opens: Mapped[time]
    closes: Mapped[time]
    first: Mapped[date | None] = mapped_column(comment="in force from; empty: always")
    last: Mapped[date | None] = mapped_column(comment="in force to; empty: for good")

    __table_args__ = (Index(None, "calendar"),)


class TriageRule(Base):
    """Words by which a category claims a report."""

    __tablename__ = "triage_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(ForeignKey("category.code"))
    words: Mapped[list[str]] = mapped_column(JSON, comment="any of them claims")
    needs: Mapped[list[str]] = mapped_column(JSON, comment="one of them must be there too; empty: none")
    excludes: Mapped[list[str]] = mapped_column(JSON, comment="none of them may be there")


class UrgentRule(Base):
    """Words that raise the urgency, whatever the category."""

    __tablename__ = "urgent_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    urgency: Mapped[str] = mapped_column(String(2))
    words: Mapped[list[str]] = mapped_column(JSON)
