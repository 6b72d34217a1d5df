"""What one version of the policy says otherwise than another, limit by limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.sla import Row
from services.policy_files.values import PolicyFile, ladder_row


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that differs.

    Attributes:
        names: What the row names, by dimension; for a ladder its code under `ladder`, for a clock its name under `clock`.
        kind: Kind of limit, `stages`, `rungs` or `ladder`.
        before: As the first version has it; None: not at all.
        after: As the second one has it.
    """

    names: Mapping[str, str]
    kind: str
    before: str | None
    after: str | None


def difference(before: PolicyFile, after: PolicyFile) -> list[Line]:
    """What the second version says otherwise, in the order of its rows; what only the first one has comes last."""
    old, new = {row.key: row for row in before.rows}, {row.key: row for row in after.rows}
    rows = [*new.values(), *(row for key, row in old.items() if key not in new)]
    lines = [line for row in rows for line in _of_row(row.names, old.get(row.key), new.get(row.key))]
    return [*lines, *_of_ladders(before, after)]


def _of_row(names: Mapping[str, str], old: Row | None, new: Row | None) -> list[Line]:
    first, second = _said(old), _said(new)
    kinds = dict.fromkeys((*second, *first))
    return [Line(names, kind, first.get(kind), second.get(kind)) for kind in kinds if first.get(kind) != second.get(kind)]


def _said(row: Row | None) -> dict[str, str]:
    if row is None:
        return {}
    stages = {"stages": " → ".join(f"{s.zh} {s.limit}" for s in row.stages)} if row.stages else {}
    return {**row.limits, **stages}


def _of_ladders(before: PolicyFile, after: PolicyFile) -> list[Line]:
    old, new = ({ladder.code: ladder_row(ladder) for ladder in file.ladders} for file in (before, after))
    codes = [code for code in dict.fromkeys((*new, *old)) if old.get(code) != new.get(code)]
    lines = [Line({"ladder": code}, "rungs", _rungs(old.get(code)), _rungs(new.get(code))) for code in codes]
    clocks = [name for name in dict.fromkeys((*after.clocks, *before.clocks)) if before.clocks.get(name) != after.clocks.get(name)]
    return [*lines, *(Line({"clock": name}, "ladder", before.clocks.get(name), after.clocks.get(name)) for name in clocks)]


def _rungs(ladder: Mapping[str, Any] | None) -> str | None:
    return None if ladder is None else ", ".join(f"{rung['code']} {rung['at']}" for rung in ladder["rungs"])
