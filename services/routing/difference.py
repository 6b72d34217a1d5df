"""What one version of the routing catalogue says otherwise than another."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.routing.values import RoutingFile


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that differs.

    Attributes:
        part: `route`, `duty` or `level`.
        names: What is meant: category, area and owner kind; unit; level and category.
        before: As the first version has it; None: not at all.
        after: As the second one has it.
    """

    part: str
    names: tuple[str, ...]
    before: str | None
    after: str | None


def difference(before: RoutingFile, after: RoutingFile) -> list[Line]:
    """What the second version says otherwise, in the order of its parts; what only the first one has comes last in each."""
    old, new = _said(before), _said(after)
    lines: list[Line] = []
    for part, said in new.items():
        was = old[part]
        names = dict.fromkeys((*said, *was))
        lines += [Line(part, name, was.get(name), said.get(name)) for name in names if was.get(name) != said.get(name)]
    return lines


def _said(file: RoutingFile) -> dict[str, Mapping[tuple[str, ...], str]]:
    return {
        "route": {(r.category, r.area or "", r.owner): " + ".join((r.lead, *r.co)) for r in file.routes},
        "duty": {(duty.unit,): " ".join(sorted(duty.categories)) for duty in file.duties},
        "level": {(x.level, x.category or ""): " ".join(x.may) for x in file.levels},
    }
