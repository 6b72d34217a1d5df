"""Two rates side by side as two dots on one line: how it was, and how it would be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from web.charts.drawing import WIDTH, Chart, Data, drawn, shape

_LABELS: Final = 132  #: room for the names
_FIELD: Final = 316  #: and for the field beside them
_ROW: Final = 32
_TOP: Final = 22


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rates in thousandths; `told` stands at the end of the line, bold where it is worse."""

    name: str
    before: int
    after: int
    told: str


def pairs(rows: Sequence[Pair], sentence: str, data: Data) -> Chart:
    """A line for each pair: a grey dot for what was, a blue one for what would be.

    Args:
        rows: The pairs.
        sentence: What the chart shows, for those who do not see it.
        data: The table below.
    """
    lowest = min((min(row.before, row.after) for row in rows), default=900)
    first = max(0, min(900, lowest // 100 * 100))
    height = _TOP + _ROW * len(rows)
    steps = range(first, 1001, 50 if first >= 800 else 100 if first >= 500 else 200)
    shapes = [each for value in steps for each in _level(value, _across(value, first), height)]
    for i, row in enumerate(rows):
        shapes.extend(_drawn(row, first, _TOP + _ROW * i + _ROW / 2))
    return Chart(drawn(shapes, height + 4, sentence), data)


def _across(rate: int, first: int) -> float:
    return _LABELS + _FIELD * (rate - first) / (1000 - first)


def _level(value: int, x: float, bottom: float) -> Iterator[Markup]:
    yield shape("line", class_="g", x1=x, y1=_TOP, x2=x, y2=bottom)
    yield shape("text", f"{value // 10}%", x=x, y=_TOP - 7, class_="t-s t-mid")


def _drawn(row: Pair, first: int, middle: float) -> Iterator[Markup]:
    was, would = _across(row.before, first), _across(row.after, first)
    yield shape("text", row.name, x=0, y=middle + 4)
    yield shape("line", class_="c-down axis" if row.after < row.before else "c-up axis", x1=was, y1=middle, x2=would, y2=middle)
    yield shape("circle", class_="dot0", cx=was, cy=middle, r=5)
    yield shape("circle", class_="dot1", cx=would, cy=middle, r=5.5)
    yield shape("text", row.told, x=WIDTH, y=middle + 4, class_="t-end t-b" if row.after < row.before else "t-end")
