"""The secrets themselves: derived from the message that carries them, kept only as a keyed hash, recognised however they are typed."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models import Sealed
from notifications.answering import Kind
from services.ratings.codes import ALPHABET, spelled

CODE_LENGTH: Final = 6  #: what the variables of every gateway have room for
LINK_LENGTH: Final = 28  #: 138 bits: nobody guesses it, so nobody has to be counted; no marks at which a program might cut it off
_LENGTHS: Final = {Kind.CODE: CODE_LENGTH, Kind.LINK: LINK_LENGTH}
_FORMS: Final = {kind: re.compile(rf"[{ALPHABET}]{{{length}}}") for kind, length in _LENGTHS.items()}


@dataclass(frozen=True, slots=True)
class Key:
    """What somebody shows to be let in.

    Attributes:
        secret: As `typed` or the address gave it.
        device: What tells one device from another, for counting wrong codes; only a keyed hash of it is kept.
    """

    kind: Kind
    secret: str
    device: str = ""

    @property
    def digest(self) -> str:
        """The keyed hash under which it is kept; a code is never found as a link, nor a link as a code."""
        return digest_of(self.kind, self.secret)

    @property
    def possible(self) -> bool:
        """Whether it has the form of a key at all."""
        return _FORMS[self.kind].fullmatch(self.secret) is not None


def digest_of(kind: Kind, secret: str) -> str:
    """The keyed hash of a key."""
    return Sealed.fingerprint(f"answer {kind} {secret}")


def secret_of(kind: Kind, message_id: int, queued_at: datetime, turn: int) -> str:
    """The key that a message carries: the same one whenever it is sent again, so that it need not be kept.

    Args:
        kind: Code or link.
        message_id: The message.
        queued_at: When it was queued: after a restored backup the same number is another message.
        turn: 0, or how many of its codes were another message's already.
    """
    made = Sealed.fingerprint(f"answer key {kind} {message_id} {queued_at.isoformat()} {turn}")
    return spelled(int(made, 16), _LENGTHS[kind])


def typed(text: str) -> str:
    """A code as it was typed: in small or wide letters, with blanks or dashes."""
    return re.sub(r"[\s\-–—_.]", "", unicodedata.normalize("NFKC", text)).upper()[:40]


def looks_like_code(text: str) -> bool:
    """Whether somebody put a code where a link's secret stands."""
    return _FORMS[Kind.CODE].fullmatch(typed(text)) is not None
