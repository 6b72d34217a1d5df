"""A ladder on a line of time: shares of the limit across, those who are told down, days and hours from the due moment below."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from markupsafe import Markup

from web.charts.drawing import shape

_WIDE: Final = 1120
_LEFT: Final = 150  #: room for those who are told
_RIGHT: Final = 1050
_TOP: Final = 78  #: below the heads of the rungs
_ZONE: Final = 14
_LANE: Final = 56
_FULL: Final = 1000
_NEAR: Final = 84  #: heads of rungs need so much room


@dataclass(frozen=True, slots=True)
class Head:
    """A rung at a share of the limit, in thousandths, with the day on which it would fire in the example."""

    share: int
    name: str
    at: str


@dataclass(frozen=True, slots=True)
class Node:
    """Somebody who is told by a rung; `loud`: at once on the phone."""

    share: int
    lane: int
    told: str
    loud: bool


@dataclass(frozen=True, slots=True)
class Beat:
    """A rung by days or hours from the due moment; before it where `early`."""

    name: str
    told: str
    early: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is drawn.

    Attributes:
        zones: What the time before `warn` is called, the time up to the due moment, and the time after it.
        warn: Share from which the light is yellow; None: it never is.
    """

    start: str
    due: str
    lanes: Sequence[str]
    heads: Sequence[Head]
    nodes: Sequence[Node]
    beats: Sequence[Beat]
    zones: tuple[str, str, str]
    beside: str
    warn: int | None = None


def timeline(line: Timeline, sentence: str) -> Markup:
    """The drawing.

    Args:
        line: What is drawn.
        sentence: What it shows, for those who do not see it.
    """
    places = _places({head.share for head in line.heads} | {_FULL})
    bottom = _TOP + _ZONE + _LANE * len(line.lanes)
    shapes = [*_zones(line, places), *_lanes(line), *_heads(line, places, bottom), *_nodes(line, places)]
    height = bottom
    if line.beats:
        shapes += _beats(line, places[_FULL], bottom + 30)
        height = bottom + 84
    box = f"0 0 {_WIDE} {height}"
    return Markup('<svg class="chart" viewBox="{}" role="img" aria-label="{}">{}</svg>').format(box, sentence, Markup("").join(shapes))


def _places(shares: set[int]) -> dict[int, float]:
    """Where each share stands: to scale where the heads have room, else one beside the other."""
    ordered = sorted(shares)
    span = _RIGHT - _LEFT
    scaled = {share: _LEFT + span * share / max(ordered[-1], 1) for share in ordered}
    stops = [_LEFT, *scaled.values()]
    if all(b - a >= _NEAR for a, b in pairwise(stops)):
        return scaled
    return {share: _LEFT + span * (i + 1) / len(ordered) for i, share in enumerate(ordered)}


def _zones(line: Timeline, places: Mapping[int, float]) -> Iterator[Markup]:
    due = places[_FULL]
    warn = places.get(line.warn or 0, due)
    for css, first, last, name in (("ok", _LEFT, warn, 0), ("warn", warn, due, 1), ("late", due, _WIDE - 16, 2)):
        if last > first:
            yield shape("rect", class_=f"zone-{css}", x=first, y=_TOP, width=last - first, height=_ZONE)
            yield shape("text", line.zones[name], x=(first + last) / 2, y=_TOP + 11, class_="t-s t-mid")


def _lanes(line: Timeline) -> Iterator[Markup]:
    for i, name in enumerate(line.lanes):
        y = _TOP + _ZONE + _LANE * i
        yield shape("rect", class_="lane-alt" if i % 2 else "lane", x=0, y=y, width=_WIDE, height=_LANE)
        yield shape("text", name, x=12, y=y + _LANE / 2 + 4, class_="t-b")


def _heads(line: Timeline, places: Mapping[int, float], bottom: float) -> Iterator[Markup]:
    yield shape("text", "0%", x=_LEFT - 40, y=24, class_="t-b")
    yield shape("text", line.start, x=_LEFT - 40, y=44, class_="t-b")
    named = {head.share for head in line.heads}
    heads = [*line.heads, *([] if _FULL in named else [Head(_FULL, line.due, "")])]
    for head in heads:
        x = places[head.share]
        yield shape("line", class_="axis" if head.share == _FULL else "ref", x1=x, y1=_TOP, x2=x, y2=bottom)
        for text, y, css in ((f"{head.share / 10:g}%", 24, "t-b big t-mid"), (head.name, 44, "t-b t-mid"), (head.at, 64, "t-s t-mid")):
            yield shape("text", text, x=x, y=y, class_=css)


def _nodes(line: Timeline, places: Mapping[int, float]) -> Iterator[Markup]:
    for share in sorted({node.share for node in line.nodes}):
        own = [_middle(node.lane) for node in line.nodes if node.share == share]
        yield shape("line", class_="conn", x1=places[share], y1=min(own), x2=places[share], y2=max(own))
    for node in line.nodes:
        x, y = places[node.share], _middle(node.lane)
        yield shape("circle", class_="node" if node.loud else "node-cc", cx=x, cy=y, r=7)
        if node.loud:
            yield shape("circle", class_="c1", cx=x, cy=y, r=3.2)
        yield shape("text", node.told, x=x + 12, y=y + 4, class_="" if node.loud else "t-s")


def _middle(lane: int) -> float:
    return _TOP + _ZONE + _LANE * lane + _LANE / 2


def _beats(line: Timeline, due: float, y: float) -> Iterator[Markup]:
    """Before the due moment to the left of it, after it to the right, in the order in which they come."""
    yield shape("line", class_="axis", x1=_LEFT, y1=y, x2=_WIDE - 16, y2=y)
    yield shape("text", line.beside, x=12, y=y + 4, class_="t-b")
    early, late = ([beat for beat in line.beats if beat.early is side] for side in (True, False))
    for beats, first, last in ((early, _LEFT, due), (late, due, _WIDE - 16)):
        for i, beat in enumerate(beats):
            x = first + (last - first) * (i + 0.5) / len(beats)
            yield shape("path", class_="c1", d=f"M{x - 7:.1f} {y:.1f}l7 7 7-7-7-7z")
            yield shape("text", beat.name, x=x, y=y + 25, class_="t-b t-mid")
            yield shape("text", beat.told, x=x, y=y + 42, class_="t-s t-mid")
