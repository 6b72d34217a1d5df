"""Triage by words: which of the district's categories a resident's message speaks of, and whether it is an emergency.

Rules are data (seeds/triage.toml). A rule claims by its words; the longer and the more of them, the surer. What no rule claims
clearly is left to a person: a wrong unit costs a resident days, an unclaimed message minutes at the centre's desk.

Words of urgency may say more than one thing at once, because nobody reports a gas leak in the words of the manual:
`(煤气|瓦斯)*味` is any of the words in brackets, then, within a few characters of the same sentence, 味. Phrases that mean no
present danger (a past fire, a drill, a worry) are written alike and passed over first. An emergency is found by these words
alone, at submission.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

#: Urgency of phrases in which an alarming word means no present danger ("怕起火"); they are passed over.
HARMLESS: Final = "no"
#: A word in the subject counts this many times what it counts in the body.
SUBJECT_WEIGHT: Final = 3.5
#: Characters of the body that are read; beyond, residents tell the history of the matter rather than the matter.
READ: Final = 300
#: Characters that may stand where a word of urgency has a `*`; never the end of a sentence.
GAP: Final = 10
#: What the signs in a word of urgency stand for.
_SIGNS: Final = {"(": "(?:", ")": ")", "|": "|", "*": f"[^。!?;\n]{{0,{GAP}}}?"}
#: Without a subject the first characters of the body stand for it.
OPENING: Final = 40
#: Below this score a person decides. Enough are a two-character word in the subject, or words of seven characters in the body.
THRESHOLD: Final = 7.0


@dataclass(frozen=True, slots=True)
class Rule:
    """One way of speaking of a category.

    Attributes:
        category: Code of the category claimed.
        words: Any of them claims.
        needs: If given, one of these must be there too.
        unless: None of these may be there (`not` in the seed file).
    """

    category: str
    words: tuple[str, ...]
    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Urgent:
    """Words that make a message more urgent than its category.

    Attributes:
        urgency: `P0`, `P1`, or `HARMLESS`.
        words: Any of them raises the urgency; of `HARMLESS`, the phrases to pass over. `(a|b)` and `*` as in `spoken`.
    """

    urgency: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """What the rules make of a message, with the words that decided (shown to the person who checks).

    Attributes:
        category: Code of the category.
        urgency: A higher urgency found in the words; None means the category's own.
        words: Words of the message that spoke for the category or the urgency.
        score: How sure; comparable between messages.
        runner_up: The category that came second, if any scored at all.
    """

    category: str
    urgency: str | None
    words: tuple[str, ...]
    score: float
    runner_up: str | None


def tidy(text: str) -> str:
    """Bring a message into the form the words are written in: half-width, lower case, no blanks or invisible characters."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[\s\u200b-\u200f\u2060\ufeff]+", "", plain)


def claim(
    subject: str,
    body: str,
    rules: Sequence[Rule],
    urgent: Sequence[Urgent],
    threshold: float = THRESHOLD,
) -> Claim | None:
    """Say which category a message belongs to, or None when no rule is sure enough or two are equally sure."""
    head, text = tidy(subject), tidy(body)[:READ]
    head = head or text[:OPENING]
    whole = head + "\n" + text
    found = _found(whole, rules)
    ranked = sorted(((_score(words, head, text), code) for code, words in found.items()), reverse=True)
    if not ranked or ranked[0][0] < threshold:
        return None
    score, category = ranked[0]
    second, runner_up = ranked[1] if len(ranked) > 1 else (0.0, None)
    if second == score:
        return None
    urgency, alarms = urgency_of(whole, urgent)
    words = dict.fromkeys((*sorted(_longest(found[category]), key=lambda w: (-len(w), w)), *alarms))
    return Claim(category, urgency, tuple(words), score, runner_up)


def urgency_of(text: str, urgent: Sequence[Urgent]) -> tuple[str | None, tuple[str, ...]]:
    """Tell the highest urgency that the words of a text speak of, with what the text says there; (None, ()) if none do.

    The first line is taken for the subject, which is a sentence of its own; further lines may be broken anywhere.
    """
    plain = "\n".join(map(tidy, text.split("\n", 1)))
    levels = _levels(tuple(urgent))
    if HARMLESS in levels:
        plain = levels[HARMLESS].without(plain)
    for level in sorted(levels.keys() - {HARMLESS}):
        if alarms := levels[level].heard(plain):
            return level, alarms
    return None, ()


def spoken(word: str) -> re.Pattern[str]:
    """The pattern a word of urgency stands for: `(a|b)` is either, `*` up to `GAP` characters of one sentence, all else itself.

    Raises:
        ValueError: A bracket is not closed, or a `|` stands outside brackets; the message is the word.
    """
    outside = re.sub(r"\([^()]*\)", "", word)
    if not word or any(sign in outside for sign in "()|"):
        raise ValueError(word)
    return re.compile("".join(_SIGNS.get(sign, re.escape(sign)) for sign in word))


@dataclass(frozen=True, slots=True)
class _Ear:
    """The words of one urgency, made ready: those that are looked for as they stand, and all others as one pattern."""

    plain: tuple[str, ...]
    pattern: re.Pattern[str] | None

    def heard(self, text: str) -> tuple[str, ...]:
        """What of it stands in a tidy text, as the text says it."""
        found = list(filter(text.__contains__, self.plain))
        if self.pattern is not None:
            found += (match.group() for match in self.pattern.finditer(text))
        return tuple(dict.fromkeys(found))

    def without(self, text: str) -> str:
        """A tidy text with a break where any of it stood."""
        if self.pattern is not None:
            text = self.pattern.sub("\n", text)
        for word in self.plain:
            text = text.replace(word, "\n")
        return text


def _is_spoken(word: str) -> bool:
    """Whether a word has signs that can be read. One that cannot is looked for as it stands: one bad row must not deafen the rest."""
    try:
        return bool(set(word) & _SIGNS.keys()) and bool(spoken(word))
    except ValueError:
        return False


@lru_cache(maxsize=16)
def _levels(urgent: tuple[Urgent, ...]) -> dict[str, _Ear]:
    """The ears of a set of rules by urgency; made once for each set."""
    levels: dict[str, _Ear] = {}
    for level in {each.urgency for each in urgent}:
        words = tuple(dict.fromkeys(w for each in urgent if each.urgency == level for w in each.words))
        combined = [w for w in words if _is_spoken(w)]
        plain = tuple(w for w in words if w not in combined)
        levels[level] = _Ear(plain, _any_of(combined) if combined else None)
    return levels


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    """One pattern for all of these words; most places of a text are passed over, because none of them begins with what stands there."""
    pattern = "|".join(spoken(word).pattern for word in words)
    begin = [each[:1] for word in words for each in (word[1 : word.index(")")].split("|") if word.startswith("(") else (word,))]
    if any(first in ("", "*") for first in begin):
        return re.compile(pattern)
    return re.compile(f"(?=[{''.join(map(re.escape, sorted(set(begin))))}])(?:{pattern})")


def _found(text: str, rules: Sequence[Rule]) -> dict[str, set[str]]:
    """The words of each category that stand in the text, for the rules whose conditions hold."""
    found: dict[str, set[str]] = {}
    for rule in rules:
        words = set(filter(text.__contains__, rule.words))
        if words and (not rule.needs or any(w in text for w in rule.needs)) and not any(w in text for w in rule.unless):
            found.setdefault(rule.category, set()).update(words)
    return found


def _score(words: set[str], head: str, text: str) -> float:
    """Weigh the words found: characters in the subject and in the body; a word inside a longer one does not count again."""
    return SUBJECT_WEIGHT * _characters(words, head) + _characters(words, text)


def _characters(words: set[str], part: str) -> int:
    return sum(map(len, _longest({w for w in words if w in part})))


def _longest(words: set[str]) -> set[str]:
    """Those that stand in no longer one."""
    return {w for w in words if not any(w != longer and w in longer for longer in words)}
