"""Recording what became of messages: attempts, states, how the channel stands, and who is told instead."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.orm import Session

from models import Attempt, Message, Prepared, begin_write, connection_of, table
from notifications.channels.schemes import AddressKind
from notifications.outcome import Outcome, Trouble, Verdict
from rules.delivery import LOST, NOW, Numbers, State, after_failure, ask_again
from services.deliveries import asking, digests, failing_numbers, receipts
from services.deliveries.breakers import held, keep
from services.deliveries.changes import ERROR_LENGTH, Change, changed, write
from services.deliveries.failing_numbers import Why
from services.deliveries.falling_back import DIGEST, Lost, fall_back
from services.deliveries.numbers import numbers_at
from services.deliveries.plans import Ready
from services.deliveries.setup import Setup

_message, _attempt = table(Message), table(Attempt)
#: Locked, so that no other engine can take them over before this one has recorded what became of them.
_OURS: Final = (
    select(_message)
    .where(_message.c.id.in_(bindparam("ids", expanding=True)), _message.c.claimed_by == bindparam("claimer"))
    .order_by(_message.c.id)
    .with_for_update()
)
_ATTEMPT: Final = Prepared(insert(_attempt))
_LAST_NO: Final = (
    select(_attempt.c.message_id, func.max(_attempt.c.no).label("no"))
    .where(_attempt.c.message_id.in_(bindparam("ids", expanding=True)))
    .group_by(_attempt.c.message_id)
)
_CODE_LENGTH: Final = 60
#: What is wrong with an address that a channel calls none; a mailbox may only have been refused.
_FAILS_AS: Final = {AddressKind.PHONE: Why.EMPTY}
#: Troubles of the channel itself: they say nothing of the message, which waits until the channel works again.
_CHANNELS_OWN: Final = frozenset({Trouble.CREDENTIALS, Trouble.BALANCE})
_NO_ANSWER: Final = _CHANNELS_OWN | {Trouble.DOWN, Trouble.THROTTLED}


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt, or one question what became of an earlier one."""

    asked: bool
    outcome: Outcome
    begun_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one message that was planned; no tries: it was not handed over and is given back."""

    ready: Ready
    tries: tuple[Try, ...] = ()


def record(session: Session, channel: str, results: Sequence[Result], claimer_id: int, setup: Setup, now: datetime) -> None:
    """Write down what became of the messages of one plan; what failed for now is tried again, what is lost goes another way.

    Args:
        session: The unit of work.
        channel: The channel of all of them.
        results: What became of each.
        claimer_id: The engine that claimed them; what another has taken over since is left alone.
        setup: How messages leave this installation.
        now: The instant, aware UTC.
    """
    if not results:
        return
    in_force = numbers_at(session, now)
    begin_write(session)
    book = _Book(session, setup, in_force, now, _begun(session, results))
    before = held(session, channel)
    tried = [(each.outcome, each.ended_at) for result in results for each in result.tries]
    keep(session, before, before.after(tried, book.numbers), now)
    rows = {row.id: row for row in _ours(session, results, claimer_id)}
    for result in results:
        row = rows.get(result.ready.outgoing.message_id)
        if row is not None:
            book.enter(row, result)
    book.close()


def _ours(session: Session, results: Collection[Result], claimer_id: int) -> list[Any]:
    ids = sorted(result.ready.outgoing.message_id for result in results)
    return list(connection_of(session).execute(_OURS, {"ids": ids, "claimer": claimer_id}))


def _begun(session: Session, results: Collection[Result]) -> Mapping[int, int]:
    """How many attempts are on record of each message that was tried before."""
    before = sorted(r.ready.outgoing.message_id for r in results if r.ready.before.tried_at is not None)
    return {row.message_id: row.no for row in connection_of(session).execute(_LAST_NO, {"ids": before})} if before else {}


@dataclass
class _Book:
    """What is to be written about one portion.

    Attributes:
        begun: How many attempts of each message are on record.
    """

    session: Session
    setup: Setup
    numbers: Numbers
    now: datetime
    begun: Mapping[int, int]
    changes: list[Change] = field(default_factory=list)
    attempts: list[Change] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    carriers: dict[int, State] = field(default_factory=dict)
    named: dict[int, str | None] = field(default_factory=dict)
    flags: list[tuple[str, AddressKind, str]] = field(default_factory=list)

    def enter(self, row: Any, result: Result) -> None:  # noqa: ANN401 - a result row
        """Note what became of one message."""
        begun = self.begun.get(row.id, 0)
        self.attempts += [_attempted(row.id, begun + no, each) for no, each in enumerate(result.tries, 1)]
        last = result.tries[-1] if result.tries else None
        if last is None:
            before = result.ready.before
            self.changes.append(changed(row, state=before.state, attempts=before.attempts, tried_at=before.tried_at))
            return
        seen = _sent_after_all(row, result)
        self.named[row.id] = last.outcome.provider_id or row.provider_id
        if last.outcome.taken:
            self._taken(seen, last)
        else:
            self._not_taken(seen, last)

    def close(self) -> None:
        """Write it all."""
        write(self.session, self.changes)
        _ATTEMPT.write(connection_of(self.session), self.attempts)
        for recipient, kind, code in self.flags:
            failing_numbers.flag(self.session, recipient, kind.value, _FAILS_AS.get(kind, Why.REFUSED), code, self.now)
        receipts.settle_early(self.session, self.named, self.now)
        digests.settle(self.session, self.carriers, self.now)
        fall_back(self.session, self.lost, self.setup, self.now)

    def _taken(self, row: Any, last: Try) -> None:  # noqa: ANN401 - a result row
        outcome, arrived = last.outcome, last.outcome.verdict is Verdict.DELIVERED
        state = State.DELIVERED if arrived else State.ACCEPTED
        self.changes.append(
            changed(
                row,
                state=state.value,
                attend_at=None if arrived else self._receipt_by(row, last.ended_at),
                sent_at=row.sent_at or last.ended_at,
                delivered_at=last.ended_at if arrived else None,
                provider_id=outcome.provider_id or row.provider_id,
                error=None,
            )
        )
        if row.notice == DIGEST:
            self.carriers[row.id] = state

    def _receipt_by(self, row: Any, at: datetime) -> datetime | None:  # noqa: ANN401 - a result row
        """When an urgent message without a receipt takes another way as well; None: nobody waits for one."""
        traits = self.setup.channels.get(row.channel)
        if row.haste != NOW or traits is None or not traits.receipts:
            return None
        return at + timedelta(seconds=self.numbers.receipt_wait_seconds)

    def _not_taken(self, row: Any, last: Try) -> None:  # noqa: ANN401 - a result row
        state, again = self._what_next(row, last)
        outcome, in_vain = last.outcome, state is State.UNKNOWN and asking.in_vain(row, last.asked, last.ended_at, self.numbers)
        if in_vain and row.notice == DIGEST:
            again = None  # what it speaks for is queued again
        said = outcome.words or outcome.code or outcome.verdict.value
        self.changes.append(
            changed(row, state=state.value, attend_at=again, provider_id=outcome.provider_id or row.provider_id, error=said)
        )
        traits = self.setup.channels.get(row.channel)
        if outcome.trouble is Trouble.NUMBER and traits is not None:
            self.flags.append((row.recipient, traits.address, outcome.code))
        if state in LOST or (state is State.UNKNOWN and again is None):
            self._lose(row, state, said)
        elif (row.haste == NOW or in_vain) and again is not None:
            self.lost.append(Lost(row.id, said, final=False))

    def _what_next(self, row: Any, last: Try) -> tuple[State, datetime | None]:  # noqa: ANN401 - a result row
        """The state of a message that was not taken, and when it is looked at again."""
        verdict, trouble = last.outcome.verdict, last.outcome.trouble
        if last.asked and verdict is Verdict.ABSENT:
            return State.QUEUED, last.ended_at  # not to be sent at once: the next plan decides
        if verdict is Verdict.UNKNOWN or (last.asked and (verdict is not Verdict.PERMANENT or trouble in _NO_ANSWER)):
            since = row.tried_at or last.ended_at
            return State.UNKNOWN, ask_again(since, row.haste, row.useful_until, self.numbers, last.ended_at)
        if verdict is Verdict.PERMANENT and trouble not in _CHANNELS_OWN:
            return State.FAILED_PERM, None
        retry = after_failure(row.attempts, row.id, row.useful_until, self.numbers, last.ended_at)
        return retry.state, retry.attend_at

    def _lose(self, row: Any, state: State, reason: str) -> None:  # noqa: ANN401 - a result row
        if row.notice == DIGEST:
            self.carriers[row.id] = State.DEAD if state is State.UNKNOWN else state
        else:
            self.lost.append(Lost(row.id, reason))


def _sent_after_all(row: Any, result: Result) -> Any:  # noqa: ANN401 - result rows
    """The message as it stands once the provider was asked, had never seen it, and was sent it: that is one attempt more."""
    sent = [each for each in result.tries if not each.asked]
    if not result.ready.ask or not sent:
        return row
    return SimpleNamespace(**{**row._mapping, "attempts": row.attempts + 1, "tried_at": sent[-1].begun_at})


def _attempted(message_id: int, no: int, made: Try) -> Change:
    outcome = made.outcome
    return {
        "message_id": message_id,
        "no": no,
        "asked": made.asked,
        "begun_at": made.begun_at,
        "ended_at": made.ended_at,
        "outcome": outcome.verdict.value,
        "code": outcome.code[:_CODE_LENGTH],
        "provider_id": outcome.provider_id,
        "words": outcome.words[:ERROR_LENGTH],
    }
