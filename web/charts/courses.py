"""A value over hours as a line."""

from collections.abc import Callable, Sequence
from typing import Final

from web.charts.drawing import WIDTH, Chart, Data, drawn, shape, ticks

_TOP: Final = 14
_DEEP: Final = 120
_LEFT: Final = 44


def course(names: Sequence[str], values: Sequence[float], told: Callable[[int], str], sentence: str, data: Data) -> Chart:
    """A line over moments that lie evenly apart.

    Args:
        names: What stands below each moment; empty: nothing.
        values: A value for each moment.
        told: A number of the scale, as it is written.
        sentence: What the chart shows, for those who do not see it.
        data: The table below.
    """
    scale = ticks(max([*values, 1]))
    bottom, wide = _TOP + _DEEP, (WIDTH - _LEFT - 24) / max(1, len(values) - 1)
    points = [(_LEFT + 4 + wide * i, bottom - _DEEP * value / scale[-1]) for i, value in enumerate(values)]
    shapes = []
    for value in scale:
        y = bottom - _DEEP * value / scale[-1]
        shapes.append(shape("line", class_="g" if value else "axis", x1=_LEFT, y1=y, x2=WIDTH - 4, y2=y))
        shapes.append(shape("text", told(value), x=_LEFT - 7, y=y + 4, class_="t-s t-end"))
    shapes.append(shape("polyline", class_="l1", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points)))
    named = [(x, name) for (x, _), name in zip(points, names, strict=True) if name]
    shapes += [shape("text", name, x=x, y=bottom + 18, class_="t-s t-mid") for x, name in named]
    if max(values, default=0) > 0:
        x, y = max(zip(points, values, strict=True), key=lambda pair: pair[1])[0]
        shapes.append(shape("circle", class_="dot1", cx=x, cy=y, r=3.2))
    return Chart(drawn(shapes, bottom + 26, sentence), data)
