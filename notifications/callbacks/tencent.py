"""What Tencent Cloud pushes: an array of receipts, or one reply."""

from collections.abc import Mapping
from typing import Final

from notifications.callbacks.carriers import bad_number
from notifications.callbacks.reading import Entry, Pushed, known_again, told_apart
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
    return told_apart(body, ("report_status", _receipt), ("text", _reply), ANSWER)


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
    """Tencent gives a reply no number of its own."""
    phone, text = entry.text("mobile"), entry.text("text")
    return Inbound(known_again(phone, entry.maybe("time"), entry.maybe("extend"), text), phone, text, entry.moment("time"))
