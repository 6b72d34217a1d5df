"""What a planning hands to whoever sends: messages ready to go, and how they stood before."""

from dataclasses import dataclass
from datetime import datetime

from notifications.outcome import Outgoing


@dataclass(frozen=True, slots=True)
class Before:
    """How a message stood before it was planned, to be put back when it is not sent after all."""

    state: str
    attempts: int
    tried_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ready:
    """A message that is to be handed to its channel.

    Attributes:
        ask: It may have been taken already: the provider is asked first, and it is sent only if the provider never saw it.
        only_ask: Nothing may be sent now; if the provider never saw it, it waits like any other.
        provider_id: What the provider calls it, if it has said so.
    """

    outgoing: Outgoing
    before: Before
    ask: bool = False
    only_ask: bool = False
    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What one transaction has decided.

    Attributes:
        ready: To be sent now, in this order.
        looked_at: How many messages were due; 0: nothing is left to be done now.
    """

    channel: str
    ready: tuple[Ready, ...] = ()
    looked_at: int = 0
