"""What the journals of cases say of alarms, sparsely; which devices belong to a case; and the people of a device who are told."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from models import CaseLink, Prepared, SensorAlarm, SensorCase, connection_of, table
from notifications.notices import SMS
from rules.facts import STEP_OF, SYSTEM
from services.duplicates.candidates import SAME_MATTER
from services.duplicates.proposing import ACTIONS, CONFIRMED
from services.moves import Draft, read_drafts, write_drafts
from services.moves.messages import queue, tell
from services.recipients import Addressee, Roll
from services.sensors import board
from services.sensors.hooks import Writes
from services.sensors.judging import ALARM, CLEAR, Device, Judged, Target, Verdict
from wording import say

SAYS_ALARM: Final = "sensor_alarm"  #: a device began to alarm, or alarms again after a silence
SAYS_MORE: Final = "sensor_more"  #: ten alarms of a device, a hundred, a thousand
SAYS_CLEAR: Final = "sensor_clear"  #: a device says that it is over
_NAMED_MOST: Final = 10  #: unregistered devices that one message names
_link, _alarm, _case_link = table(SensorCase), table(SensorAlarm), table(CaseLink)
_BESIDE = Prepared(insert(_case_link))
_NEW = Prepared(insert(_link))
_COUNT = Prepared(
    update(_link)
    .where(_link.c.case_id == bindparam("key_case"), _link.c.device_id == bindparam("key_device"))
    .values(alarms=_link.c.alarms + bindparam("more"), last_at=bindparam("seen"))
)
_CLEARED = (
    select(_alarm.c.case_id, _alarm.c.device_id)
    .where(_alarm.c.case_id.in_(bindparam("ids", expanding=True)), _alarm.c.signal == CLEAR)
    .distinct()
)
_STRANGERS = (
    select(_alarm.c.case_id, _alarm.c.device)
    .where(_alarm.c.case_id.in_(bindparam("ids", expanding=True)), _alarm.c.device_id.is_(None), _alarm.c.signal == ALARM)
    .where(_alarm.c.device.in_(bindparam("codes", expanding=True)))
    .distinct()
)

_TOLD_OF = select(_case_link.c.case_id, _case_link.c.other_id).where(
    _case_link.c.case_id.in_(bindparam("ids", expanding=True)), _case_link.c.kind == SAME_MATTER
)


@dataclass(slots=True)
class Chapter:
    """What one case has to hear of one batch.

    Attributes:
        alarms: Those of registered devices.
        cleared: The first time that a device says that it is over.
        unregistered: The first alarm of each device that nobody has registered.
        beside: Open cases of the same devices: the earlier ones in the later one, and the other way round.
    """

    alarms: dict[Device, list[Verdict]] = field(default_factory=dict)
    cleared: dict[Device, Verdict] = field(default_factory=dict)
    unregistered: dict[str, Verdict] = field(default_factory=dict)
    beside: dict[int | None, Target] = field(default_factory=dict)

    def begun(self, now: datetime) -> list[Device]:
        """Devices that are new in the case, or alarm again after a silence longer than their window."""
        return [d for d in self.alarms if d.last_at is None or d.last_at + d.kind.window < now]

    def crossed(self) -> list[tuple[Device, int]]:
        """Devices whose alarms in this case have reached a power of ten with this batch, from ten on."""
        counts = [(d, d.alarms, d.alarms + len(verdicts)) for d, verdicts in self.alarms.items()]
        return [(d, 10 ** (len(str(after)) - 1)) for d, before, after in counts if after >= 10 and len(str(after)) > len(str(before))]


Chapters = dict[int, Chapter]


def write(session: Session, judged: Judged, now: datetime) -> Chapters:
    """Journals and messages of a batch; to be called once its cases are open.

    Returns:
        What each case had to hear, of which `links` makes what is kept.
    """
    chapters = _chapters(session, judged.verdicts)
    opened = {t.case_id for t in judged.opened}
    speaking = [i for i, c in chapters.items() if i in opened or c.begun(now) or c.crossed() or c.cleared or c.unregistered or c.beside]
    if not speaking:
        return chapters
    drafts = read_drafts(session, speaking)
    people = board.rows(session, {d.id for i in speaking for d in chapters[i].begun(now)})
    for case_id, draft in drafts.items():
        _tell(draft, chapters[case_id], people, now)
    write_drafts(session, list(drafts.values()))
    return chapters


def _chapters(session: Session, verdicts: Sequence[Verdict]) -> Chapters:
    found = defaultdict[int, Chapter](Chapter)
    for verdict in verdicts:
        if verdict.target is None or verdict.target.case_id is None:
            continue
        chapter = found[verdict.target.case_id]
        if verdict.device is None:
            if verdict.alarm.signal == ALARM:
                chapter.unregistered.setdefault(verdict.alarm.device, verdict)
        elif verdict.alarm.signal == ALARM:
            chapter.alarms.setdefault(verdict.device, []).append(verdict)
        else:
            chapter.cleared[verdict.device] = verdict
    _side_by_side(found, verdicts)
    _only_news(session, found)
    return found


def _side_by_side(found: Chapters, verdicts: Sequence[Verdict]) -> None:
    """Cases of devices that alarm anew while people are at work on the first one: each is told of the other."""
    for verdict in verdicts:
        earlier, later = verdict.device.earlier if verdict.device is not None else None, verdict.target
        if earlier is not None and earlier.case_id is not None and later is not None and later.case_id is not None:
            found[later.case_id].beside[earlier.case_id] = earlier
            found[earlier.case_id].beside[later.case_id] = later


def _only_news(session: Session, found: Chapters) -> None:
    """Leave out devices that have said before that it is over, unregistered ones that have alarmed before, and cases told of each other."""
    ids = sorted(i for i, chapter in found.items() if chapter.cleared)
    for row in connection_of(session).execute(_CLEARED, {"ids": ids}) if ids else ():  # only the first time is told
        found[row.case_id].cleared = {d: v for d, v in found[row.case_id].cleared.items() if d.id != row.device_id}
    ids = sorted(i for i, chapter in found.items() if chapter.unregistered)
    codes = sorted({code for i in ids for code in found[i].unregistered})
    for row in connection_of(session).execute(_STRANGERS, {"ids": ids, "codes": codes}) if ids else ():
        found[row.case_id].unregistered.pop(row.device, None)
    ids = sorted(i for i, chapter in found.items() if chapter.beside)
    for row in connection_of(session).execute(_TOLD_OF, {"ids": ids}) if ids else ():
        for case_id, other_id in ((row.case_id, row.other_id), (row.other_id, row.case_id)):
            if case_id in found:
                found[case_id].beside.pop(other_id, None)


def _tell(draft: Draft, chapter: Chapter, rows: dict[int, dict[str, Any]], now: datetime) -> None:
    _tell_unregistered(draft, list(chapter.unregistered.values()), now)
    roll = Roll(draft.catalogue, now)
    for device in chapter.begun(now):
        _enter(draft, SAYS_ALARM, chapter.alarms[device][0], now)
        for person_id in rows[device.id]["people"]:
            for person, away in roll.person(person_id).values():
                queue(draft, SAYS_ALARM, now, Addressee(person, SMS, away), {"unit_id": device.community})
    for device, alarms in chapter.crossed():
        data = {"device": device.code, "alarms": alarms}
        draft.enter(now, SYSTEM, step=_step(draft), thing="case", action=SAYS_MORE, data=data)
    for verdict in chapter.cleared.values():
        _enter(draft, SAYS_CLEAR, verdict, now)
    for other in chapter.beside.values():
        draft.enter(now, SYSTEM, step=_step(draft), thing="case", action=ACTIONS[SAME_MATTER], data={"other": other.no})


def _tell_unregistered(draft: Draft, alarms: Sequence[Verdict], now: datetime) -> None:
    """Each device once, and one message to the centre's desk, which hears of the one that opens the case as of any case."""
    for verdict in alarms:
        _enter(draft, SAYS_ALARM, verdict, now)
    others = [verdict.alarm.device for verdict in alarms if verdict.suppressed_by is not None]
    if others:
        named = ", ".join(others[:_NAMED_MOST]) + ("…" if others[_NAMED_MOST:] else "")
        reason = say("sensors.another_unknown", None, count=len(others), devices=named)
        tell(draft, "unclaimed", now, unit_id=draft.catalogue.desk_id, reason=reason)


def _enter(draft: Draft, action: str, verdict: Verdict, now: datetime) -> None:
    alarm, device = verdict.alarm, verdict.device
    told = {"device": alarm.device, "at": alarm.at.isoformat(), "value": alarm.value or None, "kind": device.kind.code if device else None}
    data = {name: value for name, value in told.items() if value is not None}
    draft.enter(now, SYSTEM, step=_step(draft), thing="case", action=action, data=data)


def _step(draft: Draft) -> str:
    return STEP_OF[draft.state].value


def links(chapters: Chapters, now: datetime) -> Writes:
    """Which devices belong to which case, and how often each has alarmed in it."""
    each = [(case_id, device, len(verdicts)) for case_id, c in chapters.items() for device, verdicts in c.alarms.items()]
    seen = {"first_at": now, "last_at": now}
    return [
        (_NEW, [{"case_id": i, "device_id": d.id, "alarms": n, **seen} for i, d, n in each if d.last_at is None]),
        (_BESIDE, [_beside(i, other, now) for i, c in chapters.items() for other in c.beside if other is not None and other < i]),
        (_COUNT, [{"key_case": i, "key_device": d.id, "more": n, "seen": now} for i, d, n in each if d.last_at is not None]),
    ]


def _beside(case_id: int, earlier: int, now: datetime) -> dict[str, Any]:
    decided = {"at": now, "by": SYSTEM.name, "decided_at": now, "decided_by": SYSTEM.name}
    return {"case_id": case_id, "other_id": earlier, "kind": SAME_MATTER, "score": 1.0, "reasons": [], "state": CONFIRMED, **decided}
