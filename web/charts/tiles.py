"""A field of tiles, one an area, darker the more there is of something; the number stands in each tile."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from web.charts.drawing import Chart, Data, drawn, shape

_ACROSS: Final = 6
_WIDE: Final = 66
_DEEP: Final = 46
_LABEL: Final = 8  #: characters of a name that a tile has room for
_HEAD: Final = 20
#: From which number on a tile has which of the six shades.
STEPS: Final = (0, 1, 2, 4, 6, 8)


@dataclass(frozen=True, slots=True)
class Tile:
    """One area: what it is called, and how many."""

    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Group:
    """Tiles below a heading, in the order in which they are given."""

    name: str
    tiles: Sequence[Tile]


def shade(value: int) -> int:
    """Which of the six shades a number has."""
    return max(i for i, least in enumerate(STEPS) if value >= least)


def tiles(groups: Sequence[Group], sentence: str, data: Data) -> Chart:
    """Tiles in rows of six, below the name of their group.

    Args:
        groups: The areas.
        sentence: What the chart shows, for those who do not see it.
        data: The table below.
    """
    wide, y, shapes = _WIDE, 0.0, []
    for group in groups:
        shapes.append(shape("text", group.name, x=0, y=y + 13, class_="t-s"))
        y += _HEAD
        for i, tile in enumerate(group.tiles):
            x, top, tone = wide * (i % _ACROSS), y + _DEEP * (i // _ACROSS), shade(tile.value)
            ink = " t-inv" if tone > 3 else ""
            shapes.append(shape("rect", class_=f"tile h{tone}", x=x, y=top, width=wide, height=_DEEP, rx=3))
            shapes.append(shape("text", tile.name[:_LABEL], x=x + wide / 2, y=top + 19, class_=f"t-mid{ink}"))
            shapes.append(shape("text", str(tile.value), x=x + wide / 2, y=top + 37, class_=f"t-mid t-b{ink}"))
        y += _DEEP * -(-len(group.tiles) // _ACROSS) + 8
    return Chart(drawn(shapes, y, sentence, _WIDE * _ACROSS), data)
