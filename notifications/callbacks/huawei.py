"""What Huawei Cloud pushes: one form for each receipt (for each part of a long message) and for each reply."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from notifications.callbacks.carriers import bad_number
from notifications.callbacks.reading import Entry, Pushed
from notifications.outcome import Confirmation, Inbound

ANSWER: Final = b'{"code":"000000","description":"Success"}'
_ARRIVED: Final = "DELIVRD"
#: Not the last word: the message is on its way.
_UNDERWAY: Final = frozenset(("ACCEPTD", "UNKNOWN"))


def read(body: bytes, headers: Mapping[str, str]) -> Pushed:
    """Read one push.

    Args:
        body: As it came, application/x-www-form-urlencoded.
        headers: Not needed.

    Raises:
        ValueError: it is not as Huawei's document has it; with the place, e.g. `form.smsMsgId: missing`.
    """
    del headers
    try:
        entry = Entry(dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=50)), "form")
    except ValueError as problem:
        raise ValueError(f"body: not a form ({problem})") from None
    if "body" in entry and "status" not in entry:
        return Pushed([], [Inbound(entry.id("smsMsgId"), entry.text("from"), entry.text("body"), entry.moment("createTime"))], ANSWER)
    status = entry.status("status")
    if status in _UNDERWAY:
        entry.id("smsMsgId")
        return Pushed([], [], ANSWER)
    receipt = _receipt(entry, status)
    return Pushed([receipt] if receipt is not None else [], [], ANSWER)


def _receipt(entry: Entry, status: str) -> Confirmation | None:
    """A long message is told part by part: its last part speaks for the whole, and one that did not arrive fails it. None: nothing yet."""
    arrived = status == _ARRIVED
    total, place = entry.maybe("total") or "1", entry.maybe("sequence") or "1"
    if not (total.isdecimal() and place.isdecimal()):
        raise ValueError("form.sequence: a number expected")
    provider_id = entry.id("smsMsgId")
    if arrived and int(place) < int(total):
        return None
    return Confirmation(
        provider_id=provider_id,
        message_id=entry.ours("extend"),
        status=status if int(total) < 2 else f"{status[:32]} {place[:3]}/{total[:3]}",
        delivered=arrived,
        bad_number=not arrived and (bad_number(status) or bad_number(entry.maybe("orgCode"))),
        at=entry.moment("updateTime"),
    )
