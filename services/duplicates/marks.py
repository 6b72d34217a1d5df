"""From a message to the marks by which it is compared with others."""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, cached_property
from importlib.resources import files
from typing import Final

from rules import triage
from rules.likeness import Marks, Name
from services.duplicates.names import CORE, Beside, Endings, buildings_in, learned_names, names_in

#: Characters that are read of a message; beyond, residents tell the history of the matter rather than the matter.
READ: Final = 400
#: Messages of a kind that is not there: with few at hand, no pair of characters is taken for rare.
BACKGROUND: Final = 20
_LETTERS: Final = re.compile("[^\u3400-\u9fffa-z]+")


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody wrote, and what is known around it.

    Attributes:
        key: By what the caller knows it.
        at: When, aware.
        subject: One line, may be empty.
        body: The rest.
        place: Address in words, may be empty.
        author: Who, by whatever tells one from another; empty: unknown.
        area: Code or name of the area; empty: unknown.
        category: Code of the category; empty: unknown.
        point: Latitude and longitude (WGS84 degrees), if known.
    """

    key: str
    at: datetime
    subject: str
    body: str
    place: str = ""
    author: str = ""
    area: str = ""
    category: str = ""
    point: tuple[float, float] | None = None


@dataclass(frozen=True)
class Words:
    """The words of words.toml."""

    endings: Endings
    beside: Beside
    sources: Mapping[str, tuple[str, ...]]
    harms: Mapping[str, tuple[str, ...]]
    at_once: Mapping[str, frozenset[str]]
    indoors: frozenset[str]
    personal: frozenset[str]
    polite: tuple[str, ...]

    @cached_property
    def topics(self) -> re.Pattern[str]:
        """What a name of a place does not hold: words of troubles and harms."""
        return re.compile("|".join(re.escape(word) for found in (*self.sources.values(), *self.harms.values()) for word in found))

    @cached_property
    def politeness(self) -> re.Pattern[str]:
        """What every message says."""
        return re.compile("|".join(sorted(map(re.escape, self.polite), key=len, reverse=True)))


@cache
def words() -> Words:
    """The words that ship with the program."""
    read = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
    nameless = read["nameless"]
    return Words(
        endings=Endings(
            kinds={ending: kind for kind, found in read["endings"].items() for ending in found},
            nameless=frozenset(nameless["one"] + nameless["two"]),
            words=frozenset(nameless["words"]),
            common=frozenset(nameless["common"]),
        ),
        beside=Beside(tuple(read["beside"]["before"]), tuple(read["beside"]["after"])),
        sources={theme: tuple(found) for theme, found in read["sources"].items()},
        harms={theme: tuple(found) for theme, found in read["harms"].items()},
        at_once={source: frozenset(harms) for source, harms in read["at_once"].items()},
        indoors=frozenset(read["indoors"]["sources"]),
        personal=frozenset(read["personal"]["sources"]),
        polite=tuple(read["polite"]["phrases"]),
    )


def marks_of(messages: Sequence[Message]) -> list[Marks]:
    """The marks of messages that are to be compared with each other, in order; names without a known ending are learned from them."""
    known = words()
    texts = [triage.tidy(f"{m.subject}。{m.body}。")[:READ] for m in messages]
    learned = learned_names(texts, [m.author for m in messages], known.endings, known.beside, known.topics)
    drawn = [_with(_drawn(m, text, known), text, learned) for m, text in zip(messages, texts, strict=True)]
    weighed = _weighed([_grams(text, marks, known) for text, marks in zip(texts, drawn, strict=True)])
    return [replace(marks, grams=grams) for marks, grams in zip(drawn, weighed, strict=True)]


def _drawn(message: Message, text: str, known: Words) -> Marks:
    whole = f"{triage.tidy(message.place)}。{text}"
    sources = _themes(text, known.sources)
    return Marks(
        at=message.at,
        names=names_in(whole, known.endings),
        buildings=buildings_in(whole),
        sources=sources,
        harms=_themes(text, known.harms),
        at_once=frozenset(harm for source in sources for harm in known.at_once.get(source, ())),
        indoors=not sources.keys().isdisjoint(known.indoors),
        personal=bool(sources) and sources.keys() <= known.personal,
        pairs=frozenset(_pairs(whole)),
        author=message.author,
        area=message.area,
        category=message.category,
        point=message.point,
    )


def _with(marks: Marks, text: str, learned: Collection[Name]) -> Marks:
    found = {name for name in learned if name.key in text}
    ends = tuple(name.key for name in found if len(name.key) <= CORE)
    guessed = {name for name in marks.names if name.kind == "road" and name.key.endswith(ends)} if ends else set()
    return replace(marks, names=(marks.names - guessed) | found) if found else marks


def _themes(text: str, themes: Mapping[str, Iterable[str]]) -> dict[str, float]:
    """How much is said of each theme, as a vector of unit length."""
    counts = {theme: sum(text.count(word) for word in found) for theme, found in themes.items()}
    return _unit({theme: 1 + math.log(count) for theme, count in counts.items() if count})


def _pairs(text: str) -> list[str]:
    return [text[i : i + 2] for i in range(len(text) - 1)]


def _grams(text: str, marks: Marks, known: Words) -> Counter[str]:
    """The wording: pairs of characters, without names of places, politeness, figures and punctuation."""
    for name in marks.names:
        text = text.replace(name.key, "。")
    parts = _LETTERS.split(known.politeness.sub("。", text))
    return Counter(pair for part in parts for pair in _pairs(part))


def _weighed(counts: Sequence[Counter[str]]) -> list[dict[str, float]]:
    """TF-IDF: what few messages say counts more; vectors of unit length."""
    spread = Counter(gram for each in counts for gram in each)
    whole = len(counts) + BACKGROUND
    rare = {gram: math.log(whole / (1 + many)) for gram, many in spread.items()}
    return [_unit({gram: (1 + math.log(n)) * rare[gram] for gram, n in each.items()}) for each in counts]


def _unit(vector: Mapping[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(weight * weight for weight in vector.values()))
    return {key: weight / length for key, weight in vector.items()} if length else {}
