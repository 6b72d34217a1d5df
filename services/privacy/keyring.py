"""The keys that seal personal data, newest first: from the environment, or from a file of which every process learns when it changes.

The last key also serves the keyed hashes (`Sealed.fingerprint`), and therefore stays.
"""

import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet

from models import Sealed
from rules.facts import Refused
from settings import Settings

_BETWEEN: Final = re.compile(r"[\s,;]+")
_SHORT: Final = 8  #: hex digits by which a key is spoken of


def of_environment(settings: Settings) -> list[bytes]:
    """The keys that the environment gives, newest first; none: they are in the key file."""
    return [key.encode() for key in _BETWEEN.split(settings.keys) if key]


def short(key: bytes) -> str:
    """A key's name: enough to tell keys apart, and nothing of the key itself."""
    return hashlib.sha256(key).hexdigest()[:_SHORT]


class KeyFile:
    """The key file: one key a line, newest first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, ...] | None = None

    def read(self) -> list[bytes]:
        """The keys as they are now.

        Raises:
            OSError: it cannot be read.
        """
        self._stamp = self._now()
        return [line.strip() for line in self.path.read_bytes().splitlines() if line.strip()]

    def changed(self) -> list[bytes] | None:
        """The keys if the file is another one than when it was read; None if not, or if it cannot be read just now."""
        try:
            if self._now() == self._stamp:
                return None
            keys = self.read()
        except OSError:
            return None
        return keys if keys and all(is_key(key) for key in keys) else None

    def write(self, keys: Sequence[bytes]) -> None:
        """Put these keys in place whole: whoever reads meanwhile finds the old file or the new one, with the same permissions.

        Raises:
            OSError: the folder cannot be written.
        """
        descriptor, draft = tempfile.mkstemp(dir=self.path.parent, prefix=f"{self.path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as out:
                os.fchmod(out.fileno(), self.path.stat().st_mode & 0o777)
                out.write(b"\n".join(keys) + b"\n")
                out.flush()
                os.fsync(out.fileno())
            Path(draft).replace(self.path)
            _settle(self.path.parent)
        finally:
            with suppress(FileNotFoundError):
                Path(draft).unlink()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other process from changing the keys meanwhile; let go when this process ends, however that happens."""
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _now(self) -> tuple[int, ...]:
        found = self.path.stat()
        return found.st_ino, found.st_mtime_ns, found.st_size


def _settle(path: Path) -> None:
    """See to it that a new name in a folder outlives a power cut."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def is_key(text: bytes) -> bool:
    """Whether this is a key."""
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


def load(settings: Settings) -> list[bytes]:
    """Use the keys of this installation from here on, and give them back, newest first.

    Raises:
        Refused: `keys_broken`, the environment gives something else; `key_broken`, the key file holds something else.
        OSError: the key file cannot be read.
    """
    given = of_environment(settings)
    file = KeyFile(settings.key_file)
    keys = given or file.read()
    try:
        Sealed.use_keys(keys, None if given else file)
    except (ValueError, IndexError):
        if given:
            raise Refused("keys_broken") from None
        raise Refused("key_broken", file=str(settings.key_file)) from None
    return keys
