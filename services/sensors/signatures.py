"""The signature of a push: HMAC-SHA256 over timestamp.nonce.body, with a clock that may differ by so much and a nonce that is good once."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rules.facts import Refused

SCHEME: Final = "v1="  #: in front of the signature, so that another scheme can come beside this one
_NONCE: Final = re.compile(r"[\x21-\x7e]{8,64}")
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Signed:
    """What a push says of itself in its headers."""

    timestamp: str
    nonce: str
    signature: str


def sign(secret: str, timestamp: str, nonce: str, body: bytes) -> str:
    """The signature that belongs to a push: `v1=` and 64 hexadecimal digits."""
    text = f"{timestamp}.{nonce}.".encode() + body
    return SCHEME + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def check(signed: Signed, body: bytes, secrets: Iterable[str], window_s: int, now: datetime) -> None:
    """See to it that a push was signed with one of these secrets, and lately. Whether the nonce was used, the database knows.

    Args:
        signed: Its headers.
        body: As it came, byte for byte.
        secrets: Those that are good now.
        window_s: Seconds by which the timestamp (seconds since 1970) may differ from `now`, either way.
        now: The instant, aware UTC.

    Raises:
        Refused: `signature_missing`, `signature_wrong`, `timestamp_off`.
    """
    if not (_TIMESTAMP.fullmatch(signed.timestamp) and _NONCE.fullmatch(signed.nonce) and signed.signature.isascii()):
        raise Refused("signature_missing")
    found = [hmac.compare_digest(sign(secret, signed.timestamp, signed.nonce, body), signed.signature) for secret in secrets]
    if not any(found):
        raise Refused("signature_wrong")
    if abs(int(signed.timestamp) - now.timestamp()) > window_s:
        raise Refused("timestamp_off", window=window_s)
