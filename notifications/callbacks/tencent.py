"""What Tencent Cloud pushes: an array of receipts, or one reply."""

import hashlib
from collections.abc import Mapping
from typing import Final

from notifications.callbacks.carriers import bad_number
from notifications.callbacks.reading import Entry, Pushed, entries
from notifications.outcome import Confirmation, Inbound

ANSWER: Final = b'{"result":0,"errmsg":"OK"}'
_STATES: Final = {"SUCCESS": True, "FAIL": False}


def read(body: bytes, headers: Mapping[str, str]) -> Pushed:
    """Read one push.

    Args:
        body: As it came.
        headers: Not needed.

    Raises:
        ValueError: it is not as Tencent's document has it; with the place, e.g. `[0].sid: missing`.
    """
    del headers
    found = entries(body)
    replies = [_reply(entry) for entry in found if "report_status" not in entry and "text" in entry]
    receipts = [_receipt(entry) for entry in found if "report_status" in entry or "text" not in entry]
    return Pushed(receipts, replies, ANSWER)


def _receipt(entry: Entry) -> Confirmation:
    state = entry.text("report_status")
    if state not in _STATES:
        raise ValueError(f"{entry.place}.report_status: SUCCESS or FAIL expected")
    status = entry.status("errmsg") if "errmsg" in entry else state
    return Confirmation(
        provider_id=entry.id("sid"),
        message_id=entry.ours("ext"),
        status=status,
        delivered=_STATES[state],
        bad_number=not _STATES[state] and bad_number(status, entry.maybe("description")),
        at=entry.moment("user_receive_time"),
    )


def _reply(entry: Entry) -> Inbound:
    """Tencent gives a reply no number of its own: who, when and what make one, so that a push that is repeated is known again."""
    phone, text = entry.text("mobile"), entry.text("text")
    named = hashlib.sha256("\x00".join((phone, entry.maybe("time"), entry.maybe("extend"), text)).encode()).hexdigest()[:32]
    return Inbound(named, phone, text, entry.moment("time"))
