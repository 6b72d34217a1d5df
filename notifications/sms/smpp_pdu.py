"""What smpp34 has no classes for: the small PDUs of a session, as bytes (SMPP 3.4 §4)."""

import struct
from typing import Final

BIND_TRANSCEIVER: Final = 0x00000009
SUBMIT_SM: Final = 0x00000004
DELIVER_SM: Final = 0x00000005
QUERY_SM: Final = 0x00000003
UNBIND: Final = 0x00000006
ENQUIRE_LINK: Final = 0x00000015
GENERIC_NACK: Final = 0x80000000
#: Set in the answer to a request.
ANSWER: Final = 0x80000000
#: command_status: what nobody understands; our own fault; anything else.
INVALID_COMMAND: Final = 0x00000003
SYSTEM_ERROR: Final = 0x00000008
UNKNOWN_ERROR: Final = 0x000000FF
#: Optional parameters: our number for a submission; what a delivery says.
REFERENCE_TAG: Final = 0x0204
MESSAGE_ID_TAG: Final = 0x001E
PAYLOAD_TAG: Final = 0x0424
STATE_TAG: Final = 0x0427
_HEADER: Final = struct.Struct(">IIII")
HEADER_BYTES: Final = _HEADER.size
#: Longer ones are no SMPP.
MOST_BYTES: Final = 1 << 16
_VERSION: Final = 0x34


def header(data: bytes) -> tuple[int, int, int, int]:
    """Length of the whole, command, status and number of a PDU, from its first 16 bytes."""
    length, command, status, number = _HEADER.unpack_from(data)
    return length, command, status, number


def pdu(command: int, number: int, body: bytes = b"", status: int = 0) -> bytes:
    """One PDU."""
    return _HEADER.pack(HEADER_BYTES + len(body), command, status, number) + body


def c_string(text: str) -> bytes:
    """A C-octet string; what is not ASCII has no place in one."""
    return text.encode("ascii", errors="replace") + b"\0"


def bind(number: int, system_id: str, password: str, system_type: str) -> bytes:
    """bind_transceiver of SMPP 3.4."""
    body = c_string(system_id) + c_string(password) + c_string(system_type) + bytes((_VERSION, 0, 0, 0))
    return pdu(BIND_TRANSCEIVER, number, body)


def query(number: int, message_id: str, source: str) -> bytes:
    """query_sm by the id that the centre gave, and the source address of the submission."""
    return pdu(QUERY_SM, number, c_string(message_id) + bytes((0, 0)) + c_string(source))


def read_c_string(data: bytes) -> tuple[str, bytes]:
    """A C-octet string, and what stands after it."""
    found, _, rest = data.partition(b"\0")
    return found.decode("ascii", errors="replace"), rest
