"""Looking at words before they are proposed: what gateways refuse, names that nobody knows, and whether they can be said of a real case."""

from collections.abc import Mapping
from typing import Any, Final

from jinja2 import TemplateError

from notifications import rich_text, sms_text
from notifications.rendering import EMAIL, VOICE, TemplateText, render
from notifications.sms_text import SIGNATURE, Flaw
from notifications.variables import SMS
from rules.facts import Refused
from services.templates.stored import Which
from wording import say

SAID: Final = 8  #: that many flaws are said; the others are counted
_BODY_FROM: Final = 3  #: line of the file in which the body of an e-mail begins


class TemplateRefused(Refused):
    """Words that cannot be used.

    Attributes:
        flaws: All that is wrong, each with its line.
    """

    def __init__(self, which: Which, found: list[Flaw]) -> None:
        """Take what the words are for and what is wrong with them, at least one flaw."""
        said = [worded(flaw) for flaw in found[:SAID]]
        more = [say("flaw.more", n=len(found) - SAID)] if len(found) > SAID else []
        super().__init__("bad_template", notice=which.notice, medium=which.medium, in_lang=which.lang, reason=" ".join(said + more))
        self.flaws = found


def worded(flaw: Flaw, lang: str | None = None) -> str:
    """Say in words what is wrong and in which line."""
    return say("flaw.line", lang, line=flaw.line) + say(f"flaw.{flaw.code}", lang, **flaw.values)


def flaws(which: Which, words: TemplateText, fixed: Mapping[str, str]) -> list[Flaw]:
    """What is wrong with words, without a case; lines are those of the file they were written in.

    Args:
        which: What they are for.
        words: The words.
        fixed: Signature and name of the site as they are.
    """
    if which.medium == SMS:
        return sms_text.lint(words.body, which.lang, fixed)
    if which.medium == VOICE:
        return [f for f in sms_text.lint(SIGNATURE + words.body, which.lang, fixed) if f.code in _SPOKEN]
    if which.medium != EMAIL:
        return rich_text.lint(words.body, which.medium)
    body = [Flaw(f.code, f.line + _BODY_FROM - 1, f.values) for f in rich_text.lint(words.body, EMAIL)]
    return [*rich_text.lint(words.subject, EMAIL), *body]


#: Of what gateways refuse in a short message, what matters to a voice.
_SPOKEN: Final = frozenset({"not_plain", "personal", "unknown_name", "mark", "has_link", "too_long"})


def check(which: Which, words: TemplateText, values: Mapping[str, Any]) -> None:
    """Refuse words that cannot be used.

    Args:
        which: What they are for.
        words: The words.
        values: Those of a real case, signature and site among them.

    Raises:
        TemplateRefused: with every flaw and its line.
    """
    fixed = {name: str(values[name]) for name in ("sign", "site") if values.get(name)}
    if found := flaws(which, words, fixed):
        raise TemplateRefused(which, found)
    try:
        said = render(which.notice, which.medium, which.lang, values, words=words)
    except (TemplateError, TypeError) as problem:  # a TypeError: what cannot be compared
        raise TemplateRefused(which, [Flaw("fails", getattr(problem, "lineno", None) or 1, {"reason": str(problem)})]) from None
    if not said.text or (which.medium == EMAIL and not said.subject):
        raise TemplateRefused(which, [Flaw("says_nothing", 1)])
