"""Files that show how it was before and is now: kept under their own hash, so that what the journal names can be proved.

A file is on disk before the commit that speaks of it; one whose commit failed is an orphan and harms nobody.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from puremagic import PureError, from_string

from rules.facts import Refused

KEPT_MOST: Final = 10 * 1024 * 1024  #: bytes of one file
MEDIA: Final = frozenset({"image/jpeg", "image/png", "image/webp", "application/pdf"})
NAME_MAX: Final = 120
_LOOKED_AT: Final = 65_536  #: bytes by which the kind of a file is told


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is kept: what it was called, what it is, its hash and size in bytes."""

    name: str
    media: str
    sha256: str
    size: int

    def as_evidence(self, note: str = "") -> Mapping[str, Any]:
        """As a move takes it along; all of it goes into the journal, and with it into the chain of hashes."""
        return {"note": note, "name": self.name, "media": self.media, "sha256": self.sha256, "size": self.size}


def keep(folder: Path, data: bytes, name: str) -> Kept:
    """Keep a file under its hash; the same bytes twice are one file.

    What it is shows in its bytes, never in its name. Pictures are kept as they came: re-encoding them, which removes what a camera
    wrote into them, belongs between looking at the bytes and hashing them.

    Args:
        folder: Where files are kept (`<data>/files`).
        data: The file.
        name: What it was called; only its last part is remembered.

    Raises:
        Refused: `file_empty`, `file_too_big`, `file_kind`.
        OSError: the folder cannot be written.
    """
    plain = Path(name.replace("\\", "/")).name[-NAME_MAX:]
    if not data:
        raise Refused("file_empty", file=plain)
    if len(data) > KEPT_MOST:
        raise Refused("file_too_big", file=plain, most=KEPT_MOST // (1024 * 1024))
    media = _media(data)
    if media not in MEDIA:
        raise Refused("file_kind", file=plain)
    digest = hashlib.sha256(data).hexdigest()
    place = place_of(folder, digest)
    if not is_whole(folder, digest):
        _write(place, data)
    return Kept(plain, media, digest, len(data))


def keep_file(folder: Path, path: Path) -> Kept:
    """Keep a file that lies somewhere on this machine; never more of it is read than may be kept.

    Raises:
        Refused: as `keep`.
        OSError: it cannot be read, or the folder cannot be written.
    """
    with path.open("rb") as source:
        return keep(folder, source.read(KEPT_MOST + 1), path.name)


def _media(data: bytes) -> str:
    try:
        return str(from_string(data[:_LOOKED_AT], mime=True))
    except PureError:
        return ""


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


def _write(place: Path, data: bytes) -> None:
    """Write aside and move into place whole: nobody ever sees half a file, and it outlives a power cut."""
    place.parent.mkdir(parents=True, exist_ok=True)
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
