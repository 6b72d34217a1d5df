"""What the classifier learns from, and the form in which it reads: texts without the places and numbers that tell nothing of the matter."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import add
from typing import Final

from rules.triage import tidy

READ: Final = 400  #: characters of a body that are read; beyond, residents tell the history of the matter
_PLACE: Final = re.compile(r"[a-z]\d*(?:市|区|县)")  #: a place that was made unrecognisable, e.g. A3区
_NUMBER: Final = re.compile(r"\d+")  #: telephone numbers, house numbers, dates: what is kept of a text must name nobody


@dataclass(frozen=True, slots=True)
class Message:
    """A message whose class is known.

    Attributes:
        key: What it is found again by: a row's id, or the id of a case.
        author: Who wrote it; measuring never learns from an author whom it asks about.
        subject: Its heading, perhaps empty.
        body: Its text.
        label: Its class.
    """

    key: str
    author: str
    subject: str
    body: str
    label: str


@dataclass(frozen=True, slots=True)
class Prototype:
    """Words that a class is known by before anybody has written about it: a line of a taxonomy, the name of a category."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """All that is learned from.

    Attributes:
        messages: Messages with their classes.
        prototypes: Words of classes; may be empty.
        classes: The classes to tell apart, in order; a label of a message or prototype is one of them.
    """

    messages: Sequence[Message]
    prototypes: Sequence[Prototype]
    classes: tuple[str, ...]


def plain(text: str) -> str:
    """The text in the form in which it is learned: tidy, without coded places, every number a 0."""
    return _NUMBER.sub("0", _PLACE.sub("", tidy(text)))


def parts(subject: str, body: str) -> tuple[str, ...]:
    """The parts of a message that count alike, whatever their length: its heading and the beginning of its body."""
    return tuple(part for part in (plain(subject), plain(body)[:READ]) if part)


def grams(text: str) -> Counter[str]:
    """How often each character and each pair of neighbouring characters stands in a text."""
    return Counter([*text, *map(add, text, text[1:])])
