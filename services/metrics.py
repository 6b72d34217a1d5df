"""Figures of the whole for /metrics and doctor: each one a lookup in an index, none costs more the longer the past is."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import (
    Affair,
    AuditRound,
    Case,
    CaseNumber,
    Clock,
    EngineInstance,
    EventOut,
    FailingNumber,
    Message,
    Reply,
    SetAside,
    SupervisionOrder,
    table,
)
from rules.facts import OPEN_SUPERVISION
from services.engine.set_aside import STILL_OPEN
from services.messages.standing import Standing, standings

_case, _clock, _message, _number = table(Case), table(Clock), table(Message), table(CaseNumber)
_event, _aside, _engine = table(EventOut), table(SetAside), table(EngineInstance)
_round, _supervision = table(AuditRound), table(SupervisionOrder)
_failing, _reply, _affair = table(FailingNumber), table(Reply), table(Affair)

_open = _clock.c.stopped_at.is_(None)
_under_clock = select(_clock.c.case_id).where(_open, _clock.c.affair_seq.is_(None))
_OPEN_CASES = select(_case.c.state, func.count()).where(_case.c.id.in_(_under_clock)).group_by(_case.c.state)
_ALL_CASES = select(func.coalesce(func.sum(_number.c.last), 0))
#: Files of affairs that belong to no case have numbers of cases.
_BESIDE = select(func.count(_affair.c.case_id.distinct())).join(_case, _case.c.id == _affair.c.case_id).where(_case.c.state == "beside")
_OPEN_CLOCKS = select(func.count(), func.count().filter(_clock.c.provisional)).where(_open)
_OLDEST_RUNG = select(func.min(_clock.c.next_fire_at)).where(_clock.c.next_fire_at.is_not(None))
_SET_ASIDE = select(func.count(_aside.c.case_id.distinct())).where(STILL_OPEN)
_EVENTS = select(func.count()).where(_event.c.sent_at.is_(None))
_ENGINES = select(func.count()).where(_engine.c.stopped_at.is_(None))
_ROUND = select(_round.c.finished_at, _round.c.counts)
_SUPERVISION = (
    select(_supervision.c.state, func.count())
    .where(_supervision.c.state.in_([state.value for state in OPEN_SUPERVISION]))
    .group_by(_supervision.c.state)
)
_FAILING = select(func.count()).select_from(_failing).where(_failing.c.cleared_at.is_(None))
_REPLIES = select(func.count()).select_from(_reply).where(_reply.c.settled_at.is_(None))
_HEARTBEAT = select(func.max(_engine.c.heartbeat_at))


@dataclass(frozen=True, slots=True)
class Figures:
    """How the whole stands at one moment.

    Attributes:
        cases: Cases with an open clock, by state: all that are not at an end; affairs are none, nor are the files of those apart.
        cases_ended: Cases at an end: closed, declined, diverted, merged or answered.
        open_clocks: Clocks that the engine watches, those of affairs among them.
        provisional_clocks: Open clocks due in a year whose official calendar is not out.
        oldest_rung_at: Moment of the oldest rung that has not fired, since 1970; None when none is to fire.
        overdue_rung_s: Seconds by which the oldest rung that should have fired is late; 0 when none is.
        messages_waiting: Messages still to be sent, by state.
        messages_recent: The newest 10 000 messages, by state.
        heartbeat_age_s: Seconds since any engine last gave a sign; None when none ever ran.
        findings: What the last whole round of the engine's audit found, by kind.
        round_age_s: Seconds since the end of that round; None when there was none.
        supervision: Open supervision orders, by state.
        channels: How each channel stands that has messages or a breaker.
        failing_numbers: Addresses at which somebody cannot be reached.
        replies_waiting: Short messages sent back that a person has to look at.
    """

    cases: Mapping[str, int]
    cases_ended: int
    open_clocks: int
    provisional_clocks: int
    oldest_rung_at: float | None
    overdue_rung_s: float
    messages_waiting: Mapping[str, int]
    messages_recent: Mapping[str, int]
    set_aside: int
    events_waiting: int
    engines_running: int
    heartbeat_age_s: float | None
    findings: Mapping[str, int]
    round_age_s: float | None
    supervision: Mapping[str, int]
    channels: Sequence[Standing]
    failing_numbers: int
    replies_waiting: int


def read_figures(session: Session, now: datetime) -> Figures:
    """Read all figures in one unit of work."""
    run, value = session.connection().execute, session.connection().scalar
    cases, oldest, last = _by_state(session, _OPEN_CASES), value(_OLDEST_RUNG), run(_ROUND).first()
    clocks, provisional = run(_OPEN_CLOCKS).one()
    channels = standings(session, (), now)
    return Figures(
        cases=cases,
        cases_ended=max(0, int(value(_ALL_CASES) or 0) - int(value(_BESIDE) or 0) - sum(cases.values())),
        open_clocks=clocks,
        provisional_clocks=provisional,
        oldest_rung_at=oldest.timestamp() if oldest else None,
        overdue_rung_s=_age(oldest, now) or 0.0,
        messages_waiting=_summed(standing.waiting for standing in channels),
        messages_recent=_summed(standing.recent for standing in channels),
        set_aside=int(value(_SET_ASIDE) or 0),
        events_waiting=int(value(_EVENTS) or 0),
        engines_running=int(value(_ENGINES) or 0),
        heartbeat_age_s=_age(value(_HEARTBEAT), now),
        findings=last.counts if last is not None else {},
        round_age_s=_age(last.finished_at, now) if last is not None else None,
        supervision=_by_state(session, _SUPERVISION),
        channels=channels,
        failing_numbers=int(value(_FAILING) or 0),
        replies_waiting=int(value(_REPLIES) or 0),
    )


def _by_state(session: Session, query: Any) -> dict[str, int]:  # noqa: ANN401 - a Select
    return {str(state): int(count) for state, count in session.connection().execute(query)}


def _age(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else max(0.0, (now - moment).total_seconds())


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The counts of several channels as one."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)
