"""Telephone numbers: which forms are right, and what each can be used for. One that is not right is refused before it is written down."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from rules.facts import Refused


class PhoneKind(StrEnum):
    """What sort of number it is."""

    MOBILE = "mobile"  #: of the mainland: short messages and calls
    FICTIONAL = "fictional"  #: of the demonstration, 100 and eight digits: no network has them; used like a mobile
    LANDLINE = "landline"  #: with its area code: calls only
    SERVICE = "service"  #: 400, 800, 95… and 12345: calls only


#: The forms, each with what may be typed for it; tried in this order.
_FORMS: Final[Mapping[PhoneKind, re.Pattern[str]]] = {
    PhoneKind.MOBILE: re.compile(r"1[3-9][0-9]{9}"),
    PhoneKind.FICTIONAL: re.compile(r"100[0-9]{8}"),
    PhoneKind.LANDLINE: re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}"),
    PhoneKind.SERVICE: re.compile(r"[48]00[0-9]{7}|95[0-9]{3,6}|12[0-9]{3}"),
}
TEXTABLE: Final = frozenset({PhoneKind.MOBILE, PhoneKind.FICTIONAL})  #: kinds that take short messages
_BETWEEN: Final = re.compile(r"[\s\-－–()（）.]")
_COUNTRY: Final = re.compile(r"(?:\+|00)86|^86(?=1[0-9]{10}$)")
_WIDE: Final = str.maketrans("０１２３４５６７８９＋", "0123456789+")


def tidy(text: str) -> str:
    """A number as it is kept: plain digits without blanks, dashes, brackets and the country code of the mainland."""
    plain = _BETWEEN.sub("", text.strip().translate(_WIDE))
    found = _COUNTRY.match(plain)
    if found is None:
        return plain
    rest = plain[found.end() :]
    return rest if rest.startswith(("1", "0", "4", "8", "9")) else f"0{rest}"


def kind_of(text: str) -> PhoneKind | None:
    """What sort of number somebody typed; None: it is none that can be reached from the mainland."""
    plain = tidy(text)
    return next((kind for kind, form in _FORMS.items() if form.fullmatch(plain)), None)


def check_phone(text: str, *, voice: bool = False) -> str:
    """A number as it is kept, if short messages reach it; with `voice`, if it can be rung up.

    Args:
        text: As somebody typed it.
        voice: Landlines and service numbers are right too.

    Raises:
        Refused: `phone_form`, it is no number; `phone_no_sms`, it is one that takes no short messages.
    """
    kind = kind_of(text)
    if kind is None:
        raise Refused("phone_form", given=shown(text))
    if not voice and kind not in TEXTABLE:
        raise Refused("phone_no_sms", given=shown(text))
    return tidy(text)


def shown(text: str) -> str:
    """What somebody typed, so far that they find it again: its first three characters and how many there were."""
    plain = tidy(text)
    return f"{plain[:3]}{'*' * max(0, min(len(plain), 20) - 3)}"
