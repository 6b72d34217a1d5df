"""Turning a notice into words: Jinja2, sandboxed, strict about what a template may name."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import PackageLoader, StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment

from notifications.notices import NOTICES, SMS


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in words: an SMS has no subject."""

    subject: str
    text: str


@cache
def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(
        loader=PackageLoader("notifications", "templates"),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _template(code: str, lang: str) -> Template:
    return _environment().get_template(f"{lang}/{NOTICES[code].template}.j2")


def _block(template: Template, name: str, values: dict[str, Any]) -> str:
    return "".join(template.blocks[name](template.new_context(values))).strip()


def render(code: str, channel: str, lang: str, values: dict[str, Any]) -> Rendered:
    """Say a notice in one language for one channel.

    Raises:
        jinja2.UndefinedError: the template names something that is not given.
        KeyError: there is no such notice.
    """
    template = _template(code, lang)
    if channel == SMS:
        return Rendered("", _block(template, "sms", values))
    return Rendered(_block(template, "subject", values), _block(template, "body", values))
