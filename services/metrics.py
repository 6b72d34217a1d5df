"""Figures of the whole for /metrics and doctor: each one a lookup in an index, none costs more the longer the past is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import AuditRound, Case, CaseNumber, Clock, EngineInstance, EventOut, Message, SetAside, SupervisionOrder, table
from rules.facts import OPEN_SUPERVISION
from services.set_aside import STILL_OPEN

_case, _clock, _message, _number = table(Case), table(Clock), table(Message), table(CaseNumber)
_event, _aside, _engine = table(EventOut), table(SetAside), table(EngineInstance)
_round, _supervision = table(AuditRound), table(SupervisionOrder)
RECENT: Final = 10_000  #: how many of the newest messages are counted by state

_open = _clock.c.stopped_at.is_(None)
_OPEN_CASES = select(_case.c.state, func.count()).where(_case.c.id.in_(select(_clock.c.case_id).where(_open))).group_by(_case.c.state)
_ALL_CASES = select(func.coalesce(func.sum(_number.c.last), 0))
_OPEN_CLOCKS = select(func.count(), func.count().filter(_clock.c.provisional)).where(_open)
_OLDEST_RUNG = select(func.min(_clock.c.next_fire_at)).where(_clock.c.next_fire_at.is_not(None))
_WAITING = select(_message.c.state, func.count()).where(_message.c.attend_at.is_not(None)).group_by(_message.c.state)
_newest = select(_message.c.state).order_by(_message.c.id.desc()).limit(RECENT).subquery()
_RECENT = select(_newest.c.state, func.count()).group_by(_newest.c.state)
_SET_ASIDE = select(func.count(_aside.c.case_id.distinct())).where(STILL_OPEN)
_EVENTS = select(func.count()).where(_event.c.sent_at.is_(None))
_ENGINES = select(func.count()).where(_engine.c.stopped_at.is_(None))
_ROUND = select(_round.c.finished_at, _round.c.counts)
_SUPERVISION = (
    select(_supervision.c.state, func.count())
    .where(_supervision.c.state.in_([state.value for state in OPEN_SUPERVISION]))
    .group_by(_supervision.c.state)
)
_HEARTBEAT = select(func.max(_engine.c.heartbeat_at))


@dataclass(frozen=True, slots=True)
class Figures:
    """How the whole stands at one moment.

    Attributes:
        cases: Cases with an open clock, by state: all that are not at an end.
        cases_ended: Cases at an end: closed, declined, diverted, merged or answered.
        provisional_clocks: Open clocks due in a year whose official calendar is not out.
        oldest_rung_at: Moment of the oldest rung that has not fired, since 1970; None when none is to fire.
        overdue_rung_s: Seconds by which the oldest rung that should have fired is late; 0 when none is.
        messages_waiting: Messages still to be sent, by state.
        messages_recent: The newest 10 000 messages, by state.
        heartbeat_age_s: Seconds since any engine last gave a sign; None when none ever ran.
        findings: What the last whole round of the engine's audit found, by kind.
        round_age_s: Seconds since the end of that round; None when there was none.
        supervision: Open supervision orders, by state.
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


def read_figures(session: Session, now: datetime) -> Figures:
    """Read all figures in one unit of work."""
    run, value = session.connection().execute, session.connection().scalar

    def by_state(query: Any) -> dict[str, int]:  # noqa: ANN401 - a Select
        return {str(state): int(count) for state, count in run(query)}

    def age(moment: datetime | None) -> float | None:
        return None if moment is None else max(0.0, (now - moment).total_seconds())

    cases, oldest, last = by_state(_OPEN_CASES), value(_OLDEST_RUNG), run(_ROUND).first()
    clocks, provisional = run(_OPEN_CLOCKS).one()
    return Figures(
        cases=cases,
        cases_ended=max(0, int(value(_ALL_CASES) or 0) - sum(cases.values())),
        open_clocks=clocks,
        provisional_clocks=provisional,
        oldest_rung_at=oldest.timestamp() if oldest else None,
        overdue_rung_s=age(oldest) or 0.0,
        messages_waiting=by_state(_WAITING),
        messages_recent=by_state(_RECENT),
        set_aside=int(value(_SET_ASIDE) or 0),
        events_waiting=int(value(_EVENTS) or 0),
        engines_running=int(value(_ENGINES) or 0),
        heartbeat_age_s=age(value(_HEARTBEAT)),
        findings=last.counts if last is not None else {},
        round_age_s=age(last.finished_at) if last is not None else None,
        supervision=by_state(_SUPERVISION),
    )
