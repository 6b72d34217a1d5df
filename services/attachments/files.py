"""Files that people hand in: looked at, pictures written anew, and kept under their own hash, so that what the journal names can be proved.

A file is on disk before the commit that speaks of it; one whose commit failed is an orphan and harms nobody.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from puremagic import PureError, from_string

from rules.facts import Refused
from services.attachments.pictures import FORMATS, Taken, written_anew

MB: Final = 1024 * 1024
KEPT_MOST: Final = 10 * MB  #: bytes of one file, unless the installation says otherwise
PAPER: Final = "application/pdf"
NAME_MAX: Final = 120
#: How files begin that iPhones make of photos (HEIC), at `_BRAND_AT`: everybody has them, nothing here opens them.
_HEIC: Final = frozenset(b"ftyp" + brand for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))
_BRAND_AT: Final = slice(4, 12)
_OWNER_ONLY: Final = 0o700  #: pictures of people's homes are nobody else's on the machine
_LOOKED_AT: Final = 65_536  #: bytes by which the kind of a file is told


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is kept.

    Attributes:
        name: What it was called; only the last part.
        media: Media type, looked at and not believed.
        sha256: Hash under which it is kept.
        size: Bytes as kept.
        given: Hash of the file as it came.
        width, height: Pixels; None for what is no picture.
        taken: When and where the camera says it was taken.
    """

    name: str
    media: str
    sha256: str
    size: int
    given: str
    width: int | None = None
    height: int | None = None
    taken: Taken = field(default_factory=Taken)

    def as_evidence(self, note: str = "") -> Mapping[str, Any]:
        """As a move takes it along; all of it goes into the journal, and with it into the chain of hashes."""
        return {"note": note, "name": self.name, "media": self.media, "sha256": self.sha256, "size": self.size}


def keep(folder: Path, data: bytes, name: str, most: int = KEPT_MOST) -> Kept:
    """Keep a file under its hash; the same bytes twice are one file.

    What it is shows in its bytes, never in its name. Pictures are written anew, without anything that the camera wrote into them;
    papers (PDF) are kept as they came.

    Args:
        folder: Where files are kept (`<data>/files`).
        data: The file.
        name: What it was called; only its last part is remembered.
        most: Bytes that it may have.

    Raises:
        Refused: `file_empty`, `file_too_big`, `picture_heic`, `file_kind`, `picture_broken`, `picture_too_large`.
        OSError: the folder cannot be written.
    """
    plain = _plain(name)
    if not data:
        raise Refused("file_empty", file=plain)
    if len(data) > most:
        raise Refused("file_too_big", file=plain, most=most // MB)
    if data[_BRAND_AT] in _HEIC:
        raise Refused("picture_heic", file=plain)
    media, given = _media(data), hashlib.sha256(data).hexdigest()
    if media == PAPER:
        return Kept(plain, media, _stored(folder, data), len(data), given)
    if media not in FORMATS:
        raise Refused("file_kind", file=plain)
    picture = written_anew(data, media, plain)
    stored = _stored(folder, picture.data)
    return Kept(plain, media, stored, len(picture.data), given, picture.width, picture.height, picture.taken)


def keep_file(folder: Path, path: Path, most: int = KEPT_MOST) -> Kept:
    """Keep a file that lies somewhere on this machine; never more of it is read than may be kept.

    Raises:
        Refused: as `keep`.
        OSError: it cannot be read, or the folder cannot be written.
    """
    with path.open("rb") as source:
        return keep(folder, source.read(most + 1), path.name, most)


def place_of(folder: Path, sha256: str) -> Path:
    """Where a file with this hash is kept."""
    return folder / sha256[:2] / sha256


def is_whole(folder: Path, sha256: str) -> bool:
    """Whether the file is there and still has the hash under which it is kept."""
    place = place_of(folder, sha256)
    if not place.is_file():
        return False
    with place.open("rb") as kept:
        return hashlib.file_digest(kept, "sha256").hexdigest() == sha256


def _plain(name: str) -> str:
    """The last part of a name, without what no database keeps."""
    last = Path(name.replace("\\", "/").replace("\0", "")).name
    return last.encode("utf-8", "replace").decode()[-NAME_MAX:]


def _media(data: bytes) -> str:
    try:
        return str(from_string(data[:_LOOKED_AT], mime=True))
    except PureError:
        return ""


def _stored(folder: Path, data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    if not is_whole(folder, digest):
        _write(place_of(folder, digest), data)
    return digest


def _write(place: Path, data: bytes) -> None:
    """Write aside and move into place whole: nobody ever sees half a file, and it outlives a power cut."""
    place.parents[1].mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
    place.parent.mkdir(mode=_OWNER_ONLY, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=place.parent, prefix=".")
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        Path(draft).replace(place)
    finally:
        with suppress(FileNotFoundError):
            Path(draft).unlink()
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
