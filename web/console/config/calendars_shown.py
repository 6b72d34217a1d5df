"""What the page of the working calendars shows: the calendars, a month as a grid, hours, and what a change would move."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from rules.facts import Actor, Refused
from rules.worktime import Calendar
from services.calendars import Done, Move
from services.calendars.listing import Day, Listed, calendar_named, list_calendars, month_of
from services.policies.touched import awaiting_notice, subjects
from web.console.config.sla_shown import may_edit
from web.console.config.units_choices import unit_options
from web.spoken import day_time, how_long
from web.views import View, Words
from wording import say

SHOWN: Final = 20  #: clocks that are named; the others are counted
LOOKED_UP: Final = 500  #: numbers of cases in one query
LOCAL: Final = ("stoppage", "area", "unit")  #: layers that a single day is written in
KINDS: Final = ("workday", "restday", "every")


def shown(session: Session, actor: Actor, words: Words, code: str, month: str, now: datetime) -> View:
    """One calendar and one month of it.

    Args:
        session: The unit of work.
        actor: Who looks.
        words: Names in the language of the page.
        code: Of the calendar; empty: that of the district.
        month: `2027-02`; empty: this month.
        now: The instant.

    Raises:
        Refused: `unknown_calendar`, `bad_month`.
    """
    known = words.known
    chosen = code or known.calendars_of[known.district_id]
    calendar = calendar_named(known, chosen)
    every = list_calendars(session)
    listed = next(each for each in every if each.code == chosen)
    first = month_asked(month, now.astimezone(calendar.zone).date())
    return {
        "code": chosen,
        "name": getattr(listed, words.lang),
        "listed": listed,
        "layer": say(f"calendar_layer.{listed.layer}", words.lang),
        "calendars": [_calendar(each, words, every) for each in every],
        "hours": [_hours(*each, words) for each in listed.hours],
        "awaiting": [year for year in listed.awaiting if year <= now.astimezone(calendar.zone).year + 1],
        "provisional": awaiting_notice(session),
        "may_edit": may_edit(session, actor),
        **_month(calendar, listed, first, words, now),
        **_choices(words),
    }


def _month(calendar: Calendar, listed: Listed, first: date, words: Words, now: datetime) -> View:
    """A month as a grid, and the months beside it."""
    days = month_of(calendar, first.year, first.month)
    return {
        "month": first,
        "before": f"{first - timedelta(days=1):%Y-%m}",
        "after": f"{(first + timedelta(days=32)).replace(day=1):%Y-%m}",
        "weeks": _weeks(days, words, now.astimezone(calendar.zone).date()),
        "working_days": sum(day.working for day in days),
        "beyond": days[-1].day > listed.last,
    }


def _choices(words: Words) -> View:
    """What may be chosen in the forms."""
    return {
        "layers": [(layer, say(f"calendar_layer.{layer}", words.lang)) for layer in LOCAL],
        "kinds": [(kind, say(f"calendar_days.{kind}", words.lang)) for kind in KINDS],
        "units": unit_options(words),
    }


def month_asked(text: str, today: date) -> date:
    """The first day of the month that is asked for.

    Raises:
        Refused: `bad_month`.
    """
    if not text:
        return today.replace(day=1)
    year, _, month = text.partition("-")
    if not (len(text) < 8 and year.isdecimal() and month.isdecimal() and 1970 <= int(year) <= 2200 and 1 <= int(month) <= 12):
        raise Refused("bad_month", given=text[:20])
    return date(int(year), int(month), 1)


def _calendar(listed: Listed, words: Words, every: Sequence[Listed]) -> View:
    above = next((each for each in every if each.code == listed.above), None)
    return {
        "code": listed.code,
        "name": getattr(listed, words.lang),
        "layer": say(f"calendar_layer.{listed.layer}", words.lang),
        "above": getattr(above, words.lang) if above else "",
        "version": listed.version,
        "last": listed.last,
        "units": listed.units,
        "awaiting": listed.awaiting,
    }


def _hours(kind: str, first: date | None, last: date | None, hours: str, words: Words) -> View:
    return {"days": say(f"calendar_days.{kind}", words.lang), "first": first, "last": last, "hours": hours.replace("-", "–")}


def _weeks(days: Sequence[Day], words: Words, today: date) -> list[list[View | None]]:
    """The month in weeks from Monday on; nothing before its first day and after its last."""
    cells: list[View | None] = [None] * (days[0].day.isoweekday() - 1)
    cells += [_day(day, words, today) for day in days]
    cells += [None] * (-len(cells) % 7)
    return [cells[i : i + 7] for i in range(0, len(cells), 7)]


def _day(day: Day, words: Words, today: date) -> View:
    plain = day.mark in ("work", "rest")
    return {
        "day": day.day,
        "mark": day.mark,
        "word": say(f"calendar_mark.{day.mark}", words.lang),
        "plain": plain and not day.reason,
        "reason": day.reason,
        "source": day.source if not plain else "",
        "provisional": day.provisional,
        "hours": [each.replace("-", "–") for each in day.hours],
        "today": day.day == today,
    }


# what a change moves --------------------------------------------------------------------------------------------------


def effect(session: Session, actor: Actor, done: Done, words: Words, now: datetime) -> View:
    """What a change would do: the clocks that move, those that end earlier first; cases that the reader does not see are counted."""
    ranked = sorted(done.moves, key=lambda move: (move.by_s >= 0, move.no))
    known = subjects(session, actor, [move.no for move in ranked[:LOOKED_UP]])
    named = [move for move in ranked if move.no in known][:SHOWN]
    return {
        "changed": done.changed,
        "moved": len(done.moves),
        "shorter": sum(move.by_s < 0 for move in done.moves),
        "rows": [_move(move, known[move.no], words, now) for move in named],
        "others": len(done.moves) - len(named),
        "lost": list(done.lost),
        "seasons": [(season.first, season.last) for season in done.seasons],
    }


def _move(move: Move, subject: str, words: Words, now: datetime) -> dict[str, Any]:
    unit = words.known.unit_ids.get(move.unit or "")
    return {
        "no": move.no,
        "subject": subject,
        "clock": words.word("clock", move.clock),
        "limit": words.limit(move.limit),
        "unit": words.unit(unit)[1] or "",
        "dues": [day_time(moment, now, words.known.zone, words.lang) for moment in (move.before, move.after)],
        "earlier": move.by_s < 0,
        "by": how_long(abs(move.by_s), words.lang),
        "paused": move.paused,
        "provisional": move.provisional,
    }
