"""Bringing changes of units and people into force, some hundreds of cases a commit."""

from datetime import datetime

from services.logs import about
from services.moves import Setting
from services.units import applying
from tasks.context import here, log
from tasks.recording import recorded_task, run_id
from tasks.safely import put_aside


def is_due(now: datetime) -> bool:
    """Whether a change of a unit, or somebody's leaving, is to come into force."""
    with here().database.unit_of_work() as session:
        moment = applying.next_change(session)
    return moment is not None and moment <= now


@recorded_task("apply changes of units")
def apply_changes(now: datetime) -> int | None:
    """Take the next step of a change that is due.

    Safe to run twice: how far it has come is written in the same commit. A case that raises stays where it is and is set aside.

    Returns:
        How many cases were moved; None: somebody else is at it.
    """
    try:
        return _step(now, applying.BATCH)
    except applying.CaseFailedError:
        return sum(_single(now) for _ in range(applying.BATCH))


def _step(now: datetime, batch: int) -> int | None:
    with here().database.unit_of_work() as session:
        return applying.apply_due(session, now, batch)


def _single(now: datetime) -> int:
    try:
        return _step(now, 1) or 0
    except applying.CaseFailedError as failed:
        problem = failed.__cause__ if isinstance(failed.__cause__, Exception) else failed
        with here().database.unit_of_work() as session:
            if not applying.pass_over(session, failed):
                return 0
            no = put_aside(session, failed.case_id, "handle", problem, Setting(now, run_id()))
        with about(no):
            log.error("does not follow a change of units: %s", problem)
        return 1
