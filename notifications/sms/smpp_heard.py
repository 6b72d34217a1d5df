"""What an SMS centre delivers to us: receipts of our messages, and messages of people."""

import re
from typing import Final

import smpp34

from notifications.callbacks.carriers import bad_number
from notifications.callbacks.reading import storable
from notifications.outcome import Confirmation, Inbound
from notifications.sms import smpp_pdu as raw
from notifications.sms.parts import HAS_HEADER, UCS2
from notifications.sms.smpp_codes import ARRIVED, STATES, UNDERWAY, UNSAID
from notifications.sms.values import mobile

#: Kind of a delivery in its esm_class: a receipt, or a note on the way that is not the last word.
_KIND: Final = 0x3C
_RECEIPT: Final = 0x04
_NOTE: Final = 0x20
#: The words of a receipt (SMPP 3.4, appendix B).
_ID: Final = re.compile(r"\bid:\s*(\S+)", re.IGNORECASE)
_STATE: Final = re.compile(r"\bstat:\s*(\S+)", re.IGNORECASE)
_ERROR: Final = re.compile(r"\berr:\s*(\S+)", re.IGNORECASE)
#: data_coding of GBK at Chinese centres.
_GBK: Final = 0x0F


def heard(found: smpp34.DeliverSm, link: str) -> Confirmation | Inbound | None:
    """What one delivery means; None: nothing yet.

    Args:
        found: As it came.
        link: Name of the session, because deliveries are numbered within it only.
    """
    text = _words(found)
    kind = found.esm_class & _KIND
    if kind == _NOTE:
        return None
    if kind == _RECEIPT or (_ID.match(text) and _STATE.search(text)):
        return _receipt(found, text)
    phone = mobile(found.source_addr) or found.source_addr
    return Inbound(f"{link}-{found.sequence_number}", phone, text.strip())


def _receipt(found: smpp34.DeliverSm, text: str) -> Confirmation | None:
    told = {tlv.tag: tlv for tlv in found.tlvs}
    named, state = told.get(raw.MESSAGE_ID_TAG), told.get(raw.STATE_TAG)
    provider_id = (named.as_string() if named else None) or _group(_ID, text)
    status = _group(_STATE, text) or (STATES.get(state.as_int() or 0, "") if state else "")
    if not provider_id or not status or status in UNDERWAY or status == UNSAID:
        return None
    arrived = status == ARRIVED
    return Confirmation(
        provider_id[:80], None, status[:40], arrived, not arrived and (bad_number(status) or bad_number(_group(_ERROR, text)))
    )


def _group(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def _words(found: smpp34.DeliverSm) -> str:
    """The words of a delivery, without the header that tells parts; what cannot be read is marked, never dropped."""
    payload = next((tlv.value for tlv in found.tlvs if tlv.tag == raw.PAYLOAD_TAG), b"")
    data = found.short_message or payload
    if found.esm_class & HAS_HEADER and data:
        data = data[1 + data[0] :]
    coding = "utf-16-be" if found.data_coding == UCS2 else "gbk" if found.data_coding == _GBK else "latin-1"
    return storable(data.decode(coding, errors="replace"))
