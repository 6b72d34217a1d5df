"""Tasks about time: act on clocks that are due, each rung exactly once."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from services.engine import clocks
from services.logs import about
from services.moves import Setting
from tasks.context import here, log
from tasks.recording import recorded_task, run_id
from tasks.safely import DATABASE_TROUBLE, put_aside


@recorded_task("fire × {count}")
def fire(claimed: Mapping[int, int], count: int, now: datetime) -> Counter[str]:
    """Fire every rung that is due on the claimed clocks (clock id → case id).

    Safe to run twice: a firing and all that follows from it are one unit of work, and a firing is unique.

    Returns:
        How often each rung fired.
    """
    setting, size, fired = Setting(now, run_id()), here().chunk, Counter[str]()
    items = sorted(claimed.items())
    for start in range(0, len(items), size):
        chunk = dict(items[start : start + size])
        try:
            fired += _commit(chunk, setting)
        except DATABASE_TROUBLE:
            raise
        except Exception:
            for clock_id, case_id in chunk.items():
                fired += _single(clock_id, case_id, setting)
    return fired


def _commit(chunk: Mapping[int, int], setting: Setting) -> Counter[str]:
    with here().database.unit_of_work() as session:
        return clocks.fire_due(session, chunk, setting)


def _single(clock_id: int, case_id: int, setting: Setting) -> Counter[str]:
    try:
        return _commit({clock_id: case_id}, setting)
    except DATABASE_TROUBLE:
        raise
    except Exception as problem:
        with here().database.unit_of_work() as session:
            no = put_aside(session, case_id, "clock", problem, setting, clock_id)
        with about(no):
            log.exception("clock %s set aside", clock_id)
        return Counter()
