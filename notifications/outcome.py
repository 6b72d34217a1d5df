"""What is handed to a channel, and what the channel says became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

_ID, _STATUS = 80, 40  #: characters that the record has room for
_LARGEST: Final = 2**31 - 1  #: of our own numbers
_MOST_DIGITS: Final = 10


class Verdict(StrEnum):
    """What became of one attempt, as far as the channel can tell."""

    ACCEPTED = "accepted"  #: taken; a receipt may follow
    DELIVERED = "delivered"  #: arrived at the recipient
    UNCONFIRMED = "unconfirmed"  #: a stock Apprise service says that it was sent; nobody can prove it
    TEMPORARY = "temporary"  #: refused for now
    PERMANENT = "permanent"  #: trying again would change nothing
    UNKNOWN = "unknown"  #: it may have been taken: the answer did not come
    ABSENT = "absent"  #: the provider was asked and has never seen it


#: Verdicts after which the message has left our hands.
TAKEN = frozenset({Verdict.ACCEPTED, Verdict.DELIVERED, Verdict.UNCONFIRMED})


class Trouble(StrEnum):
    """What a refusal says beyond this one message."""

    NUMBER = "number"  #: the address is wrong (空号, 停机, no such mailbox): it is flagged, another way is taken
    THROTTLED = "throttled"  #: too much for this recipient or template: another channel is taken
    CREDENTIALS = "credentials"  #: the channel cannot work until an administrator has acted: its breaker opens
    BALANCE = "balance"  #: the account is empty: its breaker opens
    TEMPLATE = "template"  #: the provider does not know or has not approved the words
    DOWN = "down"  #: the provider cannot be reached or is broken: counts towards the breaker


@dataclass(frozen=True, slots=True)
class ProviderWords:
    """An approved template of a public gateway with its variables, in the order in which the template names them."""

    code: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message about to be sent.

    Attributes:
        message_id: Ours; the provider is given `reference` made of it, by which a receipt or a question finds it.
        channel: Code of the channel.
        address: Phone, mailbox or user id, by what the channel needs.
        subject: Empty for what has none (SMS, voice).
        text: The whole words.
        words: For channels that send approved templates only.
        urgent: It is about danger to life or property.
        resent: It may have been taken before: the same `reference` and Message-ID must be used.
    """

    message_id: int
    channel: str
    address: str
    subject: str
    text: str
    words: ProviderWords | None = None
    urgent: bool = False
    resent: bool = False

    @property
    def reference(self) -> str:
        """What the provider is told that we call it: the same at every attempt."""
        return f"BH{self.message_id}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt.

    Attributes:
        code: The provider's own code, e.g. `isv.BUSINESS_LIMIT_CONTROL`, `550`, `ESME_RTHROTTLED`.
        words: What it said, without secrets, numbers or addresses; at most 200 characters are kept.
        provider_id: What the provider calls the message.
        trouble: What a refusal says beyond this message.

    Whatever a provider puts into its answer, it can be written down: without characters that no database takes, the id as long as there is
    room. Code and words are cut once they are masked (notifications/channels/cleaning.py), so that no half of a secret is left over.
    """

    verdict: Verdict
    code: str = ""
    words: str = ""
    provider_id: str | None = None
    trouble: Trouble | None = None

    def __post_init__(self) -> None:
        """Keep what a database would refuse out of it."""
        _keep(self, "code", writable(self.code))
        _keep(self, "words", writable(self.words))
        if self.provider_id is not None:
            _keep(self, "provider_id", writable(self.provider_id)[:_ID])

    @property
    def taken(self) -> bool:
        """Whether it has left our hands."""
        return self.verdict in TAKEN


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A receipt: what a provider says later became of a message.

    Attributes:
        provider_id: What the provider calls the message.
        message_id: Ours, where the provider gives our reference back.
        status: The provider's own word, e.g. `DELIVRD`, `UNDELIV`, `MK:0001`.
        delivered: Whether it arrived.
        bad_number: It did not, because the number is none (空号, 停机 …).
        at: When, aware UTC; None: the provider does not say.
    """

    provider_id: str
    message_id: int | None
    status: str
    delivered: bool
    bad_number: bool = False
    at: datetime | None = None

    def __post_init__(self) -> None:
        """Keep what a database would refuse out of it; a number that cannot be ours is none."""
        _keep(self, "provider_id", writable(self.provider_id)[:_ID])
        _keep(self, "status", writable(self.status)[:_STATUS])
        if self.message_id is not None and not 0 < self.message_id <= _LARGEST:
            _keep(self, "message_id", None)


@dataclass(frozen=True, slots=True)
class Inbound:
    """A short message that somebody sent to one of our channels."""

    provider_id: str
    phone: str
    text: str
    at: datetime | None = None

    def __post_init__(self) -> None:
        """Keep what a database would refuse out of it."""
        for name in ("provider_id", "phone", "text"):
            _keep(self, name, writable(getattr(self, name)))


#: State of a template of which a provider that can be asked said nothing: not reached, refused our key, no words that we read.
UNANSWERED: Final = "unanswered"


class TemplateAnswer(NamedTuple):
    """What a provider says of a template that was handed in to it.

    Attributes:
        state: `pending`, `approved`, `rejected`; `unanswered`: it did not say.
        reason: Why it rejected it, or what it said instead of an answer.
        content: The words that it has on file, in its own writing; empty: it does not show them.
    """

    state: str
    reason: str = ""
    content: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check of a channel's configuration found: a sentence key with its values, and whether the channel can be used."""

    ok: bool
    key: str
    values: Mapping[str, str] = field(default_factory=dict)


def own_id(reference: str) -> int | None:
    """Our message's id in a reference that a provider gave back; None: it is none of ours."""
    number = reference.removeprefix("BH")
    return int(number) if number != reference and number.isdecimal() and len(number) <= _MOST_DIGITS else None


def writable(text: str) -> str:
    """A text without what no database takes: NUL, and halves of characters."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _keep(told: Any, name: str, value: object) -> None:  # noqa: ANN401 - one of the frozen classes above
    if value is not getattr(told, name):
        object.__setattr__(told, name, value)
