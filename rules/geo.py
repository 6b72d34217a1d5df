"""Places on the ground: the three ways in which Chinese maps write a point, how far two points are apart, and reading what people type.

Devices say WGS84. Chinese map services shift points inside the country by some hundred metres: GCJ-02 (高德, 腾讯), and once more
BD-09 (百度). We keep WGS84, and the datum as it was given. The formulas are the published ones; their inverses are iterated.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rules.facts import Refused

_KRASOVSKY: Final = 6_378_245.0  #: metres, semi-major axis that GCJ-02 reckons with
_FLATNESS: Final = 0.00669342162296594323  #: square of its eccentricity
_EARTH: Final = 6_371_008.8  #: metres, mean radius
_BAIDU: Final = math.pi * 3000.0 / 180.0
_CHINA: Final = ((0.8293, 55.8271), (72.004, 137.8347))  #: latitudes and longitudes between which maps are shifted; a box, not the border
_ENOUGH: Final = 1e-12  #: degrees; some hundred nanometres
_ROUNDS: Final = 30  #: far more than an inverse takes
_NUMBER: Final = r"([+-]?\d{1,3}(?:\.\d{1,15})?)"
_POINT: Final = re.compile(rf"\s*{_NUMBER}\s*[,，;；\s]\s*{_NUMBER}\s*", re.ASCII)
ACCURACY_MOST: Final = 100_000  #: metres; beyond, a point says nothing


class Datum(StrEnum):
    """What the numbers of a point are measured against."""

    WGS84 = "WGS84"  #: satellites, devices, photos
    GCJ02 = "GCJ02"  #: 高德, 腾讯, WeChat's own places
    BD09 = "BD09"  #: 百度


@dataclass(frozen=True, slots=True)
class Point:
    """A point in degrees, north and east positive."""

    lat: float
    lon: float


def datum_named(text: str) -> Datum:
    """The datum that people mean, however they write it: `gcj-02`, `GCJ02`.

    Raises:
        Refused: `unknown_datum`.
    """
    plain = re.sub(r"[\s_-]", "", text).upper().removesuffix("LL")
    if plain not in Datum.__members__:
        raise Refused("unknown_datum", given=text[:20])
    return Datum(plain)


def parse_point(text: str) -> Point:
    """A point as it is typed, latitude first: `31.2304,121.4737`.

    Raises:
        Refused: `bad_point`.
    """
    found = _POINT.fullmatch(text)
    if found is None:
        raise Refused("bad_point", given=text[:60])
    return checked(Point(float(found[1]), float(found[2])))


def checked(point: Point) -> Point:
    """The same point, if there is such a place.

    Raises:
        Refused: `bad_point`: not finite, or off the globe; a longitude in the latitude's place is off it too.
    """
    if not (abs(point.lat) <= 90 and abs(point.lon) <= 180):
        raise Refused("bad_point", given=f"{point.lat},{point.lon}")
    return point


def in_china(point: Point) -> bool:
    """Whether maps shift this point: it lies in the box around the country that the map services use."""
    (south, north), (west, east) = _CHINA
    return south <= point.lat <= north and west <= point.lon <= east


def to_wgs84(point: Point, datum: Datum) -> Point:
    """Where a point of a map really is, to less than a millimetre."""
    if datum is Datum.BD09:
        return _undone(_undone(point, _gcj02_to_bd09), _wgs84_to_gcj02)
    return _undone(point, _wgs84_to_gcj02) if datum is Datum.GCJ02 else point


def from_wgs84(point: Point, datum: Datum) -> Point:
    """Where a map shows a point."""
    if datum is Datum.WGS84:
        return point
    shifted = _wgs84_to_gcj02(point)
    return _gcj02_to_bd09(shifted) if datum is Datum.BD09 else shifted


def distance_m(one: Point, other: Point) -> float:
    """Metres between two points along the ground (haversine, a round earth: within half a per cent)."""
    lat, lon = math.radians(other.lat - one.lat), math.radians(other.lon - one.lon)
    chord = math.sin(lat / 2) ** 2 + math.cos(math.radians(one.lat)) * math.cos(math.radians(other.lat)) * math.sin(lon / 2) ** 2
    return 2 * _EARTH * math.asin(min(1.0, math.sqrt(chord)))


def _undone(shifted: Point, shift: Callable[[Point], Point]) -> Point:
    """The point that a shift brings here: guess, see by how much the guess misses, guess again."""
    if not in_china(shifted):
        return shifted
    guess = shifted
    for _ in range(_ROUNDS):
        missed = shift(guess)
        lat, lon = shifted.lat - missed.lat, shifted.lon - missed.lon
        guess = Point(guess.lat + lat, guess.lon + lon)
        if abs(lat) < _ENOUGH and abs(lon) < _ENOUGH:
            break
    return guess


def _wgs84_to_gcj02(point: Point) -> Point:
    if not in_china(point):
        return point
    x, y = point.lon - 105.0, point.lat - 35.0
    across = math.radians(point.lat)
    round_ = 1 - _FLATNESS * math.sin(across) ** 2
    lat = math.degrees(_northward(x, y) / (_KRASOVSKY * (1 - _FLATNESS) / (round_ * math.sqrt(round_))))
    lon = math.degrees(_eastward(x, y) / (_KRASOVSKY / math.sqrt(round_) * math.cos(across)))
    return Point(point.lat + lat, point.lon + lon)


def _waves(*terms: tuple[float, float]) -> float:
    """A sum of sine waves: how high each is, and how many half-turns it has made."""
    return sum(height * math.sin(turns * math.pi) for height, turns in terms) * 2 / 3


def _northward(x: float, y: float) -> float:
    plane = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    return plane + _waves((20, 6 * x), (20, 2 * x), (20, y), (40, y / 3), (160, y / 12), (320, y / 30))


def _eastward(x: float, y: float) -> float:
    plane = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    return plane + _waves((20, 6 * x), (20, 2 * x), (20, x), (40, x / 3), (150, x / 12), (300, x / 30))


def _gcj02_to_bd09(point: Point) -> Point:
    if not in_china(point):
        return point
    far = math.hypot(point.lon, point.lat) + 0.00002 * math.sin(point.lat * _BAIDU)
    angle = math.atan2(point.lat, point.lon) + 0.000003 * math.cos(point.lon * _BAIDU)
    return Point(far * math.sin(angle) + 0.006, far * math.cos(angle) + 0.0065)
