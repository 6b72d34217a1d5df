"""Turning a notice into words: Jinja2, sandboxed, strict about what a template may name; short messages from plain text with variables."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment

from notifications.notices import NOTICES
from notifications.sms_text import SIGNATURE, VARIABLE
from notifications.variables import SMS, everything, fitted, vocabulary

EMAIL: Final = "email"
IM: Final = "im"
VOICE: Final = "voice"
MEDIA: Final = (SMS, EMAIL, IM, VOICE)
#: Media whose words are plain text with variables: gateways know no more.
PLAIN: Final = frozenset({SMS, VOICE})
_BLOCK: Final = re.compile(r"{% block (\w+) %}(.*?){% endblock %}", re.DOTALL)
#: How a voice says who calls, in place of the signature.
_SPOKEN: Final = {"zh": "{{ sign }}来电：", "en": "{{ sign }} calling: "}


@dataclass(frozen=True, slots=True)
class TemplateText:
    """The words of a notice before they are filled in; only e-mail has a subject."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in words.

    Attributes:
        subject: Empty but for e-mail.
        text: The whole words; of a short message with the signature.
        variables: Of plain text (SMS, voice): what a public gateway is given, in the order in which the template names them.
    """

    subject: str
    text: str
    variables: Mapping[str, str] = field(default_factory=dict)


@cache
def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)


@lru_cache(maxsize=4096)
def compiled(source: str) -> Template:
    """A text as a template; the same text is read once.

    Raises:
        jinja2.TemplateSyntaxError: it is none.
    """
    return _environment().from_string(source)


@cache
def _blocks(template: str, lang: str) -> Mapping[str, str]:
    """What stands between `{% block x %}` and `{% endblock %}`, by x."""
    source = resources.files("notifications").joinpath("templates", lang, f"{template}.j2").read_text(encoding="utf-8")
    return {name: words.strip() for name, words in _BLOCK.findall(source)}


def own_words(template: str, medium: str, lang: str) -> TemplateText | None:
    """What came with the program for just this medium; None: the medium says it with the words of another.

    Raises:
        FileNotFoundError: there is no such template.
    """
    blocks = _blocks(template, lang)
    if medium == EMAIL:
        return TemplateText(blocks["subject"], blocks["body"])
    return TemplateText("", blocks[medium]) if medium in blocks else None


def instead(medium: str) -> str:
    """The medium whose words another one borrows when it has none: IM those of the e-mail, voice those of the short message."""
    return EMAIL if medium == IM else SMS


def borrowed(medium: str, words: TemplateText, lang: str) -> TemplateText:
    """The words of `instead(medium)` as that medium says them: IM in one piece, voice without the signature's brackets."""
    if medium == IM:
        return TemplateText("", f"{words.subject}\n{words.body}")
    return TemplateText("", words.body.replace(SIGNATURE, _SPOKEN[lang], 1))


@cache
def built_in(template: str, medium: str, lang: str) -> TemplateText:
    """The words that came with the program.

    Raises:
        FileNotFoundError: there is no such template.
        KeyError: there is no such medium.
    """
    found = own_words(template, medium, lang)
    if found is not None:
        return found
    other = own_words(template, instead(medium), lang) if medium in MEDIA else None
    if other is None:
        raise KeyError(medium)
    return borrowed(medium, other, lang)


def render(
    notice: str, medium: str, lang: str, values: Mapping[str, Any], *, words: TemplateText | None = None, most: int | None = None
) -> Rendered:
    """Say a notice in one language for one medium.

    Args:
        notice: Its code.
        medium: `sms`, `email`, `im` or `voice`.
        lang: `zh` or `en`.
        values: What the template may name; what joins them (notifications/variables.py) is worked out here.
        words: A published version of the words; None: those that came with the program.
        most: UTF-16 units that the channel takes in a variable; None: any number.

    Raises:
        jinja2.UndefinedError: the template names something that nobody knows.
        KeyError: there is no such notice or medium, or a short message names what it may not carry.
    """
    said = words or built_in(NOTICES[notice].template, medium, lang)
    told = everything(values, lang, most)
    if medium in PLAIN:
        return short(said.body, told, lang)
    return Rendered(" ".join(compiled(said.subject).render(told).split()), compiled(said.body).render(told).strip())


def short(body: str, told: Mapping[str, Any], lang: str) -> Rendered:
    """Fill in plain text with variables.

    Raises:
        KeyError: it names what no short message may carry.
    """
    known = vocabulary().short
    filled = {name: fitted(name, told[name], lang) for name in dict.fromkeys(VARIABLE.findall(body))}
    text = VARIABLE.sub(lambda found: filled[found[1]], body)
    return Rendered("", text, {name: value for name, value in filled.items() if not known[name].fixed})


def named(words: TemplateText) -> frozenset[str]:
    """What a text names, e.g. whether it wants a `code` or a `link`."""
    return _named(words.subject) | _named(words.body)


@lru_cache(maxsize=4096)
def _named(source: str) -> frozenset[str]:
    return frozenset(re.findall(r"\b[a-z_]+\b", " ".join(re.findall(r"{[{%](.*?)[%}]}", source, re.DOTALL)))) & (
        frozenset(vocabulary().short) | vocabulary().long
    )
