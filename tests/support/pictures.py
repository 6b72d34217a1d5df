"""Photos as cameras make them, small ones."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final

from PIL import ExifTags, Image

WRITING: Final = {"JPEG": {"quality": 90}, "PNG": {}, "WEBP": {"quality": 90}}
#: In front of the invented Chenguang estate, on a phone in Shanghai, and how well the phone knew.
PLACE: Final = {1: "N", 2: (31.0, 14.0, 12.5), 3: "E", 4: (121.0, 28.0, 30.0), 31: 4.2}


def photo(kind: str = "JPEG", size: tuple[int, int] = (64, 48), shade: int = 120, **more: Any) -> bytes:
    """A picture, grey on the left and red on the right, without a word from its camera unless `more` is written along."""
    image = Image.new("RGB", size, (shade, shade, shade))
    image.paste((200, 30, 30), (size[0] // 2, 0, size[0], size[1]))
    out = BytesIO()
    image.save(out, kind, **{**WRITING[kind], **more})
    return out.getvalue()


def exif(
    taken: str | None = None,
    offset: str | None = None,
    gps: Mapping[int, Any] | None = None,
    orientation: int | None = None,
    **others: Any,
) -> Image.Exif:
    """What a camera writes into a photo."""
    found = Image.Exif()
    found[ExifTags.Base.Make] = others.get("make", "Phone maker 4711")
    if orientation is not None:
        found[ExifTags.Base.Orientation] = orientation
    details: dict[int, Any] = {}
    if taken is not None:
        details[ExifTags.Base.DateTimeOriginal] = taken
    if offset is not None:
        details[ExifTags.Base.OffsetTimeOriginal] = offset
    details[ExifTags.Base.BodySerialNumber] = "SERIAL-0815"
    found.get_ifd(ExifTags.IFD.Exif).update(details)
    if gps is not None:
        found.get_ifd(ExifTags.IFD.GPSInfo).update(gps)
    return found
