"""Which notice asks its recipient for what, and by which kind of key he or she answers. To add one: a row here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from notifications.rendering import EMAIL, render
from wording import say


class Purpose(StrEnum):
    """What a key is good for: one thing only."""

    ACKNOWLEDGE = "acknowledge"  #: 签收: take over a work order
    RATE = "rate"  #: say whether it is solved
    OPEN = "open"  #: look at one case; changes nothing


class Kind(StrEnum):
    """What a key looks like."""

    CODE = "code"  #: six characters, typed in on the site that the message names
    LINK = "link"  #: a whole address, for channels whose words nobody else reads


@dataclass(frozen=True, slots=True)
class Asks:
    """What a notice asks for.

    Attributes:
        clock: Only of a message that speaks of this clock; of others its recipient looks. Empty: whatever it speaks of.
        lasts: How long its keys open anything; a rating's ends with its window if that is earlier.
        enough: Its key alone is enough to do that; else whoever does it says first who he is (a login, or a code to his phone).
    """

    purpose: Purpose
    lasts: timedelta
    clock: str = ""
    enough: bool = True


_TAKE: Final = Asks(Purpose.ACKNOWLEDGE, timedelta(days=3))
_LOOK: Final = Asks(Purpose.OPEN, timedelta(days=3))
ASKS: Final[Mapping[str, Asks]] = {
    "dispatched_lead": _TAKE,
    "dispatched_co": _TAKE,
    "assigned": _TAKE,
    "acknowledge_overdue": _TAKE,
    "ruled_lead": _TAKE,
    "ruled_co": _TAKE,
    "clock_due": Asks(Purpose.ACKNOWLEDGE, timedelta(days=3), "acknowledge"),
    "fed_back": Asks(Purpose.RATE, timedelta(days=15)),
}


def asked_by(notice: str, clock: str | None = None) -> Asks:
    """What a notice that speaks of this clock asks for; those that are not listed let their recipient look at the case."""
    asks = ASKS.get(notice, _LOOK)
    return asks if asks.clock in ("", clock) else _LOOK


def next_step(notice: str, lang: str) -> str:
    """What the e-mail of a notice says is to be done next, without anything of a case; for the page that its link opens."""
    lead = say("answer.next", lang)
    lines = render(notice, EMAIL, lang, {}).text.split("\n")
    return next((line.removeprefix(lead).strip() for line in lines if line.startswith(lead)), "")


def kinds_for(medium: str, address: str) -> frozenset[Kind]:
    """The kinds of key that the words of a channel may carry: none where others read along (a group's robot), or nobody can read.

    Args:
        medium: `sms`, `email`, `im` or `voice`.
        address: What the channel needs to know of a recipient: `phone`, `email`, `im` or `none`.
    """
    kind = _KIND_OF.get(medium)
    return frozenset({kind}) if kind and address != "none" else frozenset()


_KIND_OF: Final[Mapping[str, Kind]] = {"sms": Kind.CODE, "email": Kind.LINK, "im": Kind.LINK}
