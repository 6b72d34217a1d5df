"""What is wrong with a policy before it is used: each problem with its place, so that a person can mend the row.

Limits are compared across their units by what is certain whatever the calendar: a working hour takes an hour at least, and so on.
What is not certain is not refused.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf
from operator import ge, gt
from typing import Final

from rules.sla import EMERGENCY, KINDS, MANDATORY, NONE, STAGE, Matter, Policy, Row, Stage, read_value
from rules.worktime import Limit, Unit

#: An emergency never waits for office hours.
ROUND_THE_CLOCK: Final = ("acknowledge", "contact", "control", "handle")
SHORTEST_DAY: Final = 4  #: working hours that any working day has at the least, when limits are compared
LONGEST_BASIS: Final = 60


@dataclass(frozen=True, slots=True)
class Known:
    """The codes that a policy may use."""

    categories: frozenset[str]
    urgencies: frozenset[str]
    sources: frozenset[str]
    areas: frozenset[str]
    groups: frozenset[str]
    notices: frozenset[str]
    ladders: frozenset[str] = frozenset()

    def of(self, dimension: str) -> frozenset[str]:
        """The codes of a dimension of the rows."""
        named = {"special_group": self.groups, "area": self.areas, "source": self.sources, "category": self.categories}
        return named.get(dimension, self.urgencies)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        line: Line of the file or row of the sheet, 1 being the first; 0: of the policy as a whole.
        key: What of the row is meant, e.g. `limits.handle`.
        code: What is wrong; worded in locales/rules/policy_rows.*.toml under `[policy_row]`.
        detail: What the sentence names.
        sheet: Sheet or other file that the line is in.
    """

    line: int
    key: str
    code: str
    detail: str = ""
    sheet: str = ""


def problems(rows: Sequence[Row], known: Known) -> list[Problem]:
    """Everything that is wrong with the rows of a policy, in the order of the rows; its ladders: `rules.ladder_checks`.

    A limit is looked for under every urgency only when each row by itself is right.
    """
    found = [*_same_key(rows), *(problem for row in rows for check in _OF_ROW for problem in check(row, known))]
    return found or [*_missing(rows, known), *_crossing(rows, known)]


def _problem(row: Row, key: str, code: str, detail: str = "") -> Problem:
    return Problem(row.line, key, code, detail, row.sheet)


def _same_key(rows: Iterable[Row]) -> Iterator[Problem]:
    first: dict[object, Row] = {}
    for row in rows:
        before = first.setdefault(row.key, row)
        if before is not row:
            yield _problem(row, _told(row), "same_key", f"{before.sheet} {before.line}".strip())


def _told(row: Row) -> str:
    """What a row names, as a person writes it."""
    return " ".join(f"{name}={code}" for name, code in reversed(row.names.items())) or "*"


# one row --------------------------------------------------------------------------------------------------------------


def _codes(row: Row, known: Known) -> Iterator[Problem]:
    for name, code in row.names.items():
        if code not in known.of(name):
            yield _problem(row, name, f"unknown_{name}", code)


def _contents(row: Row, _: Known) -> Iterator[Problem]:
    if not row.kinds:
        yield _problem(row, _told(row), "row_empty")
    if row.stages and STAGE in row.limits:
        yield _problem(row, "stages", "stages_taken_away")
    if len(row.basis) > LONGEST_BASIS:
        yield _problem(row, "basis", "too_long", str(LONGEST_BASIS))


def _limits(row: Row, _: Known) -> Iterator[Problem]:
    for kind, text in row.limits.items():
        key = f"limits.{kind}"
        if kind not in KINDS:
            yield _problem(row, key, "unknown_kind", kind)
            continue
        try:
            value = read_value(kind, text)
        except ValueError:
            yield unreadable(row.line, key, text, row.sheet)
            continue
        if value is None and kind in MANDATORY:
            yield _problem(row, key, "cannot_be_none", kind)
        if row.urgency == EMERGENCY and kind in ROUND_THE_CLOCK and isinstance(value, Limit) and not value.natural:
            yield _problem(row, key, "emergency_waits", text)


def _own_limits(row: Row, _: Known) -> Iterator[Problem]:
    """A row that gives both and lets acknowledging take longer than handling."""
    try:
        first, whole = (read_value(kind, row.limits.get(kind, NONE)) for kind in ("acknowledge", "handle"))
    except ValueError:
        return  # told as unreadable
    if isinstance(first, Limit) and isinstance(whole, Limit) and surely(gt, first, whole):
        yield _problem(row, "limits.acknowledge", "acknowledge_longer", f"{first} > {whole}")


def unreadable(line: int, key: str, text: str, sheet: str = "") -> Problem:
    """The problem of a limit that cannot be read: of an unknown unit of time, or not a limit at all."""
    unit = re.fullmatch(r"\s*[0-9]+\s*([^\W\d]+)\s*", text)
    if unit and unit[1] not in set(Unit):
        return Problem(line, key, "unknown_unit", unit[1], sheet)
    return Problem(line, key, "unreadable_limit", text, sheet)


def _stages(row: Row, _: Known) -> Iterator[Problem]:
    seen: set[str] = set()
    for stage in row.stages:
        key = f"stages.{stage.code}"
        if not re.fullmatch("[a-z][a-z0-9_]{0,19}", stage.code):
            yield _problem(row, key, "bad_code", stage.code)
        if stage.code in seen:
            yield _problem(row, key, "stage_twice", stage.code)
        seen.add(stage.code)
    yield from _not_growing(row)


def _not_growing(row: Row) -> Iterator[Problem]:
    told: set[Stage] = set()
    for earlier, later in combinations(row.stages, 2):
        if later not in told and surely(ge, earlier.limit, later.limit):
            told.add(later)
            yield _problem(row, f"stages.{later.code}", "stages_not_growing", f"{earlier.limit} → {later.limit}")


_OF_ROW: Final[tuple[Callable[[Row, Known], Iterator[Problem]], ...]] = (_codes, _contents, _limits, _own_limits, _stages)

# all rows together ----------------------------------------------------------------------------------------------------


def _missing(rows: Iterable[Row], known: Known) -> Iterator[Problem]:
    """Limits that an urgency lacks where nothing but the urgency is known."""
    policy = Policy(row for row in rows if row.names.keys() <= {"urgency"})
    lines = {row.urgency: row for row in policy.rows}
    for urgency in sorted(known.urgencies):
        row = lines.get(urgency, Row(0))
        for kind in MANDATORY:
            if policy.limit(kind, Matter(None, urgency)) is None:
                yield _problem(row, f"limits.{kind}", "missing_limit", urgency)


def _crossing(rows: Sequence[Row], known: Known) -> Iterator[Problem]:
    """Acknowledging takes longer than handling where a row names one of them and whatever else holds there gives the other."""
    policy = Policy(rows)
    for row in rows:
        if row.kinds & {"acknowledge", "handle"}:
            yield from _late_acknowledgement(row, policy, known)


def _late_acknowledgement(row: Row, policy: Policy, known: Known) -> Iterator[Problem]:
    for urgency in [row.urgency] if row.urgency else sorted(known.urgencies - {EMERGENCY}):
        matter = Matter(row.category, urgency, row.source, (row.area,) if row.area else (), row.special_group)
        first, whole = policy.limit("acknowledge", matter), policy.limit("handle", matter)
        if first and whole and surely(gt, first.limit, whole.limit):
            detail = f"{urgency}: {first.limit} ({_place(first.row)}) > {whole.limit} ({_place(whole.row)})"
            yield _problem(row, "limits.acknowledge", "acknowledge_longer", detail)
            return


def _place(row: Row) -> str:
    return f"{row.sheet} {row.line}".strip()


# comparing limits -----------------------------------------------------------------------------------------------------


def surely(compare: Callable[[float, float], bool], one: Limit, other: Limit) -> bool:
    """Whether a comparison (`operator.ge`, `operator.gt`) of two limits holds on any calendar.

    Units of the same kind are compared by their amounts, others by the least and the most that they can be.
    """
    if one.unit is other.unit:
        return compare(one.amount, other.amount)
    return any(compare(a.least, b.most) for a, b in zip(_measures(one), _measures(other), strict=True))


@dataclass(frozen=True, slots=True)
class _Span:
    """The least and the most hours that a limit can be on any calendar."""

    least: float
    most: float


def _measures(limit: Limit) -> tuple[_Span, _Span]:
    """A limit in natural and in working hours."""
    n = limit.amount
    hours = {
        Unit.MINUTE: (_Span(n / 60, n / 60), _Span(0, n / 60)),
        Unit.HOUR: (_Span(n, n), _Span(0, n)),
        Unit.WORK_HOUR: (_Span(n, inf), _Span(n, n)),
        Unit.WORK_DAY: (_Span((n - 1) * 24, inf), _Span(SHORTEST_DAY * n, 24 * (n + 1))),
    }
    return hours[limit.unit]
