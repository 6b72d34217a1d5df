"""SMPP 3.4 as far as a short message centre speaks it: headers, binds, submit_sm, deliver_sm, query_sm."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import smpp34

BIND_RECEIVER: Final = 0x01
BIND_TRANSMITTER: Final = 0x02
QUERY_SM: Final = 0x03
SUBMIT_SM: Final = 0x04
DELIVER_SM: Final = 0x05
UNBIND: Final = 0x06
BIND_TRANSCEIVER: Final = 0x09
ENQUIRE_LINK: Final = 0x15
GENERIC_NACK: Final = 0x80000000
RESPONSE: Final = 0x80000000
BINDS: Final = (BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER)

OK: Final = 0x00
NOT_BOUND: Final = 0x04
UNKNOWN_COMMAND: Final = 0x03
WRONG_PASSWORD: Final = 0x0E
UNKNOWN_MESSAGE: Final = 0x0C
QUERY_FAILED: Final = 0x67
HEADER: Final = struct.Struct(">IIII")
LARGEST: Final = 1 << 16

#: message_state of query_sm (§5.2.28) by what a receipt says.
MESSAGE_STATES: Final = {"": 1, "DELIVRD": 2, "EXPIRED": 3, "UNDELIV": 5, "REJECTD": 8}
UCS2: Final = 8
TLV_USER_MESSAGE_REFERENCE: Final = 0x0204
TLV_SAR_MSG_REF_NUM: Final = 0x020C
TLV_SAR_TOTAL_SEGMENTS: Final = 0x020E
TLV_SAR_SEGMENT_SEQNUM: Final = 0x020F
TLV_RECEIPTED_MESSAGE_ID: Final = 0x001E
TLV_MESSAGE_PAYLOAD: Final = 0x0424
TLV_MESSAGE_STATE: Final = 0x0427
HAS_HEADER: Final = 0x40


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU as it came."""

    command: int
    status: int
    sequence: int
    body: bytes
    whole: bytes


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a submit_sm says; `part` is the number of a long message, how many parts it has, and which one this is."""

    source: str
    destination: str
    text: str
    reference: str
    wants_receipt: bool
    part: tuple[int, int, int] | None = None


def written(command: int, sequence: int, body: bytes = b"", status: int = OK) -> bytes:
    """A PDU on the wire."""
    return HEADER.pack(HEADER.size + len(body), command, status, sequence) + body


def c_string(text: str) -> bytes:
    """A text with the zero that ends it."""
    return text.encode("ascii", "replace") + b"\0"


def strings(body: bytes, count: int) -> list[str]:
    """The first texts of a body, each ended by a zero."""
    return [part.decode("latin-1") for part in body.split(b"\0", count)[:count]]


def decoded(text: bytes, coding: int) -> str:
    """The words of a short message: UCS-2, else what fits into one byte each."""
    return text.decode("utf-16-be", "replace") if coding == UCS2 else text.decode("latin-1")


def submitted(pdu: Pdu) -> Submitted:
    """Read a submit_sm; long texts come in message_payload, our reference in user_message_reference or as a long message's number.

    Raises:
        smpp34.SmppError: it cannot be read.
    """
    found = smpp34.decode(pdu.whole)
    if not isinstance(found, smpp34.SubmitSm):
        raise smpp34.SmppError("ESME_RINVCMDID (0x00000003)")
    tlvs = {tlv.tag: tlv.value for tlv in found.tlvs}
    payload = tlvs.get(TLV_MESSAGE_PAYLOAD) or found.short_message
    number = tlvs.get(TLV_USER_MESSAGE_REFERENCE)
    return Submitted(
        found.source_addr,
        found.destination_addr,
        decoded(_without_header(payload, found.esm_class), found.data_coding),
        str(int.from_bytes(number, "big")) if number else "",
        bool(found.registered_delivery & 0x03),
        _part(tlvs, found.short_message, found.esm_class),
    )


def _without_header(payload: bytes, esm_class: int) -> bytes:
    """Leave out the user data header that says which part of a long message this is."""
    return payload[payload[0] + 1 :] if esm_class & HAS_HEADER and payload else payload


def _part(tlvs: Mapping[int, bytes], payload: bytes, esm_class: int) -> tuple[int, int, int] | None:
    """Which part of a long message it is, by its optional parameters or by its user data header (8 or 16 bits for the number)."""
    sar = [tlvs.get(tag) for tag in (TLV_SAR_MSG_REF_NUM, TLV_SAR_TOTAL_SEGMENTS, TLV_SAR_SEGMENT_SEQNUM)]
    if all(sar):
        number, total, which = (int.from_bytes(value or b"", "big") for value in sar)
        return number, total, which
    if esm_class & HAS_HEADER and len(payload) > 5 and payload[1] in (0, 8):
        wide = payload[1] // 8
        return int.from_bytes(payload[3 : 4 + wide], "big"), payload[4 + wide], payload[5 + wide]
    return None


def delivery(
    sequence: int, source: str, destination: str, text: bytes, *, receipt: bool, coding: int = 0, tlvs: Sequence[smpp34.Tlv] = ()
) -> bytes:
    """A deliver_sm: a receipt, or somebody's short message."""
    return smpp34.DeliverSm(
        source,
        destination,
        text,
        esm_class=0x04 if receipt else 0,
        data_coding=coding,
        tlvs=list(tlvs),
        sequence_number=sequence,
    ).encode()
