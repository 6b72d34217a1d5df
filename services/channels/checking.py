"""Looking whether a channel can be used, before it is written down and whenever somebody asks. Talks to the provider, sends nothing."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from notifications.channels.schemes import Medium, Traits
from notifications.outcome import Finding
from services.channels.opening import opened
from services.channels.stored import Configured
from settings import Settings

_ACCOUNT, _PRIVATE, _UNREACHABLE = "channel_check.credentials", "channel_check.private", "channel_check.unreachable"
#: Found with a code and words; where there are no words, another sentence says it.
_ANSWERED: Final = frozenset({_ACCOUNT, "channel_check.refused"})
_NO_SUCH_PATH: Final = frozenset({"404", "405", "410"})
_ALLOWS_PRIVATE: Final = re.compile(r"[?&]private=(?:yes|true|1|on)", re.IGNORECASE)
#: How the TLS library says that the other side does not speak TLS.
_SPEAKS_PLAINLY: Final = re.compile(r"wrong.version.number|record.layer.failure|unexpected.message|packet.length.too.long", re.IGNORECASE)
#: How it looks when the other side waits for plain words while it is spoken to in TLS.
_HANDSHAKES: Final = frozenset({"TimeoutError", "ConnectionResetError", "SSLError", "SSLEOFError", "SSLZeroReturnError"})
_WITHOUT_TLS: Final = re.compile(r"[?&]tls=(?:no|none)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at one channel found."""

    channel: Configured
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether it can be used."""
        return all(finding.ok for finding in self.findings)


def check_channels(wanted: Sequence[Configured], settings: Settings) -> list[Checked]:
    """Look at each channel: its address, whether we may go there, whether the provider lets us in.

    Over the network, so never inside of a unit of work; may run twice.
    """
    return [Checked(each, tuple(check_url(each.code, each.url, settings))) for each in wanted]


def check_url(code: str, url: str, settings: Settings) -> list[Finding]:
    """Look at a channel that need not be written down yet."""
    channels = opened({code: url}, settings)
    try:
        return [_precisely(finding, url) for finding in channels.check(code)]
    finally:
        channels.close()


def _precisely(finding: Finding, url: str) -> Finding:
    """What was found, told so that it says what to change, where the answer itself tells more than that it does not work."""
    values, reason, key = finding.values, finding.values.get("reason", ""), finding.key
    if key == _ACCOUNT and values.get("code") in _NO_SUCH_PATH:
        key = "channel_check.no_such_path"
    elif key == _PRIVATE and _ALLOWS_PRIVATE.search(url):
        key = "channel_check.never"
    elif _SPEAKS_PLAINLY.search(reason):
        key = "channel_check.speaks_plainly"
    elif key == _UNREACHABLE and reason in _HANDSHAKES and not _WITHOUT_TLS.search(url):
        key = "channel_check.no_handshake"
    elif key in _ANSWERED and not values.get("words"):
        key = f"{key}_code"
    return Finding(finding.ok, key, values)


def parsed(code: str, url: str, settings: Settings) -> list[Finding]:
    """What is wrong with the address itself; nobody is asked."""
    return opened({code: url}, settings).read(code)


def traits_of(code: str, url: str, settings: Settings) -> Traits | None:
    """What kind of channel an address describes; None: its scheme is not allowed."""
    try:
        return opened({code: url}, settings).traits(code)
    except KeyError:
        return None


def promises_receipts(found: Iterable[Configured], settings: Settings) -> set[str]:
    """The channels whose provider says later whether a message has arrived."""
    traits = {each.code: traits_of(each.code, each.url, settings) for each in found}
    return {code for code, known in traits.items() if known is not None and known.receipts}


def public_gateways(found: Iterable[Configured], settings: Settings) -> list[str]:
    """The channels in use that send approved words only."""
    traits = {each.code: traits_of(each.code, each.url, settings) for each in found if each.enabled}
    return [code for code, known in traits.items() if known is not None and known.public and known.medium is Medium.SMS]
