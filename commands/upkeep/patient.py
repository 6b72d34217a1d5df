"""What `bihuan doctor` looks at, and how a look at it is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from settings import Settings
from wording import say


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    Attributes:
        name: Stable name.
        ok: Whether it needs nobody.
        text: One sentence.
        lines: What it found, one line each.
    """

    name: str
    ok: bool
    text: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at, and when."""

    settings: Settings
    now: datetime
    session: Session


def said(name: str, *, ok: bool, lines: Sequence[str] = (), **values: object) -> Check:
    """What was found, in the sentence `doctor.<name>_ok` or `doctor.<name>_bad`."""
    return Check(name, ok, say(f"doctor.{name}_{'ok' if ok else 'bad'}", None, **values), tuple(lines))
