"""A town's mail room: messages queued by hand, the limits as they come with the program, and what became of each."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, insert, select, update

from flows.turn import post
from models import Message, Requester, Staff, begin_write, table
from rules.delivery import Numbers
from services.catalogue import catalogue
from services.deliveries.numbers import change
from services.recipients import recipient_of
from tasks.context import at_work
from tests.support.town import Town

CLERK = "water.clerk"
_message, _staff, _requester = table(Message), table(Staff), table(Requester)


@dataclass
class Mailroom:
    """Messages of a town, queued and looked at.

    Attributes:
        town: Where; its engine sends.
        case_id: The case that messages speak of unless told otherwise.
    """

    town: Town
    case_id: int = 0
    _serial: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1), repr=False)

    def __post_init__(self) -> None:
        self.case_id = self.town.reports("晨光小区5号楼下水道堵塞", phone=None)
        self._silence()
        self.limits(**Numbers().stored())

    def limits(self, **given: Any) -> None:
        """Put numbers in force."""
        with self.town.context.database.unit_of_work() as session:
            change(session, given, "admin", self.town.now)

    def case(self) -> int:
        """Another case."""
        found = self.town.reports("晨光小区3号楼路灯不亮", phone=None)
        self._silence()
        return found

    def _silence(self) -> None:
        """What the town itself has queued is none of the test's."""
        others = and_(*(_message.c.dedupe_key.not_like(f"{start}%") for start in ("test-", "digest:", "alarm:")))
        with self.town.context.database.unit_of_work() as session:
            begin_write(session)
            session.execute(update(_message).where(others).values(attend_at=None, state="suppressed"))

    def person(self, user: str = CLERK) -> int:
        """The id of somebody on the staff."""
        with self.town.context.database.unit_of_work() as session:
            return catalogue(session).people[user].id

    def resident(self, phone: str = "10000000077") -> int:
        """A resident with a phone."""
        made = insert(_requester).values(key=f"key {phone} {next(self._serial)}", phone=phone).returning(_requester.c.id)
        with self.town.context.database.unit_of_work() as session:
            begin_write(session)
            return int(session.execute(made).scalar_one())

    def queue(self, user: str | None = CLERK, *, resident: int | None = None, **values: Any) -> int:
        """Queue a message to somebody now; further values go into its row.

        Returns:
            Its id.
        """
        serial = next(self._serial)
        staff_id = None if resident is not None or user is None else self.person(user)
        row = {
            "dedupe_key": f"test-{serial}:0:notice:somebody:sms",
            "case_id": self.case_id,
            "seq": serial,
            "notice": "dispatched_lead" if resident is None else "closed",
            "channel": "sms",
            "staff_id": staff_id,
            "requester_id": resident,
            "recipient": recipient_of(staff_id, resident),
            "haste": 1,
            "about": {},
            "state": "queued",
            "queued_at": self.town.now,
            "attend_at": self.town.now,
        }
        with self.town.context.database.unit_of_work() as session:
            begin_write(session)
            return int(session.execute(insert(_message).values({**row, **values}).returning(_message.c.id)).scalar_one())

    def turn(self, after: timedelta = timedelta()) -> None:
        """Let time pass, and the engine deliver what is due then; cases and clocks stand still."""
        self.town.now += after
        with at_work(self.town.context):
            post(lambda: self.town.now)

    def walk(self, until: datetime) -> None:
        """Deliver at each moment at which a message wants something, until then."""
        while True:
            self.turn()
            moments = [m.attend_at for m in self.all() if m.attend_at is not None and m.attend_at > self.town.now]
            if not moments or min(moments) > until:
                self.town.now = until
                return
            self.town.now = min(moments)

    def all(self) -> list[Any]:
        """Every message, in the order in which they were queued."""
        with self.town.context.database.unit_of_work() as session:
            return list(session.execute(select(_message).order_by(_message.c.id)))

    def message(self, message_id: int) -> Any:
        """One message as it is now."""
        return next(m for m in self.all() if m.id == message_id)

    def states(self, ids: Sequence[int]) -> list[str]:
        """How some messages stand."""
        by_id = {m.id: m.state for m in self.all()}
        return [by_id[i] for i in ids]

    def digests(self) -> list[Any]:
        """The digests that were made."""
        return [m for m in self.all() if m.notice == "digest"]

    def tried(self, channel: str = "sms") -> list[datetime]:
        """When a channel was handed a message, in order."""
        return sorted(m.tried_at for m in self.all() if m.channel == channel and m.tried_at is not None)
