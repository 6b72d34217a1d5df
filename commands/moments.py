"""Moments as people write them on the command line, and answers with moments as programs read them."""

from datetime import datetime, tzinfo

from rules.facts import Refused


def moment(text: str | None, zone: tzinfo, now: datetime) -> datetime:
    """A moment in local time, e.g. 2026-12-01 or 2026-12-01T08:30; now where nothing is written.

    Raises:
        Refused: `bad_local_moment`.
    """
    from services.duty import moment_of

    if text is None:
        return now
    try:
        return moment_of(text, zone)
    except ValueError:
        raise Refused("bad_local_moment", given=text) from None


def plain(value: object) -> object:
    """The same with instants as text, whatever they lie in."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value
