"""What becomes of a message after an attempt: its states, when it is tried or asked about again, when a channel is left alone."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from rules.delivery_numbers import Numbers


class State(StrEnum):
    """How far a message has come."""

    QUEUED = "queued"  #: waits to be sent
    SENDING = "sending"  #: handed to its channel; whoever finds it so after a crash must ask first, it may have been sent
    ACCEPTED = "accepted"  #: taken by the channel; a receipt may follow
    DELIVERED = "delivered"  #: arrived
    FAILED_TEMP = "failed_temp"  #: refused for now, is tried again
    FAILED_PERM = "failed_perm"  #: refused for good
    UNKNOWN = "unknown"  #: it may have been taken; the provider is asked. With nothing left to be done (attend_at empty) that is final
    EXPIRED = "expired"  #: would mislead by now
    SUPPRESSED = "suppressed"  #: not sent, and that is right: a digest or another way speaks for it, or nobody wants it
    DEAD = "dead"  #: tried too often; listed for a person


TAKEN_STATES: Final = frozenset({State.ACCEPTED, State.DELIVERED})
#: States in which nobody tries any more although somebody should have heard.
LOST: Final = frozenset({State.FAILED_PERM, State.DEAD})
#: States in which a message may stay; `UNKNOWN` only when nothing is left to be done.
FINAL_STATES: Final = frozenset({*TAKEN_STATES, *LOST, State.EXPIRED, State.SUPPRESSED, State.UNKNOWN})
#: Troubles of a provider that nothing but a person can mend: the breaker opens at the first one.
_HOPELESS: Final = frozenset({"credentials", "balance"})
_DOWN: Final = "down"
_LONGEST_ASKING: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Retry:
    """What a failed attempt leads to: `failed_temp` with the moment of the next one, or `dead` or `expired` without."""

    state: State
    attend_at: datetime | None = None


def back_off(attempts: int, message_id: int, numbers: Numbers) -> timedelta:
    """How long to wait after so many attempts, at least one; the same message waits the same time whoever computes it.

    Args:
        attempts: How many were made.
        message_id: Seeds the jitter.
        numbers: The waits, in seconds, and the jitter, in percent.
    """
    waits = numbers.back_off_seconds
    base = waits[min(max(attempts, 1), len(waits)) - 1]
    drawn = int.from_bytes(hashlib.blake2b(f"{message_id}:{attempts}".encode(), digest_size=8).digest())
    spread = drawn / 2**63 - 1  # -1 … 1
    return timedelta(seconds=base * (1 + spread * numbers.jitter_percent / 100))


def after_failure(attempts: int, message_id: int, useful_until: datetime | None, numbers: Numbers, now: datetime) -> Retry:
    """When a message that was refused for now is tried again, if at all.

    The last try of what would mislead later is made shortly before that: half a minute, or what the first wait is.

    Args:
        attempts: How many were made, this one counted.
        message_id: Seeds the jitter.
        useful_until: After this it would mislead; None: never.
        numbers: The numbers in force.
        now: When it was refused, aware UTC.
    """
    if attempts >= numbers.attempts:
        return Retry(State.DEAD)
    again = now + back_off(attempts, message_id, numbers)
    if useful_until is None or again < useful_until:
        return Retry(State.FAILED_TEMP, again)
    last = useful_until - timedelta(seconds=numbers.back_off_seconds[0])
    return Retry(State.FAILED_TEMP, last) if last > now else Retry(State.EXPIRED)


def ask_again(since: datetime, haste: int, useful_until: datetime | None, numbers: Numbers, now: datetime) -> datetime | None:
    """When to ask a provider what became of a message whose end is unknown; None: nobody asks any more.

    The waits grow with the time that has passed, from `ask_seconds` (`ask_urgent_seconds`) to an hour.

    Args:
        since: When it was handed to the channel.
        haste: 0 asks sooner.
        useful_until: After this it would mislead: then it is left as it is.
        numbers: The numbers in force.
        now: The instant, aware UTC.
    """
    ends = since + timedelta(hours=numbers.unknown_hours)
    if now >= ends or (useful_until is not None and now >= useful_until):
        return None
    shortest = timedelta(seconds=numbers.ask_seconds if haste else numbers.ask_urgent_seconds)
    again = now + min(max(shortest, (now - since) / 2), _LONGEST_ASKING)
    return min(again, ends, useful_until or ends)


def tripped(failures: int, trouble: str | None, numbers: Numbers) -> bool:
    """Whether a channel is to be left alone.

    Args:
        failures: Failures of the channel itself in a row, this one counted.
        trouble: What the last one said (notifications.outcome.Trouble).
        numbers: The numbers in force.
    """
    return trouble in _HOPELESS or (trouble == _DOWN and failures >= numbers.breaker_failures)


def pause(trips: int, numbers: Numbers) -> timedelta:
    """How long a channel is left alone: twice as long each time in a row, up to a longest time.

    Args:
        trips: So many times in a row, this one counted, at least one.
        numbers: The numbers in force.
    """
    doubled = numbers.breaker_pause_seconds * 2 ** min(max(trips, 1) - 1, 30)
    return timedelta(seconds=min(doubled, numbers.breaker_longest_seconds))


@dataclass(frozen=True, slots=True)
class Breaker:
    """How a channel stands: closed, open until a moment, or after that moment on trial.

    Attributes:
        failures: Of the channel itself, in a row.
        trips: Openings in a row.
        open_until: Nothing is sent until then; stays set while on trial, until something is taken.
    """

    failures: int = 0
    trips: int = 0
    open_until: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether nothing may be sent."""
        return self.open_until is not None and now < self.open_until

    def on_trial(self, now: datetime) -> bool:
        """Whether it was open and the pause is over: one message is tried, alone."""
        return self.open_until is not None and now >= self.open_until

    def after(self, trouble: str | None, numbers: Numbers, now: datetime) -> "Breaker":
        """How it stands after an attempt.

        Args:
            trouble: What the channel itself suffered from; None: it answered, whatever it said of the message.
            numbers: The numbers in force.
            now: When, aware UTC.
        """
        if trouble != _DOWN and trouble not in _HOPELESS:
            return Breaker()
        counted = replace(self, failures=self.failures + 1)
        if self.is_open(now) or not (self.on_trial(now) or tripped(counted.failures, trouble, numbers)):
            return counted
        return replace(counted, trips=self.trips + 1, open_until=now + pause(self.trips + 1, numbers))
