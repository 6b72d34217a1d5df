"""How devices stand: read before a batch is judged, moved on afterwards. A few statements for one alarm or for five hundred."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, case, literal_column, select, update
from sqlalchemy.orm import Session

from models import Case, Prepared, SensorAlarm, SensorCase, SensorDevice, SensorHook, connection_of, read_together, table
from rules.facts import State
from services.sensors.hooks import Hook, Writes
from services.sensors.judging import ALARM, Alarm, Device, Judged, Recent, Target
from services.sensors.kinds import KINDS, STORM_WITHIN

#: States of a case that alarms of its device go on joining; afterwards a new alarm is a new event.
OPEN: Final = tuple(
    s.value for s in (State.SUBMITTED, State.ACCEPTED, State.FILED, State.REPORTING, State.DISPATCHED, State.HANDLING, State.ON_HOLD)
)
#: Of these, those that somebody has acknowledged.
_TAKEN_UP: Final = frozenset({State.HANDLING.value, State.ON_HOLD.value})
_device, _case, _hook, _link = table(SensorDevice), table(Case), table(SensorHook), table(SensorCase)
_alarm = table(SensorAlarm)
_into = _case.alias("into_case")
#: The case that a device's alarms go to: its own, or the one that was merged into; None unless that is open.
_IS_OPEN: Final[list[ColumnElement[str]]] = [
    literal_column(f"'{state}'") for state in OPEN
]  # written out, because prepared statements take no lists
_OPEN_CASE = case((_case.c.state.in_(_IS_OPEN), _case.c.id), (_into.c.state.in_(_IS_OPEN), _into.c.id), else_=None)
_OPEN_NO = case((_case.c.state.in_(_IS_OPEN), _case.c.no), else_=_into.c.no)
_OPEN_STATE = case((_case.c.state.in_(_IS_OPEN), _case.c.state), else_=_into.c.state)
_TARGET = (_OPEN_CASE.label("open_case"), _OPEN_NO.label("no"), _OPEN_STATE.label("state"))
_WITH_CASE = _device.outerjoin(_case, _case.c.id == _device.c.case_id).outerjoin(_into, _into.c.id == _case.c.merged_into_id)
_EACH = select(
    *(_device.c[n] for n in ("id", "code", "kind", "community_unit_id", "muted_until", "quiet_until", "subject_no")),
    *(*_TARGET, _link.c.alarms, _link.c.last_at, _device.c.last_at.label("heard_at")),
).select_from(_WITH_CASE.outerjoin(_link, and_(_link.c.device_id == _device.c.id, _link.c.case_id == _OPEN_CASE)))
_DEVICES = _EACH.where(_device.c.code.in_(bindparam("codes", expanding=True)))
_BROUGHT = (
    select(_alarm.c.key, _case.c.no)
    .select_from(_alarm.outerjoin(_case, _case.c.id == _alarm.c.case_id))
    .where(_alarm.c.hook_id == bindparam("hook"))
)
_KEYS = _BROUGHT.where(_alarm.c.key.in_(bindparam("keys", expanding=True)))
#: Most pushes bring one alarm: its questions go to the driver as they are, in one go.
_ONE: Final = (Prepared(_BROUGHT.where(_alarm.c.key == bindparam("key"))), Prepared(_EACH.where(_device.c.code == bindparam("code"))))
_RECENT = (
    select(_device.c.id, _device.c.kind, _device.c.community_unit_id, *_TARGET)
    .select_from(_WITH_CASE)
    .where(_device.c.community_unit_id.in_(bindparam("communities", expanding=True)), _device.c.joined_at > bindparam("since"))
)
_ROWS = select(_device).where(_device.c.id.in_(bindparam("ids", expanding=True)))
_UNREGISTERED = select(_case.c.id, _case.c.no).select_from(_hook.join(_case, _case.c.id == _hook.c.case_id)).where(_case.c.state.in_(OPEN))
_COUNT = Prepared(
    update(_device)
    .where(_device.c.id == bindparam("key_id"))
    .values(alarms=_device.c.alarms + bindparam("more"), suppressed=_device.c.suppressed + bindparam("quiet"), last_at=bindparam("seen"))
)
_JOIN = Prepared(
    update(_device).where(_device.c.id == bindparam("key_id")).values(case_id=bindparam("new_case"), joined_at=bindparam("since"))
)
_FOLLOW = Prepared(update(_device).where(_device.c.case_id == bindparam("old_case")).values(case_id=bindparam("new_case")))
_STRANGER = Prepared(update(_hook).where(_hook.c.id == bindparam("key_id")).values(case_id=bindparam("new_case")))


def read(session: Session, hook: Hook, alarms: Sequence[Alarm]) -> tuple[dict[str, str | None], dict[str, Device]]:
    """What a batch speaks of.

    Returns:
        Keys that were brought before, each with the number of its case; the registered ones of the devices, by code.
    """
    connection = connection_of(session)
    if len(alarms) == 1:
        (alarm,), (key, device) = alarms, _ONE
        keys, rows_ = read_together(connection, [(key, {"hook": hook.id, "key": alarm.key}), (device, {"code": alarm.device})])
    else:
        keys = _asked(connection, _KEYS, hook=hook.id, keys=sorted({alarm.key for alarm in alarms}))
        rows_ = _asked(connection, _DEVICES, codes=sorted({alarm.device for alarm in alarms}))
    targets = dict[int, Target]()
    return {row["key"]: row["no"] for row in keys}, {row["code"]: _device_of(row, targets) for row in rows_ if row["kind"] in KINDS}


def _asked(connection: Connection, statement: Select[Any], **values: object) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(statement, values).mappings()]


def _device_of(row: Mapping[str, Any], targets: dict[int, Target]) -> Device:
    open_case = row["open_case"]
    target = targets.setdefault(open_case, _target(open_case, row["no"], row["state"])) if open_case is not None else None
    stands = (row["muted_until"], row["quiet_until"], target, row["alarms"] or 0, row["last_at"], row["heard_at"])
    return Device(row["id"], row["code"], KINDS[row["kind"]], row["community_unit_id"], *stands, file=row["subject_no"])


def _target(case_id: int, no: str, state: str) -> Target:
    return Target(case_id, no, taken_up=state in _TAKEN_UP)


def recent(session: Session, groups: Collection[tuple[int, str]], now: datetime) -> Recent:
    """The devices that may make a storm with others of these groups."""
    if not groups:
        return {}
    values = {"communities": sorted({community for community, _ in groups}), "since": now - STORM_WITHIN}
    found, targets = defaultdict[tuple[int, str], list[tuple[int, Target]]](list), dict[int, Target]()
    for row in sorted(connection_of(session).execute(_RECENT, values), key=lambda r: (r.open_case or 0, r.id)):
        if row.open_case is not None and row.kind in KINDS:
            target = targets.setdefault(row.open_case, _target(row.open_case, row.no, row.state))
            found[row.community_unit_id, KINDS[row.kind].category].append((row.id, target))
    return found


def unregistered(session: Session, hook: Hook) -> Target | None:
    """The open case about devices of a supplier that nobody has registered."""
    found = connection_of(session).execute(_UNREGISTERED.where(_hook.c.id == hook.id)).first()
    return None if found is None else Target(found.id, found.no)


def rows(session: Session, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Whole rows of devices, by id."""
    wanted = sorted(ids)
    return {row["id"]: dict(row) for row in connection_of(session).execute(_ROWS, {"ids": wanted}).mappings()} if wanted else {}


def moved_on(hook: Hook, judged: Judged, now: datetime) -> Writes:
    """What is counted of a batch, and where each device's alarms go from now on."""
    total, quiet = Counter[int](), Counter[int]()
    for verdict in judged.verdicts:
        if verdict.device is not None and verdict.alarm.signal == ALARM:
            total[verdict.device.id] += 1
            quiet[verdict.device.id] += verdict.suppressed_by is not None
    return [
        (_COUNT, [{"key_id": i, "more": n, "quiet": quiet[i], "seen": now} for i, n in sorted(total.items())]),
        (_JOIN, [{"key_id": d.id, "new_case": t.case_id, "since": now} for d, t in _joined(judged)]),
        (_FOLLOW, [{"old_case": old.case_id, "new_case": new.case_id} for old, new in judged.merged]),
        (_STRANGER, [{"key_id": hook.id, "new_case": t.case_id} for t in judged.opened if t.calls is None]),
    ]


def _joined(judged: Judged) -> Iterator[tuple[Device, Target]]:
    """Devices that began to alarm in this batch, each once."""
    seen = {v.device.id: v.device for v in judged.verdicts if v.device is not None and v.device.joined}
    return ((device, device.case) for _, device in sorted(seen.items()) if device.case is not None)
