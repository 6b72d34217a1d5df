"""How channels end, and how those that are opened after them go on: nothing that a provider believes we have heard is lost on the way."""

import logging
from collections.abc import Sequence
from threading import RLock
from typing import Generic, TypeVar

from notifications.channels.plugin import Way
from notifications.outcome import Confirmation, Inbound

_log = logging.getLogger("bihuan.channels")


class Ending:
    """One channel's line, as far as its end goes."""

    code: str
    _url: str
    _private: bool
    _lock: RLock
    _way: Way | None
    _ending: bool
    _over: bool = False
    _given_back: Sequence[Confirmation | Inbound] = ()

    def is_like(self, other: "Ending") -> bool:
        """Whether it leads where another one leads."""
        return (self._url, self._private) == (other._url, other._private)

    def give_back(self, heard: Sequence[Confirmation | Inbound]) -> None:
        """Keep what was heard and could not be written down."""
        with self._lock:
            self._given_back = [*self._given_back, *heard]

    def returned(self) -> list[Confirmation | Inbound]:
        """What was given back since it was asked last."""
        with self._lock:
            again, self._given_back = self._given_back, ()
            return list(again)

    def end(self, patience: float) -> list[Confirmation | Inbound]:
        """Let go for good; gives back what it had heard. Who is still using it, or uses it all the same, leaves nothing open."""
        self._ending = self._over = True
        if not self._lock.acquire(timeout=patience):
            return []
        try:
            again = self.returned()
            if self._way is not None:
                self._way.close()
                again += self._way.heard()
            return again
        finally:
            self._lock.release()


_Line = TypeVar("_Line", bound=Ending)


class Succession(Generic[_Line]):
    """Channels that come after others, and others after them."""

    _lines: dict[str, _Line]

    def give_back(self, code: str, heard: Sequence[Confirmation | Inbound]) -> None:
        """Keep what was heard and could not be written down: it is told again, before anything new."""
        line = self._lines.get(code)
        if line is not None:
            line.give_back(heard)
        elif heard:
            _log.error("channel %s is gone, and with it %d receipts and replies", code, len(heard))

    def go_on_with(self, before: "Succession[_Line]") -> None:
        """Use the open lines of earlier channels where the address is the same; to be called before anybody uses these."""
        self._lines |= {code: old for code, old in before._lines.items() if code in self._lines and self._lines[code].is_like(old)}

    def end(self, after: "Succession[_Line] | None" = None, patience: float = -1) -> dict[str, list[Confirmation | Inbound]]:
        """Let go of every connection for good, but of those that later channels go on with.

        Args:
            after: The later channels.
            patience: Seconds that each may take to end what is being sent; -1: as long as it takes.

        Returns:
            What had come over them and was not asked for yet, by code: the provider believes that we have it.
        """
        going = after._lines if after is not None else {}
        return {code: line.end(patience) for code, line in self._lines.items() if going.get(code) is not line}
