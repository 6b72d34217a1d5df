"""One notice as an e-mail: plain text in UTF-8, headers that nobody can add to, the same Message-ID at every attempt."""

import base64
import re
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from notifications.outcome import Outgoing

#: A mailbox that may stand in an envelope: no quoting, no comments, no line ends, nothing beyond ASCII.
MAILBOX: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
#: Bytes of UTF-8 in one encoded word, so that it has at most 75 characters (RFC 2047).
_WORD_BYTES: Final = 45


def compose(outgoing: Outgoing, sender: str, name: str, now: datetime) -> bytes:
    """The message as it goes over the wire, without the final dot; all lines end in CRLF and none begins with a dot.

    Args:
        outgoing: What is told to whom.
        sender: Mailbox it comes from.
        name: Display name of the sender; may be empty.
        now: The instant, aware UTC.
    """
    headers = [
        ("From", f"{encoded(name)} <{sender}>" if name else sender),
        ("To", outgoing.address),
        ("Subject", encoded(outgoing.subject)),
        ("Date", format_datetime(now)),
        ("Message-ID", message_id(outgoing, sender)),
        ("Auto-Submitted", "auto-generated"),
        *((("Importance", "high"),) if outgoing.urgent else ()),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "base64"),
    ]
    head = "".join(f"{key}: {value}\r\n" for key, value in headers)
    text = "\r\n".join(outgoing.text.splitlines())
    return head.encode("ascii") + b"\r\n" + base64.encodebytes(text.encode("utf-8", "replace")).replace(b"\n", b"\r\n")


def message_id(outgoing: Outgoing, sender: str) -> str:
    """What the message is called everywhere and at every attempt: `<BH12@example.gov.cn>`."""
    return f"<{outgoing.reference}@{sender.rpartition('@')[2]}>"


def encoded(text: str) -> str:
    """A header's text as encoded words; what is not text in it (line ends, control characters) is a blank."""
    plain = _CONTROL.sub(" ", text).strip()
    if plain.isascii() and "=?" not in plain and not re.search(r'[()<>@,;:\\".\[\]]', plain) and len(plain) <= 60:
        return plain
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(chunk).decode()}?=" for chunk in _chunks(plain))


def _chunks(text: str) -> list[bytes]:
    """The text's UTF-8 in pieces that cut no character in two."""
    pieces = [b""]
    for character in text:
        raw = character.encode("utf-8", "replace")
        if len(pieces[-1]) + len(raw) > _WORD_BYTES:
            pieces.append(b"")
        pieces[-1] += raw
    return pieces
