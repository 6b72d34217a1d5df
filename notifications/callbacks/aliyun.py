"""What Aliyun pushes: SmsReport (receipts) and SmsUp (replies), each an array; the same one may come again."""

from collections.abc import Mapping
from typing import Final

from notifications.callbacks.carriers import bad_number
from notifications.callbacks.reading import Entry, Pushed, told_apart
from notifications.outcome import Confirmation, Inbound

ANSWER: Final = '{"code":0,"msg":"成功"}'.encode()


def read(body: bytes, headers: Mapping[str, str]) -> Pushed:
    """Read one push.

    Args:
        body: As it came.
        headers: Not needed.

    Raises:
        ValueError: it is not as Aliyun's document has it; with the place, e.g. `[2].biz_id: missing`.
    """
    del headers
    return told_apart(body, ("biz_id", _receipt), ("content", _reply), ANSWER)


def _receipt(entry: Entry) -> Confirmation:
    delivered = entry.values.get("success")
    if isinstance(delivered, str):
        delivered = {"true": True, "false": False}.get(delivered.lower())
    if not isinstance(delivered, bool):
        raise ValueError(f"{entry.place}.success: true or false expected")
    status = entry.status("err_code") if "err_code" in entry else "DELIVERED" if delivered else "FAILED"
    words = entry.maybe("err_msg")
    return Confirmation(
        provider_id=entry.id("biz_id"),
        message_id=entry.ours("out_id"),
        status=status,
        delivered=delivered,
        bad_number=not delivered and bad_number(status, words),
        at=entry.moment("report_time", "send_time"),
    )


def _reply(entry: Entry) -> Inbound:
    return Inbound(entry.id("sequence_id"), entry.text("phone_number"), entry.text("content"), entry.moment("send_time"))
