"""Triage by words: which of the district's categories a resident's message speaks of, and whether it is an emergency.

Rules are data (seeds/triage.toml). A rule claims by its words; the longer and the more of them, the surer. What no rule claims
clearly is left to a person: a wrong unit costs a resident days, an unclaimed message minutes at the centre's desk.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: Urgency of phrases in which an alarming word means no present danger ("怕起火"); they are passed over.
HARMLESS: Final = "no"
#: A word in the subject counts this many times what it counts in the body.
SUBJECT_WEIGHT: Final = 3.5
#: Characters of the body that are read; beyond, residents tell the history of the matter rather than the matter.
READ: Final = 300
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
        words: Any of them raises the urgency; of `HARMLESS`, the phrases to pass over.
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
    words = dict.fromkeys((*sorted(found[category], key=lambda w: (-len(w), w)), *alarms))
    return Claim(category, urgency, tuple(words), score, runner_up)


def urgency_of(text: str, urgent: Sequence[Urgent]) -> tuple[str | None, tuple[str, ...]]:
    """Tell the highest urgency that the words of a text speak of, with those words; (None, ()) if none do."""
    plain = tidy(text)
    for phrase in (w for each in urgent if each.urgency == HARMLESS for w in each.words):
        plain = plain.replace(phrase, "\n")
    alarms: dict[str, list[str]] = {}
    for each in urgent:
        if each.urgency != HARMLESS:
            alarms.setdefault(each.urgency, []).extend(w for w in each.words if w in plain)
    raised = min((level for level, words in alarms.items() if words), default=None)
    return (raised, tuple(alarms[raised])) if raised else (None, ())


def _found(text: str, rules: Sequence[Rule]) -> dict[str, set[str]]:
    """The words of each category that stand in the text, for the rules whose conditions hold."""
    found: dict[str, set[str]] = {}
    for rule in rules:
        words = {w for w in rule.words if w in text}
        if words and (not rule.needs or any(w in text for w in rule.needs)) and not any(w in text for w in rule.unless):
            found.setdefault(rule.category, set()).update(words)
    return found


def _score(words: set[str], head: str, text: str) -> float:
    """Weigh the words found: characters in the subject and in the body; a word inside a longer one does not count again."""
    return SUBJECT_WEIGHT * _characters(words, head) + _characters(words, text)


def _characters(words: set[str], part: str) -> int:
    here = [w for w in words if w in part]
    return sum(len(w) for w in here if not any(w != longer and w in longer for longer in here))
