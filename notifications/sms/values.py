"""What may go over a public gateway: phones in one form, and variables without links and mobile numbers."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

from rules.phones import TEXTABLE, kind_of, tidy

#: A mobile number of the mainland anywhere inside a longer text, blanks, dots and dashes between the digits or not.
_MOBILE_INSIDE: Final = re.compile(r"(?<!\d)(?:(?:00)?86[ .·-]{0,2})?1[3-9](?:[ .·-]{0,2}\d){9}(?!\d)", re.ASCII)
_SITES: Final = (
    "com|cn|net|org|gov|edu|info|top|xyz|vip|cc|me|io|co|site|club|shop|link|ltd|tech|online"
    "|biz|mobi|app|dev|tv|wang|ren|ink|icu|asia|store"
)
#: An address of a site: with its scheme, with www, below a domain that is used in the mainland, with a port or a path, or an IP address.
#: ASCII: a Chinese character beside it ends it like a blank.
_LINK: Final = re.compile(
    rf"[a-z][a-z0-9+.-]{{0,20}}://|(?<![a-z0-9])www\.|(?<!\d)(?<!\d\.)(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?!\d|\.\d)"
    rf"|[a-z0-9_-]{{1,63}}[.。](?:{_SITES})(?![a-z0-9-])|[a-z0-9-]{{1,63}}\.[a-z]{{2,24}}(?:/|:\d)|[^\s.]\.中国",
    re.IGNORECASE | re.ASCII,
)


def mobile(address: str) -> str | None:
    """The eleven digits of a number that takes short messages; None: the address is none."""
    return tidy(address) if kind_of(address) in TEXTABLE else None


def forbidden(values: Mapping[str, str]) -> tuple[str, str] | None:
    """The first variable that a public gateway would refuse, and why: `link` or `mobile`; None: all may go."""
    return next(((name, what) for name, value in values.items() for what, _ in unsafe(value)), None)


def unsafe(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Links (`link`) and mobile numbers (`mobile`) in a text, and where they stand.

    Full-width digits and letters count like plain ones: operators read them so too.
    """
    plain = unicodedata.normalize("NFKC", text)
    for what, pattern in (("link", _LINK), ("mobile", _MOBILE_INSIDE)):
        for found in pattern.finditer(plain):
            yield what, found
