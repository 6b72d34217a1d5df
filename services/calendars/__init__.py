"""Working calendars that can be changed: notices, single days, business hours; every open clock follows."""

from services.calendars.change import CalendarUnconfirmed, Done, catch_up, change_calendars
from services.calendars.hours import set_hours
from services.calendars.layers import Loading, OneDay, add_calendar, load, set_day, use
from services.calendars.notice import NoticeDay, NoticeRefused, day_of, read_notice
from services.calendars.reproject import Move, reproject

__all__ = [
    "CalendarUnconfirmed",
    "Done",
    "Loading",
    "Move",
    "NoticeDay",
    "NoticeRefused",
    "OneDay",
    "add_calendar",
    "catch_up",
    "change_calendars",
    "day_of",
    "load",
    "read_notice",
    "reproject",
    "set_day",
    "set_hours",
    "use",
]
