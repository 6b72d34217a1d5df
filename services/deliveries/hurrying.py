"""Emergencies that stand behind one that hangs: another way is taken for them, whatever becomes of their place in the lane."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BindParameter, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from models import Case, Message, begin_write, connection_of, table
from rules.delivery import NOW, State
from services.deliveries.falling_back import Lost, fall_back
from services.deliveries.numbers import numbers_at
from services.deliveries.setup import Setup

_message, _case, _child, _other = table(Message), table(Case), table(Message).alias("child"), table(Message).alias("other")
SLOW: Final = "slow channel"
_EMERGENCY: Final = "P0"
_BEFORE: BindParameter[datetime] = bindparam("before")
#: A lane that has handed over anything since then does not hang: those that are queued there have their turn soon.
_AT_WORK: Final = exists().where(_other.c.channel == _message.c.channel, _other.c.tried_at > _BEFORE)
_STANDING: Final = (
    select(_message.c.id)
    .select_from(_message.outerjoin(_case, _case.c.id == _message.c.case_id))
    .where(
        _message.c.channel.in_(bindparam("channels", expanding=True)),
        _message.c.haste == NOW,
        _message.c.attend_at <= _BEFORE,
        or_(_message.c.case_id.is_(None), _case.c.urgency == _EMERGENCY),
        or_(
            and_(_message.c.state == State.SENDING.value, _message.c.tried_at <= _BEFORE),
            and_(_message.c.state == State.QUEUED.value, ~_AT_WORK),
        ),
        ~exists().where(_child.c.fallback_of_id == _message.c.id),
    )
    .order_by(_message.c.id)
)


def hurry(session: Session, setup: Setup, now: datetime, awake_since: datetime) -> int:
    """Take another way for every emergency, and alarm, that has stood in its lane for too long; it keeps its place there.

    A lane hangs when it has handed over nothing for `Numbers.hurry_seconds`; a long queue that moves on is none. May run at any time and by
    any engine: a way is taken once.

    Args:
        session: The unit of work; nothing may have been written in it before.
        setup: How messages leave this installation.
        now: The instant, aware UTC.
        awake_since: Since when the lanes are at work without a break: what waited because nobody was at work is not late.

    Returns:
        How many stood for too long.
    """
    before = now - timedelta(seconds=numbers_at(session, now).hurry_seconds)
    late = {"before": before, "channels": sorted(setup.channels)}
    if awake_since > before or connection_of(session).execute(_STANDING.limit(1), late).first() is None:
        return 0
    begin_write(session)
    standing = list(connection_of(session).execute(_STANDING, late).scalars())
    fall_back(session, [Lost(message_id, SLOW, final=False) for message_id in standing], setup, now)
    return len(standing)
