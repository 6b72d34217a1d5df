"""Numbers of supervision orders (DB-YYYYMMDD-NNNN) and of affairs, taken in the commit that needs them, so that none is ever missing."""

from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from models import connection_of
from services.catalogue import catalogue

_TAKE: Final = text(
    "INSERT INTO supervision_number (day, last) VALUES (:day, :n) "
    "ON CONFLICT (day) DO UPDATE SET last = supervision_number.last + :n RETURNING last"
)
_TAKE_AFFAIR: Final = text(
    "INSERT INTO affair_number (day, last) VALUES (:day, 1) ON CONFLICT (day) DO UPDATE SET last = affair_number.last + 1 RETURNING last"
)
_GIVE_BACK_AFFAIR: Final = text("UPDATE affair_number SET last = last - :n WHERE day = :day")
_GIVE_BACK: Final = text("UPDATE supervision_number SET last = last - :n WHERE day = :day")


class Numbers:
    """The next numbers of the local day: taken all at once at the first need, what is left over is given back.

    The row of the day stays locked until the commit, so nobody takes a number in between, and a unit of work that fails takes none.
    """

    def __init__(self, session: Session, now: datetime, most: int) -> None:
        """Take nothing yet.

        Args:
            session: The unit of work; on SQLite it holds the write lock.
            now: The instant; its local day is in the numbers.
            most: How many may be needed.
        """
        self._run = connection_of(session).execute
        self._day = f"{now.astimezone(catalogue(session).zone):%Y%m%d}"
        self._most = most
        self._left: list[int] | None = None

    def __call__(self) -> str:
        """The next number."""
        if not self._left:
            last = int(self._run(_TAKE, {"day": self._day, "n": self._most}).scalar_one())
            self._left = list(range(last, last - self._most, -1))
        return f"DB-{self._day}-{self._left.pop():04d}"

    def close(self) -> None:
        """Give back what was taken and not used; after this no more are given out."""
        if self._left:
            self._run(_GIVE_BACK, {"day": self._day, "n": len(self._left)})
            self._left = None


class AffairNumbers:
    """The next number of each kind of affair on the local day, e.g. CS-20261120-0001; taken in the commit that opens it.

    The row of the day stays locked until the commit; a number that was not used after all is given out again, or given back.
    """

    def __init__(self, session: Session, now: datetime) -> None:
        """Take nothing yet.

        Args:
            session: The unit of work; on SQLite it holds the write lock.
            now: The instant; its local day is in the numbers.
        """
        self._run = connection_of(session).execute
        self._day = f"{now.astimezone(catalogue(session).zone):%Y%m%d}"
        self._spare: dict[str, list[int]] = {}

    def __call__(self, prefix: str) -> str:
        """The next number of a kind."""
        spare = self._spare.get(prefix)
        last = spare.pop(0) if spare else int(self._run(_TAKE_AFFAIR, {"day": f"{prefix}{self._day}"}).scalar_one())
        return f"{prefix}-{self._day}-{last:04d}"

    def give_back(self, no: str) -> None:
        """Nobody has this number after all."""
        prefix, _, last = no.split("-")
        self._spare[prefix] = sorted([*self._spare.get(prefix, ()), int(last)])

    def close(self) -> None:
        """Give back what is left over: the last numbers taken, because nobody else takes any in between."""
        for prefix, spare in self._spare.items():
            if spare:
                self._run(_GIVE_BACK_AFFAIR, {"day": f"{prefix}{self._day}", "n": len(spare)})
        self._spare.clear()
