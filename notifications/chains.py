"""Fall-back chains: where a notice goes next when a channel does not take it. A chain is data; to add one: a row here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from notifications.notices import EMAIL, NOTICES, SMS

VOICE: Final = "voice"
IM: Final = "im"


class Who(StrEnum):
    """Whom a step tells, seen from the one who was to be told first."""

    SAME = "same"
    DEPUTY = "deputy"  #: who stands in for them (B 角)
    DUTY = "duty"  #: the duty phone of their unit, or of the nearest one above it that has one


@dataclass(frozen=True, slots=True)
class Step:
    """One way to tell: whom, by the channel with this code. A channel that is not configured is passed over."""

    who: Who
    channel: str


_S: Final = Who.SAME
CHAINS: Final[Mapping[str, tuple[Step, ...]]] = {
    "urgent": (Step(_S, SMS), Step(_S, VOICE), Step(_S, IM), Step(Who.DEPUTY, SMS), Step(Who.DUTY, VOICE), Step(_S, EMAIL)),
    "ordinary": (Step(_S, SMS), Step(_S, IM), Step(_S, EMAIL)),
    "by_mail": (Step(_S, EMAIL), Step(_S, IM), Step(_S, SMS)),
    "resident": (Step(_S, SMS),),
    "phone_only": (Step(_S, SMS),),  # what nobody but the holder of that phone may read
}
_BY_CHANNEL: Final[Mapping[str, str]] = {EMAIL: "by_mail"}
#: Channels that some chain names; any other is taken only where somebody names it.
IN_CHAINS: Final = tuple(dict.fromkeys([*(step.channel for steps in CHAINS.values() for step in steps), "inbox"]))


def chain_of(notice: str, channel: str, *, haste: int, resident: bool) -> tuple[Step, ...]:
    """The steps for a message of a notice, in order.

    Args:
        notice: Code of the notice.
        channel: The channel by which it was to go first.
        haste: 0 for what waits for nothing: it takes the urgent chain unless the notice names one.
        resident: Whether it is for somebody who reported: residents are neither rung up nor mailed.
    """
    if resident:
        return CHAINS["resident"]
    named = NOTICES[notice].chain if notice in NOTICES else ""
    return CHAINS[named or ("urgent" if haste == 0 else _BY_CHANNEL.get(channel, "ordinary"))]
