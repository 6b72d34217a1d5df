"""The numbers of delivery: budgets, quiet hours, gaps, waits. Data that an administrator changes in versions; the defaults are here."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import time
from typing import Any, Final

_MOST: Final = 1_000_000  #: a larger number is a slip of the pen; as a budget it means "no limit"
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_CODE: Final = re.compile(r"[a-z][a-z0-9_-]{0,19}")


class BadNumber(ValueError):  # noqa: N818 - an answer about what was typed
    """A number of delivery that cannot be: which one, and what is wrong with it.

    Attributes:
        field: Its name; one that no number has is named too.
        problem: `unknown`, `not_a_number`, `out_of_range`, `not_a_time`, `not_a_list`, `not_per_channel` or `not_in_order`.
        other: Of what is not in order: the number that it may not be larger than.
    """

    def __init__(self, name: str, problem: str, other: str = "") -> None:
        super().__init__(f"{name}: {problem}")
        self.field = name
        self.problem = problem
        self.other = other


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What holds for all messages; budgets are those of one recipient on one channel that rings (SMS, voice, IM).

    Attributes:
        per_minute: Messages in any 60 seconds.
        per_quarter_hour: Messages in any 15 minutes.
        per_day: Messages in any 24 hours.
        per_notice_day: Of one notice in any 24 hours: what providers allow, so it holds for urgent ones too.
        digest_from: So many that wait at once are told in one message.
        quiet_from: Local time from which on nobody is rung who need not be; the same as `quiet_until`: never quiet.
        quiet_until: Local time at which that ends.
        reminder_gap_minutes: Between two reminders to one recipient about one case.
        attempts: After so many the message is dead.
        back_off_seconds: Waits after the first, second, … attempt; the last one holds for all further ones.
        jitter_percent: By how much such a wait is lengthened or shortened at most, so that not all come at once.
        breaker_failures: After so many in a row a channel is left alone.
        breaker_pause_seconds: How long, the first time; each further time twice as long.
        breaker_longest_seconds: But never longer.
        well_minutes: So long a channel has to be whole before the administrators hear that it is.
        down_patience_minutes: An ordinary message waits so long for a channel that is down, then takes another one.
        hurry_seconds: An emergency that stands so long in the lane of a channel that hangs takes another way as well.
        receipt_wait_seconds: An urgent one without a receipt by then takes another way as well.
        ask_seconds: After an attempt with an unknown end the provider is asked so much later.
        ask_urgent_seconds: The same of an urgent one.
        unknown_hours: After so long nobody asks any more.
        channel_per_second: What a provider takes altogether, by channel code; not named: no limit.
        channel_per_minute: The same in any 60 seconds.
    """

    per_minute: int = 1
    per_quarter_hour: int = 5
    per_day: int = 20
    per_notice_day: int = 50
    digest_from: int = 3
    quiet_from: time = time(21)
    quiet_until: time = time(8)
    reminder_gap_minutes: int = 10
    attempts: int = 5
    back_off_seconds: tuple[int, ...] = (30, 120, 600, 3600)
    jitter_percent: int = 20
    breaker_failures: int = 5
    breaker_pause_seconds: int = 30
    breaker_longest_seconds: int = 900
    well_minutes: int = 10
    down_patience_minutes: int = 30
    hurry_seconds: int = 10
    receipt_wait_seconds: int = 300
    ask_seconds: int = 30
    ask_urgent_seconds: int = 10
    unknown_hours: int = 72
    channel_per_second: Mapping[str, int] = field(default_factory=dict)
    channel_per_minute: Mapping[str, int] = field(default_factory=dict)

    @staticmethod
    def read(given: Mapping[str, Any]) -> "Numbers":
        """The numbers of a stored version or of what somebody typed; what is not named keeps its default.

        Args:
            given: By name; numbers as numbers or text, times as `21:00`, lists as `30,120` or JSON, per channel as `sms:300` or JSON.

        Raises:
            BadNumber: which one cannot be, and why.
        """
        read = {name: _reader(name)(name, value) for name, value in given.items()}
        found = Numbers(**read)
        _check_order(found)
        return found

    def stored(self) -> dict[str, Any]:
        """The numbers as JSON can hold them and `read` reads them, all of them, so that a version says everything."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def bounds(name: str) -> tuple[int, int]:
    """The smallest and the largest value of a number."""
    return _LEAST.get(name, 1), _UTMOST.get(name, _MOST)


def _plain(value: object) -> object:
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return list(value) if isinstance(value, tuple) else value


def _count(name: str, value: object) -> int:
    try:
        number = int(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None:
        raise BadNumber(name, "not_a_number")
    least, most = bounds(name)
    if not least <= number <= most:
        raise BadNumber(name, "out_of_range")
    return number


def _local_time(name: str, value: object) -> time:
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise BadNumber(name, "not_a_time")
    return time(int(found[1]), int(found[2]))


def _waits(name: str, value: object) -> tuple[int, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not parts:
        raise BadNumber(name, "not_a_list")
    return tuple(_count(name, part) for part in parts)


def _per_channel(name: str, value: object) -> dict[str, int]:
    pairs: object = dict(part.partition(":")[::2] for part in value.split(",") if part) if isinstance(value, str) else value
    if not isinstance(pairs, Mapping) or not all(isinstance(code, str) and _CODE.fullmatch(code) for code in pairs):
        raise BadNumber(name, "not_per_channel")
    return {code: _count(name, number) for code, number in pairs.items()}


_LEAST: Final[Mapping[str, int]] = {
    **dict.fromkeys(("reminder_gap_minutes", "jitter_percent", "down_patience_minutes", "well_minutes"), 0),
    "digest_from": 2,
}
_UTMOST: Final[Mapping[str, int]] = {"jitter_percent": 90, "attempts": 20, "unknown_hours": 720}
_READERS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "quiet_from": _local_time,
    "quiet_until": _local_time,
    "back_off_seconds": _waits,
    "channel_per_second": _per_channel,
    "channel_per_minute": _per_channel,
}
NAMES: Final = tuple(each.name for each in fields(Numbers))
#: Pairs of numbers of which the first may not be the larger.
_ORDER: Final = (
    ("per_minute", "per_quarter_hour"),
    ("per_quarter_hour", "per_day"),
    ("breaker_pause_seconds", "breaker_longest_seconds"),
)


def _reader(name: str) -> Callable[[str, Any], Any]:
    if name not in NAMES:
        raise BadNumber(name, "unknown")
    return _READERS.get(name, _count)


def _check_order(found: Numbers) -> None:
    for less, more in _ORDER:
        if getattr(found, less) > getattr(found, more):
            raise BadNumber(less, "not_in_order", more)
