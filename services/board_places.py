"""Where open cases pile up: how many of each community of an area are close to their limit or beyond it. Changes nothing."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from services.catalogue import Catalogue
from services.listing import Light

COMMUNITY, GRID, STREET = "COMMUNITY", "GRID", "SUBDISTRICT"
_HEATED: Final = frozenset({Light.WARN, Light.LATE})


@dataclass(frozen=True, slots=True)
class Heat:
    """A community (or grid): how many open cases it has, and how many of these are close to their limit or beyond it."""

    unit_id: int
    open: int
    hot: int


@dataclass(frozen=True, slots=True)
class Street:
    """A street and its parts by code; `elsewhere` counts what lies in the street but in none of them.

    Attributes:
        unit_id: The street.
        parts: Its communities, or its grids.
        elsewhere: Hot cases that name the street only.
    """

    unit_id: int
    parts: Sequence[Heat]
    elsewhere: int

    @property
    def hot(self) -> int:
        """All hot cases of the street."""
        return self.elsewhere + sum(part.hot for part in self.parts)


def streets(known: Catalogue, area: frozenset[int], cases: Iterable[tuple[int, Light]]) -> list[Street]:
    """The streets of an area by code, with their communities; an area of one community only is shown by its grids.

    Args:
        known: The reference data.
        area: As `services.board.area_of` gives it.
        cases: As `services.board.open_cases` gives them.
    """
    kind = COMMUNITY if sum(known.units[unit].kind == COMMUNITY for unit in area) > 1 else GRID
    there: Counter[int] = Counter()
    hot: Counter[int] = Counter()
    for lies_in, light in cases:
        place = _ancestor(known, lies_in, kind) or _ancestor(known, lies_in, STREET)
        if place is not None:
            there[place] += 1
            hot[place] += light in _HEATED
    parts = sorted((unit for unit in area if known.units[unit].kind == kind and not known.units[unit].retired), key=_code(known))
    found: dict[int, list[Heat]] = {}
    for unit in parts:
        street = _ancestor(known, unit, STREET)
        if street is not None:
            found.setdefault(street, []).append(Heat(unit, there[unit], hot[unit]))
    return [Street(street, found[street], hot[street]) for street in sorted(found, key=_code(known))]


def _code(known: Catalogue) -> Callable[[int], str]:
    return lambda unit: known.units[unit].code


def _ancestor(known: Catalogue, unit: int, kind: str) -> int | None:
    """The unit itself or what it lies in, of this kind."""
    return next((each for each in known.line(unit) if known.units[each].kind == kind), None)
