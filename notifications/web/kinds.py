"""Kinds of JSON gateways, read from gateways/*.toml: a new gateway is a new file there and no code."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from notifications.channels import errors
from notifications.channels.errors import Meaning

#: What an `[errors]` table may say of a code, and what it means.
MEANINGS: Final[Mapping[str, Meaning]] = {
    "later": errors.LATER,
    "never": errors.NEVER,
    "taken": errors.TAKEN,
    "number": errors.NUMBER,
    "words": errors.WORDS,
    "throttled": errors.THROTTLED,
    "credentials": errors.CREDENTIALS,
    "balance": errors.BALANCE,
    "down": errors.DOWN,
}
ENCODINGS: Final = ("json", "base64", "form")
METHODS: Final = ("hmac-sha256", "md5")
#: What a text in a table may name besides the options of its kind.
NAMES: Final = frozenset(("user", "secret", "to", "text", "reference", "stamp", "moment", "mac", "template", "values", "variables"))
NAMED: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Reading:
    """Where things stand in a receipt or a reply that a gateway pushes; paths are dotted (`data.id`), empty: it has none.

    Attributes:
        instead: Receipt: where the status stands when `status` is empty.
        delivered: Statuses that mean that it arrived.
        bad_number: Statuses that mean that there is no such number, besides those of the carriers (callbacks/carriers.py).
        at_format: A `strptime` form in Beijing time, or `unix` (seconds).
        answer: What the gateway wants to hear.
    """

    id: str = ""
    reference: str = ""
    phone: str = ""
    text: str = ""
    status: str = ""
    instead: str = ""
    delivered: frozenset[str] = frozenset()
    bad_number: frozenset[str] = frozenset()
    at: str = ""
    at_format: str = "unix"
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """How a gateway is asked about a message.

    Attributes:
        path: Added to the path of the address.
        fields: What it is told.
        sign: What is signed, by method.
        absent: Codes that mean that it has never seen the message.
        status: Where the status of a message stands.
    """

    path: str
    fields: Mapping[str, Any]
    sign: Mapping[str, str]
    absent: frozenset[str]
    status: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of gateway.

    Attributes:
        encoding: `json`, `base64` (of the JSON) or `form`.
        options: Options of the address; true: must be given.
        method: How it is signed unless the address says otherwise.
        sign: What is signed, by method.
        fields: What it is told.
        code: Path of its code in an answer.
        words: Path of its words in an answer.
        id: Path of what it calls the message.
        taken: Codes that mean that it took the message.
        fine: Codes which answer a submission to nobody when the account is right; empty: that must not be tried.
        errors: Its other codes.
        question: None: it cannot be asked.
        receipt: None: it pushes none.
        reply: None: it pushes none.
    """

    name: str
    encoding: str
    options: Mapping[str, bool]
    method: str
    sign: Mapping[str, str]
    fields: Mapping[str, Any]
    code: str
    words: str
    id: str
    taken: frozenset[str]
    fine: frozenset[str]
    errors: Mapping[str, Meaning]
    question: Question | None
    receipt: Reading | None
    reply: Reading | None


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, which is that of its file.

    Raises:
        ValueError: a file names what does not exist; a test sees to it that none does.
    """
    files = sorted(resources.files("notifications.web.gateways").iterdir(), key=lambda file: file.name)
    found = (file for file in files if file.name.endswith(".toml"))
    return {
        name: _kind(name, tomllib.loads(file.read_text(encoding="utf-8"))) for file in found if (name := file.name.removesuffix(".toml"))
    }


def _kind(name: str, table: Mapping[str, Any]) -> Kind:
    sign, answer, question = dict(table["sign"]), table["answer"], table.get("query")
    method = sign.pop("method")
    _insist(name, table["encoding"] in ENCODINGS and method in sign and set(sign) <= set(METHODS), "encoding or sign")
    used = {word for text in _texts([table["fields"], sign, question or {}]) for word in NAMED.findall(text)}
    _insist(name, used <= NAMES | set(table["options"]), "an unknown name in braces")
    _insist(name, set(table["errors"].values()) <= set(MEANINGS), "an unknown meaning")
    return Kind(
        name,
        table["encoding"],
        table["options"],
        method,
        sign,
        table["fields"],
        answer["code"],
        answer["words"],
        answer["id"],
        frozenset(answer["taken"]),
        frozenset(table.get("probe", {}).get("fine", ())),
        {code: MEANINGS[meaning] for code, meaning in table["errors"].items()},
        None if question is None else _question(question),
        _reading(table.get("receipt")),
        _reading(table.get("reply")),
    )


def _question(table: Mapping[str, Any]) -> Question:
    return Question(table["path"], table["fields"], table["sign"], frozenset(table["absent"]), table["status"])


def _reading(table: Mapping[str, Any] | None) -> Reading | None:
    if table is None:
        return None
    options: dict[str, Any] = {name: frozenset(value) if isinstance(value, list) else value for name, value in table.items()}
    return Reading(**options)


def _texts(value: Any) -> list[str]:  # noqa: ANN401 - a table of any depth
    """Every text in a table, however deep."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _texts(each)]


def _insist(name: str, right: bool, what: str) -> None:
    if not right:
        raise ValueError(f"gateways/{name}.toml: {what}")


def found(value: Any, path: str) -> str:  # noqa: ANN401 - what a gateway says
    """What stands at a dotted path in parsed JSON, as text; empty when nothing does."""
    for step in path.split(".") if path else ():
        value = value.get(step) if isinstance(value, Mapping) else None
    if value is None or not path or isinstance(value, Mapping | list):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
