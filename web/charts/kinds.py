"""The three kinds of chart: what came and went by day, durations as bars, rates as dots with their 95 % interval."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from web.charts.drawing import WIDTH, Chart, Data, drawn, shape, ticks

_TOP: Final = 14
_LEFT: Final = 36
_DEEP: Final = 182  #: of the field of a chart by day
_LABELS: Final = 150  #: room for the names of dots and bars
_FIELD: Final = 270  #: and for the field beside them
_ROW: Final = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: up to the middle value it is dark, up to the high one light; with what is written beside it."""

    name: str
    middle: float
    high: float
    told: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One rate in thousandths with its interval; a name alone (None) heads a group, and what is small has no dot.

    Attributes:
        told: What is written beside it, e.g. 92.3% or “少于30件”.
        of: How many of how many.
    """

    name: str
    rate: int | None = None
    low: int | None = None
    high: int | None = None
    told: str = ""
    of: str = ""


def days(names: Sequence[tuple[str, str]], columns: Sequence[int], line: Sequence[int], sentence: str, data: Data) -> Chart:
    """Columns and a line over days.

    Args:
        names: Two short lines below each day.
        columns: A number for each day.
        line: Another one for each day.
        sentence: What the chart shows, for those who do not see it.
        data: The table below.
    """
    scale = ticks(max([*columns, *line, 1]))
    wide = (WIDTH - _LEFT - 4) / max(1, len(names))
    bottom = _TOP + _DEEP

    def height(value: float) -> float:
        return bottom - _DEEP * value / scale[-1]

    shapes = [each for value in scale for each in _level(value, height(value))]
    middles = [_LEFT + wide * (i + 0.5) for i in range(len(names))]
    for middle, value, (above, below) in zip(middles, columns, names, strict=True):
        y = height(value)
        shapes.append(shape("rect", class_="c2", x=middle - wide * 0.3, y=y, width=wide * 0.6, height=bottom - y, rx=2))
        shapes.append(shape("text", above, x=middle, y=bottom + 16, class_="t-s t-mid"))
        shapes.append(shape("text", below, x=middle, y=bottom + 31, class_="t-s t-mid"))
    points = [(x, height(y)) for x, y in zip(middles, line, strict=True)]
    shapes.append(shape("polyline", class_="l1", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points)))
    shapes += [shape("circle", class_="dot1", cx=x, cy=y, r=3.2) for x, y in points]
    return Chart(drawn(shapes, bottom + 40, sentence), data)


def _level(value: int, y: float) -> Iterator[Markup]:
    yield shape("line", class_="g" if value else "axis", x1=_LEFT, y1=y, x2=WIDTH - 4, y2=y)
    yield shape("text", str(value), x=_LEFT - 7, y=y + 4, class_="t-s t-end")


def bars(rows: Sequence[Bar], unit: str, sentence: str, data: Data) -> Chart:
    """Durations: the median dark, nine tenths light.

    Args:
        rows: One bar each.
        unit: Written behind each number of the scale.
        sentence: What the chart shows.
        data: The table below.
    """
    scale = ticks(max([row.high for row in rows] or [1]))
    bottom = 22 + _ROW * max(1, len(rows))
    shapes = list(_scale([(f"{value}{unit}", value / scale[-1]) for value in scale], bottom))
    for i, row in enumerate(rows):
        y = 28 + _ROW * i
        shapes.append(shape("text", row.name, x=0, y=y + 10))
        for tint, value in (("c3", row.high), ("c1", row.middle)):
            shapes.append(shape("rect", class_=tint, x=_LABELS, y=y, width=max(2, _FIELD * value / scale[-1]), height=10, rx=3))
        shapes.append(shape("text", row.told, x=WIDTH, y=y + 10, class_="t-s t-end"))
    return Chart(drawn(shapes, bottom + 8, sentence), data)


def dots(rows: Sequence[Dot], least: int, sentence: str, data: Data) -> Chart:
    """Rates, each with its interval; grouped, in the order in which they are given.

    Args:
        rows: Dots and headings of groups.
        least: Where the scale begins, in thousandths; it ends at 1000.
        sentence: What the chart shows.
        data: The table below.
    """
    bottom = 22 + _ROW * max(1, len(rows))
    span = max(1, 1000 - least)
    marks = [least + span * i // 4 for i in range(5)]
    shapes = list(_scale([(f"{mark / 10:g}%", (mark - least) / span) for mark in marks], bottom))
    for i, row in enumerate(rows):
        shapes += _dot(row, 28 + _ROW * i, lambda rate: _LABELS + _FIELD * max(0, rate - least) / span)
    return Chart(drawn(shapes, bottom + 8, sentence), data)


def _scale(marks: Sequence[tuple[str, float]], bottom: float) -> Iterator[Markup]:
    for name, share in marks:
        x = _LABELS + _FIELD * share
        yield shape("line", class_="g", x1=x, y1=22, x2=x, y2=bottom)
        yield shape("text", name, x=x, y=15, class_="t-s t-mid")


def _dot(row: Dot, y: float, across: Callable[[int], float]) -> Iterator[Markup]:
    heading = not row.of
    yield shape("text", row.name, x=0 if heading else _LABELS - 10, y=y + 10, class_="t-s" if heading else "t-end")
    if heading:
        return
    yield shape("rect", class_="track", x=_LABELS, y=y - 2, width=_FIELD, height=16, rx=2)
    if row.rate is not None and row.low is not None and row.high is not None:
        low, high, middle = across(row.low), across(row.high), y + 6
        yield shape("line", class_="axis", x1=low, y1=middle, x2=high, y2=middle)
        yield from (shape("line", class_="axis", x1=x, y1=middle - 4, x2=x, y2=middle + 4) for x in (low, high))
        yield shape("circle", class_="c1", cx=across(row.rate), cy=middle, r=4.5)
    yield shape("text", row.told, x=_LABELS + _FIELD + 8, y=y + 10, class_="t-b" if row.rate is not None else "t-s")
    yield shape("text", row.of, x=WIDTH, y=y + 10, class_="t-s t-end")
