"""What vendors say when they refuse, and what their receipts say, from codes.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Said:
    """A refusal in a vendor's words: the fault behind it, HTTP status where there is HTTP, the vendor's code and sentence."""

    kind: str
    code: str
    words: str
    status: int = 200


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("sim").joinpath("codes.toml").read_text(encoding="utf-8"))


def refusal(vendor: str, kind: str, code: str = "") -> Said:
    """What a vendor says in a fault, with another code where one is given."""
    usual = _table()[vendor][kind]
    return Said(kind, code or usual["code"], usual["words"], usual.get("status", 200))


def receipt(vendor: str, what: str) -> str | None:
    """What a vendor's receipt says (`delivered`, `failed`, `bad_number`); None: it gives no receipts."""
    found = _table()[vendor].get("receipt")
    return str(found[what]) if found else None


@cache
def meaning(vendor: str, status: str) -> str | None:
    """What a receipt's code stands for: `delivered`, `failed` or `bad_number`; None: none that this vendor usually gives."""
    usual = _table().get(vendor, {}).get("receipt", {})
    return next((what for what, code in usual.items() if code == status), None)
