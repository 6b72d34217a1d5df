"""A short message as it goes over SMPP: UCS-2, cut into parts that a phone puts together again."""

from typing import Final

from notifications.variables import units

#: UTF-16 units in one message, and in each part of a longer one.
WHOLE: Final = 70
PART: Final = 67
#: UCS-2 in data_coding; a user data header in esm_class.
UCS2: Final = 0x08
HAS_HEADER: Final = 0x40


def parts(text: str, reference: int) -> list[bytes]:
    """The bodies of the submissions that a text needs, in order; a character is never cut in two.

    Args:
        text: Any length.
        reference: The same for all parts of a message and at every attempt; its lowest eight bits are used.

    Raises:
        ValueError: it would need more than 255 parts.
    """
    found = pieces(text)
    if len(found) == 1:
        return [text.encode("utf-16-be")]
    if len(found) > 255:
        raise ValueError(f"{len(found)} parts")
    return [
        bytes((5, 0, 3, reference & 0xFF, len(found), number)) + piece.encode("utf-16-be") for number, piece in enumerate(found, start=1)
    ]


def pieces(text: str) -> list[str]:
    """The pieces in which operators carry a text, each of them charged for: one up to 70 UTF-16 units, beyond that of 67 at most."""
    if units(text) <= WHOLE:
        return [text]
    found: list[str] = []
    start = used = 0
    for place, character in enumerate(text):
        size = 2 if ord(character) > 0xFFFF else 1
        if used + size > PART:
            found.append(text[start:place])
            start, used = place, 0
        used += size
    return [*found, text[start:]]
