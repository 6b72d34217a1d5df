"""The one-time code by which a reporter rates: derived, never stored, and worth nothing outside its round."""

import hmac
import re
from collections.abc import Iterable
from typing import Final

from models import Sealed

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  #: without 0, 1, I, L and O, which are misread
LENGTH: Final = 8
_SHOWN: Final = re.compile(rf"(?<![A-Z0-9-])[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}(?![A-Z0-9-])")
_HIDDEN: Final = "****-****"


def code_of(case_id: int, round_no: int, requester_id: int) -> str:
    """The code of one reporter for one round of one case, as it is told: `K7QM-2XPD`.

    The door sees to it that it is used while the case is fed back in that round, and once: a reporter rates a round once.
    """
    letters = spelled(int(Sealed.fingerprint(f"rating {case_id} {round_no} {requester_id}"), 16), LENGTH)
    return f"{letters[:4]}-{letters[4:]}"


def spelled(number: int, length: int) -> str:
    """A large number as a code of so many letters and figures that nobody misreads."""
    letters = ""
    for _ in range(length):
        number, place = divmod(number, len(ALPHABET))
        letters += ALPHABET[place]
    return letters


def whose(given: str, case_id: int, round_no: int, reporters: Iterable[int]) -> int | None:
    """The reporter whose code this is, however it was typed; None: it is nobody's of this round."""
    plain = re.sub(r"[\s\-－]", "", given).upper()
    matches = [r for r in reporters if hmac.compare_digest(code_of(case_id, round_no, r).replace("-", "").encode(), plain.encode())]
    return matches[0] if matches else None


def hidden(text: str) -> str:
    """A message as it is kept: without the code, which only the reporter is to have."""
    return _SHOWN.sub(_HIDDEN, text)
