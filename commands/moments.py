"""Moments as people write them on the command line, and answers with moments as programs read them."""

from datetime import datetime, tzinfo
from typing import Final

from rules.clocks import ClockKind
from rules.facts import Refused

#: What moves take that may name a moment: a moment, or a limit that is one instead of a length.
NAMES: Final = frozenset({"at", "until", "closes", "due", "limit", *(kind.value for kind in ClockKind)})


def moment(text: str | None, zone: tzinfo, now: datetime) -> datetime:
    """A moment in local time, e.g. 2026-12-01 or 2026-12-01 08:30; now where nothing is written.

    Raises:
        Refused: `bad_local_moment`.
    """
    return now if text is None else read(text, zone)


def read(text: str, zone: tzinfo, *, ends: bool = False) -> datetime:
    """A moment as people write it: local unless it names its zone; a day alone is its beginning, or its end.

    Raises:
        Refused: `bad_local_moment`.
    """
    from services.duty import moment_of

    try:
        return moment_of(text, zone, ends=ends)
    except ValueError:
        raise Refused("bad_local_moment", given=text) from None


def typed(text: str | None, *, ends: bool = False) -> datetime | None:
    """The same where only the district knows the zone; None where nothing is written.

    Raises:
        Refused: `bad_local_moment`.
    """
    return None if text is None else read(text, _zone(), ends=ends)


def written(text: str | None, *, ends: bool = False) -> str | None:
    """The same as a move takes it: as ISO writes it, with its zone.

    Raises:
        Refused: `bad_local_moment`.
    """
    found = typed(text or None, ends=ends)
    return None if found is None else found.isoformat()


def limit(text: str | None) -> str | None:
    """A limit as a move takes it: a length (`30m`, `3wd`) as it stands, a local moment with its zone."""
    return written(text) if text and _looks_like_one(text) else text


def in_values(given: dict[str, object]) -> dict[str, object]:
    """Values of a move with the local moments among them as ISO writes them; words that only look like one stay."""
    named = {name: text for name, text in given.items() if name in NAMES and isinstance(text, str)}
    return given | {name: limit(text) for name, text in named.items()}


def _looks_like_one(text: str) -> bool:
    """Whether it begins as a date does: four digits of a year, and a stroke."""
    start = text.strip()[:5]
    return start[:4].isdecimal() and start.endswith("-")


def _zone() -> tzinfo:
    from commands.opening import unit_of_work
    from services.catalogue import catalogue

    with unit_of_work() as session:
        return catalogue(session).zone


def plain(value: object) -> object:
    """The same with instants as text, whatever they lie in."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value
