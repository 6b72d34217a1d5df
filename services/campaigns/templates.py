"""Work-plan templates: several actions that belong together, some of them two sides of one thing (seeds/campaigns.toml)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from seeds import read
from services.catalogue import Named


@dataclass(frozen=True, slots=True)
class Template:
    """A template: its actions in order, each with `code`, `zh`, `en`, and where it is a side of a pair `pair` and `side`."""

    code: str
    zh: str
    en: str
    action: tuple[Mapping[str, Any], ...]


@cache
def templates() -> Mapping[str, Template]:
    """The templates that there are, by code."""
    found = read("campaigns.toml")["template"]
    return {each["code"]: Template(each["code"], each["zh"], each["en"], tuple(each["action"])) for each in found}


@cache
def pairs() -> Mapping[str, Named]:
    """What the pairs of the templates are called, by code; a plan may have pairs of its own, which have no other name."""
    return {each["code"]: Named(each["zh"], each["en"]) for each in read("campaigns.toml")["pair"]}
