"""What recipients were sent lately, by which the limits are kept: counted from the messages, so that a restart forgets nothing."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.orm import Session

from models import Message, connection_of, table
from rules.delivery import Numbers, Reason, Spent, channel_free

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_message = table(Message)
_TRIED: Final = (
    select(_message.c.recipient, _message.c.tried_at, _message.c.notice, _message.c.attempts)
    .where(
        _message.c.recipient.in_(bindparam("recipients", expanding=True)),
        _message.c.channel == bindparam("channel"),
        _message.c.tried_at > bindparam("since"),
    )
    .order_by(_message.c.tried_at.desc())
)
_BY_CHANNEL: Final = (
    select(_message.c.tried_at)
    .where(_message.c.channel == bindparam("channel"), _message.c.tried_at > bindparam("since"))
    .order_by(_message.c.tried_at.desc())
)
#: Ordinary ones that were given a moment of their own, because the channel was full; the latest first.
_RESERVED: Final = (
    select(_message.c.attend_at)
    .where(
        _message.c.channel == bindparam("channel"),
        _message.c.attend_at > bindparam("now"),
        _message.c.error == Reason.CHANNEL_BUDGET.value,
    )
    .order_by(_message.c.attend_at.desc())
    .limit(bindparam("most", type_=Integer))
)


def spent(session: Session, recipients: Collection[str], channel: str, now: datetime) -> Mapping[str, Spent]:
    """What each recipient was sent by a channel in the last 24 hours; who was sent nothing is left out.

    Urgent ones count too: they are heard like all others. A message counts at its last attempt, and each attempt counts as one of its
    notice, because providers count what is handed to them.

    Args:
        session: The unit of work.
        recipients: As in `message.recipient`: s12, r5, u7.
        channel: Code of the channel.
        now: The instant, aware UTC.
    """
    if not recipients:
        return {}
    asked = {"recipients": sorted(set(recipients)), "channel": channel, "since": now - _DAY}
    moments: dict[str, list[datetime]] = defaultdict(list)
    notices: dict[str, Counter[str]] = defaultdict(Counter)
    for row in connection_of(session).execute(_TRIED, asked):
        moments[row.recipient].append(row.tried_at)
        notices[row.recipient][row.notice] += max(row.attempts, 1)
    return {recipient: Spent(tuple(found), notices[recipient]) for recipient, found in moments.items()}


class Traffic:
    """How much one channel was handed in the last minute, and what was promised to those that wait; counted on while it is decided.

    Each that finds the channel full is given a moment of its own, behind all others: a long queue is looked at once, not every second.

    Args:
        session: The unit of work.
        channel: Code of the channel; one without a limit of its own costs no statement.
        numbers: The numbers in force.
        now: The instant, aware UTC.
    """

    def __init__(self, session: Session, channel: str, numbers: Numbers, now: datetime) -> None:
        self._limits = (numbers.channel_per_second.get(channel), numbers.channel_per_minute.get(channel))
        self._moments: list[datetime] = []
        self._promised: list[datetime] = []
        if self._limits != (None, None):
            run, most = connection_of(session).execute, max(limit for limit in self._limits if limit is not None)
            self._moments = list(run(_BY_CHANNEL, {"channel": channel, "since": now - _MINUTE}).scalars())
            self._promised = list(run(_RESERVED, {"channel": channel, "now": now, "most": most}).scalars())

    def free(self, now: datetime, *, promised: bool = False) -> datetime | None:
        """From when on the channel takes another ordinary one; None: now.

        Args:
            now: The instant, aware UTC.
            promised: It was given this moment before: nobody else's is in its way, unless more was sent meanwhile.
        """
        found = channel_free(self._moments, *self._limits, now)
        if not promised or found > now:
            found = channel_free([*self._promised, *self._moments], *self._limits, now)
        return found if found > now else None

    def promise(self, moment: datetime) -> None:
        """Note that one waits for that moment."""
        self._promised = sorted([moment, *self._promised], reverse=True)

    def count(self, now: datetime) -> None:
        """Note that it is handed one more."""
        self._moments.insert(0, now)
