"""What is known of a message that is due, and what can be decided about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final

from rules.delivery_tries import State

NOW, SOON, WORKING = 0, 1, 2  #: haste of a message: it waits for nothing, as soon as may be, in working time
RINGING: Final = frozenset({"sms", "voice", "im"})  #: media that ring somebody: quiet hours, budgets and digests are theirs


class Reason(StrEnum):
    """Why a message does not go out now by its channel; kept in its row, worded under `[delivery_reason]`."""

    EXPIRED = "expired"  #: it says "before …" and would mislead now
    UNSUBSCRIBED = "unsubscribed"  #: the resident wants no messages about what was handed in until then
    SUPERSEDED = "superseded"  #: a newer reminder about the same matter waits too, or the resident has heard how the case went on
    OVER = "over"  #: a reminder of what is over: the case has ended, or the clock has stopped
    NO_CHANNEL = "no_channel"  #: the channel is not configured, or paused
    NO_ADDRESS = "no_address"  #: nobody knows a phone or mailbox
    NUMBER_FAILING = "number_failing"  #: 空号, reissued, mailbox gone
    NOT_A_READER = "not_a_reader"  #: the case is sensitive, and who was to be told is none of its readers
    LEFT = "left"  #: who was to be told does not work here any more
    CHANNEL_DOWN = "channel_down"  #: the channel's breaker is open
    QUIET_HOURS = "quiet_hours"  #: at night nobody is rung who need not be
    WORKING_TIME = "working_time"  #: a reminder that belongs into working hours
    REMINDER_GAP = "reminder_gap"  #: the last reminder about this case is too fresh
    BUDGET = "budget"  #: enough for this recipient for now
    DAY_BUDGET = "day_budget"  #: enough for this recipient for today
    NOTICE_BUDGET = "notice_budget"  #: the provider takes no more of this notice today
    CHANNEL_BUDGET = "channel_budget"  #: the channel takes no more for now
    IN_DIGEST = "in_digest"  #: told together with others


@dataclass(frozen=True, slots=True)
class Spent:
    """What one recipient was sent by one channel in the last 24 hours.

    Attributes:
        moments: When, newest first.
        notices: How often of each notice, every attempt counted.
    """

    moments: tuple[datetime, ...] = ()
    notices: Mapping[str, int] = field(default_factory=dict)

    def plus(self, now: datetime, notice: str) -> "Spent":
        """The same after one more at this moment."""
        return Spent((now, *self.moments), {**self.notices, notice: self.notices.get(notice, 0) + 1})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a message that is due.

    Attributes:
        haste: `NOW`, `SOON` or `WORKING`.
        notice: Code of the notice.
        medium: `sms`, `email`, `im` or `voice`; empty for what rings nobody whatever it looks like (the inbox).
        zone: The district's local zone.
        queued_at: Since when it waits.
        attempts: So many were made.
        resident: It is for somebody who reported: told singly (each has a code of its own), and by SMS only.
        digest: It speaks for others.
        reminder: It comes from a rung.
        useful_until: After this it would mislead.
        unsubscribed: The resident wants none of these.
        obstacle: Why this channel cannot reach the recipient at all: `NO_CHANNEL`, `NO_ADDRESS`, `NUMBER_FAILING` …
        superseded: A newer reminder about the same matter to the same recipient waits on this channel; of news for a resident: later
            news of the same case went out.
        over: What it reminds of is over.
        down_until: The channel's breaker is open until then.
        down_since: Since when the channel does not work; None: it works, or nobody knows.
        channel_free: The channel has taken as much as it may, and takes more from then on.
        works_from: The next working minute of the recipient's unit; needed of haste `WORKING` only.
        reminded_at: The last reminder to this recipient about this case.
        spent: What the recipient was sent by this channel.
        waiting: Ordinary messages that are due for this recipient on this channel, this one counted.
        carrier: A digest for this recipient waits on this channel.
        other_way: The chain has a further way.
    """

    haste: int
    notice: str
    medium: str
    zone: tzinfo
    queued_at: datetime
    attempts: int = 0
    resident: bool = False
    digest: bool = False
    reminder: bool = False
    useful_until: datetime | None = None
    unsubscribed: bool = False
    obstacle: Reason | None = None
    superseded: bool = False
    over: bool = False
    down_until: datetime | None = None
    down_since: datetime | None = None
    channel_free: datetime | None = None
    works_from: datetime | None = None
    reminded_at: datetime | None = None
    spent: Spent = field(default_factory=Spent)
    waiting: int = 1
    carrier: bool = False
    other_way: bool = True

    @property
    def mergeable(self) -> bool:
        """Whether a digest may speak for it: ordinary, for staff, on a medium that rings, and not once lost in a digest already."""
        return self.haste != NOW and not self.resident and not self.digest and self.attempts == 0 and self.medium in RINGING


@dataclass(frozen=True, slots=True)
class Go:
    """Send it now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again at `until`, which is later than now; with `elsewhere` the next way of the chain is taken at once as well."""

    until: datetime
    reason: Reason
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Merge:
    """A digest speaks for it: the one that waits, or a new one made of all that are due."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """This channel will not do: the next way of the chain; where there is none, it is on record as not delivered.

    A digest is dissolved instead: those it speaks for are queued again, singly.
    """

    reason: Reason


@dataclass(frozen=True, slots=True)
class Drop:
    """It is not sent, and that is right: `state` is expired or suppressed, the reason is kept."""

    state: State
    reason: Reason


Decision = Go | Wait | Merge | Elsewhere | Drop
