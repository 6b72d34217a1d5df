"""What templates may name: how long it may be in a short message, what stands there when it is empty, and values that join others."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final
from urllib.parse import urlsplit

from wording import say

SMS: Final = "sms"
#: What gateways refuse wherever it stands, and line breaks: replaced in values before they go into a short message.
_MARKS: Final = str.maketrans({"【": "（", "】": "）", "「": "“", "」": "”", "『": "“", "』": "”", "\n": " ", "\r": " ", "\t": " "})


@dataclass(frozen=True, slots=True)
class Name:
    """One name that a short message may use.

    Attributes:
        longest: UTF-16 units, by language; of fixed text: what is assumed as long as nobody says what it is.
        empty: What stands there when nothing is known, by language.
        fixed: It is the same in every message of the installation: no variable of a gateway.
        least: To so many units it is cut for a gateway that takes less than `longest`; None: it is not, such a gateway cannot have it.
    """

    longest: Mapping[str, int]
    empty: Mapping[str, str]
    fixed: bool
    least: int | None = None

    def fits(self, lang: str, most: int | None) -> bool:
        """Whether a gateway that takes at most so many units in a variable can have it; None: any number."""
        return most is None or self.fixed or (self.least or self.longest[lang]) <= most


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every name that a template may use.

    Attributes:
        short: In every medium, short messages too.
        long: In e-mail, IM and voice only.
        personal: Never in a short message.
    """

    short: Mapping[str, Name]
    long: frozenset[str]
    personal: frozenset[str]

    def of(self, medium: str) -> frozenset[str]:
        """What may be named in one medium."""
        return frozenset(self.short) if medium == SMS else frozenset(self.short) | self.long


@cache
def vocabulary() -> Vocabulary:
    """What notifications/variables.toml lists."""
    read = tomllib.loads(resources.files("notifications").joinpath("variables.toml").read_text(encoding="utf-8"))
    nothing = {"zh": "—", "en": "-"}
    short = {
        name: Name(entry["longest"], entry.get("empty", nothing), fixed, entry.get("least"))
        for section, fixed in (("fixed", True), ("short", False))
        for name, entry in read[section].items()
    }
    return Vocabulary(short, frozenset(name for names in read["long"].values() for name in names), frozenset(read["personal"]["names"]))


def everything(values: Mapping[str, Any], lang: str, most: int | None = None) -> dict[str, Any]:
    """All that a template may name: what is given, what joins it, and nothing for a known name that nobody gave.

    Each value is one line, so that what somebody wrote cannot pass for a line of ours. `most`: UTF-16 units that the gateway takes in a
    variable; None: any number.
    """
    known = vocabulary()
    given = {name: " ".join(value.split()) if isinstance(value, str) else value for name, value in values.items()}
    return dict.fromkeys((*known.short, *known.long), "") | given | sms_values(given, lang, most)


def units(text: str) -> int:
    """How long a text is as gateways count it: in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def fitted(name: str, value: object, lang: str) -> str:
    """A value as a short message may carry it: never empty, no longer than its name allows, without marks that gateways refuse.

    Fixed text is the installation's own and stays as it is.
    """
    known = vocabulary().short[name]
    text = " ".join(str("" if value is None else value).translate(_MARKS).split())
    return (text if known.fixed else shortened(text, known.longest[lang], lang)) or known.empty[lang]


def shortened(text: str, longest: int, lang: str) -> str:
    """The beginning of a text, marked where the rest is left out; an English word is left out whole."""
    if units(text) <= longest:
        return text
    mark, whole = say("short.more", lang), text
    while text and units(text) + len(mark) > longest:
        text = text[:-1]
    if lang == "en" and whole[len(text)] != " ":
        text = text.rpartition(" ")[0] or text
    return text.rstrip(" ，、,;") + mark


def sms_values(values: Mapping[str, Any], lang: str, most: int | None = None) -> dict[str, str]:
    """What joins other values, so that a template with variables only needs no condition.

    `what` is category and area (a name of ours: nobody typed it), `matter` the supervision order or else the category, `until` the end
    before which something is to be done, `ends` the same as a statement; both mark an end that is provisional. `advice` to a resident and
    `act` to staff are firm in an emergency. `site` is the name of the site unless it is given.

    Args:
        values: What the template is given.
        lang: Language of the words.
        most: UTF-16 units that the gateway takes in a variable; None: any number.
    """
    due = values.get("due") or ""
    marked = say("short.provisional", lang, due=due) if due and values.get("provisional") else due
    number, promise = values.get("number") or "", values.get("promise") or ""
    category = str(values.get("category") or vocabulary().short["category"].empty[lang])
    pressed = "_now" if values.get("urgency") == say("urgency.P0", lang) else ""
    return {
        "what": _with_place(category, str(values.get("area") or ""), lang),
        "matter": say("short.order", lang, number=number) if number else category,
        "until": say("short.before", lang, due=marked) if due else say("short.soon", lang),
        "ends": say("short.ends", lang, due=marked) if due else say("short.ends_open", lang),
        "window": str(values.get("limit") or say("short.window", lang)),
        "done": say("short.done_when", lang, promise=promise) if promise else say("short.done", lang),
        "duty": say("short.report" if values.get("reason") else "short.secret", lang),
        "advice": say(f"short.advice{pressed}", lang),
        "act": say("short.act_sign" if pressed and values.get("clock") == say("clock.acknowledge", lang) else f"short.act{pressed}", lang),
        "merged": str(number or say("short.other", lang)),
        "nos": _numbers(values.get("nos"), lang, most),
        "again": str(values.get("again") or values.get("until") or vocabulary().short["again"].empty[lang]),
        "site": str(values.get("site") or site_of("", lang)),
    }


def _with_place(category: str, area: str, lang: str) -> str:
    """Category and place; where there is no room for both, the category is shortened, because the place is what people go by."""
    comma, longest = say("short.comma", lang), vocabulary().short["what"].longest[lang]
    if not area:
        return category
    return shortened(category, max(longest - units(comma + area), longest // 3), lang) + comma + area


def site_of(address: str, lang: str) -> str:
    """How short messages name the site on which codes are typed in: its host, or in plain words where no address is known.

    Args:
        address: As `https://host`; may be empty.
        lang: Language of the words.
    """
    return urlsplit(address).netloc or say("short.site", lang)


def _numbers(given: object, lang: str, most: int | None) -> str:
    """Case numbers in a row: only whole ones, as many as there is room for."""
    numbers = [str(n) for n in given] if isinstance(given, list | tuple) else re.findall(r"[^\s,，、]+", str(given or ""))
    comma, longest = say("short.list_comma", lang), vocabulary().short["nos"].longest[lang]
    longest = longest if most is None else min(longest, most)
    while len(numbers) > 1 and units(comma.join(numbers)) > longest:
        numbers.pop()
    return comma.join(numbers)
