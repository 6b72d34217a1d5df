"""A policy as plain values, and how they are made of what a file says, whatever the form of the file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import product
from typing import Any, Final

from rules.facts import Refused
from rules.ladder_checks import Place, Written, WrittenLadder, ladder_problems
from rules.sla import DIMENSIONS, Row, Stage
from rules.sla_checks import Known, Problem, problems, unreadable
from rules.worktime import Limit
from wording import say

SAID: Final = 3  #: problems that the sentence of a refusal names; all are in its list
_NO_CODE: Final = (None,)
_ROW: Final = frozenset({*DIMENSIONS, "limits", "stages", "basis"})
_STAGE: Final = ("code", "zh", "en", "limit")
_LADDER: Final = ("code", "zh", "en")


@dataclass(frozen=True)
class PolicyFile:
    """What a policy file says.

    Attributes:
        rows: Rows of limits, in the order of the file.
        ladders: Ladders in full; none: those of the policy before.
        clocks: Clock → ladder; empty: as in the policy before.
        note: What the version is about.
        effective_from: Local day from which it is meant to hold; None: not said.
        places: Where the file says which ladder a clock climbs.
    """

    rows: tuple[Row, ...]
    ladders: tuple[WrittenLadder, ...] = ()
    clocks: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    effective_from: date | None = None
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)

    def problems(self, known: Known) -> list[Problem]:
        """Everything that is wrong with it, in the order of the file's parts."""
        return [*problems(self.rows, known), *ladder_problems(Written(self.ladders, self.clocks, self.places), self.rows, known)]


class PolicyRefused(Refused):
    """A policy that cannot be used.

    Attributes:
        problems: All that is wrong, each with its place; `worded` says it in words.
    """

    def __init__(self, file: str, found: list[Problem]) -> None:
        """Take the name of the file and what is wrong with it, at least one problem."""
        said = [worded(problem) for problem in found[:SAID]]
        more = [say("policy_row.more", count=len(found) - SAID)] if len(found) > SAID else []
        super().__init__("bad_policy", file=file, reason=" ".join(said + more))
        self.problems = found


def worded(problem: Problem, lang: str | None = None) -> str:
    """Say in words what is wrong and where."""
    place = ("in_sheet" if problem.sheet else "in_file") if problem.line else "in_whole"
    where = say(f"policy_row.{place}", lang, sheet=problem.sheet, line=problem.line, what=problem.key)
    return where + say(f"policy_row.{problem.code}", lang, detail=problem.detail)


@dataclass(frozen=True)
class Spot:
    """A place in a file, and the list to which its problems are added."""

    found: list[Problem]
    line: int = 0
    sheet: str = ""

    def at(self, line: int) -> "Spot":
        """Another line of the same file or sheet."""
        return replace(self, line=line)

    def refuse(self, key: str, code: str, detail: object = "") -> None:
        """Write down a problem."""
        self.found.append(Problem(self.line, key, code, str(detail), self.sheet))

    def table(self, key: str, value: object, known: Mapping[str, Any] | frozenset[str] | tuple[str, ...] = ()) -> dict[str, Any]:
        """A table of values; empty when it is none. Keys that are not known, where any are given, are refused."""
        if not isinstance(value, dict):
            self.refuse(key, "not_a_table")
            return {}
        for name in value if known else ():
            if name not in known:
                self.refuse(name, "unknown_key", name)
        return value

    def text(self, key: str, value: object) -> str:
        """A text; empty when it is none."""
        if not isinstance(value, str):
            self.refuse(key, "not_a_text", value)
            return ""
        return value


def rows_of(raw: object, spot: Spot) -> list[Row]:
    """The rows that one entry of a file means: one for each combination of the codes that it lists."""
    entry = spot.table("row", raw, _ROW)
    named = [tuple(_codes(name, entry[name], spot)) if name in entry else _NO_CODE for name in DIMENSIONS]
    limits = {kind: str(text) for kind, text in spot.table("limits", entry.get("limits", {})).items()}
    stages = tuple(_stages(entry.get("stages", []), spot))
    basis = spot.text("basis", entry.get("basis", ""))
    keys: list[dict[str, Any]] = [dict(zip(DIMENSIONS, key, strict=True)) for key in product(*named)]
    return [Row(spot.line, **key, limits=limits, stages=stages, basis=basis, sheet=spot.sheet) for key in keys]


def _codes(name: str, value: object, spot: Spot) -> list[str]:
    codes = [value] if isinstance(value, str) else value
    if not isinstance(codes, list) or not codes or not all(isinstance(code, str) and code for code in codes):
        spot.refuse(name, "not_codes", value)
        return []
    return codes


def _stages(value: object, spot: Spot) -> Iterator[Stage]:
    if not isinstance(value, list):
        spot.refuse("stages", "not_a_list")
        return
    for raw in value:
        stage = spot.table("stages", raw, _STAGE)
        if missing := [name for name in _STAGE if not stage.get(name)]:
            spot.refuse("stages", "stage_incomplete", ", ".join(missing))
            continue
        code, zh, en, limit = (str(stage[name]) for name in _STAGE)
        try:
            yield Stage(code, zh, en, Limit.parse(limit))
        except ValueError:
            spot.found.append(unreadable(spot.line, f"stages.{code}", limit, spot.sheet))


def ladder_of(raw: object, spot: Spot) -> WrittenLadder:
    """A ladder as a file has it; a rung without a notice has an empty one."""
    entry = spot.table("ladder", raw, (*_LADDER, "rungs"))
    code, zh, en = (spot.text(f"ladder.{name}", entry.get(name)) for name in _LADDER)
    rungs = entry.get("rungs", [])
    if not isinstance(rungs, list):
        spot.refuse(f"ladder {code}", "not_a_list")
        rungs = []
    read = [spot.table(f"ladder {code}", rung) for rung in rungs]
    return WrittenLadder(spot.line, code, zh, en, tuple({**rung, "notice": rung.get("notice", "")} for rung in read), spot.sheet)


def ladder_row(ladder: WrittenLadder) -> dict[str, Any]:
    """A ladder as columns of the database, but for its version."""
    return {"code": ladder.code, "zh": ladder.zh, "en": ladder.en, "rungs": [dict(rung) for rung in ladder.rungs]}


def day_of(value: object, spot: Spot) -> date | None:
    """A day, as a date or as 2026-01-31; None for nothing."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if value not in (None, ""):
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            spot.refuse("effective_from", "not_a_day", value)
    return None
