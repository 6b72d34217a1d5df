"""The only place that reads the clock or lets time pass; everything else is handed `now`."""

import time
from datetime import UTC, datetime


def utcnow() -> datetime:
    """Tell what time it is, for entry points only (aware UTC)."""
    return datetime.now(UTC)


def pause(seconds: float) -> None:
    """Let real time pass between two looks at the world; for the loops at the program's edge, never inside a decision."""
    time.sleep(seconds)
