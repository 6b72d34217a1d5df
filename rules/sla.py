"""SLA policy: rows of limits, and which of them holds for a matter. docs/policy.md has the same in words.

A row holds for all matters that have what it names. Of the rows that hold, the most specific one that says something about a kind of limit
gives it; the others are beaten, and an explanation can name them. One exception: a row that names no urgency never holds for an emergency.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Any, Final, Protocol

from rules.worktime import Limit

EMERGENCY: Final = "P0"
NONE: Final = "none"  #: a limit written so is taken away
STAGE: Final = "stage"  #: the milestones of a row; as a limit it can only be taken away
#: What a row may name, from the most to the least specific: a row that names the first one in which two differ beats the other.
DIMENSIONS: Final = ("special_group", "area", "source", "category", "urgency")
#: Every kind of limit, in the order of a case's life.
KINDS: Final = (
    *("accept", "triage", "dispatch", "decide", "acknowledge", "contact", "control", "handle", STAGE),
    *("return_window", "extend", "extension_times", "extension_cap", "verify", "feedback", "evaluate", "judge", "rework"),
    *("hold_review", "hold_cap", "overall", "sign", "rectify", "review"),
    *("extension_desk", "rule", "approve", "confirm", "appeal", "recheck", "recheck_late", "statutory"),
    *("report_in", "claim", "deliver", "meet", "fulfil", "mediate", "judicial", "follow_up", "look", "solve", "assent", "serve"),
    *("target", "correct", "root", "convene", "gather"),
)
COUNTS: Final = frozenset({"extension_times"})  #: written as a number of times
#: Without these a case would wait without a clock: every urgency must have them whatever else a case is, and no row takes them away.
MANDATORY: Final = (
    *("accept", "triage", "dispatch", "decide", "acknowledge", "handle", "verify", "feedback", "evaluate", "judge"),
    *("hold_review", "overall", "sign", "rectify", "review", "rule", "approve", "confirm", "appeal", "statutory"),
)
_parse: Final = lru_cache(maxsize=4096)(Limit.parse)
_Key = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """One of several milestones on the way (停工 4wh → 处罚 7wd → 拆除 20wd); all count from dispatch."""

    code: str
    zh: str
    en: str
    limit: Limit


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a policy; what it leaves None holds for all.

    Attributes:
        line: Place in the file, 1 being the first line (or row of a sheet); what a person calls the row.
        area: Code of the unit whose area it holds for.
        limits: Kind of limit → `3wd`, `none`, or a number of times, as it was written.
        stages: Milestones in their order; empty: the row says nothing about them.
        basis: Where the numbers come from.
        sheet: Sheet or other file that the line is in; empty: the file itself.
        confirmed_by: Who confirmed the numbers; empty: they are suggested values (建议值).
    """

    line: int = field(compare=False)
    category: str | None = None
    urgency: str | None = None
    source: str | None = None
    area: str | None = None
    special_group: str | None = None
    limits: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()
    basis: str = ""
    sheet: str = field(default="", compare=False)
    confirmed_by: str = field(default="", compare=False)

    @property
    def key(self) -> _Key:
        """What the row names, in the order of `DIMENSIONS`; no two rows of a policy have the same."""
        return (self.special_group, self.area, self.source, self.category, self.urgency)

    @property
    def names(self) -> dict[str, str]:
        """What the row names, by dimension, the most specific first; empty for a row that holds for all."""
        return {name: code for name, code in zip(DIMENSIONS, self.key, strict=True) if code is not None}

    @property
    def kinds(self) -> set[str]:
        """The kinds of limit that the row says something about."""
        return {*self.limits, STAGE} if self.stages else set(self.limits)

    def stored(self) -> dict[str, Any]:
        """The row as columns of the database; `row_of` reads it back."""
        stages = [{"code": s.code, "zh": s.zh, "en": s.en, "limit": str(s.limit)} for s in self.stages]
        named = dict(zip(DIMENSIONS, self.key, strict=True))
        return {
            "line": self.line,
            **named,
            "limits": dict(self.limits),
            "stages": stages,
            "basis": self.basis,
            "confirmed_by": self.confirmed_by or None,
        }


class Stored(Protocol):
    """A row as the database gives it back, with the columns that `Row.stored` writes."""

    line: int
    category: str | None
    urgency: str | None
    source: str | None
    area: str | None
    special_group: str | None
    limits: Mapping[str, str]
    stages: list[dict[str, str]]
    basis: str
    confirmed_by: str | None


def row_of(stored: Stored) -> Row:
    """Read a row of the database."""
    stages = tuple(Stage(s["code"], s["zh"], s["en"], _parse(s["limit"])) for s in stored.stages)
    named = {name: getattr(stored, name) for name in DIMENSIONS}
    return Row(stored.line, **named, limits=stored.limits, stages=stages, basis=stored.basis, confirmed_by=stored.confirmed_by or "")


def read_value(kind: str, text: str) -> Limit | int | None:
    """Read what a row says about a kind of limit; None: it takes the limit away.

    Raises:
        ValueError: neither a limit (`3wd`) nor, for a count, a number up to 99, nor `none`; milestones can only be `none`.
    """
    if text == NONE:
        return None
    if kind not in COUNTS and kind != STAGE:
        return _parse(text)
    if kind == STAGE or not re.fullmatch("[0-9]{1,2}", text):
        msg = f"not a number of times, or none: {text!r}"
        raise ValueError(msg)
    return int(text)


@dataclass(frozen=True, slots=True)
class Matter:
    """What the rows of a policy look at.

    Attributes:
        area_line: Codes of the units over the place, nearest first.
    """

    category: str | None
    urgency: str
    source: str | None = None
    area_line: tuple[str, ...] = ()
    special_group: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a policy says about one kind of limit, and why.

    Attributes:
        kind: The kind of limit.
        row: The row that decides.
        beaten: The rows that hold as well and say something about it, the most specific first.
    """

    kind: str
    row: Row
    beaten: tuple[Row, ...]

    @property
    def reason(self) -> str:
        """Why this row and not the next one: `only`, `nearer_area`, or the dimension that it names and the other does not."""
        if not self.beaten:
            return "only"
        pairs = zip(DIMENSIONS, self.row.key, self.beaten[0].key, strict=True)
        name, _, other = next(pair for pair in pairs if pair[1] != pair[2])
        return name if other is None else "nearer_area"


@dataclass(frozen=True, slots=True)
class Given(Said):
    """A limit that a policy gives."""

    limit: Limit


class Policy:
    """The rows of one version, made fast to ask: about a microsecond for a matter like one that was asked for before.

    Never changed after it is made; may be shared by threads.

    Raises:
        ValueError: a limit cannot be read, or two rows name the same; `rules.sla_checks.problems` says it with the place.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        """Index the rows."""
        self.rows = tuple(rows)
        self._values = {(row.key, kind): read_value(kind, text) for row in self.rows for kind, text in row.limits.items()}
        self._by_key = {row.key: row for row in self.rows}
        if len(self._by_key) < len(self.rows):
            msg = "two rows of the policy name the same"
            raise ValueError(msg)
        self._groups, self._areas, self._sources, self._categories = (frozenset(row.key[i] for row in self.rows) - {None} for i in range(4))
        self._said: dict[tuple[object, ...], dict[str, Said]] = {}

    def limit(self, kind: str, matter: Matter) -> Given | None:
        """The limit of a kind for a matter; None: no row gives one, or the most specific row takes it away."""
        found = self.said(kind, matter)
        return found if isinstance(found, Given) else None

    def count(self, kind: str, matter: Matter) -> int | None:
        """How many times, e.g. `extension_times`; None: no row says so, or the most specific row takes it away."""
        found = self.said(kind, matter)
        value = self._values[found.row.key, kind] if found else None
        return value if isinstance(value, int) else None

    def stages(self, matter: Matter) -> tuple[Stage, ...]:
        """The milestones of a matter, in their order: all from one row, the most specific that has any."""
        found = self.said(STAGE, matter)
        return found.row.stages if found else ()

    def said(self, kind: str, matter: Matter) -> Said | None:
        """Which row decides about a kind of limit, also where it takes the limit away, counts, or has milestones; None: no row."""
        areas = tuple(a for a in matter.area_line if a in self._areas) if self._areas else ()
        seen = (
            matter.special_group if matter.special_group in self._groups else None,
            areas,
            matter.source if matter.source in self._sources else None,
            matter.category if matter.category in self._categories else None,
            matter.urgency,
        )
        known = self._said.get(seen)
        if known is None:
            known = self._said[seen] = self._decide(*seen)
        return known.get(kind)

    def _decide(self, group: str | None, areas: tuple[str, ...], source: str | None, category: str | None, urgency: str) -> dict[str, Said]:
        rows = list(self._holding(group, areas, source, category, urgency))
        said: dict[str, Said] = {}
        for kind in {kind for row in rows for kind in row.kinds}:
            row, *beaten = (row for row in rows if kind in row.kinds)
            value = self._values.get((row.key, kind))
            about = (kind, row, tuple(beaten))
            said[kind] = Given(*about, value) if isinstance(value, Limit) else Said(*about)
        return said

    def _holding(self, group: str | None, areas: tuple[str, ...], source: str | None, category: str | None, urgency: str) -> Iterator[Row]:
        """The rows that hold for a matter, the most specific first: `product` counts through them as through digits."""
        named = [_named(group), (*areas, None), _named(source), _named(category)]
        for key in product(*named, (EMERGENCY,) if urgency == EMERGENCY else _named(urgency)):
            row = self._by_key.get(key)
            if row is not None:
                yield row


def _named(code: str | None) -> tuple[str | None, ...]:
    return (None,) if code is None else (code, None)
