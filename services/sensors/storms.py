"""Storms: what many devices of one place report at once is one event, and the cases that some of them had opened go on in one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from models import Case, SensorAlarm, SensorCase, SensorDevice, connection_of, table
from rules.facts import SYSTEM, State
from services.moves import Intent, Moved, Setting, make_moves
from services.sensors.judging import Target

_alarm, _link, _case, _device = table(SensorAlarm), table(SensorCase), table(Case), table(SensorDevice)
_STATES = select(_case.c.id, _case.c.state).where(_case.c.id.in_(bindparam("ids", expanding=True)))
_OPENED = (
    select(_alarm.c.device_id, func.count().label("n"))
    .where(_alarm.c.case_id == bindparam("old"), _alarm.c.suppressed_by.is_(None), _alarm.c.device_id.is_not(None))
    .group_by(_alarm.c.device_id)
)
_NOW_STORM = update(_alarm).where(_alarm.c.case_id == bindparam("old"), _alarm.c.suppressed_by.is_(None)).values(suppressed_by="storm")
_ALARMS = update(_alarm).where(_alarm.c.case_id == bindparam("old")).values(case_id=bindparam("new"))
_twin = _link.alias("twin")
_BOTH = select(_twin.c.device_id).where(_twin.c.case_id == bindparam("new"))
_OF_OLD = select(_link.c.device_id, _link.c.alarms, _link.c.last_at).where(
    _link.c.case_id == bindparam("old"), _link.c.device_id.in_(_BOTH)
)
_ADDED = (
    update(_link)
    .where(_link.c.case_id == bindparam("new"), _link.c.device_id == bindparam("device"))
    .values(alarms=_link.c.alarms + bindparam("more"), last_at=bindparam("seen"))
)
_DROPPED = delete(_link).where(_link.c.case_id == bindparam("old"), _link.c.device_id == bindparam("device"))
_LINKS = update(_link).where(_link.c.case_id == bindparam("old")).values(case_id=bindparam("new"))
_MORE = update(_device).where(_device.c.id == bindparam("key_id")).values(suppressed=_device.c.suppressed + bindparam("n"))
#: What nobody has acknowledged yet can go on in another case; people who are on their way keep theirs.
_UNTOUCHED: Final = frozenset({State.SUBMITTED.value, State.ACCEPTED.value, State.FILED.value, State.DISPATCHED.value})


def merge(session: Session, pairs: Sequence[tuple[Target, Target]], now: datetime) -> list[tuple[Target, Target]]:
    """Let cases go on in the case of their storm, with their alarms and devices; those that somebody has acknowledged stay.

    Args:
        session: The unit of work that holds the lock of intake.
        pairs: A case that is open, and the one it goes on in.
        now: The instant, aware UTC.

    Returns:
        The pairs that were merged.
    """
    ids = sorted({t.case_id for pair in pairs for t in pair if t.case_id is not None})
    if not ids:
        return []
    states = {row.id: row.state for row in connection_of(session).execute(_STATES, {"ids": ids})}
    wanted = [(old, new) for old, new in pairs if states[old.case_id or 0] in _UNTOUCHED]
    setting = Setting(now)
    new_ones = [Intent(old.case_id or 0, "accept", SYSTEM) for old, _ in wanted if states[old.case_id or 0] == State.SUBMITTED]
    make_moves(session, new_ones, setting)
    intents = [Intent(old.case_id or 0, "merge", SYSTEM, args={"into": new.case_id, "reason": "storm"}) for old, new in wanted]
    outcomes = make_moves(session, intents, setting) if intents else []
    merged = [pair for pair, outcome in zip(wanted, outcomes, strict=True) if isinstance(outcome, Moved)]
    for old, new in merged:
        _hand_over(session, old.case_id, new.case_id)
    return merged


def _hand_over(session: Session, old: int | None, new: int | None) -> None:
    run = connection_of(session).execute
    for row in list(run(_OPENED, {"old": old})):
        run(_MORE, {"key_id": row.device_id, "n": row.n})
    run(_NOW_STORM, {"old": old})
    run(_ALARMS, {"old": old, "new": new})
    for row in list(run(_OF_OLD, {"old": old, "new": new})):  # devices that belong to both already
        run(_ADDED, {"new": new, "device": row.device_id, "more": row.alarms, "seen": row.last_at})
        run(_DROPPED, {"old": old, "device": row.device_id})
    run(_LINKS, {"old": old, "new": new})
