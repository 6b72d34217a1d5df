"""command_status of SMPP 3.4 (§5.1.3) by name, and what each means to us; names that are in no table are refused for now."""

from typing import Final

from notifications.channels.errors import CREDENTIALS, DOWN, LATER, NEVER, NUMBER, THROTTLED, Table

_NAMES: Final = {
    0x01: "ESME_RINVMSGLEN",
    0x02: "ESME_RINVCMDLEN",
    0x03: "ESME_RINVCMDID",
    0x04: "ESME_RINVBNDSTS",
    0x05: "ESME_RALYBND",
    0x06: "ESME_RINVPRTFLG",
    0x07: "ESME_RINVREGDLVFLG",
    0x08: "ESME_RSYSERR",
    0x0A: "ESME_RINVSRCADR",
    0x0B: "ESME_RINVDSTADR",
    0x0C: "ESME_RINVMSGID",
    0x0D: "ESME_RBINDFAIL",
    0x0E: "ESME_RINVPASWD",
    0x0F: "ESME_RINVSYSID",
    0x14: "ESME_RMSGQFUL",
    0x15: "ESME_RINVSERTYP",
    0x43: "ESME_RINVESMCLASS",
    0x45: "ESME_RSUBMITFAIL",
    0x48: "ESME_RINVSRCTON",
    0x49: "ESME_RINVSRCNPI",
    0x50: "ESME_RINVDSTTON",
    0x51: "ESME_RINVDSTNPI",
    0x53: "ESME_RINVSYSTYP",
    0x58: "ESME_RTHROTTLED",
    0x64: "ESME_RX_T_APPN",
    0x65: "ESME_RX_P_APPN",
    0x66: "ESME_RX_R_APPN",
    0x67: "ESME_RQUERYFAIL",
    0xFE: "ESME_RDELIVERYFAILURE",
    0xFF: "ESME_RUNKNOWNERR",
}
SMPP: Final[Table] = {
    **dict.fromkeys(("ESME_RINVDSTADR", "ESME_RINVDSTTON", "ESME_RINVDSTNPI"), NUMBER),
    **dict.fromkeys(("ESME_RBINDFAIL", "ESME_RINVPASWD", "ESME_RINVSYSID", "ESME_RINVSYSTYP"), CREDENTIALS),
    **dict.fromkeys(("ESME_RINVSRCADR", "ESME_RINVSRCTON", "ESME_RINVSRCNPI"), CREDENTIALS),
    **dict.fromkeys(("ESME_RINVMSGLEN", "ESME_RINVESMCLASS", "ESME_RINVPRTFLG", "ESME_RINVREGDLVFLG", "ESME_RINVSERTYP"), NEVER),
    **dict.fromkeys(("ESME_RX_P_APPN", "ESME_RX_R_APPN", "ESME_RDELIVERYFAILURE"), NEVER),
    **dict.fromkeys(("ESME_RALYBND", "ESME_RSYSERR", "ESME_RINVBNDSTS"), DOWN),
    **dict.fromkeys(("ESME_RMSGQFUL", "ESME_RSUBMITFAIL", "ESME_RX_T_APPN", "ESME_RUNKNOWNERR"), LATER),
    "ESME_RTHROTTLED": THROTTLED,
}
#: message_state (§5.2.28) as receipts spell it.
STATES: Final = {1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN", 8: "REJECTD"}
ARRIVED: Final = "DELIVRD"
#: Not the last word: the message is on its way.
UNDERWAY: Final = frozenset(("ENROUTE", "ACCEPTD"))
UNSAID: Final = "UNKNOWN"


def name_of(status: int) -> str:
    """The name of a command_status; its number where a vendor has made one up."""
    return _NAMES.get(status) or f"{status:#010x}"
