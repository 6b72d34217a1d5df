"""How each channel stands: what waits, what became of the newest messages, its breaker. Lookups in indexes, whatever the past holds."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import ChannelState, Message, table
from rules.delivery import TAKEN_STATES, State

_message, _state = table(Message), table(ChannelState)
RECENT: Final = 10_000  #: so many of the newest messages are counted

_open = _message.c.attend_at.is_not(None)
_WAITING = select(_message.c.channel, _message.c.state, func.count()).where(_open).group_by(_message.c.channel, _message.c.state)
_OLDEST = (
    select(_message.c.channel, func.min(_message.c.queued_at), func.min(_message.c.attend_at)).where(_open).group_by(_message.c.channel)
)
_newest = select(_message.c.channel, _message.c.state).order_by(_message.c.id.desc()).limit(RECENT).subquery()
_NEWEST = select(_newest.c.channel, _newest.c.state, func.count()).group_by(_newest.c.channel, _newest.c.state)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one channel stands.

    Attributes:
        waiting: Messages about which something is still to be done, by state.
        recent: The newest 10 000 messages of all channels, those of this one, by state.
        oldest_at: When the oldest that waits was queued.
        due_since: Since when the one that is due longest is due; None: nothing is late.
        failures: Of the channel itself, in a row.
        open_until: The breaker is open until then; nothing is sent.
        reason: Why it opened (notifications.outcome.Trouble), worded under `[channel_trouble]`.
        accepted_at: When it last took a message.
        promising: Its provider says later whether a message has arrived.
    """

    channel: str
    waiting: Mapping[str, int] = field(default_factory=dict)
    recent: Mapping[str, int] = field(default_factory=dict)
    oldest_at: datetime | None = None
    due_since: datetime | None = None
    failures: int = 0
    open_until: datetime | None = None
    reason: str | None = None
    accepted_at: datetime | None = None
    promising: bool = True

    @property
    def receipt_rate(self) -> float | None:
        """Of those that the channel took, the share that is known to have arrived, 0 to 1; None: it took none, or nobody ever says so."""
        taken, arrived = sum(self.recent.get(state, 0) for state in TAKEN_STATES), self.recent.get(State.DELIVERED, 0)
        return arrived / taken if taken and (arrived or self.promising) else None

    def is_open(self, now: datetime) -> bool:
        """Whether its breaker is open."""
        return self.open_until is not None and now < self.open_until


def standings(session: Session, channels: Iterable[str], now: datetime, *, promising: Collection[str] | None = None) -> list[Standing]:
    """How each channel stands, those that are configured first, then those that are not any more but are remembered.

    Args:
        session: The unit of work; nothing is changed.
        channels: Codes of the channels that are configured.
        now: The instant, aware UTC.
        promising: Codes of those whose provider sends receipts; None: all may.
    """
    run = session.connection().execute
    waiting, recent = _by_channel(run(_WAITING)), _by_channel(run(_NEWEST))
    oldest = {row[0]: (row[1], row[2] if row[2] < now else None) for row in run(_OLDEST)}
    breakers = {row.code: row for row in run(select(_state))}
    codes = dict.fromkeys((*channels, *sorted({*waiting, *recent, *breakers})))
    found = [_standing(code, waiting, recent, oldest.get(code, (None, None)), breakers.get(code)) for code in codes]
    return [replace(each, promising=promising is None or each.channel in promising) for each in found]


def _by_channel(rows: Iterable[Any]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for channel, state, count in rows:
        found[channel][state] = int(count)
    return found


def _standing(
    code: str,
    waiting: Mapping[str, Mapping[str, int]],
    recent: Mapping[str, Mapping[str, int]],
    since: tuple[datetime | None, datetime | None],
    breaker: Any,  # noqa: ANN401 - a result row, or None
) -> Standing:
    plain = Standing(code, waiting.get(code, {}), recent.get(code, {}), *since)
    if breaker is None:
        return plain
    names = ("failures", "open_until", "reason", "accepted_at")
    return replace(plain, **{name: getattr(breaker, name) for name in names})
