"""What all charts are made of: shapes with attributes, escaped; a scale with round steps; the table below."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from markupsafe import Markup

WIDTH: Final = 540
_STEPS: Final = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Data:
    """The table below a chart: what stands above each column, and the rows, the first cell of each naming it."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as a page shows it.

    Attributes:
        svg: The drawing.
        data: The same as a table.
    """

    svg: Markup
    data: Data


def shape(name: str, text: str | None = None, **attributes: float | str) -> Markup:
    """One element; `class_` stands for class, `_` in a name for `-`, and numbers are rounded to tenths."""
    pairs = [(key.rstrip("_").replace("_", "-"), _number(value)) for key, value in attributes.items()]
    said = Markup(" ").join(Markup('{}="{}"').format(key, value) for key, value in pairs)
    if text is None:
        return Markup("<{} {}/>").format(name, said)
    return Markup("<{0} {1}>{2}</{0}>").format(name, said, text)


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{round(value, 1):g}"


def drawn(shapes: Sequence[Markup], height: float, sentence: str, width: int = WIDTH) -> Markup:
    """The drawing, with the sentence that says what it shows."""
    box = f"0 0 {width} {round(height)}"
    return Markup('<svg class="chart" viewBox="{}" role="img" aria-label="{}">{}</svg>').format(box, sentence, Markup("").join(shapes))


def ticks(most: float, count: int = 4) -> list[int]:
    """Round steps from 0 up to at least the most: of 1, 2 or 5 times a power of ten, so many of them at most."""
    size = 1
    while True:
        for step in (each * size for each in _STEPS):
            needed = max(1, ceil(most / step))
            if needed <= count:
                return [step * i for i in range(needed + 1)]
        size *= 10
