"""Pretended messages for the demonstration: the sample's words at other places and moments."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Final

from services.catalogue import Catalogue
from services.replay.messages import Message
from services.replay.script import draw

#: When residents report: weight of each hour of the local day.
HOURS: Final = (1, 1, 1, 1, 1, 2, 4, 8, 12, 12, 11, 9, 7, 7, 9, 10, 10, 10, 11, 12, 11, 8, 4, 2)
#: Typical answer: share of residents, and the most days it took.
ANSWERS: Final = ((0.25, 0.8), (0.6, 4.0), (0.85, 12.0), (1.0, 40.0))


def pretend(count: int, days: int, now: datetime, known: Catalogue) -> list[Message]:
    """Make exactly so many messages, spread over the past days; the same ids and words for the same count, days and local day.

    Args:
        count: How many.
        days: Over how many days before `now`.
        now: All are submitted before it: what is drawn for a later hour of today came in at that hour of yesterday. Replies may
            lie beyond, their cases are then still open.
        known: The district, for its zone.
    """
    text = resources.files("demo").joinpath("messages.csv").read_text(encoding="utf-8")
    sample = list(csv.DictReader(io.StringIO(text)))
    here = now.astimezone(known.zone)
    return [_message(f"demo-{here:%Y%m%d}-{count}-{i:06d}", sample, days, here) for i in range(count)]


def _submitted(identity: str, days: int, now: datetime) -> datetime:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight - timedelta(days=int(draw(identity, "day") * days)) + _time_of_day(identity)
    return (at if at < now else at - timedelta(days=1)).astimezone(UTC)


def _message(identity: str, sample: Sequence[dict[str, str]], days: int, now: datetime) -> Message:
    words = sample[int(draw(identity, "words") * len(sample))]
    at = _submitted(identity, days, now)
    share, most = next((i, d) for i, d in ANSWERS if draw(identity, "answer") < i)
    took = timedelta(days=most * (0.1 + 0.9 * draw(identity, f"took {share}")))
    user = f"demo-user-{int(draw(identity, 'user') * 5000):04d}"
    return Message(identity, user, words["subject"], words["body"], words["reply"], at, at + timedelta(seconds=int(took.total_seconds())))


def _time_of_day(identity: str) -> timedelta:
    left = draw(identity, "hour") * sum(HOURS)
    for hour, weight in enumerate(HOURS):
        if left < weight:
            return timedelta(hours=hour, seconds=int(3600 * left / weight))
        left -= weight
    return timedelta(hours=12)
