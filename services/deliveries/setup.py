"""What planning has to know of the installation: how it speaks, and by which channels."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from notifications.channels.schemes import AddressKind, Traits


@dataclass(frozen=True, slots=True)
class Voice:
    """How the installation speaks: language and SMS signature."""

    lang: str
    sign: str


@dataclass(frozen=True, slots=True)
class Setup:
    """How messages leave this installation.

    Attributes:
        voice: Language and signature.
        channels: Every channel that is configured, by its code.
        base_url: Where links in e-mails and IM point to; empty: there are no links.
    """

    voice: Voice
    channels: Mapping[str, Traits] = field(default_factory=dict)
    base_url: str = ""

    def kind(self, channel: str) -> AddressKind | None:
        """What a channel needs to know of a recipient; None: it is not configured."""
        traits = self.channels.get(channel)
        return None if traits is None else traits.address
