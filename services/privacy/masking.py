"""How names, phones and words of people look to those who may not read them in full."""

import re
from typing import Final

#: Phone numbers (mobile, landline) and identity numbers, as people write them into a sentence.
_NUMBERS: Final = re.compile(r"(?<!\d)(?:(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}|0\d{2,3}-\d{7,8}|\d{17}[\dXx])(?!\d)", re.ASCII)
_HIDDEN: Final = "****"


def masked(words: str) -> str:
    """Text as others may read it: phone and identity numbers that somebody wrote into it are blotted out."""
    return _NUMBERS.sub(lambda found: f"{found[0][:3]}{_HIDDEN}", words)


def masked_name(name: str) -> str:
    """A name: its first character, as 张*."""
    plain = name.strip()
    return f"{plain[:1]}*" if plain else ""


def masked_phone(phone: str) -> str:
    """A phone: its beginning and its end, as 138****5678; of a short one nothing but its beginning."""
    plain = phone.strip()
    if len(plain) < 7:
        return f"{plain[:1]}{_HIDDEN}" if plain else ""
    return f"{plain[:3]}{_HIDDEN}{plain[-4:]}" if len(plain) > 9 else f"{plain[:2]}{_HIDDEN}{plain[-2:]}"
