"""Many cases in one commit; when one of them raises, the others go on and only that one is set aside."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from services.engine.set_aside import set_aside
from services.logs import about
from services.moves import Setting
from tasks.context import here, log
from tasks.recording import run_id

#: The database is away or overloaded: no case is to blame, the whole turn is tried again.
DATABASE_TROUBLE = (OperationalError, InterfaceError)
Work = Callable[[Session, Sequence[int], Setting], list[int]]


def in_batches(step: str, case_ids: Sequence[int], now: datetime, work: Work) -> list[int]:
    """Do a piece of work for cases, some tens in a commit.

    Args:
        step: Step on record when a case has to be set aside.
        case_ids: The cases; work skips those that are elsewhere, so it may run twice.
        now: The instant to act at.
        work: Handed a unit of work and some of the cases.

    Returns:
        Ids that the work says have moved.
    """
    setting, size = Setting(now, run_id()), here().chunk
    moved: list[int] = []
    for start in range(0, len(case_ids), size):
        chunk = case_ids[start : start + size]
        try:
            moved += _commit(chunk, setting, work)
        except DATABASE_TROUBLE:
            raise
        except Exception:
            for case_id in chunk:
                moved += _single(step, case_id, setting, work)
    return moved


def _commit(case_ids: Sequence[int], setting: Setting, work: Work) -> list[int]:
    with here().database.unit_of_work() as session:
        return work(session, case_ids, setting)


def _single(step: str, case_id: int, setting: Setting, work: Work) -> list[int]:
    try:
        return _commit([case_id], setting, work)
    except DATABASE_TROUBLE:
        raise
    except Exception as problem:
        with here().database.unit_of_work() as session:
            no = put_aside(session, case_id, step, problem, setting)
        with about(no):
            log.exception("set aside at step %s", step)
        return []


def put_aside(session: Session, case_id: int, step: str, problem: Exception, setting: Setting, clock_id: int | None = None) -> str:
    """Record what raised.

    Returns:
        The case's number, for the log.
    """
    return set_aside(session, case_id, step, f"{type(problem).__name__}: {problem}", setting, clock_id)
