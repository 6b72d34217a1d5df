"""Kinds of groups, as seeds/patrols.toml has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from rules.facts import Refused
from seeds import read
from services.catalogue import Named


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of group: where its reports come from, and whether minors may belong to it."""

    code: str
    name: Named
    source: str
    minors: bool


@cache
def kinds() -> Mapping[str, Kind]:
    """All kinds by code, in the order of the file."""
    rows = read("patrols.toml")["kind"]
    return {row["code"]: Kind(row["code"], Named(row["zh"], row["en"]), row["source"], row["minors"]) for row in rows}


def kind_of(code: str) -> Kind:
    """One kind.

    Raises:
        Refused: `unknown_patrol_kind`.
    """
    if code not in kinds():
        raise Refused("unknown_patrol_kind", given=code, known=", ".join(kinds()))
    return kinds()[code]
