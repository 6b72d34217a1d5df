"""Moments as the vendors write them: Beijing time without a zone."""

from datetime import datetime, timedelta, timezone
from typing import Final

BEIJING: Final = timezone(timedelta(hours=8))


def local(at: datetime) -> str:
    """`2026-11-22 16:05:09`, Beijing time."""
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def day(at: datetime) -> str:
    """`20261122`, Beijing time."""
    return at.astimezone(BEIJING).strftime("%Y%m%d")


def zulu(at: datetime) -> str:
    """`2026-11-22T08:05:09Z`."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def old(text: str, shape: str, now: datetime, seconds: float) -> bool:
    """Whether a moment in UTC cannot be read, or is further from now than a vendor allows."""
    try:
        at = datetime.strptime(text, shape).replace(tzinfo=now.tzinfo)
    except ValueError:
        return True
    return abs((now - at).total_seconds()) > seconds
