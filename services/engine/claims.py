"""Claiming work before acting on it, so that any number of engines share one database and a dead one loses nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, or_, select, true, update
from sqlalchemy.orm import Session

from models import Case, Clock, Message, begin_write, table
from models.case import OPEN_EMERGENCY
from rules.facts import AUTOMATIC, STEP_OF, State

_case, _clock, _message = table(Case), table(Clock), table(Message)
_NEXT_CHANNEL = (
    select(_message.c.channel)
    .where(_message.c.attend_at.is_not(None), _message.c.channel > bindparam("last"))
    .order_by(_message.c.channel)
    .limit(1)
)
_HAS_DUE = (
    select(_message.c.id)
    .where(
        _message.c.channel == bindparam("channel"),
        _message.c.attend_at <= bindparam("now"),
        or_(_message.c.claimed_until.is_(None), _message.c.claimed_until < bindparam("now")),
    )
    .limit(1)
)
_EMERGENCIES = select(_case.c.id).where(OPEN_EMERGENCY)


@dataclass(frozen=True, slots=True)
class Claimer:
    """Who claims: the engine's id is the fencing number, the lease says when its claims run out by themselves."""

    engine_id: int
    lease: timedelta


@dataclass(frozen=True, slots=True)
class ReadyCase:
    """A case claimed by this engine."""

    id: int
    no: str
    urgency: str
    step: str


def ready_cases(session: Session, claimer: Claimer, now: datetime, limit: int) -> list[ReadyCase]:
    """Claim cases in which the engine may have something to do; emergencies first, then who has waited longest."""
    rows = _claim(session, _case, _case.c.attend_at, (_case.c.urgency != "P0", _case.c.attend_at, _case.c.id), claimer, now, limit)
    found = [ReadyCase(row["id"], row["no"], row["urgency"], STEP_OF[State(row["state"])].value) for row in rows]
    return sorted(found, key=lambda c: (c.urgency != "P0", c.id))


def due_clocks(session: Session, claimer: Claimer, now: datetime, limit: int) -> dict[int, int]:
    """Claim clocks with a rung to fire, the longest overdue first: clock id → case id.

    Those of emergencies come alone and before all others, however many have waited longer.
    """
    emergencies = list(session.connection().execute(_EMERGENCIES).scalars())
    first = and_(_clock.c.stopped_at.is_(None), _clock.c.case_id.in_(emergencies))
    for which in (first, true()) if emergencies else (true(),):
        rows = _claim(session, _clock, _clock.c.next_fire_at, (_clock.c.next_fire_at, _clock.c.id), claimer, now, limit, which)
        if rows:
            return {row["id"]: row["case_id"] for row in rows}
    return {}


def channels_due(session: Session, now: datetime) -> list[str]:
    """Codes of the channels that have messages to look at, in alphabetical order; a few steps along an index, however many wait."""
    run, found, last = session.connection().execute, [], ""
    while (channel := run(_NEXT_CHANNEL, {"last": last}).scalar()) is not None:
        if run(_HAS_DUE, {"channel": channel, "now": now}).first() is not None:
            found.append(channel)
        last = channel
    return found


def _claim(
    session: Session,
    target: Table,
    moment: ColumnElement[Any],
    order: tuple[Any, ...],
    claimer: Claimer,
    now: datetime,
    limit: int,
    which: ColumnElement[bool] = true(),  # noqa: B008 - an expression, never changed
) -> list[Any]:
    free = or_(target.c.claimed_until.is_(None), target.c.claimed_until < now)
    wanted = select(target.c.id).where(and_(which, moment <= now, free)).order_by(*order).limit(limit).with_for_update(skip_locked=True)
    connection = session.connection()
    ids = list(connection.execute(wanted).scalars())
    if not ids:
        return []
    begin_write(session)
    taken = (
        update(target)
        .where(target.c.id.in_(ids), free)
        .values(claimed_by=claimer.engine_id, claimed_until=now + claimer.lease)
        .returning(*(c for c in target.c if c.name in ("id", "no", "urgency", "case_id", "state")))
    )
    return list(connection.execute(taken).mappings())


def release_cases(session: Session, claimer: Claimer, case_ids: Collection[int], now: datetime) -> None:
    """Give cases back after the work; what another engine has taken over since is left alone.

    A case that is ready in a state in which the engine has nothing to do (somebody asked for a retry) is ready no longer.
    """
    begin_write(session)
    mine = (_case.c.id.in_(bindparam("ids", expanding=True)), _case.c.claimed_by == claimer.engine_id)
    ids = {"ids": sorted(case_ids)}
    idle = (_case.c.state.not_in([s.value for s in (*AUTOMATIC, State.HANDLING)]), _case.c.attend_at <= now)
    session.connection().execute(update(_case).where(*mine, *idle).values(attend_at=None), ids)
    session.connection().execute(update(_case).where(*mine).values(claimed_by=None, claimed_until=None), ids)


def release_clocks(session: Session, claimer: Claimer, clock_ids: Collection[int]) -> None:
    """Give clocks back after the work."""
    begin_write(session)
    session.connection().execute(
        update(_clock)
        .where(_clock.c.id.in_(bindparam("ids", expanding=True)), _clock.c.claimed_by == claimer.engine_id)
        .values(claimed_by=None, claimed_until=None),
        {"ids": sorted(clock_ids)},
    )


def release_all(session: Session, engine_id: int, targets: Collection[Table] = (_case, _clock, _message)) -> int:
    """Give back everything that an engine had claimed: it is known to be dead, has stopped, or has lost the thread.

    Returns:
        How many claims there were.
    """
    begin_write(session)
    count = 0
    for target in targets:
        done = session.connection().execute(
            update(target).where(target.c.claimed_by == engine_id).values(claimed_by=None, claimed_until=None)
        )
        count += done.rowcount
    return count


def release_work(session: Session, claimer: Claimer) -> int:
    """Give back the cases and clocks of a turn that broke off, so that they need not wait for the lease to run out."""
    return release_all(session, claimer.engine_id, (_case, _clock))


def release_post(session: Session, claimer: Claimer, channel: str) -> int:
    """Give back the messages of a channel whose delivery broke off; what may have been sent stays marked so."""
    begin_write(session)
    mine = (_message.c.claimed_by == claimer.engine_id, _message.c.channel == channel)
    return session.connection().execute(update(_message).where(*mine).values(claimed_by=None, claimed_until=None)).rowcount


def next_moment(session: Session) -> datetime | None:
    """The next instant at which there is anything to do; None when everything waits for people."""
    connection = session.connection()
    moments = [
        connection.execute(select(column).where(column.is_not(None)).order_by(column).limit(1)).scalar()
        for column in (_case.c.attend_at, _clock.c.next_fire_at, _message.c.attend_at)
    ]
    return min((m for m in moments if m is not None), default=None)
