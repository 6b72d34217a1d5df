"""What becomes of alarms: which open a case, which join one, which are kept and call nobody. Plain data in, plain data out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.sensors.kinds import ANEW, STORM_DEVICES, Kind

ALARM: Final = "alarm"
CLEAR: Final = "clear"  #: the device says that it is over: noted, it closes nothing
SIGNALS: Final = (ALARM, CLEAR)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One signal as a supplier brings it.

    Attributes:
        key: The supplier's own number of it: the same one twice is one alarm.
        device: Code of the device.
        at: By the clock of the device, aware; nothing is decided by it.
        signal: `alarm` or `clear`.
        value: What was measured.
    """

    key: str
    device: str
    at: datetime
    signal: str = ALARM
    value: str = ""


@dataclass(slots=True, eq=False)
class Target:
    """A case that alarms go to.

    Attributes:
        case_id, no: None until it is opened.
        calls: Units, people and place are those of this device; of a case that is open already nobody needs to know.
        opener: The alarm that opens it.
        taken_up: Somebody has acknowledged it: an alarm that joins it calls nobody.
    """

    case_id: int | None = None
    no: str | None = None
    calls: "Device | None" = None
    opener: Alarm | None = None
    taken_up: bool = False


@dataclass(slots=True, eq=False)
class Device:
    """A registered device as it stands.

    Attributes:
        community: Id of the unit that leads; devices of one community and category can be one storm.
        case: The open case that its alarms go to.
        alarms, last_at: How often it has alarmed in that case, and when it did last; None: it does not belong to it yet.
        heard_at: When it alarmed last, in whatever case.
        joined: It began to alarm in this batch.
        earlier: The case that goes on besides, where it alarms anew.
        file: Number of the household's or enterprise's file on which it is heard.
    """

    id: int
    code: str
    kind: Kind
    community: int
    muted_until: datetime | None = None
    quiet_until: datetime | None = None
    case: Target | None = None
    alarms: int = 0
    last_at: datetime | None = None
    heard_at: datetime | None = None
    joined: bool = False
    earlier: Target | None = None
    file: str | None = None

    @property
    def group(self) -> tuple[int, str]:
        """What makes devices one storm."""
        return (self.community, self.kind.category)

    def anew(self, now: datetime) -> bool:
        """Whether an alarm is a new event although a case is open: urgent, taken up, and silent for longer than the window."""
        if self.case is None or not self.case.taken_up or self.kind.urgency not in ANEW:
            return False
        return self.heard_at is not None and self.heard_at + self.kind.window < now

    def begin_anew(self) -> None:
        """Leave the open case to those who have taken it up."""
        self.earlier, self.case, self.alarms, self.last_at = self.case, None, 0, None


@dataclass(slots=True)
class Verdict:
    """What becomes of one alarm.

    Attributes:
        device: None where nobody has registered it.
        suppressed_by: Why it opened no case; None: it did.
        target: The case it belongs to, if it belongs to one.
    """

    alarm: Alarm
    device: Device | None
    suppressed_by: str | None = None
    target: Target | None = None


@dataclass(slots=True)
class Judged:
    """What becomes of a batch.

    Attributes:
        opened: Cases to be opened, in order.
        merged: Open cases that a storm has swallowed, each with the one it goes on in.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    opened: list[Target] = field(default_factory=list)
    merged: list[tuple[Target, Target]] = field(default_factory=list)

    def follow(self, merged: list[tuple[Target, Target]]) -> None:
        """Keep of the cases to be merged those that were, and let alarms of this batch follow into where they go on."""
        self.merged = merged
        into = {old.case_id: new for old, new in merged}
        for verdict in self.verdicts:
            if verdict.target is not None:
                verdict.target = into.get(verdict.target.case_id, verdict.target)


Recent = Mapping[tuple[int, str], Sequence[tuple[int, Target]]]
"""Devices that began to alarm lately and whose case is open, by storm group: id and case, the oldest case first."""


def judge(alarms: Sequence[Alarm], devices: Mapping[str, Device], recent: Recent, unregistered: Target | None, now: datetime) -> Judged:
    """Decide about a batch, in order.

    Args:
        alarms: None of them known before.
        devices: By code; where a case opens for one or it joins one, its `case` and `joined` are set.
        recent: What may make a storm with this batch.
        unregistered: The open case about devices that nobody has registered, if there is one.
        now: The instant, aware UTC.
    """
    found, waiting = Judged(), dict[Device, Verdict]()
    for alarm in alarms:
        device = devices.get(alarm.device)
        verdict = Verdict(alarm, device)
        found.verdicts.append(verdict)
        if device is None:
            unregistered = _unregistered(verdict, unregistered, found)
        elif not _kept_quiet(verdict, device, now) and device in waiting:
            verdict.suppressed_by = "flapping"
        elif verdict.suppressed_by is None:
            waiting[device] = verdict
    groups = dict[tuple[int, str], list[Verdict]]()
    for device, verdict in waiting.items():
        groups.setdefault(device.group, []).append(verdict)
    for group, wanted in groups.items():
        _open(wanted, recent.get(group, ()), found)
    for verdict in found.verdicts:  # what flaps within the batch goes where its first alarm went
        if verdict.suppressed_by in ("flapping", CLEAR) and verdict.target is None and verdict.device is not None:
            verdict.target = verdict.device.case
    return found


def _unregistered(verdict: Verdict, there: Target | None, found: Judged) -> Target | None:
    """One case for all unregistered devices of a supplier: somebody has to look, but a wrong list must not open a thousand."""
    if verdict.alarm.signal == CLEAR or there is not None:
        verdict.suppressed_by, verdict.target = "unknown_device", there
        return there
    verdict.target = Target(opener=verdict.alarm)
    found.opened.append(verdict.target)
    return verdict.target


def _kept_quiet(verdict: Verdict, device: Device, now: datetime) -> bool:
    """Whether the alarm calls nobody, and why."""
    if verdict.alarm.signal == CLEAR:
        verdict.suppressed_by = CLEAR
    elif device.muted_until is not None and now < device.muted_until:
        verdict.suppressed_by = "muted"
    elif device.anew(now):
        device.begin_anew()
    elif device.case is not None:
        verdict.suppressed_by = "flapping"
    elif device.earlier is None and device.quiet_until is not None and now < device.quiet_until:
        verdict.suppressed_by = "stood_down"
    return verdict.suppressed_by is not None


def _open(wanted: Sequence[Verdict], recent: Sequence[tuple[int, Target]], found: Judged) -> None:
    """A case for each device that wants one, or one for all of them where that makes a storm."""
    if any(v.device is not None and v.device.earlier is not None for v in wanted):
        recent = [(id_, target) for id_, target in recent if not target.taken_up]  # what begins anew has to call somebody
    storm = len({id_ for id_, _ in recent}) + len(wanted) > STORM_DEVICES
    target = recent[0][1] if recent and storm else None
    for verdict in wanted:
        device = verdict.device
        if device is None:
            continue
        if target is None or not storm:
            target = Target(calls=device, opener=verdict.alarm)
            found.opened.append(target)
        else:
            verdict.suppressed_by = "storm"
        verdict.target = device.case = target
        device.joined = True
    if storm and recent:
        found.merged += [(other, recent[0][1]) for other in dict.fromkeys(t for _, t in recent) if other is not recent[0][1]]
