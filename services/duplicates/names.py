"""Names of places in a message, found by their endings: 锦绣花园, 河湾夜市, 望江路. No word list of a district is needed."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rules.likeness import Name

#: A name without a known ending: its lengths, the people who must use it, in how many messages it must stand as names do, and in which
#: share of all that use it.
LENGTHS: Final = (4, 3)
TOLD_BY, STANDS_IN, STANDS_SHARE = 3, 2, 0.15
LEADING_SHARE: Final = 0.3  #: of a short one: the share of messages that begin a clause with it
CORE: Final = 2  #: characters before the ending that tell a name from others; of 丽发新城小区 those before 新城
_HAN: Final = re.compile("(?![的了是在着就也都去说让给请找被把你我他她这那每])[\u3400-\u9fff]{2}")
_FIRST: Final = re.compile("(?<![\u3400-\u9fff])[\u3400-\u9fff]{2}")
_ALL_HAN: Final = re.compile("[\u3400-\u9fff]{3,4}")
_CODED: Final = re.compile(r"(?<![a-z0-9])([a-z])(\d{0,2})(?:市|区|县)")
_BUILDING: Final = re.compile(r"(\d{1,3})(?:号楼|栋|幢|座)")


@dataclass(frozen=True)
class Endings:
    """What names end with and what names nothing (words.toml)."""

    kinds: Mapping[str, str]
    nameless: frozenset[str]
    words: frozenset[str]
    common: frozenset[str]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Any ending, the longest first."""
        return re.compile("|".join(sorted(map(re.escape, self.kinds), key=len, reverse=True)))


@dataclass(frozen=True)
class Beside:
    """What stands before and after a name (words.toml)."""

    before: tuple[str, ...]
    after: tuple[str, ...]

    @cached_property
    def ends(self) -> re.Pattern[str]:
        """Where a name begins at the end of the match."""
        return re.compile("|".join(map(re.escape, self.before)))

    @cached_property
    def begins(self) -> re.Pattern[str]:
        """Where a name ends at the beginning of the match."""
        return re.compile("|".join((*map(re.escape, self.after), r"\d{1,4}(?:号|栋|幢|座)")))


def names_in(text: str, endings: Endings) -> frozenset[Name]:
    """The places that a text names; the text is tidy (half-width, lower case, no blanks)."""
    found = _coded(text)
    begin, before = 0, None
    for match in endings.pattern.finditer(text):
        chained = before is not None and before.end() == match.start() and len(before.group()) > 1
        begin = begin if chained else match.start()
        if not (chained and len(match.group()) <= 2):
            found.update(_names(text, begin, match, endings))
        before = match
    return frozenset(found)


def learned_names(
    texts: Sequence[str], authors: Sequence[str], endings: Endings, beside: Beside, topics: re.Pattern[str]
) -> frozenset[Name]:
    """Names that no ending tells, learned from the messages: 翠湖云间 stands before 北门 or after 住在, and three people use it.

    Args:
        texts: Tidy texts.
        authors: Who wrote each; empty: each somebody of his own.
        endings: Names that end with one of these are found by `names_in`.
        beside: What stands before and after names.
        topics: Words that are no part of a name.
    """
    standing: defaultdict[str, set[int]] = defaultdict(set)
    for i, text in enumerate(texts):
        for part in _standing(text, beside):
            standing[part].add(i)
    found: dict[str, int] = {}
    likely = (part for part, where in standing.items() if len(where) >= STANDS_IN and _plausible(part, endings, topics))
    for part in sorted(likely, key=lambda part: (-len(part), part)):
        using = [i for i, text in enumerate(texts) if part in text]
        longer = max((count for name, count in found.items() if part in name), default=0)
        often = len(using) > 2 * longer and len(standing[part]) >= STANDS_SHARE * len(using)
        if often and len({authors[i] or i for i in using}) >= TOLD_BY:
            found[part] = len(using)
    return frozenset(Name("learned", part[:CORE], part) for part in (*found, *_short(texts, authors, endings)))


def _short(texts: Sequence[str], authors: Sequence[str], endings: Endings) -> Iterator[str]:
    """Roads of one character and the ending, 斜街: often the first thing that is said, so that it is no end of a longer name."""
    leading: defaultdict[str, set[int]] = defaultdict(set)
    for i, text in enumerate(texts):
        for part in _FIRST.findall(text):
            if endings.kinds.get(part[1]) == "road" and part not in endings.words and part[0] not in endings.nameless:
                leading[part].add(i)
    for part, where in leading.items():
        using = [i for i, text in enumerate(texts) if part in text]
        if len({authors[i] or i for i in where}) >= TOLD_BY and len(where) >= LEADING_SHARE * len(using):
            yield part


def _standing(text: str, beside: Beside) -> Iterator[str]:
    """What may be a name by where it stands."""
    for length in LENGTHS:
        yield from (text[m.start() - length : m.start()] for m in beside.begins.finditer(text) if m.start() >= length)
        yield from (text[m.end() : m.end() + length] for m in beside.ends.finditer(text))


def _plausible(part: str, endings: Endings, topics: re.Pattern[str]) -> bool:
    pairs = {part[i : i + 2] for i in range(len(part) - 1)}
    if not _ALL_HAN.fullmatch(part) or topics.search(part) or not endings.nameless.isdisjoint({*part, *pairs}):
        return False
    return all(len(m.group()) == 1 and m.end() < len(part) for m in endings.pattern.finditer(part))


def _coded(text: str) -> set[Name]:
    """Cities and districts written as a letter and a number, A市 and A5区, as in messages that were made anonymous."""
    found: set[Name] = set()
    for city, district in _CODED.findall(text):
        found.add(Name("city", city, city))
        if district:
            found.add(Name("district", city + district, city + district))
    return found


def buildings_in(text: str) -> frozenset[str]:
    """Numbers of buildings within an estate: 5 of 5栋."""
    return frozenset(_BUILDING.findall(text))


def _names(text: str, begin: int, match: re.Match[str], endings: Endings) -> Iterator[Name]:
    """The names that end here, if what stands before the ending names anything: 锦绣花苑, and since 桃花苑 is 桃花 with 苑, 绣花苑 too."""
    ending = match.group()
    kind = endings.kinds[ending]
    starts = [begin] + [match.start() + i for i in range(1, len(ending)) if endings.kinds.get(ending[i:]) == kind]
    for start in starts:
        core = text[max(0, start - CORE) : start]
        single = match.end() - start == 1 and core[-1:] + ending[-1] in endings.words
        if _HAN.fullmatch(core) and not single and core not in endings.nameless and core[-1] not in endings.nameless:
            yield Name(kind, core, text[start - CORE : match.end()], core in endings.common)
