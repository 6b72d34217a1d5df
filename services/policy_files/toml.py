"""A policy as TOML: the form that docs/policy.md describes, and the first one, of urgency tables and categories, which is still read."""

import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Any, Final

from rules.ladder_checks import Place
from rules.sla import KINDS, MANDATORY, NONE, Row
from rules.sla_checks import Problem
from seeds import read
from services.policy_files.values import PolicyFile, PolicyRefused, Spot, day_of, ladder_of, rows_of
from services.tables import encoding_of

_TOP: Final = ("version", "note", "effective_from", "row", "ladder", "clocks", "urgency")
#: Texts and remarks, which are passed over, and the headings of tables.
_TOKEN: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*'
    r"|^[ \t]*\[\[?[ \t]*(?P<name>[\w.-]+)[ \t]*\]\]?|^[ \t]*(?P<key>[\w-]+)[ \t]*=",
    re.DOTALL | re.MULTILINE,
)
#: The kinds of limit that the first form knew; others that a file in it leaves out are as in the seeds.
_FIRST: Final = frozenset({*MANDATORY, "contact", "control"}) - {"overall", "sign", "rectify", "review"}
Lines = Mapping[str, list[int]]  #: name of a heading or key → the lines where it stands


def read_toml(data: bytes, file: str) -> PolicyFile:
    """Read a policy written as TOML, in either form.

    Args:
        data: Content of the file, in UTF-8 or GB18030.
        file: What to call it in a refusal.

    Raises:
        PolicyRefused: it is not TOML, or has keys and values of another kind, each with its line.
    """
    text = text_in(data)
    document, lines, found = parsed(text, file), lines_in(text), list[Problem]()
    spot = Spot(found)
    for key in document:
        if key not in _TOP:
            spot.at(line_at(lines, key)).refuse(key, "unknown_key", key)
    rows = list(_rows(document, lines, spot))
    if "urgency" in document:
        rows = _first_form(document, rows, lines, spot)
    ladders = entries_of(document, "ladder", spot)
    clocks = spot.at(line_at(lines, "clocks")).table("clocks", document.get("clocks", {}))
    policy = PolicyFile(
        tuple(rows),
        tuple(ladder_of(raw, spot.at(line_at(lines, "ladder", i))) for i, raw in enumerate(ladders)),
        {clock: spot.at(line_at(lines, "clocks")).text(f"clocks.{clock}", ladder) for clock, ladder in clocks.items()},
        spot.at(line_at(lines, "note")).text("note", document.get("note", "")),
        day_of(document.get("effective_from"), spot.at(line_at(lines, "effective_from"))),
        {clock: Place(line_at(lines, "clocks")) for clock in clocks},
    )
    if not found and not rows:
        spot.refuse("row", "no_rows")
    if found:
        raise PolicyRefused(file, found)
    return policy


def text_in(data: bytes) -> str:
    """The text of a file in UTF-8 or GB18030, lines ending as they do here."""
    return data.decode(encoding_of(data), errors="replace").removeprefix("\ufeff").replace("\r\n", "\n")


def parsed(text: str, file: str) -> dict[str, Any]:
    """The document that a TOML text means.

    Raises:
        PolicyRefused: it is not TOML; names the line.
    """
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        at = re.search(r"at line (\d+)", str(problem))
        line = int(at[1]) if at else text.count("\n") + 1
        raise PolicyRefused(file, [Problem(line, "", "not_toml", str(problem))]) from None


def lines_in(text: str) -> Lines:
    """Lines of the headings of tables and of keys, by name, in order."""
    lines = defaultdict(list)
    for token in _TOKEN.finditer(text):
        if name := token["name"] or token["key"]:
            lines[name].append(text.count("\n", 0, token.end()) + 1)
    return lines


def line_at(lines: Lines, name: str, number: int = 0) -> int:
    """Line of the so-manyth table or key of this name; where several stand in one list, the line of the list; else 1."""
    found = lines.get(name) or [1]
    return found[min(number, len(found) - 1)]


def entries_of(document: Mapping[str, Any], key: str, spot: Spot) -> list[Any]:
    """The tables of a list of tables; none, and a problem, where it is no list."""
    value = document.get(key, [])
    if isinstance(value, list):
        return value
    spot.refuse(key, "not_a_list")
    return []


def _rows(document: Mapping[str, Any], lines: Lines, spot: Spot) -> Iterator[Row]:
    for i, raw in enumerate(entries_of(document, "row", spot)):
        yield from rows_of(raw, spot.at(line_at(lines, "row", i)))


# the first form -------------------------------------------------------------------------------------------------------


def _first_form(document: Mapping[str, Any], rows: list[Row], lines: Lines, spot: Spot) -> list[Row]:
    """All rows that a file of the first form means: its urgencies, the categories of the seeds, and its own rows.

    A category's own row at its urgency gives way to a row of the file that names the same. A row that names just category and
    urgency and no control milestone takes the urgency's away, as it always did.
    """
    own = [_without_control(row) for row in rows]
    keys = {row.key for row in own}
    categories = [_without_control(row) for row in _categories() if row.key not in keys]
    return [*_urgencies(document, lines, spot), *categories, *own]


def _urgencies(document: Mapping[str, Any], lines: Lines, spot: Spot) -> Iterator[Row]:
    seeded = read("policy.toml")["urgency"]
    for code, raw in spot.table("urgency", document["urgency"]).items():
        here = spot.at(max(line_at(lines, f"urgency.{code}.limits"), line_at(lines, f"urgency.{code}")))
        entry = here.table(f"urgency.{code}", raw, ("zh", "en", "limits"))
        limits = here.table("limits", entry.get("limits"))
        added = {kind: text for kind, text in seeded.get(code, {}).get("limits", {}).items() if kind not in _FIRST}
        yield from rows_of({"urgency": code, "limits": {**added, **limits}}, here)


def _categories() -> list[Row]:
    """The rows of the seeded categories, each with its line there."""
    name = "categories.toml"
    text, spot = files("seeds").joinpath(name).read_text(encoding="utf-8"), Spot([], sheet=name)
    rows: list[Row] = []
    for category, line in zip(tomllib.loads(text)["category"], lines_in(text)["category"], strict=True):
        said = {key: category[key] for key in ("urgency", "limits", "stages", "basis") if key in category}
        rows += rows_of({"category": category["code"], **said}, spot.at(line))
    return rows


def _without_control(row: Row) -> Row:
    if row.names.keys() == {"category", "urgency"} and "control" not in row.limits:
        return replace(row, limits={**row.limits, "control": NONE})
    return row


# writing --------------------------------------------------------------------------------------------------------------


def write_toml(policy: PolicyFile) -> str:
    """Write a policy in the form that is read back as the same; lines apart."""
    parts = [pairs({"note": policy.note, "effective_from": policy.effective_from}, "\n")]
    parts += [_row(row) for row in policy.rows]
    for ladder in policy.ladders:
        head = pairs({"code": ladder.code, "zh": ladder.zh, "en": ladder.en}, "\n")
        parts.append(f"[[ladder]]\n{head}\nrungs = {_many(ladder.rungs)}")
    if policy.clocks:
        parts.append("[clocks]\n" + pairs(policy.clocks, "\n"))
    return "\n\n".join(parts) + "\n"


def _row(row: Row) -> str:
    limits = {kind: row.limits[kind] for kind in [*(k for k in KINDS if k in row.limits), *(k for k in row.limits if k not in KINDS)]}
    lines = [pairs(dict(reversed(row.names.items())), "\n"), f"limits = {as_toml(limits)}"]
    if row.stages:
        lines.append("stages = " + _many([{"code": s.code, "zh": s.zh, "en": s.en, "limit": str(s.limit)} for s in row.stages]))
    if row.basis:
        lines.append(f"basis = {as_toml(row.basis)}")
    return "\n".join(["[[row]]", *filter(None, lines)])


def _many(tables: "list[Any] | tuple[Any, ...]") -> str:
    return "[\n" + "".join(f"  {as_toml(table)},\n" for table in tables) + "]"


def pairs(values: Mapping[str, Any], between: str) -> str:
    """Keys with their values as TOML; empty values are left out."""
    return between.join(f"{_key(key)} = {as_toml(value)}" for key, value in values.items() if value is not None)


def _key(key: str) -> str:
    return key if re.fullmatch("[A-Za-z0-9_-]+", key) else as_toml(key)


def as_toml(value: Any) -> str:  # noqa: ANN401 - whatever a file may say
    """A value as TOML writes it."""
    if isinstance(value, Mapping):
        return "{ " + pairs(value, ", ") + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, str | bool | int | float):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
