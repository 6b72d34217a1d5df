"""Applying published limits to open cases, some hundreds a commit."""

from datetime import datetime

from services.logs import about
from services.moves import Setting
from services.policies import applying
from tasks.context import here, log
from tasks.recording import recorded_task, run_id
from tasks.safely import put_aside


def is_due(now: datetime) -> bool:
    """Whether a published version is to be applied to open cases."""
    with here().database.unit_of_work() as session:
        moment = applying.next_application(session)
    return moment is not None and moment <= now


@recorded_task("apply limits")
def apply_limits(now: datetime) -> int:
    """Take the next step of applying a published version to open cases.

    Safe to run twice: how far it has come is written in the same commit. A case that raises keeps its clocks and is set aside.

    Returns:
        How many cases were looked at.
    """
    try:
        return _step(now, applying.BATCH)
    except applying.CaseFailedError:
        return sum(_single(now) for _ in range(applying.BATCH))


def _step(now: datetime, batch: int) -> int:
    with here().database.unit_of_work() as session:
        return applying.apply_due(session, now, batch) or 0


def _single(now: datetime) -> int:
    try:
        return _step(now, 1)
    except applying.CaseFailedError as failed:
        problem = failed.__cause__ if isinstance(failed.__cause__, Exception) else failed
        with here().database.unit_of_work() as session:
            if not applying.pass_over(session, now, failed.case_id):
                return 0
            no = put_aside(session, failed.case_id, "handle", problem, Setting(now, run_id()))
        with about(no):
            log.error("limits not applied: %s", problem)
        return 1
