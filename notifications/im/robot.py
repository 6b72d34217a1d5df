"""What group robots have in common: one text to a whole group, an answer with a code and words, no receipt."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from notifications.channels.answers import accepted, said, word
from notifications.channels.errors import Table
from notifications.channels.http import Answer
from notifications.im.plugin import ImPlugin, knocked, refusal, worded
from notifications.outcome import Finding, Outcome, Outgoing

_OK: Final = "0"
_MOST_BYTES: Final = 18_000


class Robot(ImPlugin):
    """Base of the robots. A new one sets what its vendor calls things and writes `post`."""

    OPTIONS = frozenset(("secret",))
    #: Where the answer has its code; of several the first that is there, for robots made before the vendor renamed it.
    CODE: ClassVar[tuple[str, ...]]
    #: Where the answer has its words.
    WORDS: ClassVar[str]
    #: What its codes mean.
    TABLE: ClassVar[Table]

    def deliver(self, outgoing: Outgoing) -> Outcome:
        """Say it to the group.

        Raises:
            NotSent: nothing has reached the vendor.
            NoAnswer: it may have been taken.
        """
        answer = self.post(worded(outgoing, _MOST_BYTES))
        found = said(answer)
        code = self._code_of(found)
        if found is not None and word(found, code) == _OK:
            return accepted(answer, _OK, "")
        return refusal(answer, found, code, self.WORDS, self.TABLE)

    def check(self) -> list[Finding]:
        """Knock with a message without words, which no robot takes."""
        answer = self.post("")
        return knocked(self.endpoint.host, answer, self._code_of(said(answer)), self.WORDS, self.TABLE)

    def post(self, content: str) -> Answer:
        """Hand the vendor a text, signed where the address has a secret.

        Raises:
            NotSent: nothing has reached the vendor.
            NoAnswer: it may have been taken.
        """
        raise NotImplementedError

    def _code_of(self, found: Mapping[str, Any] | None) -> str:
        return next((name for name in self.CODE if found is not None and name in found), self.CODE[0])
