"""The text of short messages as gateways see it: how many parts it makes, how long it may become, what they refuse."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

from notifications.sms.parts import pieces
from notifications.sms.values import unsafe
from notifications.variables import units, vocabulary

#: A variable in plain text; anything else between braces is no plain text.
VARIABLE: Final = re.compile(r"{{ ?([a-z_]+) ?}}")
SIGNATURE: Final = "【{{ sign }}】"
#: Units that no gateway takes more than, and variables that Huawei takes.
LONGEST: Final = 500
MOST_VARIABLES: Final = 20
#: Parts that a template may make at its worst, by language.
MOST_PARTS: Final[Mapping[str, int]] = {"zh": 2, "en": 3}


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a text, and where.

    Attributes:
        code: Worded in locales under `[flaw]`.
        line: From 1.
        values: For the sentence.
    """

    code: str
    line: int
    values: Mapping[str, object] = field(default_factory=dict)


@cache
def forbidden() -> tuple[Sequence[str], str]:
    """Words and marks that public gateways refuse: notifications/forbidden_words.toml."""
    read = tomllib.loads(resources.files("notifications").joinpath("forbidden_words.toml").read_text(encoding="utf-8"))
    return tuple(read["words"]), read["marks"]


def segments(text: str) -> int:
    """How many messages are charged for: one up to 70 UTF-16 units, beyond that each holds 67, and no character is cut in two."""
    return len(pieces(text))


def longest(body: str, lang: str, fixed: Mapping[str, str] = MappingProxyType({})) -> int:
    """How many UTF-16 units a template makes when every variable is as long as it may be.

    Args:
        body: The words.
        lang: Whose limits count.
        fixed: What is known of the fixed text: signature, site.
    """
    known = vocabulary().short
    names = [name for name in VARIABLE.findall(body) if name in known]
    return units(VARIABLE.sub("", body)) + sum(units(fixed[n]) if n in fixed else known[n].longest[lang] for n in names)


def worst_case(body: str, lang: str, fixed: Mapping[str, str] = MappingProxyType({})) -> int:
    """How many messages are charged for when every variable is as long as it may be."""
    return segments("x" * longest(body, lang, fixed))


def lint(body: str, lang: str, fixed: Mapping[str, str] = MappingProxyType({})) -> list[Flaw]:
    """What public gateways, or we ourselves, would refuse in the template of a short message."""
    return [*_signature(body), *_plain(body), *_variables(body), *_wording(body), *_length(body, lang, fixed)]


def words_refused(text: str) -> list[str]:
    """Words that public gateways refuse in what is actually sent: they may come from a variable."""
    words, _ = forbidden()
    return [word for word in words if word in text]


def _line(body: str, at: int) -> int:
    return body.count("\n", 0, at) + 1


def _signature(body: str) -> Iterator[Flaw]:
    if not body.startswith(SIGNATURE):
        yield Flaw("no_signature", 1)
    for at in (m.start() for m in VARIABLE.finditer(body) if m[1] == "sign" and m.start() != 1):
        yield Flaw("signature_twice", _line(body, at))
    rest = body.removeprefix(SIGNATURE)
    for mark in re.finditer(f"[{re.escape(forbidden()[1])}]", rest):
        yield Flaw("mark", _line(rest, mark.start()), {"mark": mark[0]})


def _plain(body: str) -> Iterator[Flaw]:
    for at in re.finditer(r"[{}]", VARIABLE.sub(lambda m: " " * len(m[0]), body)):
        yield Flaw("not_plain", _line(body, at.start()))
        return
    if "\n" in body:
        yield Flaw("one_line", 2)


def _variables(body: str) -> Iterator[Flaw]:
    known, seen = vocabulary(), set()
    found = [m for m in VARIABLE.finditer(body) if m[1] not in known.short or not known.short[m[1]].fixed]
    for m in found:
        where, name = _line(body, m.start()), {"name": m[1]}
        if m[1] in known.personal:
            yield Flaw("personal", where, name)
        elif m[1] not in known.short:
            yield Flaw("unknown_name", where, name)
        if m[1] in seen:
            yield Flaw("repeated", where, name)
        seen.add(m[1])
    yield from _places(body, found)
    if len(found) > MOST_VARIABLES:
        yield Flaw("too_many_variables", 1, {"n": len(found), "most": MOST_VARIABLES})


def _places(body: str, found: Sequence[re.Match[str]]) -> Iterator[Flaw]:
    """Variables side by side, or with no fixed text before the first or after the last."""
    start = len(SIGNATURE) if body.startswith(SIGNATURE) else 0
    ends = [start, *(m.end() for m in found)]
    for before, m in zip(ends, found, strict=False):
        if not body[before : m.start()].strip():
            yield Flaw("leads" if before == start else "adjacent", _line(body, m.start()), {"name": m[1]})
    if found and not body[found[-1].end() :].strip():
        yield Flaw("trails", _line(body, found[-1].start()), {"name": found[-1][1]})


def _wording(body: str) -> Iterator[Flaw]:
    for word in forbidden()[0]:
        if word in body:
            yield Flaw("forbidden_word", _line(body, body.index(word)), {"word": word})
    for what, m in unsafe(body):
        yield Flaw(f"has_{what}", _line(m.string, m.start()), {"found": m[0]})


def _length(body: str, lang: str, fixed: Mapping[str, str]) -> Iterator[Flaw]:
    length, parts = longest(body, lang, fixed), worst_case(body, lang, fixed)
    if length > LONGEST:
        yield Flaw("too_long", 1, {"n": length, "most": LONGEST})
    elif parts > MOST_PARTS[lang]:
        yield Flaw("too_many_parts", 1, {"n": parts, "most": MOST_PARTS[lang], "units": length})
