"""Planning: of the messages of one channel that are due, which go out now, which later, together, by another way, or not at all.

Everything is decided and written in one short transaction. What is to go out is marked as being sent before anybody sends it, so that
whoever finds it after a crash knows that it may have been sent and asks first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import begin_write, connection_of
from rules.delivery import (
    LOST,
    TAKEN_STATES,
    Decision,
    Drop,
    Elsewhere,
    Go,
    Merge,
    Numbers,
    Reason,
    State,
    Wait,
    after_failure,
    ask_again,
    decide,
)
from services.catalogue import catalogue
from services.deliveries import asking, digests, receipts
from services.deliveries.breakers import standing
from services.deliveries.changes import Change, changed, write
from services.deliveries.falling_back import DIGEST, Lost, fall_back, hold_families, open_ways
from services.deliveries.gathering import Gathered
from services.deliveries.loading import due, is_due, loaded
from services.deliveries.numbers import numbers_at
from services.deliveries.plans import Before, Plan, Ready
from services.deliveries.setup import Setup
from services.deliveries.wording import NOT_APPROVED, Unworded, Worded, word
from services.engine.claims import Claimer

_DOUBTFUL: Final = frozenset({State.SENDING, State.UNKNOWN})
_NO_RECEIPT: Final = "no receipt"  #: taken, and nobody says that it arrived; or a receipt says that it did not


def plan(session: Session, claimer: Claimer, channel: str, now: datetime, limit: int, setup: Setup) -> Plan:
    """Decide about the next messages of a channel and claim those that go out now.

    Args:
        session: The unit of work; nothing may have been written in it before.
        claimer: Who claims.
        channel: Code of the channel; one that is not configured any more is emptied into others.
        now: The instant, aware UTC.
        limit: Most messages to look at.
        setup: How messages leave this installation.
    """
    if not is_due(session, channel, now):
        return Plan(channel)
    in_force = numbers_at(session, now)
    begin_write(session)
    _hold_lane(session, channel)
    rows = due(session, channel, now, limit)
    if not rows:
        return Plan(channel)
    desk = _Desk(session, claimer, channel, now, setup, in_force)
    ready = desk.decide(_settled(session, rows, now))
    return Plan(channel, tuple(ready), len(rows))


def _hold_lane(session: Session, channel: str) -> None:
    """Engines plan a channel one after the other, so that the limits hold for all and a recipient's digest is one."""
    connection = connection_of(session)
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"lane {channel}"))))


def _settled(session: Session, rows: Sequence[Any], now: datetime) -> Sequence[Any]:
    """The messages that are left once receipts that came meanwhile are applied: what has arrived is neither asked about nor sent again."""
    doubtful = {row.id: row.provider_id for row in rows if row.state in _DOUBTFUL}
    if not receipts.settle_early(session, doubtful, now):
        return rows
    return [row for row in loaded(session, {row.id for row in rows}) if row.attend_at is not None]


#: Of what was sent already it must be known whether it was taken, even if a later message speaks for it now.
_OVERTAKEN: Final = frozenset({Reason.SUPERSEDED, Reason.OVER})


@dataclass
class _Desk:
    """One planning: what was decided so far."""

    session: Session
    claimer: Claimer
    channel: str
    now: datetime
    setup: Setup
    numbers: Numbers
    changes: list[Change] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    dissolved: dict[int, State] = field(default_factory=dict)
    only_asked: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.known = catalogue(self.session)
        self.stands = standing(self.session, self.channel)
        self.breaker = self.stands.breaker
        self.traits = self.setup.channels.get(self.channel)

    def decide(self, rows: Sequence[Any]) -> list[Ready]:
        """Decide about all of them and write it down; gives back what is to be sent."""
        hold_families(self.session)
        ended = [row for row in rows if row.state in TAKEN_STATES | LOST]
        doubtful = [row for row in rows if row.state in _DOUBTFUL]
        fresh = [row for row in rows if row.state not in TAKEN_STATES | LOST | _DOUBTFUL]
        self.changes += [changed(row, attend_at=None) for row in ended]
        self.lost += [Lost(row.id, row.error or _NO_RECEIPT, final=row.state in LOST) for row in ended]
        clearable = self._doubtful(doubtful)
        decisions = self._decisions([*clearable, *fresh])
        going = sorted([*self._clear(clearable, decisions), *self._carry_out(fresh, decisions)], key=lambda row: row.haste)
        if self.breaker.on_trial(self.now):
            going = going[:1]  # the others stay due and are looked at again when it is known how this one ended
        ready = self._worded(self._refreshed(going))
        write(self.session, self.changes)
        digests.settle(self.session, self.dissolved, self.now)
        fall_back(self.session, self.lost, self.setup, self.now)
        return ready

    # what may have been sent ------------------------------------------------------------------------------------------

    def _doubtful(self, rows: Sequence[Any]) -> list[Any]:
        """What may have been taken: the provider is asked, unless the channel rests, or nobody wants to know any more."""
        going = []
        for row in rows:
            again = ask_again(row.tried_at or row.queued_at, row.haste, row.useful_until, self.numbers, self.now)
            if again is None or not asking.can_be_cleared(row, self.traits, self.numbers):
                self._give_up(row)
            elif self.breaker.is_open(self.now):
                self._wait(row, State.UNKNOWN, Wait(self._rests_until(), Reason.CHANNEL_DOWN, elsewhere=row.haste == 0))
            else:
                going.append(row)
        return going

    def _clear(self, rows: Sequence[Any], decisions: Mapping[int, Decision]) -> list[Any]:
        """What is asked about or sent again now: asking disturbs nobody, sending again obeys the same rules as sending."""
        going = []
        for row in rows:
            decision = decisions[row.id]
            sent_again = isinstance(decision, Go | Merge) or (isinstance(decision, Drop) and decision.reason in _OVERTAKEN)
            if sent_again or asking.is_asked(row, self.traits):
                going.append(row)
                if not sent_again:
                    self.only_asked.add(row.id)
            elif isinstance(decision, Wait):
                self._wait(row, State.UNKNOWN, decision)
            elif isinstance(decision, Elsewhere):
                self._give_up(row, decision.reason.value)
            elif isinstance(decision, Drop):
                self.changes.append(changed(row, state=State.UNKNOWN.value, attend_at=None, error=decision.reason.value))
        return going

    def _give_up(self, row: Any, reason: str = "") -> None:  # noqa: ANN401 - a result row
        """It stays unknown for good; whoever was to hear is told by another way."""
        self.changes.append(changed(row, state=State.UNKNOWN.value, attend_at=None, error=reason or row.error))
        if row.useful_until is None or row.useful_until > self.now:
            self._lose(row, reason or row.error or State.UNKNOWN.value)

    def _rests_until(self) -> datetime:
        return self.breaker.open_until or self.now

    # by the rules -----------------------------------------------------------------------------------------------------

    def _decisions(self, rows: Sequence[Any]) -> dict[int, Decision]:
        """What the rules say of each."""
        if not rows:
            return {}
        gathered = Gathered(self.session, rows, self.traits, self.known, self.stands, self.now)
        decisions = {row.id: self._decided(gathered, row) for row in rows}
        doubted = [row for row in rows if _wants_a_way(decisions[row.id])]
        ways = open_ways(self.session, doubted, self.setup)
        return decisions | {row.id: self._decided(gathered, row, other_way=False) for row in doubted if row.id not in ways}

    def _decided(self, gathered: Gathered, row: Any, *, other_way: bool = True) -> Decision:  # noqa: ANN401 - a result row
        decision = decide(gathered.facts(row, other_way=other_way), self.numbers, self.now)
        if isinstance(decision, Go):
            gathered.goes(row)
        elif isinstance(decision, Wait):
            gathered.waits(decision)
        return decision

    def _carry_out(self, rows: Sequence[Any], decisions: Mapping[int, Decision]) -> list[Any]:
        """What goes out now of what was not sent yet; the rest is put off, merged, dropped or sent another way."""
        going, together = [], []
        for row in rows:
            decision = decisions[row.id]
            if isinstance(decision, Go):
                going.append(row)
            elif isinstance(decision, Merge):
                together.append(row)
            else:
                self._put_off(row, decision)
        if together:
            digests.merge(self.session, together, self.channel, self.now, self.numbers)
        return going

    def _put_off(self, row: Any, decision: Wait | Elsewhere | Drop) -> None:  # noqa: ANN401 - a result row
        if isinstance(decision, Wait):
            self._wait(row, State(row.state), decision)
        elif isinstance(decision, Drop):
            self.changes.append(changed(row, state=decision.state.value, attend_at=None, error=decision.reason.value))
        else:
            self.changes.append(changed(row, state=State.SUPPRESSED.value, attend_at=None, error=decision.reason.value))
            self._lose(row, decision.reason.value)

    def _wait(self, row: Any, state: State, decision: Wait) -> None:  # noqa: ANN401 - a result row
        self.changes.append(changed(row, state=state.value, attend_at=decision.until, error=decision.reason.value))
        if decision.elsewhere:
            self.lost.append(Lost(row.id, decision.reason.value, final=False))

    def _lose(self, row: Any, reason: str) -> None:  # noqa: ANN401 - a result row
        if row.notice == DIGEST:
            self.dissolved[row.id] = State.DEAD
        else:
            self.lost.append(Lost(row.id, reason))

    def _refreshed(self, rows: Sequence[Any]) -> list[Any]:
        """The same, digests with what they carry now; one that carries too little is dissolved."""
        carriers = {row.id for row in rows if row.notice == DIGEST and row.state not in _DOUBTFUL}
        gone = digests.refresh(self.session, carriers, self.now)
        afresh = {row.id: row for row in loaded(self.session, carriers - gone)}
        for row in rows:
            if row.id in gone:
                self.changes.append(changed(row, state=State.SUPPRESSED.value, attend_at=None, error=Reason.OVER.value))
                self.dissolved[row.id] = State.DEAD
        return [afresh.get(row.id, row) for row in rows if row.id not in gone]

    # what goes out ----------------------------------------------------------------------------------------------------

    def _worded(self, rows: Sequence[Any]) -> list[Ready]:
        said = word(self.session, rows, self.setup, self.now)
        ready = []
        for row in rows:
            words = said[row.id]
            if isinstance(words, Unworded):
                self._unworded(row, words)
                continue
            ask = row.state in _DOUBTFUL and asking.is_asked(row, self.traits)
            self.changes.append(self._claimed(row, words, ask=ask))
            before = Before(row.state if row.state != State.SENDING else State.UNKNOWN.value, row.attempts, row.tried_at)
            ready.append(Ready(words.outgoing, before, ask, ask and row.id in self.only_asked, row.provider_id))
        return ready

    def _claimed(self, row: Any, words: Worded, *, ask: bool) -> Change:  # noqa: ANN401 - a result row
        """The message as it is handed over; one that the provider is only asked about stays unknown."""
        mine = {"claimed_by": self.claimer.engine_id, "claimed_until": self.now + self.claimer.lease}
        if ask:
            return changed(row, **mine, state=State.UNKNOWN.value)
        return changed(
            row,
            **mine,
            state=State.SENDING.value,
            attempts=row.attempts + (row.state != State.SENDING),  # what a dead engine had in its hands is the same attempt
            tried_at=self.now,
            wording=words.kept,
            template_version=words.version,
            segments=words.segments,
        )

    def _unworded(self, row: Any, words: Unworded) -> None:  # noqa: ANN401 - a result row
        state, again, attempts = State.FAILED_PERM if words.reason == NOT_APPROVED else State.DEAD, None, row.attempts + 1
        if words.passing:
            retry = after_failure(attempts, row.id, row.useful_until, self.numbers, self.now)
            state, again = retry.state, retry.attend_at
        self.changes.append(changed(row, state=state.value, attend_at=again, attempts=attempts, error=words.reason))
        if again is None and state is not State.EXPIRED:
            self._lose(row, words.reason)


def _wants_a_way(decision: Decision) -> bool:
    """Whether it matters for a decision that the chain has a further way."""
    return isinstance(decision, Elsewhere) or (isinstance(decision, Wait) and decision.elsewhere)
