"""Working calendars in layers: national, area, stoppage, unit. Days that differ, and daily business hours."""

from datetime import date, datetime, time

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, UtcDateTime


class CalendarInfo(Base):
    """A working calendar."""

    __tablename__ = "calendar"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    zh: Mapped[str] = mapped_column(String(60), default="")
    en: Mapped[str] = mapped_column(String(80), default="")
    layer: Mapped[str] = mapped_column(String(12), default="national", comment="national, area or unit: how its own days rank")
    above: Mapped[str | None] = mapped_column(String(20), comment="calendar whose days and hours it inherits")
    version: Mapped[int] = mapped_column(default=1, comment="grows with every change of its days or windows, or of those above")
    zone: Mapped[str] = mapped_column(String(40))
    first: Mapped[date]
    last: Mapped[date]


class CalendarDay(Base):
    """A day that differs from Monday–Friday or from the layer below: holiday, make-up workday (调休), stoppage (停工)."""

    __tablename__ = "calendar_day"

    calendar: Mapped[str] = mapped_column(ForeignKey("calendar.code"), primary_key=True)
    layer: Mapped[str] = mapped_column(String(12), primary_key=True, comment="national, area, stoppage or unit; the highest wins")
    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(60))
    source: Mapped[str] = mapped_column(String(60))
    provisional: Mapped[bool] = mapped_column(comment="no official notice yet")


class CalendarYear(Base):
    """Whether the official notice of a year is in the calendar; without it the year's deadlines are provisional."""

    __tablename__ = "calendar_year"

    calendar: Mapped[str] = mapped_column(ForeignKey("calendar.code"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    published: Mapped[bool]
    source: Mapped[str] = mapped_column(String(120), default="")
    loaded_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="when its notice was loaded; empty: seeded")


class WorkingWindow(Base):
    """Daily business hours in local time; of those in force on a day the set that began last holds (夏令时间)."""

    __tablename__ = "working_window"

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar: Mapped[str] = mapped_column(ForeignKey("calendar.code"))
    days: Mapped[str] = mapped_column(String(8), default="workday", comment="workday, restday or every")
    opens: Mapped[time]
    closes: Mapped[time] = mapped_column(comment="00:00: midnight at the end of the day")
    first: Mapped[date | None] = mapped_column(comment="in force from; empty: always")
    last: Mapped[date | None] = mapped_column(comment="in force to; empty: for good")

    __table_args__ = (Index(None, "calendar"),)
