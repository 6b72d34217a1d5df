"""A policy as a workbook: sheets `limits`, `stages`, `ladders`, `clocks`, `policy` (docs/policy.md); the names may be Chinese as well."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby
from typing import Any, Final

from rules.ladder_checks import Place
from rules.sla import DIMENSIONS, KINDS, Row
from rules.sla_checks import Problem
from services.policy_files.values import PolicyFile, PolicyRefused, Spot, day_of, ladder_of, rows_of
from services.sheets import read_workbook, workbook
from wording import LANGUAGES, say, sentences

_NAMED: Final = tuple(reversed(DIMENSIONS))
_STAGE: Final = ("code", "zh", "en", "limit")
_RUNG: Final = ("code", "at", "act", "notice", "to", "only", "low", "hold", "gap", "red")
#: The sheets and the columns that each of them may have.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "limits": (*_NAMED, *KINDS, "basis"),
    "stages": (*_NAMED, *_STAGE),
    "ladders": ("ladder", "zh", "en", *_RUNG),
    "clocks": ("clock", "ladder"),
    "policy": ("item", "value"),
}
_ALL: Final = "*"  #: in a cell of a row that names nothing: holds for all
_ITEMS: Final = ("note", "effective_from")
_SWITCHES: Final = {"true": True, "false": False, "是": True, "否": False}
Line = tuple[Spot, dict[str, str]]


def read_sheets(data: bytes, file: str) -> PolicyFile:
    """Read a policy written as a workbook.

    Args:
        data: Content of the file.
        file: What to call it in a refusal.

    Raises:
        TableRefused: `table_unreadable`, it is not a workbook.
        PolicyRefused: sheets, columns or cells that a policy does not have, each with its sheet and row.
    """
    found: list[Problem] = []
    lines = _lines(read_workbook(data, file), found)
    items = {values.get("item", ""): (spot, values.get("value", "")) for spot, values in lines["policy"]}
    for name, (spot, _) in items.items():
        if name not in _ITEMS:
            spot.refuse(name, "unknown_key", name)
    clocks = lines["clocks"]
    policy = PolicyFile(
        tuple(_rows(lines["limits"], lines["stages"])),
        tuple(_ladders(lines["ladders"])),
        {values.get("clock", ""): values.get("ladder", "") for _, values in clocks},
        items["note"][1] if "note" in items else "",
        day_of(items["effective_from"][1], items["effective_from"][0]) if "effective_from" in items else None,
        {values.get("clock", ""): Place(spot.line, spot.sheet) for spot, values in clocks},
    )
    if not found and not policy.rows:
        found.append(Problem(1, "", "no_rows", sheet="limits"))
    if found:
        raise PolicyRefused(file, found)
    return policy


# the table of a sheet -------------------------------------------------------------------------------------------------


def _lines(sheets: Mapping[str, Sequence[Sequence[str]]], found: list[Problem]) -> dict[str, list[Line]]:
    """The filled cells of every row of every sheet by column, below the row of headings."""
    lines: dict[str, list[Line]] = {name: [] for name in COLUMNS}
    for name, rows in sheets.items():
        filled = [(Spot(found, line, name), row) for line, row in enumerate(rows, start=1) if any(row)]
        sheet = _meant(name, "policy_sheet", tuple(COLUMNS))
        if sheet is None and filled:
            filled[0][0].refuse("", "unknown_sheet", name)
        elif sheet is not None and filled:
            lines[sheet] += _table(filled, sheet)
    return lines


def _table(filled: Sequence[tuple[Spot, Sequence[str]]], sheet: str) -> list[Line]:
    head, heads = filled[0]
    columns = [_meant(text, "policy_column", COLUMNS[sheet]) for text in heads]
    for i, (text, column) in enumerate(zip(heads, columns, strict=True)):
        if text and column is None:
            head.refuse(text, "unknown_column", text)
        elif column is not None and column in columns[:i]:
            head.refuse(text, "column_twice", text)
    lines = []
    for spot, row in filled[1:]:
        for i, text in enumerate(row):
            if text and not (i < len(heads) and heads[i]):
                spot.refuse("", "no_heading", text)
        lines.append((spot, {column: text for column, text in zip(columns, row, strict=False) if column and text}))
    return lines


def _meant(text: str, section: str, among: tuple[str, ...]) -> str | None:
    """What a heading or the name of a sheet means: a code, its name in either language, or name and code together."""
    names = _names(section, among)
    words = re.split(r"[\s/()（）]+", text.casefold().strip())
    return names.get(" ".join(words).strip()) or next((names[word] for word in reversed(words) if word in among), None)


@cache
def _names(section: str, among: tuple[str, ...]) -> dict[str, str]:
    named = {say(f"{section}.{code}", lang).casefold(): code for code in among for lang in LANGUAGES if code in sentences(lang)[section]}
    return named | {code: code for code in among}


# rows -----------------------------------------------------------------------------------------------------------------


def _rows(limits: Iterable[Line], stages: Iterable[Line]) -> list[Row]:
    """The rows of the limits, and of milestones that no row of limits names."""
    rows = [row for spot, values in limits for row in rows_of(_entry(values), spot)]
    staged = [row for spot, values in stages for row in rows_of({**_named(values), "stages": [_part(values, _STAGE)]}, spot)]
    places = {row.key: i for i, row in reversed(list(enumerate(rows)))}
    for row in staged:
        if row.key not in places:
            places[row.key] = len(rows)
            rows.append(row)
        else:
            i = places[row.key]
            rows[i] = replace(rows[i], stages=rows[i].stages + row.stages)
    return rows


def _entry(values: Mapping[str, str]) -> dict[str, Any]:
    return {**_named(values), "limits": _part(values, KINDS), **_part(values, ("basis",))}


def _named(values: Mapping[str, str]) -> dict[str, list[str]]:
    """The codes that a row names; a cell may list several, with commas between them."""
    return {name: re.split(r"[\s,，、;；]+", text) for name, text in _part(values, _NAMED).items() if text != _ALL}


def _part(values: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    return {name: values[name] for name in names if name in values}


def _ladders(lines: Iterable[Line]) -> list[Any]:
    """The ladders: rows with one code that follow each other are one ladder."""
    ladders = []
    for code, group in groupby(lines, key=lambda line: line[1].get("ladder", "")):
        (spot, head), *_ = rungs = list(group)
        read = [_rung(values) for _, values in rungs if set(values) & set(_RUNG)]
        ladders.append(ladder_of({"code": code, "zh": head.get("zh", ""), "en": head.get("en", ""), "rungs": read}, spot))
    return ladders


def _rung(values: Mapping[str, str]) -> dict[str, Any]:
    rung: dict[str, Any] = _part(values, _RUNG)
    for name in {"low", "red"} & rung.keys():
        rung[name] = _SWITCHES.get(rung[name].lower(), rung[name])
    if "to" in rung:
        rung["to"] = re.split(r"[\s,，、;；]+", rung["to"])
    return rung


# writing --------------------------------------------------------------------------------------------------------------


def write_xlsx(policy: PolicyFile, lang: str | None = None) -> bytes:
    """Write a policy as a workbook that is read back as the same, lines apart; headings have the name in the language and the code."""
    limits = [{**(row.names or {_NAMED[0]: _ALL}), **row.limits, "basis": row.basis} for row in policy.rows]
    stages = [
        {**row.names, "code": stage.code, "zh": stage.zh, "en": stage.en, "limit": str(stage.limit)}
        for row in policy.rows
        for stage in row.stages
    ]
    rungs = [
        {"ladder": ladder.code, "zh": ladder.zh, "en": ladder.en, **{name: _cell(value) for name, value in rung.items()}}
        for ladder in policy.ladders
        for rung in ladder.rungs
    ]
    about = [("note", policy.note), ("effective_from", policy.effective_from.isoformat() if policy.effective_from else "")]
    tables: dict[str, list[dict[str, str]]] = {
        "limits": limits,
        "stages": stages,
        "ladders": rungs,
        "clocks": [{"clock": clock, "ladder": ladder} for clock, ladder in policy.clocks.items()],
        "policy": [{"item": item, "value": value} for item, value in about if value],
    }
    return workbook({name: [_heads(name, lang), *(_line(name, values) for values in lines)] for name, lines in tables.items()})


def _heads(sheet: str, lang: str | None) -> list[str]:
    return [f"{say(f'policy_column.{column}', lang)} {column}" for column in COLUMNS[sheet]]


def _line(sheet: str, values: Mapping[str, str]) -> list[str]:
    return [values.get(column, "") for column in COLUMNS[sheet]]


def _cell(value: Any) -> str:  # noqa: ANN401 - a value of a rung
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)
