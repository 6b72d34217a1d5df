"""The channels of a running engine: opened as they are configured, and anew where an administrator has changed them."""

from collections.abc import Mapping, Sequence
from threading import Lock, Thread
from typing import Final

from clock import utcnow
from models import Database
from notifications.channels.bus import Channels
from notifications.outcome import Confirmation, Inbound
from services import callbacks
from services.catalogue import catalogue
from services.channels.opening import reopened
from settings import Settings
from tasks.context import log
from tasks.safely import DATABASE_TROUBLE

_FAREWELL_S: Final = 2.0  #: how long an engine that stops waits for a channel that is still sending


class Ways:
    """The channels that are configured at present. `present` may be asked by any thread; `look` by one."""

    def __init__(self, database: Database, settings: Settings) -> None:
        """Open them."""
        self._database, self._settings = database, settings
        self._lock = Lock()
        self._urls: Mapping[str, str] = {}
        self._revision = -1
        self._channels = Channels({})
        self.look()

    def present(self) -> Channels:
        """The channels as they were configured at the last look."""
        with self._lock:
            return self._channels

    def look(self) -> None:
        """See whether anything was configured anew; one small question to the database when nothing was."""
        with self._database.unit_of_work() as session:
            revision = catalogue(session).revision
            if revision == self._revision:
                return
            urls, opened = reopened(session, self._settings, self._urls)
        self._urls, self._revision = urls, revision
        if opened is None:
            return
        opened.go_on_with(self._channels)
        with self._lock:
            before, self._channels = self._channels, opened
        # one of them may be in the middle of a message
        Thread(target=self._let_go, args=(before, opened), name="close channels", daemon=True).start()

    def close(self) -> None:
        """Let go of every kept connection, and write down what had come over it."""
        self._let_go(self.present(), None, _FAREWELL_S)

    def _let_go(self, before: Channels, after: Channels | None, patience: float = -1) -> None:
        """End what is not gone on with. What it had heard is taken by the lane of the same code; here where there is none any more."""
        for code, heard in before.end(after, patience).items():
            if after is not None and code in after.codes:
                after.give_back(code, heard)
            elif heard:
                self._take(code, heard)

    def _take(self, code: str, heard: Sequence[Confirmation | Inbound]) -> None:
        try:
            with self._database.unit_of_work() as session:
                callbacks.take(session, code, heard, utcnow())
        except DATABASE_TROUBLE:
            log.exception("channel %s: %d receipts and replies are lost, the database is away", code, len(heard))
