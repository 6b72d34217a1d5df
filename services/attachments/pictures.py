"""Photos: opened with care, asked when and where they were taken, and written anew so that nothing else comes along.

A camera writes much into a photo: place, time, the phone's number, a small copy of the picture before it was cropped. Time and place
are kept as evidence, where only people of ours see them; the picture itself keeps its pixels and nothing else.
"""

import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from io import BytesIO
from typing import Any, Final

from PIL import ExifTags, Image

from rules.facts import Refused
from rules.geo import ACCURACY_MOST, Datum, Point, checked, datum_named, to_wgs84

#: Media types of pictures, what Pillow calls them, and how they are written.
FORMATS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "image/jpeg": ("JPEG", {"quality": 85, "optimize": True}),
    "image/png": ("PNG", {"optimize": True}),
    "image/webp": ("WEBP", {"quality": 85}),
}
LONGEST_SIDE: Final = 2560  #: pixels; enough to read a number plate across a street
PIXELS_MOST: Final = 64_000_000  #: of a picture as it comes: more than phones make, less than would fill the memory
_PLAIN: Final = frozenset({"L", "RGB", "RGBA"})  #: modes that are written as they are
_YEARS: Final = range(1990, 2200)  #: a camera that says another year has lost its clock
#: What Pillow raises on pictures that are broken, by accident or on purpose; it warns of some, which may be told to raise.
_BROKEN: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    struct.error,
    zlib.error,
    UserWarning,
)
_BOMB: Final = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_TURN: Final = Image.Transpose
#: How a picture is set upright, by what the camera says of how it was held.
_TURNS: Final = {
    2: _TURN.FLIP_LEFT_RIGHT,
    3: _TURN.ROTATE_180,
    4: _TURN.FLIP_TOP_BOTTOM,
    5: _TURN.TRANSPOSE,
    6: _TURN.ROTATE_270,
    7: _TURN.TRANSVERSE,
    8: _TURN.ROTATE_90,
}
_Tags = Mapping[int, Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """When and where a photo was taken, as the camera says.

    Attributes:
        at: Without a zone where the camera gave none: then it is local time.
        place: WGS84.
        accuracy_m: Metres.
    """

    at: datetime | None = None
    place: Point | None = None
    accuracy_m: int | None = None

    def moment(self, zone: tzinfo) -> datetime | None:
        """When, aware; what the camera left open is local time of this zone."""
        return self.at if self.at is None or self.at.tzinfo is not None else self.at.replace(tzinfo=zone)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept."""

    data: bytes
    width: int
    height: int
    taken: Taken


def written_anew(data: bytes, media: str, name: str) -> Picture:
    """Open a picture and write it anew: upright, no larger than needed, without anything but its pixels.

    The same bytes give the same bytes again. Colour profiles go too: a phone's wide colours turn a shade paler.

    Args:
        data: The picture.
        media: One of `FORMATS`.
        name: What refusals call it.

    Raises:
        Refused: `picture_broken`, `picture_too_large`.
    """
    kind, how = FORMATS[media]
    try:
        with Image.open(BytesIO(data), formats=(kind,)) as image:
            image.verify()  # checksums, which are not looked at while it is unfolded
        with Image.open(BytesIO(data), formats=(kind,)) as image:
            if image.width * image.height > PIXELS_MOST:
                raise Refused("picture_too_large", file=name, most=PIXELS_MOST // 1_000_000)
            taken = _taken(image)
            plain = _plain(image)
            out = BytesIO()
            plain.save(out, kind, **how)
    except _BOMB:
        raise Refused("picture_too_large", file=name, most=PIXELS_MOST // 1_000_000) from None
    except _BROKEN:
        raise Refused("picture_broken", file=name) from None
    return Picture(out.getvalue(), plain.width, plain.height, taken)


def _plain(image: Image.Image) -> Image.Image:
    """The pixels alone, upright and small enough."""
    turn = _turn(image)
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG need not be unfolded at its full size
    plain = _eight_bits(image)
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    plain = plain if turn is None else plain.transpose(turn)
    plain.info = {}  # comments, profiles and the like would be written along
    return plain


def _eight_bits(image: Image.Image) -> Image.Image:
    """The picture in a mode that is written as it is; of greys in 16 bits, as scanners write them, the upper eight are kept."""
    if image.mode in _PLAIN:
        return image
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _turn(image: Image.Image) -> Image.Transpose | None:
    """How the picture must be turned; a camera that says nothing sensible held it upright."""
    try:
        return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except _BROKEN:
        return None


def _taken(image: Image.Image) -> Taken:
    """What the camera wrote; whatever of it makes no sense is as if it were not there."""
    try:
        exif = image.getexif()
        photo, gps = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    except _BROKEN:
        return Taken()
    place = _place(gps)
    return Taken(_moment(photo) or _satellite_moment(gps), place, _accuracy(gps) if place is not None else None)


def _moment(photo: _Tags) -> datetime | None:
    """When the shutter opened, by the camera's clock, with the zone where the camera gives it."""
    base = ExifTags.Base
    for when, zone in ((base.DateTimeOriginal, base.OffsetTimeOriginal), (base.DateTimeDigitized, base.OffsetTimeDigitized)):
        text, offset = (str(photo.get(tag, "")).strip("\0 ") for tag in (when, zone))
        form = "%Y:%m:%d %H:%M:%S" + (" %z" if offset else "")
        for wanted, written in ((form, f"{text} {offset}".strip()), ("%Y:%m:%d %H:%M:%S", text)):
            try:
                found = datetime.strptime(written, wanted)  # noqa: DTZ007 - a camera may leave its zone open
            except ValueError:
                continue
            return found if found.year in _YEARS else None
    return None


def _satellite_moment(gps: _Tags) -> datetime | None:
    """When the satellites were heard; they tell UTC."""
    try:
        day = datetime.strptime(str(gps[ExifTags.GPS.GPSDateStamp]).strip("\0 "), "%Y:%m:%d").replace(tzinfo=UTC)
        hours, minutes, seconds = (float(part) for part in gps[ExifTags.GPS.GPSTimeStamp])
        found = day + timedelta(hours=hours, minutes=minutes, seconds=int(seconds))
    except _BROKEN:
        return None
    return found if found.year in _YEARS else None


def _place(gps: _Tags) -> Point | None:
    """Where; a phone without a fix writes nothing, nonsense, or nought and nought."""
    tags = ExifTags.GPS
    try:
        lat = _degrees(gps[tags.GPSLatitude], str(gps.get(tags.GPSLatitudeRef, "N")), "S")
        lon = _degrees(gps[tags.GPSLongitude], str(gps.get(tags.GPSLongitudeRef, "E")), "W")
        datum = str(gps.get(tags.GPSMapDatum, "")).strip("\0 ")
        found = to_wgs84(checked(Point(lat, lon)), datum_named(datum) if "GCJ" in datum.upper() else Datum.WGS84)
    except (Refused, *_BROKEN):
        return None
    return None if (lat, lon) == (0.0, 0.0) else Point(round(found.lat, 7), round(found.lon, 7))


def _degrees(parts: Any, side: str, negative: str) -> float:  # noqa: ANN401 - whatever the file holds
    degrees, minutes, seconds = (float(part) for part in parts)
    found = degrees + minutes / 60 + seconds / 3600
    return -found if side.strip("\0 ").upper() == negative else found


def _accuracy(gps: _Tags) -> int | None:
    try:
        found = float(gps[ExifTags.GPS.GPSHPositioningError])
    except _BROKEN:
        return None
    return math.ceil(found) if 0 < found <= ACCURACY_MOST else None
