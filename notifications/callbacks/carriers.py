"""Codes by which the carriers say in a receipt that a number is none: 空号 (never given, given back) and 停机 (barred)."""

from typing import Final

#: China Mobile (MK, MN, MI), China Unicom (SGIP), China Telecom, and what the platforms make of them.
_CODES: Final = frozenset(
    (
        *("MK:0000", "MK:0001", "MK:0005", "MK:0012", "MN:0001", "MN:0013", "MI:0013"),
        *("SGIP:1", "SGIP:13", "LT:0001", "LT:0012", "CB:0001"),
        *("MOBILE_NOT_ON_SERVICE", "INVALID_NUMBER", "EMPTY_NUMBER", "MOBILE_ACCOUNT_ABNORMAL"),
    )
)
#: Words in a description.
_WORDS: Final = ("空号", "停机")


def bad_number(code: str, words: str = "") -> bool:
    """Tell whether a receipt says that the number itself is of no use.

    Codes that a phone without power or signal causes too (UNDELIV, EXPIRED, MI:0024, MN:0054) say nothing about the number.

    Args:
        code: As the receipt has it.
        words: The platform's description, where it gives one.
    """
    return code.strip().upper() in _CODES or any(each in words or each in code for each in _WORDS)
