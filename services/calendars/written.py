"""Days and hours as people write them, on the command line and in forms."""

from collections.abc import Sequence
from datetime import date, time
from typing import get_args

from rules.facts import Refused
from rules.workdays import Kind, Window
from services.calendars.notice import NAME_MAX, day_of


def readable(text: str) -> date:
    """A day as people write it.

    Raises:
        Refused: `bad_calendar_day`.
    """
    found = day_of(text)
    if found is None:
        raise Refused("bad_calendar_day", given=text)
    return found


def short(option: str, text: str) -> str:
    """A text that fits where it is to stand.

    Args:
        option: What to call it in the refusal.
        text: The text.

    Raises:
        Refused: `too_long`.
    """
    if len(text) > NAME_MAX:
        raise Refused("too_long", option=option, most=NAME_MAX)
    return text


def hours_of(texts: Sequence[str], days: str, first: date | None, last: date | None) -> tuple[Window, list[Window]]:
    """Business hours as people write them: `08:30-12:00`; `24:00` and `00:00` both stand for the end of the day.

    Args:
        texts: A stretch each.
        days: `workday`, `restday` or `every`.
        first: First day; None: always.
        last: Last day; None: for good.

    Returns:
        What `services.calendars.set_hours` takes: the scope, and the windows.

    Raises:
        Refused: `ends_before_it_begins`, `bad_days_kind`, `bad_hours`.
    """
    if first and last and last < first:
        raise Refused("ends_before_it_begins", first=first, last=last)
    kind = next((known for known in get_args(Kind) if known == days), None)
    if kind is None:
        raise Refused("bad_days_kind", given=days)
    return Window(time(), time(), first, last, kind), [_window(text, kind, first, last) for text in texts]


def _window(text: str, kind: Kind, first: date | None, last: date | None) -> Window:
    opens, _, closes = text.replace("24:00", "00:00").partition("-")
    try:
        return Window(time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip()), first, last, kind)
    except ValueError:
        raise Refused("bad_hours", given=text) from None
