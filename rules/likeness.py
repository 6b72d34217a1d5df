"""Whether two messages speak of one event: evidence for and against, added up, each piece with its reason.

Names of places weigh most; then what the trouble comes from, what it does to people, the wording, the time between. A name that
differs speaks against it, however alike the words: a form letter about two roads is about two roads. Marks are drawn from the text
by services/duplicates/marks.py; here is only how they are weighed.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

#: Candidates lie no further apart than this, in time and in metres.
WITHIN: Final = timedelta(days=14)
NEAR_M: Final = 300.0
#: Two messages of one event may lie further apart where others lie between them, but never more than this.
SPAN: Final = timedelta(days=28)
#: What speaks against any two messages being one event, before anything is known of them.
PRIOR: Final = -3.2
#: Evidence of a pair counts no more than this either way, so that one pair cannot carry a whole cluster.
STRONGEST: Final = 4.0
#: By kind of name: what the same name says for it, and what two different names say against it.
NAMES: Final[Mapping[str, tuple[float, float]]] = {
    "estate": (3.0, -2.5),
    "market": (3.0, -2.5),
    "place": (2.5, -0.5),
    "road": (2.2, -2.2),
    "learned": (2.8, 0.0),
    "spot": (2.0, 0.0),
    "village": (1.8, -1.5),
    "town": (1.2, -2.0),
    "district": (0.5, -2.5),
    "city": (0.2, -2.5),
}
COMMON_NAME: Final = 0.5  #: a name that many places bear, 人民路, counts for so much of it
AKIN: Final = 2.2  #: names of different kinds with one core, 河湾路 and 河湾夜市
HINT: Final = 1.5  #: one uses the other's name in passing, 河湾那边 for 河湾夜市
NEIGHBOURS: Final = 1.2  #: a third message names both places
ELSEWHERE: Final = -1.5  #: both name places, and nothing connects them
NAMELESS: Final = -0.4  #: one of them names no place, or none finer than a district
#: Kinds whose names are sure enough to be looked for in another text.
HINTING: Final = frozenset({"estate", "market", "learned", "place", "road", "village"})
COARSE: Final = frozenset({"district", "city"})
POINTS_NEAR, POINTS_FAR = 2.5, -5.0
AREA_SAME, AREA_OTHER = 0.5, -1.5
SOURCE_SAME, SOURCE_OTHER = 2.2, -2.5
PERSONAL: Final = 0.3  #: of troubles that everybody has for himself, a pension, the same source counts for so much of it
HARM_SAME, HARM_OTHER = 1.2, -1.8
HARM_AKIN: Final = 0.4  #: two harms that one source does at once: the smoke and the noise of one night market
#: One of them does not say, in words we know, what the trouble comes from or what it does.
SOURCE_UNKNOWN, HARM_UNKNOWN = -1.2, -0.9
SOURCE_UNKNOWN_HARM_SAME: Final = -0.6
CATEGORY_SAME, CATEGORY_OTHER = 0.8, -0.8
OTHER_BUILDING: Final = -5.0  #: of troubles inside a building: 5栋's lift is not 7栋's
#: Likeness of the wording from which it speaks for it, what it weighs, and its bounds; the last is the bound where places differ.
TEXT_FROM, TEXT_WEIGHT, TEXT_LEAST, TEXT_MOST, TEXT_MOST_ELSEWHERE = 0.06, 9.0, -0.4, 5.0, 0.4
APART: Final = frozenset({"other_place", "elsewhere", "far", "other_building"})
TEXT_FROM_NAMELESS: Final = 0.2  #: where no place connects them, the wording must be more alike to say anything
#: What the time between says, up to each number of days.
TIMES: Final = ((1, 0.6), (3, 0.4), (7, 0.2), (14, 0.0), (28, -1.5))
_EARTH_M: Final = 6_371_000.0


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a place.

    Attributes:
        kind: A key of `NAMES`.
        core: The two characters that tell it from others of its kind, 锦绣 of 锦绣花园.
        key: Core and ending: equal keys are the same place.
        common: Whether many places bear it.
    """

    kind: str
    core: str
    key: str
    common: bool = False


@dataclass(frozen=True, slots=True)
class Marks:
    """What a message shows of its event.

    Attributes:
        at: When it was handed in, aware.
        names: Places that it names.
        buildings: Numbers of buildings.
        sources: What the trouble comes from → how much is said of it (unit length).
        harms: What it does to people, likewise.
        at_once: Harms that its sources do at once.
        indoors: Whether the trouble is one of a building's inside.
        personal: Whether the trouble is one that everybody has for himself.
        pairs: All pairs of neighbouring characters, in which other messages' names are looked for.
        grams: The wording as weights of unit length, without names and politeness.
        author: Who wrote it; empty: unknown.
        area: Code or name of the area; empty: unknown.
        category: Code of the category, given or claimed by rules; empty: unknown.
        point: Latitude and longitude in degrees (WGS84), if known.
    """

    at: datetime
    names: frozenset[Name] = frozenset()
    buildings: frozenset[str] = frozenset()
    sources: Mapping[str, float] = field(default_factory=dict)
    harms: Mapping[str, float] = field(default_factory=dict)
    at_once: frozenset[str] = frozenset()
    indoors: bool = False
    personal: bool = False
    pairs: frozenset[str] = frozenset()
    grams: Mapping[str, float] = field(default_factory=dict)
    author: str = ""
    area: str = ""
    category: str = ""
    point: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence: its reason (a key under `[likeness]`), what it names, and its weight; above zero speaks for it."""

    reason: str
    weight: float
    about: str = ""


@dataclass(frozen=True, slots=True)
class Likeness:
    """All the evidence about two messages."""

    pieces: tuple[Piece, ...]

    @property
    def evidence(self) -> float:
        """The sum, within ±`STRONGEST`; above zero it is more likely one event than not."""
        return max(-STRONGEST, min(STRONGEST, PRIOR + sum(piece.weight for piece in self.pieces)))

    @property
    def score(self) -> float:
        """The same as a number from 0 to 1."""
        return score_of(self.evidence)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What speaks for it and against it, the weightiest first, each as `reason` or `reason:about`."""
        told = sorted(self.pieces, key=lambda p: -abs(p.weight))
        return tuple(f"{p.reason}:{p.about}" if p.about else p.reason for p in told)


def score_of(evidence: float) -> float:
    """Evidence as a number from 0 to 1, 0.5 being undecided; two decimals."""
    return round(1 / (1 + math.exp(-evidence)), 2)


#: Which names stand together in a message, so that an estate and the market at its gate are known for neighbours.
Neighbours = Collection[frozenset[str]]


def likeness(one: Marks, other: Marks, neighbours: Neighbours = ()) -> Likeness:
    """Weigh whether two messages speak of one event.

    Args:
        one: A message.
        other: Another one; the order makes no difference.
        neighbours: Pairs of keys of names that some message uses together.
    """
    told = (*_places(one, other, neighbours), *_matter(one, other), *_around(one, other))
    pieces = (*told, _wording(one, other, {piece.reason for piece in told if piece.weight}))
    return Likeness(tuple(piece for piece in pieces if piece.weight or piece.reason == "same_author"))


def _places(one: Marks, other: Marks, neighbours: Neighbours) -> Iterator[Piece]:
    """What names of places and positions say."""
    if one.point is not None and other.point is not None:
        metres = distance(one.point, other.point)
        yield Piece("near" if metres <= NEAR_M else "far", POINTS_NEAR if metres <= NEAR_M else POINTS_FAR, f"{metres:.0f}m")
    same = one.names & other.names
    if same:
        best = max(same, key=lambda name: (_worth(name), name.key))
        yield Piece("same_place", _worth(best), best.key)
    yield from _conflicts(one, other)
    if not any(_worth(name) >= HINT for name in same):
        yield from _connected(one, other, neighbours)


def _worth(name: Name) -> float:
    return NAMES[name.kind][0] * (COMMON_NAME if name.common else 1.0)


def _conflicts(one: Marks, other: Marks) -> Iterator[Piece]:
    """The heaviest of the kinds of which both name something, and nothing in common."""
    worst = Piece("other_place", 0.0)
    for kind, (_, against) in NAMES.items():
        here, there = ([n for n in m.names if n.kind == kind] for m in (one, other))
        if here and there and against < worst.weight and not {n.core for n in here} & {n.core for n in there}:
            worst = Piece("other_place", against, "/".join(sorted((min(n.key for n in here), min(n.key for n in there)))))
    yield worst


def _connected(one: Marks, other: Marks, neighbours: Neighbours) -> Iterator[Piece]:
    """What connects two messages that have no name in common, or that nothing does."""
    mine, theirs = ([n for n in m.names if n.kind not in COARSE] for m in (one, other))
    akin = {a.core for a in mine if not a.common} & {b.core for b in theirs if not b.common}
    hints = [n.core for names, m in ((mine, other), (theirs, one)) for n in names if _hints(n) and n.core in m.pairs]
    if akin:
        yield Piece("place_akin", AKIN, min(akin))
    elif hints:
        yield Piece("place_hinted", HINT, min(hints))
    elif any(frozenset((a.key, b.key)) in neighbours for a in mine for b in theirs):
        yield Piece("neighbours", NEIGHBOURS)
    elif mine and theirs:
        yield Piece("elsewhere", ELSEWHERE)
    else:
        yield Piece("nameless", NAMELESS)


def _hints(name: Name) -> bool:
    return name.kind in HINTING and not name.common


def _matter(one: Marks, other: Marks) -> Iterator[Piece]:
    """What the trouble comes from and what it does, and the category."""
    if one.sources and other.sources:
        same = SOURCE_SAME * (PERSONAL if one.personal and other.personal else 1.0)
        yield _theme("source", one.sources, other.sources, same, SOURCE_OTHER)
    else:
        yield Piece("source_unknown", SOURCE_UNKNOWN if one.harms.keys().isdisjoint(other.harms) else SOURCE_UNKNOWN_HARM_SAME)
    if _harms_akin(one, other):
        yield Piece("harm_akin", HARM_AKIN)
    elif one.harms and other.harms:
        yield _theme("harm", one.harms, other.harms, HARM_SAME, HARM_OTHER)
    elif one.harms or other.harms:
        yield Piece("harm_unknown", HARM_UNKNOWN)
    if one.category and other.category:
        alike = one.category == other.category
        yield Piece("same_category", CATEGORY_SAME, one.category) if alike else Piece("other_category", CATEGORY_OTHER)
    if one.indoors and other.indoors and one.buildings and other.buildings and not one.buildings & other.buildings:
        yield Piece("other_building", OTHER_BUILDING)


def _harms_akin(one: Marks, other: Marks) -> bool:
    """Whether they tell different harms of those that the source they share does at once."""
    both = one.at_once & other.at_once
    return bool(one.harms.keys() & both and other.harms.keys() & both) and one.harms.keys().isdisjoint(other.harms)


def _theme(what: str, mine: Mapping[str, float], theirs: Mapping[str, float], same: float, against: float) -> Piece:
    shared = "+".join(sorted(mine.keys() & theirs.keys()))
    return Piece(f"same_{what}", same * dot(mine, theirs), shared) if shared else Piece(f"other_{what}", against)


def _around(one: Marks, other: Marks) -> Iterator[Piece]:
    """Area, author and time."""
    if one.area and other.area:
        alike = one.area == other.area
        yield Piece("same_area", AREA_SAME) if alike else Piece("other_area", AREA_OTHER)
    if one.author and one.author == other.author:
        yield Piece("same_author", 0.0)
    apart = abs(one.at - other.at)
    days = apart / timedelta(days=1)
    weight = next((w for limit, w in TIMES if days <= limit), -2 * STRONGEST)
    yield Piece("time", weight, f"{apart.days}d" if apart.days else f"{apart.seconds // 3600}h")


def _wording(one: Marks, other: Marks, told: set[str]) -> Piece:
    cosine = dot(one.grams, other.grams)
    since = TEXT_FROM_NAMELESS if "nameless" in told else TEXT_FROM
    most = TEXT_MOST if told.isdisjoint(APART) else TEXT_MOST_ELSEWHERE
    return Piece("wording", max(TEXT_LEAST, min(most, TEXT_WEIGHT * (cosine - since))), f"{cosine:.2f}")


def dot(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The product of two sparse vectors; of unit ones the cosine between them."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    return sum(weight * large[key] for key, weight in small.items() if key in large)


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two points (WGS84 degrees), on a sphere: good to half a per cent."""
    (lat_a, lon_a), (lat_b, lon_b) = (tuple(map(math.radians, point)) for point in (one, other))
    half = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, half)))
