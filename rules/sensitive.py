"""Which kind of sensitive case (敏感件) a report speaks of, by its words; data in seeds/sensitive.toml."""

from collections.abc import Iterable
from dataclasses import dataclass

from rules.triage import tidy


@dataclass(frozen=True, slots=True)
class Words:
    """Words that give a kind of sensitive case away.

    Attributes:
        kind: Code of the kind.
        words: Any of them; `needs`: one of these must be there too, where given; `excludes`: none of these may be there.
    """

    kind: str
    words: tuple[str, ...]
    needs: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


def sensitive_kind(text: str, rules: Iterable[Words]) -> tuple[str, str] | None:
    """The first kind whose words stand in the text, with the word; None: nothing sensitive in it."""
    plain = tidy(text)
    for rule in rules:
        word = next((w for w in rule.words if w in plain), None)
        if word and (not rule.needs or any(w in plain for w in rule.needs)) and not any(w in plain for w in rule.excludes):
            return rule.kind, word
    return None
