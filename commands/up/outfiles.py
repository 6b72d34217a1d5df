"""What children print: one `<name>.out` each, turned over at every start and when it has grown too large."""

import shutil
from collections import deque
from pathlib import Path


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}") if number else path


def _make_room(path: Path, keep: int) -> None:
    """Move `.1` to `.2` and so on; the oldest goes."""
    for number in range(keep - 1, 0, -1):
        if _numbered(path, number).exists():
            _numbered(path, number).replace(_numbered(path, number + 1))


def turn_over(path: Path, keep: int) -> None:
    """Put what an earlier start printed aside as `.1`, keeping so many older files; nothing printed, nothing to do."""
    if path.exists() and path.stat().st_size:
        _make_room(path, keep)
        path.replace(_numbered(path, 1))


def limit(path: Path, keep: int, max_bytes: int) -> None:
    """Copy a file that has grown too large aside and empty it, while the child goes on writing to its end."""
    if path.exists() and path.stat().st_size > max_bytes:
        _make_room(path, keep)
        shutil.copyfile(path, _numbered(path, 1))
        with path.open("r+b") as file:
            file.truncate(0)


def last_lines(path: Path, count: int) -> list[str]:
    """Read the last lines of a file; none when it is not there."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", errors="replace") as file:
        return [line.rstrip("\n") for line in deque(file, maxlen=count)]
