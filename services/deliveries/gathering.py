"""Gathering the facts by which `rules.delivery.decide` decides about the messages of one portion: a few statements for all of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Integer, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from models import Clock, Message, connection_of, table
from notifications.channels.schemes import AddressKind, Traits
from rules.delivery import NOW, RINGING, WORKING, Facts, Reason, Spent, State, Wait
from rules.facts import FINAL
from rules.worktime import instant, seconds
from services.catalogue import Catalogue
from services.deliveries.breakers import DOWN_NOTICE, Standing
from services.deliveries.budgets import Traffic, spent
from services.deliveries.failing_numbers import flagged
from services.deliveries.falling_back import DIGEST
from services.deliveries.loading import sealed_address
from services.deliveries.numbers import numbers_at

_message, _carrier, _clock = table(Message), table(Message).alias("carrier"), table(Clock)
INBOX: Final = "inbox"  #: rings nobody, so that nothing is held back
#: News for a resident that later news of the same case makes stale: nobody hears "accepted" after "done".
PASSING: Final = frozenset(
    {
        "accepted",
        "dispatched_reporter",
        "resumed_reporter",
        "held",
        "clock_red_reporter",
        "sensor_late_reporter",
        "extended_reporter",
        "moved_up",
        "rework_reporter",
    }
)
#: Goes to residents who did not report the case: officers of the place.
NOT_TO_REPORTERS: Final = frozenset({"office_case", "affair_office"})
_CHANNEL: BindParameter[str] = bindparam("channel")
_WAITS: Final = (
    _message.c.recipient.in_(bindparam("recipients", expanding=True)),
    _message.c.channel == _CHANNEL,
    _message.c.attend_at.is_not(None),
)
#: Ordinary ones that were never tried, through the index of recipients.
_WAITING: Final = (
    select(_message.c.recipient, func.count().label("n"), func.sum((_message.c.notice == DIGEST).cast(Integer)).label("carriers"))
    .where(*_WAITS, _message.c.tried_at.is_(None), _message.c.haste != NOW, _message.c.attend_at <= bindparam("now"))
    .group_by(_message.c.recipient)
)
_CARRIERS: Final = select(_message.c.recipient).where(*_WAITS, _message.c.tried_at.is_(None), _message.c.notice == DIGEST).distinct()
_REMINDERS: Final = (_message.c.case_id.in_(bindparam("ids", expanding=True)), _message.c.channel == _CHANNEL, _message.c.reminder)
_NEWER: Final = select(*(_message.c[n] for n in ("id", "recipient", "case_id", "about"))).where(
    *_REMINDERS,
    _message.c.attend_at.is_not(None),
    _message.c.tried_at.is_(None),
    # one that will have expired before it goes out speaks for nobody
    or_(
        _message.c.useful_until.is_(None), and_(_message.c.useful_until > _message.c.attend_at, _message.c.useful_until > bindparam("now"))
    ),
)
_told_at: Final = func.coalesce(_message.c.tried_at, _carrier.c.tried_at)  # by itself, or in a digest
_REMINDED: Final = (
    select(_message.c.recipient, _message.c.case_id, func.max(_told_at).label("at"))
    .select_from(_message.outerjoin(_carrier, _carrier.c.id == _message.c.digest_id))
    .where(_message.c.case_id.in_(bindparam("ids", expanding=True)), _message.c.reminder, _told_at.is_not(None))
    .group_by(_message.c.recipient, _message.c.case_id)
)
_CLOCKS: Final = select(
    *(_clock.c[n] for n in ("case_id", "kind", "unit_id", "supervision_seq", "affair_seq", "part_no", "stopped_at"))
).where(_clock.c.case_id.in_(bindparam("ids", expanding=True)))
#: The latest news of each case that went out to its resident.
_TOLD: Final = (
    select(_message.c.recipient, _message.c.case_id, func.max(_message.c.id).label("id"))
    .where(
        _message.c.case_id.in_(bindparam("ids", expanding=True)),
        _message.c.channel == _CHANNEL,
        _message.c.requester_id.is_not(None),
        _message.c.state.in_([State.SENDING.value, State.ACCEPTED.value, State.DELIVERED.value, State.UNKNOWN.value]),
    )
    .group_by(_message.c.recipient, _message.c.case_id)
)


class Gathered:
    """What is known of the messages of one portion; changes as it is decided about them, one after the other."""

    def __init__(
        self, session: Session, rows: Sequence[Any], traits: Traits | None, known: Catalogue, stands: Standing, now: datetime
    ) -> None:
        self._known, self._traits, self._now = known, traits, now
        self._down_until = stands.breaker.open_until if stands.breaker.is_open(now) else None
        self._down_since = stands.alarmed_at
        self._medium = "" if traits is None or rows[0].channel == INBOX else traits.medium.value
        self._rings = self._medium in RINGING
        recipients = sorted({row.recipient for row in rows})
        self._spent: dict[str, Spent] = dict(spent(session, recipients, rows[0].channel, now)) if self._rings and rows else {}
        self._flagged: Mapping[tuple[str, str], str] = flagged(session, recipients) if rows else {}
        self._traffic = Traffic(session, rows[0].channel, numbers_at(session, now), now)
        self._waiting, self._carriers = self._gather_waiting(session, rows)
        reminders = [row for row in rows if row.reminder and row.case_id is not None]
        self._newest, self._reminded = _gather_reminders(session, reminders, now)
        self._over = _gather_over(session, reminders)
        self._told = _gather_told(session, rows)

    def _gather_waiting(self, session: Session, rows: Sequence[Any]) -> tuple[dict[str, int], set[str]]:
        """Ordinary messages that are due, and digests that wait, by recipient."""
        who = sorted({row.recipient for row in rows if row.haste != NOW and row.requester_id is None})
        if not self._rings or not who:
            return {}, set()
        run, asked = connection_of(session).execute, {"recipients": who, "channel": rows[0].channel, "now": self._now}
        counted = {row.recipient: row.n - (row.carriers or 0) for row in run(_WAITING, asked)}
        return counted, set(run(_CARRIERS, asked).scalars())

    def facts(self, row: Any, *, other_way: bool = True) -> Facts:  # noqa: ANN401 - a result row
        """What is known of one message."""
        return Facts(
            haste=row.haste,
            notice=row.notice,
            medium=self._medium,
            zone=self._known.zone,
            queued_at=row.queued_at,
            attempts=row.attempts,
            resident=row.requester_id is not None,
            digest=row.notice == DIGEST,
            reminder=row.reminder,
            useful_until=row.useful_until,
            unsubscribed=_unsubscribed(row),
            obstacle=self._obstacle(row),
            superseded=self._superseded(row),
            over=row.id in self._over,
            down_until=self._down_until,
            down_since=self._down_since,
            channel_free=self._traffic.free(self._now, promised=row.error == Reason.CHANNEL_BUDGET),
            works_from=self._works_from(row) if row.haste == WORKING else None,
            reminded_at=self._reminded.get((row.recipient, row.case_id)) if row.reminder else None,
            spent=self._spent.get(row.recipient, Spent()),
            waiting=self._waiting.get(row.recipient, 1),
            carrier=row.recipient in self._carriers,
            other_way=other_way,
        )

    def goes(self, row: Any) -> None:  # noqa: ANN401 - a result row
        """Note that a message goes out: it counts for those that come after it."""
        self._traffic.count(self._now)
        if self._rings:
            self._spent[row.recipient] = self._spent.get(row.recipient, Spent()).plus(self._now, row.notice)
        if row.reminder:
            self._reminded[row.recipient, row.case_id] = self._now
        if row.requester_id is not None:
            self._told[row.recipient, row.case_id] = max(self._told.get((row.recipient, row.case_id), 0), row.id)

    def waits(self, decision: Wait) -> None:
        """Note that a message waits for a moment of its own: those that come after it wait longer."""
        if decision.reason is Reason.CHANNEL_BUDGET:
            self._traffic.promise(decision.until)

    def _superseded(self, row: Any) -> bool:  # noqa: ANN401 - a result row
        if row.reminder:
            return bool(self._newest.get(_matter(row), row.id) > row.id)
        return row.notice in PASSING and bool(self._told.get((row.recipient, row.case_id), row.id) > row.id)

    def _obstacle(self, row: Any) -> Reason | None:  # noqa: ANN401 - a result row
        if not _may_know(row):
            return Reason.NOT_A_READER
        if row.staff_left_at is not None:
            return Reason.LEFT
        if self._traits is None:
            return Reason.NO_CHANNEL
        if row.notice == DOWN_NOTICE and row.about.get("channel") == row.channel:
            return Reason.CHANNEL_DOWN  # a channel that is down cannot say so; once it could, that would not be true any more
        kind = self._traits.address
        if kind is not AddressKind.NONE and not sealed_address(row, kind):
            return Reason.NO_ADDRESS
        return Reason.NUMBER_FAILING if (row.recipient, kind.value) in self._flagged else None

    def _works_from(self, row: Any) -> datetime:  # noqa: ANN401 - a result row
        calendar = self._known.calendar_of(row.staff_unit_id)
        return instant(calendar.next_open(seconds(self._now)))


def _gather_told(session: Session, rows: Collection[Any]) -> dict[tuple[str, int], int]:
    """The latest message to each resident about each case that went out by this channel."""
    ids = sorted({row.case_id for row in rows if row.notice in PASSING})
    if not ids:
        return {}
    found = connection_of(session).execute(_TOLD, {"ids": ids, "channel": next(iter(rows)).channel})
    return {(row.recipient, row.case_id): row.id for row in found}


def _may_know(row: Any) -> bool:  # noqa: ANN401 - a result row
    """Whether a case is open to whom a message is for: a sensitive one to its readers and to whoever reported it, to no duty phone."""
    reported = row.requester_id is not None and row.notice not in NOT_TO_REPORTERS
    return row.sensitive is None or reported or (row.staff_id is not None and row.staff_id in row.readers)


def _unsubscribed(row: Any) -> bool:  # noqa: ANN401 - a result row
    """Whether a resident wanted no more messages about what was handed in until then, and this is about such a case."""
    if row.requester_id is None or row.unsubscribed_at is None:
        return False
    return row.submitted_at is None or bool(row.submitted_at <= row.unsubscribed_at)


def _matter(row: Any) -> tuple[str, int, str]:  # noqa: ANN401 - a result row
    """What a reminder is about, so that a newer one speaks for it: the same clock of the same case, to the same recipient."""
    about = row.about
    return row.recipient, row.case_id, f"{about.get('clock')}:{about.get('unit_id')}:{about.get('supervision')}"


def _gather_over(session: Session, rows: Collection[Any]) -> set[int]:
    """Reminders of what is over: the case has ended, or the clock has stopped since."""
    ids = sorted({row.case_id for row in rows})
    clocks = connection_of(session).execute(_CLOCKS, {"ids": ids}).all() if ids else ()
    return {row.id for row in rows if _is_over(row, [clock for clock in clocks if _is_of(row, clock)])}


def _is_of(row: Any, clock: Any) -> bool:  # noqa: ANN401 - result rows
    """Whether it may be the clock that a reminder speaks of."""
    about = row.about
    same = (clock.case_id, clock.kind) == (row.case_id, about.get("clock"))
    beside = (about.get("affair"), about.get("part")) == (clock.affair_seq, clock.part_no)
    return same and beside and about.get("unit_id") in (None, clock.unit_id) and about.get("supervision") in (None, clock.supervision_seq)


def _is_over(row: Any, clocks: Sequence[Any]) -> bool:  # noqa: ANN401 - result rows
    """A rung may stop its own clock and say so: that is news."""
    ended = row.case_state in FINAL and row.about.get("supervision") is None and row.about.get("affair") is None
    return ended or (bool(clocks) and all(clock.stopped_at is not None and clock.stopped_at > row.queued_at for clock in clocks))


def _gather_reminders(
    session: Session, rows: Collection[Any], now: datetime
) -> tuple[dict[tuple[str, int, str], int], dict[tuple[str, int], datetime]]:
    """The newest reminder that waits of each matter, and when each recipient was reminded of each case last."""
    if not rows:
        return {}, {}
    run, ids = connection_of(session).execute, sorted({row.case_id for row in rows})
    newest: dict[tuple[str, int, str], int] = {}
    for row in run(_NEWER, {"ids": ids, "channel": next(iter(rows)).channel, "now": now}):
        newest[_matter(row)] = max(newest.get(_matter(row), 0), row.id)
    return newest, {(row.recipient, row.case_id): row.at for row in run(_REMINDED, {"ids": ids})}
