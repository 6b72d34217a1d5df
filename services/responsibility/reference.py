"""Professional lines, the five offices, and under which names a matter may stand in the matrix: seeds/lines.toml, seeds/offices.toml."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from seeds import read
from services.catalogue import Catalogue, Named

ANY: Final = ""  #: a row that names no matter holds for whatever comes up
HEAD, WORKER_A, WORKER_B, MORE = "head", "a", "b", "more"
SLOTS: Final = (HEAD, WORKER_A, WORKER_B, MORE)  #: posts of a grid's staffing: 网格长, A 角, B 角, 其他网格员


@dataclass(frozen=True, slots=True)
class Line:
    """A professional line, and the kinds of unit whose ground it is."""

    code: str
    name: Named
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Office:
    """One of the five offices, and the kinds of task and notice that reach whoever holds it."""

    code: str
    name: Named
    hears: frozenset[str]


@cache
def lines() -> Mapping[str, Line]:
    """The professional lines by code."""
    return {row["code"]: Line(row["code"], Named(row["zh"], row["en"]), frozenset(row["kinds"])) for row in read("lines.toml")["line"]}


@cache
def offices() -> Mapping[str, Office]:
    """The five offices by code."""
    rows = read("offices.toml")["office"]
    return {row["code"]: Office(row["code"], Named(row["zh"], row["en"]), frozenset(row["hears"])) for row in rows}


def family_of(category: str) -> str:
    """The family of a category: the letter that its code begins with."""
    return category[:1]


def names_of(known: Catalogue, category: str | None) -> dict[str, int]:
    """Under which names a matter may stand in the matrix, the closest first: its category, its line, its family, any matter.

    Args:
        known: The reference data.
        category: Code of the category; None: it has none yet, and only rows for any matter hold.

    Returns:
        Name → how far it is from the matter itself: 0 the category, 1 the line, 2 the family, 3 any.
    """
    if category is None or category not in known.categories:
        return {ANY: 3}
    lead = known.categories[category].lead
    of_the_line = {line.code: 1 for line in lines().values() if lead in line.kinds}
    return {category: 0, **of_the_line, family_of(category): 2, ANY: 3}


def matters(known: Catalogue) -> frozenset[str]:
    """Everything that may stand as a matter in the matrix."""
    return frozenset({ANY, *known.categories, *lines(), *map(family_of, known.categories)})
