"""What JSON gateways push, SMS and calls alike: where things stand is told by the kind of the gateway (web/gateways/*.toml)."""

from collections.abc import Mapping
from datetime import UTC, datetime

from notifications.callbacks.carriers import bad_number
from notifications.callbacks.reading import CHINA, Entry, Pushed, entries, known_again
from notifications.outcome import Confirmation, Inbound
from notifications.web.kinds import Kind, Reading, found


def read(body: bytes, headers: Mapping[str, str], *, kind: Kind) -> Pushed:
    """Read one push.

    Args:
        body: As it came: one JSON object, or an array of them.
        headers: Not needed.
        kind: Of the gateway.

    Raises:
        ValueError: it is not as the kind has it; with the place, e.g. `[0].status: missing`.
    """
    del headers
    receipts: list[Confirmation] = []
    replies: list[Inbound] = []
    answer = ""
    for entry in entries(body):
        if kind.reply is not None and found(entry.values, kind.reply.text):
            replies.append(_reply(entry, kind.reply))
            answer = kind.reply.answer
        elif kind.receipt is not None:
            receipts.append(_receipt(entry, kind.receipt))
            answer = kind.receipt.answer
        else:
            raise ValueError(f"{entry.place}: gateways of the kind {kind.name} push nothing like it")
    return Pushed(receipts, replies, answer.encode())


def _receipt(entry: Entry, reading: Reading) -> Confirmation:
    flat = _flat(entry, reading)
    status = flat.status("status", "instead")
    delivered = status in reading.delivered
    return Confirmation(
        provider_id=flat.id("id"),
        message_id=flat.ours("reference"),
        status=status,
        delivered=delivered,
        bad_number=not delivered and (status in reading.bad_number or bad_number(status)),
        at=_at(flat, reading),
    )


def _reply(entry: Entry, reading: Reading) -> Inbound:
    """A reply without a number of its own is given one."""
    flat = _flat(entry, reading)
    phone, text = flat.text("phone"), flat.text("text")
    named = known_again(phone, flat.maybe("at"), text)
    return Inbound(flat.id("id") if "id" in flat else named, phone, text, _at(flat, reading))


def _flat(entry: Entry, reading: Reading) -> Entry:
    """The entry under our own names."""
    paths = {name: getattr(reading, name) for name in ("id", "reference", "phone", "text", "status", "instead", "at")}
    return Entry({name: found(entry.values, path) for name, path in paths.items()}, entry.place)


def _at(flat: Entry, reading: Reading) -> datetime | None:
    text = flat.maybe("at")
    try:
        if not text or reading.at_format == "unix":
            return flat.moment("at")
        return datetime.strptime(text, reading.at_format).replace(tzinfo=CHINA).astimezone(UTC)
    except ValueError:
        raise ValueError(f"{flat.place}.{reading.at}: not a moment") from None
