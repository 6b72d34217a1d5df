"""Words for what belongs to affairs: kinds and states have sections of their own, beside those of cases."""

from collections.abc import Mapping
from typing import Final

from commands.screen import word
from rules.handling import AFFAIRS, PARTS
from wording import say

_SECTIONS: Final[Mapping[str, str]] = {**dict.fromkeys(AFFAIRS, "affair"), **dict.fromkeys(PARTS, "affair_part")}


def thing_word(thing: str) -> str:
    """What a thing of the table of moves is called: a case, a work order, a kind of affair or of its parts."""
    return word(_SECTIONS.get(thing, "thing"), thing)


def state_word(thing: str, state: str) -> str:
    """A state of a thing in words."""
    return word(f"{thing}_state" if thing in _SECTIONS else "state", state)


def affair_name(no: str, part: int | None = None) -> str:
    """An affair by its number, or a part of it."""
    return no if part is None else say("beside.part", no=no, part=part)
