"""Messages on their way over one link, part by part: an answer that came late still counts, and receipts of parts make one of the whole."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from notifications.outcome import Confirmation
from notifications.sms.smpp_session import Asked

#: So many messages are kept in mind, the latest ones. Of the others only the last part's receipt speaks, under the whole's own name.
_MOST: Final = 2000


@dataclass(slots=True)
class Sending:
    """One message and the submissions made of it.

    Attributes:
        bodies: One for each part.
        asked: Submissions, by the place of their part; an answer may still come after nobody waits for it any more.
        names: What the centre calls its parts, in order, once it has taken all of them.
        failed: A part did not arrive, and that was told.
    """

    bodies: Sequence[bytes]
    asked: dict[int, Asked] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    failed: bool = False

    def taken(self, place: int) -> Asked | None:
        """The submission of a part that the centre has taken, however late it said so; None: it must be submitted."""
        asked = self.asked.get(place)
        return asked if asked is not None and asked.status == 0 else None


class Sendings:
    """What one channel is sending, or has sent in several parts lately."""

    def __init__(self) -> None:
        self._begun: OrderedDict[int, Sending] = OrderedDict()
        self._by_name: OrderedDict[str, Sending] = OrderedDict()

    def of(self, message_id: int, bodies: Sequence[bytes]) -> Sending:
        """The sending of a message: the one that was begun with the same words and not ended, else a new one."""
        found = self._begun.pop(message_id, None)
        if found is None or found.bodies != bodies:
            found = Sending(bodies)
        self._begun[message_id] = found
        while len(self._begun) > _MOST:
            self._begun.popitem(last=False)
        return found

    def end(self, message_id: int, names: Sequence[str]) -> None:
        """The centre has taken all parts of a message, under these names; the same message handed in again would be another sending."""
        ended = self._begun.pop(message_id)
        ended.names = tuple(names)
        if len(names) > 1:
            self._by_name.update(dict.fromkeys(names, ended))
        while len(self._by_name) > _MOST:
            self._by_name.popitem(last=False)

    def whole(self, told: Confirmation) -> Confirmation | None:
        """What a receipt says of the whole message: the last part stands for it, but one that did not arrive fails it. None: nothing."""
        found = self._by_name.get(told.provider_id)
        if found is None:
            return told
        if found.failed or (told.delivered and told.provider_id != found.names[-1]):
            return None
        found.failed = not told.delivered
        return replace(told, provider_id=found.names[-1])
