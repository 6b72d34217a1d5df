"""Claiming and releasing, one short commit each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services import deliveries
from services.deliveries import Plan, hurrying
from services.engine import claims, set_aside
from services.engine.claims import ReadyCase
from services.policies.applying import next_application
from tasks.context import here

__all__ = [
    "Plan",
    "ReadyCase",
    "channels_due",
    "due_clocks",
    "next_moment",
    "plan_messages",
    "ready_cases",
    "release_cases",
    "release_clocks",
]


def ready_cases(now: datetime) -> Sequence[ReadyCase]:
    """Claim some of the cases that are ready."""
    context = here()
    with context.database.unit_of_work() as session:
        return claims.ready_cases(session, context.claimer, now, context.batch)


def due_clocks(now: datetime) -> Mapping[int, int]:
    """Claim some of the clocks that are due: clock id → case id."""
    context = here()
    with context.database.unit_of_work() as session:
        return claims.due_clocks(session, context.claimer, now, context.batch)


def channels_due(now: datetime) -> list[str]:
    """Channels that have messages to look at."""
    with here().database.unit_of_work() as session:
        return claims.channels_due(session, now)


def plan_messages(channel: str, now: datetime, limit: int) -> Plan:
    """Decide about some of the messages of a channel that are due, and claim those that go out now."""
    context = here()
    with context.database.unit_of_work() as session:
        return deliveries.plan(session, context.claimer, channel, now, min(limit, context.batch), context.setup)


def hurry(now: datetime, awake_since: datetime) -> int:
    """Take another way for emergencies that stand behind one that hangs, since the lanes are at work."""
    context = here()
    with context.database.unit_of_work() as session:
        return hurrying.hurry(session, context.setup, now, awake_since)


def release_cases(case_ids: Collection[int], now: datetime) -> None:
    """Give cases back after work that did not break off: what was set aside of them before is now done."""
    context = here()
    with context.database.unit_of_work() as session:
        set_aside.resolve(session, now, cases=case_ids)
        claims.release_cases(session, context.claimer, case_ids, now)


def release_clocks(clock_ids: Collection[int], now: datetime) -> None:
    """Give clocks back after work that did not break off."""
    context = here()
    with context.database.unit_of_work() as session:
        set_aside.resolve(session, now, clocks=clock_ids)
        claims.release_clocks(session, context.claimer, clock_ids)


def give_back_work() -> None:
    """After a turn that broke off: nothing of ours may wait for our own lease."""
    context = here()
    with context.database.unit_of_work() as session:
        claims.release_work(session, context.claimer)


def give_back_post(channel: str) -> None:
    """After a delivery by this channel that broke off."""
    context = here()
    with context.database.unit_of_work() as session:
        claims.release_post(session, context.claimer, channel)


def next_moment() -> datetime | None:
    """The next instant at which there is anything to do."""
    with here().database.unit_of_work() as session:
        moments = (claims.next_moment(session), next_application(session))
    return min((m for m in moments if m is not None), default=None)
