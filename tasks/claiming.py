"""Claiming and releasing, one short commit each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services import claims, set_aside
from services.claims import ReadyCase
from services.policies.applying import next_application
from tasks.context import here

__all__ = ["ReadyCase", "due_clocks", "next_moment", "queued_messages", "ready_cases", "release_cases", "release_clocks"]


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


def queued_messages(now: datetime, limit: int) -> list[int]:
    """Claim some of the messages that are to be sent."""
    context = here()
    with context.database.unit_of_work() as session:
        return claims.queued_messages(session, context.claimer, now, min(limit, context.batch))


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


def give_back_post() -> None:
    """After a delivery that broke off."""
    context = here()
    with context.database.unit_of_work() as session:
        claims.release_post(session, context.claimer)


def next_moment() -> datetime | None:
    """The next instant at which there is anything to do."""
    with here().database.unit_of_work() as session:
        moments = (claims.next_moment(session), next_application(session))
    return min((m for m in moments if m is not None), default=None)
