"""The routing catalogue as TOML: read with the line of whatever is wrong, and written back (docs/routing.md)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, Final

from rules.remits import RouteRow
from rules.sla_checks import Problem
from services.policy_files.toml import Lines, as_toml, entries_of, line_at, lines_in, pairs, parsed, text_in
from services.policy_files.values import PolicyRefused, Spot
from services.routing.values import DutyList, LevelLine, RoutingFile, RoutingRefused

_TOP: Final = ("note", "route", "duties", "level")
_ROUTE: Final = ("category", "area", "owner", "lead", "co", "basis")
_LEVEL: Final = ("level", "category", "may")


def read_routing_file(path: Path) -> RoutingFile:
    """Read a catalogue from a file.

    Only its form has been looked at then: what its codes mean is what `RoutingFile.problems` looks at.

    Raises:
        RoutingRefused: it has not the form of a catalogue; names each place.
        OSError: it cannot be opened.
    """
    return read_routing(path.read_bytes(), path.name)


def read_routing(data: bytes, file: str) -> RoutingFile:
    """Read a catalogue written as TOML.

    Args:
        data: Content of the file, in UTF-8 or GB18030.
        file: What to call it in a refusal.

    Raises:
        RoutingRefused: it is not TOML, or has keys and values of another kind, each with its line.
    """
    text = text_in(data)
    try:
        document = parsed(text, file)
    except PolicyRefused as problem:
        raise RoutingRefused(file, problem.problems) from None
    lines, found = lines_in(text), list[Problem]()
    spot = Spot(found)
    for key in document:
        if key not in _TOP:
            spot.at(line_at(lines, key)).refuse(key, "unknown_key", key)
    routes, levels = entries_of(document, "route", spot), entries_of(document, "level", spot)
    routing = RoutingFile(
        tuple(row for i, raw in enumerate(routes) for row in _routes(raw, spot.at(line_at(lines, "route", i)))),
        tuple(_duties(document.get("duties", {}), lines, spot)),
        tuple(each for i, raw in enumerate(levels) for each in _levels(raw, spot.at(_level_line(lines, text, i)))),
        spot.at(line_at(lines, "note")).text("note", document.get("note", "")),
    )
    if not found and not (routing.routes or routing.duties or routing.levels):
        spot.refuse("route", "no_routes")
    if found:
        raise RoutingRefused(file, found)
    return routing


def _level_line(lines: Lines, text: str, number: int) -> int:
    """Line of the so-manyth `[[level]]`; the key `level` inside it has the same name and is passed over."""
    written = text.split("\n")
    headings = [line for line in lines.get("level", []) if written[line - 1].lstrip().startswith("[")]
    return headings[number] if number < len(headings) else line_at(lines, "level")


def _routes(raw: object, spot: Spot) -> Iterator[RouteRow]:
    """The rows that one entry means: one for each combination of the categories and areas that it lists."""
    entry = spot.table("route", raw, _ROUTE)
    categories: list[str] = _codes("category", entry.get("category"), spot)
    areas: list[str] | list[None] = _codes("area", entry["area"], spot) if "area" in entry else [None]
    owner, lead = (spot.text(key, entry.get(key)) for key in ("owner", "lead"))
    co = tuple(_codes("co", entry["co"], spot, least=0)) if "co" in entry else ()
    basis = spot.text("basis", entry.get("basis", ""))
    for category, area in product(categories, areas):
        yield RouteRow(spot.line, category, area, owner, lead, co, basis)


def _codes(key: str, value: object, spot: Spot, least: int = 1) -> list[str]:
    codes = [value] if isinstance(value, str) else value
    if not isinstance(codes, list) or len(codes) < least or not all(isinstance(code, str) and code for code in codes):
        spot.refuse(key, "not_codes", "" if value is None else value)
        return []
    return codes


def _duties(raw: object, lines: Lines, spot: Spot) -> Iterator[DutyList]:
    for unit, value in spot.at(line_at(lines, "duties")).table("duties", raw).items():
        here = spot.at(line_at(lines, unit))
        yield DutyList(here.line, unit, tuple(_codes(unit, value, here)))


def _levels(raw: object, spot: Spot) -> Iterator[LevelLine]:
    entry = spot.table("level", raw, _LEVEL)
    level = spot.text("level", entry.get("level"))
    may = tuple(_codes("may", entry.get("may"), spot, least=0))
    categories: list[str] | list[None] = _codes("category", entry["category"], spot) if "category" in entry else [None]
    for category in categories:
        yield LevelLine(spot.line, level, category, may)


# writing --------------------------------------------------------------------------------------------------------------


def write_routing(routing: RoutingFile) -> str:
    """Write a catalogue in the form that is read back as the same; lines apart."""
    parts = [pairs({"note": routing.note or None}, "\n")] if routing.note else []
    parts += [f"[[route]]\n{_table(_route(row))}" for row in routing.routes]
    if routing.duties:
        parts.append("[duties]\n" + "\n".join(f"{duty.unit} = {as_toml(list(duty.categories))}" for duty in routing.duties))
    parts += [f"[[level]]\n{_table(entry)}" for entry in _by_right(routing.levels)]
    return "\n\n".join(parts) + "\n"


def _table(values: Mapping[str, Any]) -> str:
    return pairs({key: value for key, value in values.items() if value not in (None, "", ())}, "\n")


def _route(row: RouteRow) -> dict[str, Any]:
    said = {"category": row.category, "area": row.area, "owner": row.owner, "lead": row.lead, "co": list(row.co) or None}
    return {**said, "basis": row.basis}


def _by_right(levels: Iterable[LevelLine]) -> Iterator[dict[str, Any]]:
    """Lines of one level with the same rights stand together."""
    together: dict[tuple[str, bool, tuple[str, ...]], list[str]] = defaultdict(list)
    for each in levels:
        together[each.level, each.category is None, each.may] += [each.category] if each.category is not None else []
    for (level, every, may), categories in together.items():
        yield {"level": level, "category": None if every else categories, "may": list(may)}
