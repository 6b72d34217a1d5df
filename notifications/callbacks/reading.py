"""Reading what was pushed: whatever is not as the vendor's document has it is refused with its place."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from notifications.outcome import Confirmation, Inbound, own_id

#: Moments without a zone are China's.
CHINA: Final = ZoneInfo("Asia/Shanghai")
#: Longer names and texts are no vendor's; of a status the beginning says enough.
_MOST_ID: Final = 80
_MOST_STATUS: Final = 40
_MOST_TEXT: Final = 2000
#: The greatest number that a message of ours can have.
_MOST_MESSAGES: Final = 2**31 - 1


class Pushed(NamedTuple):
    """What one push says, and what the vendor wants to hear so that it does not push it again."""

    confirmations: list[Confirmation]
    replies: list[Inbound]
    answer: bytes


Reader = Callable[[bytes, Mapping[str, str]], Pushed]


class Entry:
    """One object of a push, and where it stands in it."""

    def __init__(self, values: Mapping[str, Any], place: str) -> None:
        """Take what was read at a place, e.g. `[2]`."""
        self.values = values
        self.place = place

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def text(self, *names: str, most: int = _MOST_TEXT) -> str:
        """The first of these values that is there.

        Raises:
            ValueError: none is, it is no text or number, or it is too long; with the place.
        """
        for name in names:
            value = self.values.get(name)
            if value is None or value == "":
                continue
            if isinstance(value, bool) or not isinstance(value, str | int):
                raise ValueError(f"{self.place}.{name}: text expected")
            if len(str(value)) > most:
                raise ValueError(f"{self.place}.{name}: longer than {most}")
            return storable(str(value))
        raise ValueError(f"{self.place}.{names[0]}: missing")

    def id(self, *names: str) -> str:
        """What the vendor calls a message; as `text`."""
        return self.text(*names, most=_MOST_ID)

    def status(self, *names: str) -> str:
        """The vendor's own word for what became of it; as `text`, cut where it is too long to be kept."""
        return self.text(*names)[:_MOST_STATUS]

    def ours(self, *names: str) -> int | None:
        """The message whose reference the vendor gives back; None: it gives none, or one that is not ours."""
        number = own_id(self.maybe(*names))
        return number if number is not None and number <= _MOST_MESSAGES else None

    def maybe(self, *names: str) -> str:
        """As `text`, empty when none is there."""
        return self.text(*names) if any(name in self for name in names) else ""

    def moment(self, *names: str) -> datetime | None:
        """A moment, aware UTC; None: it is not there.

        `2026-11-22 08:03:04` and `20261122080304` are China's time; ISO 8601 says its own zone; digits of another length are Unix seconds.

        Raises:
            ValueError: it is none of these; with the place.
        """
        text = self.maybe(*names)
        if not text:
            return None
        try:
            return _moment(text)
        except (ValueError, OverflowError, OSError):
            raise ValueError(f"{self.place}.{names[0]}: not a moment") from None


def storable(text: str) -> str:
    """A text that every database takes: no NUL, no half characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _moment(text: str) -> datetime:
    if text.isdecimal():
        if len(text) == 14:
            return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=CHINA).astimezone(UTC)
        return datetime.fromtimestamp(int(text), UTC)
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=CHINA)).astimezone(UTC)


def entries(body: bytes) -> list[Entry]:
    """The objects of a JSON push: an array of them, or a single one.

    Raises:
        ValueError: it is no JSON, or something else stands in it; with the place.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise ValueError(f"body: not JSON ({problem})") from None
    many = found if isinstance(found, list) else [found]
    for number, each in enumerate(many):
        if not isinstance(each, dict):
            raise ValueError(f"[{number}]: an object expected")
    return [Entry(each, f"[{number}]" if isinstance(found, list) else "body") for number, each in enumerate(many)]


def told_apart(
    body: bytes, receipt: tuple[str, Callable[[Entry], Confirmation]], reply: tuple[str, Callable[[Entry], Inbound]], answer: bytes
) -> Pushed:
    """A push in which receipts and replies come alike: what only has a reply's name is one, everything else must be a receipt.

    Args:
        body: As it came.
        receipt: A name that only receipts have, and how one is read.
        reply: A name that replies have, and how one is read.
        answer: What the vendor wants to hear.

    Raises:
        ValueError: it is not as the vendor's document has it; with the place.
    """
    confirmations: list[Confirmation] = []
    replies: list[Inbound] = []
    for entry in entries(body):
        if receipt[0] not in entry and reply[0] in entry:
            replies.append(reply[1](entry))
        else:
            confirmations.append(receipt[1](entry))
    return Pushed(confirmations, replies, answer)


def known_again(*parts: str) -> str:
    """A number for a reply that its vendor gives none: who, when and what make one, so that a push that is repeated is known again."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:32]
