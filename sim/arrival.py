"""A message as it reached the outside: what a phone would show, and what was said about it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Draft:
    """What a vendor read in a request.

    Attributes:
        vendor: Whose door it came through: `aliyun`, `mail`, …
        to: Phone without +86, mailbox, user id, or name of a group's robot.
        text: As the phone would show it.
        reference: What the sender calls it (out_id, SessionContext, Message-ID …); empty: nothing.
        template: The vendor's template code; empty: free text.
        check_seconds: So long the vendor recognises a repetition by its reference and does not show it twice; 0: it does not.
        callback: Where this one's receipts go, when the request says so itself.
        wants_receipt: The sender asks for a receipt.
    """

    vendor: str
    to: str
    text: str
    reference: str = ""
    subject: str = ""
    sender: str = ""
    template: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    check_seconds: float = 0.0
    callback: str = ""
    wants_receipt: bool = True


@dataclass(slots=True)
class Arrival:
    """One message that came, accepted or not.

    Attributes:
        medium: `sms`, `email`, `im`, `voice` or `hook`.
        provider_id: What the vendor calls it.
        verdict: `accepted`, `hung`, `dropped` (taken, and the sender was not told), `repeated`, or the kind of the refusal.
        code: The vendor's own code of the refusal.
        duplicate_of: An earlier accepted message with the same vendor, recipient and reference.
        receipt: What the receipt says; empty: none yet.
    """

    id: int
    vendor: str
    medium: str
    to: str
    text: str
    reference: str
    subject: str
    sender: str
    template: str
    params: Mapping[str, str]
    provider_id: str
    at: datetime
    verdict: str
    accepted: bool
    code: str = ""
    duplicate_of: int | None = None
    receipt: str = ""
    receipt_at: datetime | None = None
    callback: str = ""

    def as_json(self) -> dict[str, Any]:
        """All of it, moments as ISO 8601 in UTC."""
        found = asdict(self)
        found["at"] = self.at.isoformat()
        found["receipt_at"] = self.receipt_at.isoformat() if self.receipt_at else None
        return found

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Arrival":
        """Read what `as_json` wrote."""
        moments = {name: datetime.fromisoformat(found[name]) if found[name] else None for name in ("at", "receipt_at")}
        return cls(**(found | moments))


def national(number: str) -> str:
    """A Chinese mobile number as people write it: without +86 or 0086."""
    for prefix in ("+86", "0086"):
        if number.startswith(prefix):
            return number.removeprefix(prefix)
    return f"{number[2:]}" if len(number) == 13 and number.startswith("861") else number
