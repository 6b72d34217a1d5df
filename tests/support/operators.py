"""What tests of SMPP hear."""

import struct

from notifications.channels.bus import Channels
from tests.support.asking import channel
from tests.support.centre import ENQUIRE, Centre


def bound(smsc: Centre, more: str = "&tls=no") -> Channels:
    return channel(f"smsc://bihuan:s%40cret@127.0.0.1:{smsc.port}/?from=10690012345{more}")


def settled(smsc: Centre) -> None:
    """Wait until the other side has read all that was said so far."""
    smsc.say(struct.pack(">IIII", 16, ENQUIRE, 0, 97))
    smsc.heeds(ENQUIRE, 97)
    smsc.answered.clear()
