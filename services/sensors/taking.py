"""Taking alarms in, set-based: every one is kept, few open a case, and what became of each is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from models import Prepared, SensorAlarm, connection_of, table, together
from rules.facts import SENSOR
from rules.geo import Point
from services.catalogue import Catalogue, catalogue
from services.intake import Report, Where, alone, submit
from services.mechanisms import require
from services.moves import Setting
from services.sensors import board, chronicle, linking, storms
from services.sensors.devices import MECHANISM
from services.sensors.hooks import Hook, Writes, admit
from services.sensors.judging import Alarm, Device, Judged, Target, Verdict, judge
from wording import language, say

KNOWN: Final = "known"  #: the same alarm was brought before
OPENED: Final = "opened"
_alarm = table(SensorAlarm)
_KEEP = Prepared(insert(_alarm))


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one alarm.

    Attributes:
        outcome: `opened`, `known`, or why it opened no case: flapping, storm, muted, stood_down, clear, unknown_device.
        case: Number of the case it belongs to.
    """

    key: str
    outcome: str
    case: str | None


def push(session: Session, hook: Hook, nonce: str, alarms: Sequence[Alarm], now: datetime) -> list[Taken]:
    """Take what a supplier has pushed, once, and not more than it may bring in a minute; otherwise as `take`.

    Raises:
        Refused: `mechanism_off`, `nonce_used`, `too_many_alarms`.
    """
    require(session, MECHANISM)
    alone(session)
    return _take(session, hook, alarms, now, admit(session, hook, nonce, len(alarms), now))


def take(session: Session, hook: Hook, alarms: Sequence[Alarm], now: datetime) -> list[Taken]:
    """Take alarms of one supplier; the same keys may be brought again and are one alarm each.

    One intake at a time, so that of two pushes at the same instant about one device one opens the case and the other joins it.

    Args:
        session: The unit of work; committed by the caller. Nothing may have been written in it.
        hook: Whose alarms they are.
        alarms: In the order in which they came.
        now: The instant, aware UTC; it decides, not the clocks of devices.

    Returns:
        For each alarm, in order, what became of it.

    Raises:
        Refused: `mechanism_off`.
    """
    require(session, MECHANISM)
    alone(session)
    return _take(session, hook, alarms, now)


def _take(session: Session, hook: Hook, alarms: Sequence[Alarm], now: datetime, besides: Writes = ()) -> list[Taken]:
    before, devices = board.read(session, hook, alarms)
    fresh = dict[str, Alarm]()
    for alarm in alarms:
        if alarm.key not in before:
            fresh.setdefault(alarm.key, alarm)
    judged = _judged(session, hook, list(fresh.values()), devices, now)
    _open(session, hook, judged, now)
    judged.follow(storms.merge(session, judged.merged, now))
    chapters = chronicle.write(session, judged, now)
    linking.raise_files(session, chapters, now)
    connection = connection_of(session)
    with together(connection):
        for statement, rows in (*besides, *chronicle.links(chapters, now), *board.moved_on(hook, judged, now)):
            statement.write(connection, rows)
        _KEEP.write(connection, _kept(hook, judged, now))
    return _answers(alarms, before, judged.verdicts)


def _judged(session: Session, hook: Hook, fresh: Sequence[Alarm], devices: Mapping[str, Device], now: datetime) -> Judged:
    recent = board.recent(session, {d.group for d in devices.values() if d.case is None or d.anew(now)}, now)
    there = board.unregistered(session, hook) if any(alarm.device not in devices for alarm in fresh) else None
    return judge(fresh, devices, recent, there, now)


# cases ----------------------------------------------------------------------------------------------------------------


def _open(session: Session, hook: Hook, judged: Judged, now: datetime) -> None:
    """Open the cases, with the category's urgency from the first moment on."""
    if not judged.opened:
        return
    known = catalogue(session)
    rows = board.rows(session, [t.calls.id for t in judged.opened if t.calls is not None])
    reports = [_report(target, hook, rows, known) for target in judged.opened]
    for target, case in zip(judged.opened, submit(session, reports, Setting(now)), strict=True):
        target.case_id, target.no = case.case_id, case.no


def _report(target: Target, hook: Hook, rows: dict[int, dict[str, Any]], known: Catalogue) -> Report:
    alarm, device = target.opener, target.calls
    assert alarm is not None  # only what an alarm opens is opened  # noqa: S101
    told = {"device": alarm.device, "value": alarm.value or "—", "at": f"{alarm.at.astimezone(known.zone):%Y-%m-%d %H:%M:%S}"}
    key = f"{SENSOR}:{hook.code}:{alarm.key}"
    if device is None:
        subject, body = (say(f"sensors.unknown_{part}", None, hook=hook.code, **told) for part in ("subject", "body"))
        return Report(subject, body, source=SENSOR, key=key, urgency="P1")
    row = rows[device.id]
    told |= {"kind": getattr(device.kind, language()), "place": row["place"]}
    return Report(
        say("sensors.subject", None, **told),
        say("sensors.body", None, **told),
        source=SENSOR,
        area=known.units[row["area_unit_id"]].code,
        place=row["place"],
        key=key,
        where=Where(Point(row["lat"], row["lon"])) if row["lat"] is not None else None,
        urgency=device.kind.urgency,
        escalate_to=row["escalate_to_id"],
    )


# what is kept and answered --------------------------------------------------------------------------------------------


def _kept(hook: Hook, judged: Judged, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "hook_id": hook.id,
            "key": v.alarm.key,
            "device_id": v.device.id if v.device else None,
            "device": v.alarm.device,
            "signal": v.alarm.signal,
            "value": v.alarm.value,
            "at": v.alarm.at,
            "received_at": now,
            "case_id": v.target.case_id if v.target else None,
            "suppressed_by": v.suppressed_by,
        }
        for v in judged.verdicts
    ]


def _answers(alarms: Sequence[Alarm], before: dict[str, str | None], verdicts: Sequence[Verdict]) -> list[Taken]:
    fresh = {v.alarm.key: v for v in verdicts}
    found, told = list[Taken](), set(before)
    for alarm in alarms:
        verdict = fresh.get(alarm.key)
        target = verdict.target if verdict is not None else None
        outcome = KNOWN if verdict is None or alarm.key in told else verdict.suppressed_by or OPENED
        found.append(Taken(alarm.key, outcome, target.no if target is not None else before.get(alarm.key)))
        told.add(alarm.key)
    return found
