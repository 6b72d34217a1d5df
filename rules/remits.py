"""The routing catalogue (派单目录) as the rules use it: routes, duty lists, and what each level may do with a category."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final

from rules.facts import Level

#: What a level may be allowed in ③: hold a case, handle it itself, skip levels, send it down.
RIGHTS: Final = ("hold", "decide", "skip", "send_down")
#: What a level may do in ③ where the catalogue says nothing.
EVERYTHING: Final = frozenset(RIGHTS)


class By(StrEnum):
    """Whose matter it is."""

    OWNER = "owner"  #: 属主: whoever owns the thing
    AREA = "area"  #: 属地: whoever is responsible for the place


#: Components first by who owns the thing (部件先属主后属地), everything else first by who is responsible for the place.
#: Source: GB/T 30428 practice, docs/routing.md.
COMPONENT: Final = "component"
OWNER_FIRST: Final = (By.OWNER, By.AREA)
AREA_FIRST: Final = (By.AREA, By.OWNER)


@dataclass(frozen=True, slots=True)
class RouteRow:
    """Who answers for a category in an area.

    Attributes:
        line: What a person calls the row.
        area: Code of the unit whose area it holds for; None: everywhere.
        owner: As in `By`.
        lead: Code of a unit, or kind of unit.
        co: Codes or kinds of co-handling units.
        basis: What it rests on.
    """

    line: int
    category: str
    area: str | None
    owner: str
    lead: str
    co: tuple[str, ...] = ()
    basis: str = ""

    @property
    def key(self) -> tuple[str, str | None, str]:
        """What no two rows of one version share."""
        return self.category, self.area, self.owner


@dataclass(frozen=True)
class Routing:
    """One published version of the routing catalogue.

    Attributes:
        version: 0: nothing was published yet.
        remits: Code or kind of unit → categories on its duty list; a unit with no list answers for anything.
        levels: (level, category or None) → what it may do.
    """

    version: int = 0
    routes: tuple[RouteRow, ...] = ()
    remits: Mapping[str, frozenset[str]] = field(default_factory=dict)
    levels: Mapping[tuple[str, str | None], frozenset[str]] = field(default_factory=dict)

    @cached_property
    def _rows(self) -> Mapping[str, Mapping[tuple[str, str | None], RouteRow]]:
        rows: dict[str, dict[tuple[str, str | None], RouteRow]] = defaultdict(dict)
        for row in self.routes:
            rows[row.category][row.owner, row.area] = row
        return rows

    def rows_for(self, category: str, kind: str, areas: Sequence[str]) -> Iterator[RouteRow]:
        """The rows that hold for a category at a place, the one that decides first.

        Args:
            category: Code of the category.
            kind: Its kind: component, event, service or sensor.
            areas: Codes of the units over the place, nearest first.
        """
        rows = self._rows.get(category, {})
        for by in OWNER_FIRST if kind == COMPONENT else AREA_FIRST:
            yield from (rows[by, area] for area in (*areas, None) if (by, area) in rows)

    def rights(self, level: str | None, category: str | None) -> frozenset[str]:
        """What a level may do with a category in ③: the category's own row, else the level's, else everything."""
        if level is None:
            return EVERYTHING
        own = self.levels.get((level, category))
        return own if own is not None else self.levels.get((level, None), EVERYTHING)

    def may_hold(self, level: Level, category: str | None) -> bool:
        """Whether a level may hold a category on its way; the district always may, because somebody must."""
        return level is Level.DISTRICT or "hold" in self.rights(level, category)
