"""The levels of territory at which a case can be held."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """Where a case can be held in step ③, bottom to top (五级: the fifth is the unit that handles)."""

    GRID = "grid"
    COMMUNITY = "community"
    STREET = "street"
    DISTRICT = "district"

    @property
    def height(self) -> int:
        """0 for the grid, 3 for the district."""
        return _HEIGHTS[self]


_HEIGHTS: Final[Mapping[Level, int]] = {level: i for i, level in enumerate(Level)}
