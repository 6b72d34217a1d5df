"""Channels of which a test says what they answer; what they are like (medium, receipts, whether they can be asked) is that of real ones."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import insert, select, update

from models import Message, Staff, Unit, begin_write, table
from notifications.channels.bus import Channels
from notifications.outcome import Outcome, Outgoing, Trouble, Verdict
from services.catalogue import reference_changed
from services.recipients import recipient_of
from tests.support.town import Town

_message, _staff, _unit = table(Message), table(Staff), table(Unit)
#: One of each kind: an SMS gateway that can be asked and promises receipts, a mail server, a voice gateway, an instant messenger.
URLS: Final[Mapping[str, str]] = {
    "sms": "alisms://us:secret@sms.test/?sign=us&public=no",
    "email": "mail://us:secret@mail.test:25/?from=bihuan@example.cn",
    "voice": "voice://us:secret@voice.test/call",
    "im": "qywx://corp:secret@im.test/?agent=1",
}
TAKEN: Final = Outcome(Verdict.ACCEPTED, "0", provider_id=None)
REFUSED: Final = Outcome(Verdict.PERMANENT, "550", "no such number")
BUSY: Final = Outcome(Verdict.TEMPORARY, "451", "try again later")
DOWN: Final = Outcome(Verdict.TEMPORARY, "refused", "nobody answers", trouble=Trouble.DOWN)
SILENCE: Final = Outcome(Verdict.UNKNOWN, "timeout", "no answer")
ABSENT: Final = Outcome(Verdict.ABSENT)
Answer = Outcome | Callable[[Outgoing], Outcome]


@dataclass
class _Script:
    """What a channel says next; the last answer holds for all further ones."""

    answers: list[Answer] = field(default_factory=lambda: [TAKEN])

    def next(self, outgoing: Outgoing) -> Outcome:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, Outcome) else answer(outgoing)


class Moody(Channels):
    """Answers what it was told to answer, and remembers what it was handed and asked."""

    def __init__(self, *codes: str) -> None:
        super().__init__({code: URLS[code] for code in codes or URLS})
        self.sent: list[Outgoing] = []
        self.asked: list[tuple[Outgoing, str | None]] = []
        self._says: dict[str, _Script] = defaultdict(_Script)
        self._knows: dict[str, _Script] = defaultdict(lambda: _Script([SILENCE]))

    def says(self, channel: str, *answers: Answer) -> None:
        """What a channel answers from now on, one after the other."""
        self._says[channel] = _Script(list(answers))

    def knows(self, channel: str, *answers: Answer) -> None:
        """What a channel answers when it is asked what became of a message."""
        self._knows[channel] = _Script(list(answers))

    def send(self, outgoing: Outgoing) -> Outcome:
        self.sent.append(outgoing)
        return self._says[outgoing.channel].next(outgoing)

    def ask(self, outgoing: Outgoing, provider_id: str | None) -> Outcome:
        self.asked.append((outgoing, provider_id))
        return self._knows[outgoing.channel].next(outgoing)

    def ways(self) -> list[str]:
        """The channels by which something was sent, in order."""
        return [each.channel for each in self.sent]


def moody(town: Town, *codes: str) -> Moody:
    """Give a town such channels, and everybody on the staff an address for each of them; what waits there already waits no more."""
    channels = Moody(*codes)
    town.context = replace(town.context, channels=channels)
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        run = session.connection().execute
        for row in run(select(_staff.c.id, _staff.c.name)).all():
            run(update(_staff).where(_staff.c.id == row.id).values(im=row.name))
        reference_changed(session)
    return channels


def hush(town: Town) -> None:
    """Nothing that was queued so far is sent."""
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        session.connection().execute(update(_message).values(attend_at=None))


def queue(town: Town, case: int | None, who: str = "water.clerk", channel: str = "sms", notice: str = "urged", **values: Any) -> int:
    """Queue one message to somebody on the staff; gives back its id."""
    person = town.person_id(who)
    row = {
        "dedupe_key": f"{case or 'test'}:{values.get('seq', 1)}:{notice}:{recipient_of(person, None)}:{channel}",
        "case_id": case,
        "seq": 1,
        "notice": notice,
        "channel": channel,
        "staff_id": person,
        "recipient": recipient_of(person, None),
        "haste": 1,
        "about": {},
        "state": "queued",
        "queued_at": town.now,
        "attend_at": town.now,
        **values,
    }
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        return int(session.connection().execute(insert(_message).values(row).returning(_message.c.id)).scalar_one())


def row(town: Town, message: int) -> Any:
    """One message."""
    return town.rows(select(_message).where(_message.c.id == message))[0]


def family(town: Town, message: int) -> list[Any]:
    """A message and what went out in its place, one after the other."""
    found = [row(town, message)]
    while children := town.rows(select(_message).where(_message.c.fallback_of_id == found[-1].id)):
        (child,) = children
        found.append(child)
    return found


def duty_phone(town: Town, unit: str, number: str = "10099999999") -> None:
    """A unit has a phone that somebody always answers."""
    with town.context.database.unit_of_work() as session:
        begin_write(session)
        session.connection().execute(update(_unit).where(_unit.c.code == unit).values(duty_phone=number))
        reference_changed(session)
