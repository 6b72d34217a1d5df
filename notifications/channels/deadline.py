"""An end for everything that one attempt reads and writes, so that a server which drips byte after byte holds no lane."""

import io
import time
from typing import Any, Final

#: An attempt may take so many times the seconds for which one answer is waited for.
_TIMES: Final = 2.0


class Deadline:
    """When the attempt under way ends; seconds of a clock that nobody sets."""

    def __init__(self, wait: float) -> None:
        """Args: wait: Seconds for one answer; all of an attempt together may take twice as long."""
        self._wait = wait
        self._ends = 0.0
        self.begin()

    def begin(self) -> None:
        """Another attempt begins now."""
        self._ends = time.monotonic() + _TIMES * self._wait

    def left(self) -> float:
        """Seconds for which the next answer may be waited for.

        Raises:
            TimeoutError: the attempt has lasted too long.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the attempt has lasted too long")
        return min(self._wait, left)


class Watched:
    """A connected socket, of which `http.client` and `smtplib` read no longer than the deadline allows."""

    def __init__(self, sock: Any, deadline: Deadline) -> None:  # noqa: ANN401 - a socket, plain or TLS
        """Args: sock: Stays open when its reader is closed."""
        self._sock = sock
        self._deadline = deadline

    def makefile(self, *_: object) -> io.BufferedReader:
        """What reads from it; TimeoutError when the time is over."""
        return io.BufferedReader(_Reader(self._sock, self._deadline))


class _Reader(io.RawIOBase):
    def __init__(self, sock: Any, deadline: Deadline) -> None:  # noqa: ANN401 - as above
        super().__init__()
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - whatever the reader above hands over
        self._sock.settimeout(self._deadline.left())
        return int(self._sock.recv_into(buffer))
