"""What a version of the policy does to open clocks: the same code for the dry run and for the real thing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models import Journal, RungFiring, connection_of, table
from rules.clocks import ClockKind
from rules.ladder import Ladder, Moment, Offset, moments
from rules.sla import Matter
from rules.worktime import Limit, instant, seconds
from rules.worktime import after as moment_after
from services.catalogue import Catalogue
from services.moves.clockwork import Allowance, allowance_in, bind, course_of, ladder_names
from services.moves.draft import Row
from services.moves.replan import Basis, extensions_of, replan, runs_of
from services.policies.stored import Treatment

_journal, _firing = table(Journal), table(RungFiring)
_KEPT: Final = ("hold", "resume", "extended")  #: journal entries that say how a clock ran
_PAST: Final = (
    select(*(_journal.c[n] for n in ("case_id", "at", "thing", "thing_no", "action", "data")))
    .where(_journal.c.case_id.in_(bindparam("ids", expanding=True)), _journal.c.action.in_(_KEPT))
    .order_by(_journal.c.case_id, _journal.c.seq)
)
_FIRED: Final = select(_firing.c.clock_id, _firing.c.round, _firing.c.rung).where(_firing.c.clock_id.in_(bindparam("ids", expanding=True)))


SHORTER: Final = "clock_moved_earlier"  #: notice to a unit whose time is shorter


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one clock.

    Attributes:
        no: Number of the case.
        before: When it was due; None: the clock did not exist.
        after: When it is due; None: the clock is stopped.
        paused: It is on hold: both moments are what they would be if it ran on now.
        rungs: Rungs that fire at once.
        notices: Notices that go out at once: those of the rungs, and that its time is shorter.
        provisional: Due in a year without an official calendar.
    """

    no: str
    clock_id: int | None
    kind: str
    stage: str | None
    order_no: int | None
    unit_id: int | None
    limit_before: str | None
    limit_after: str | None
    before: datetime | None
    after: datetime | None
    paused: bool = False
    rungs: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    provisional: bool = False


@dataclass(slots=True)
class Past:
    """What the journal says of how some cases' clocks ran, and which of their rungs fired."""

    entries: Mapping[int, Sequence[Any]] = field(default_factory=dict)
    fired: Mapping[tuple[int, int], frozenset[str]] = field(default_factory=dict)


def read_past(session: Session, clocks: Collection[Row]) -> Past:
    """Read it for these clocks; only cases whose clocks were paused or extended are looked up in the journal."""
    run = connection_of(session).execute
    entries: dict[int, list[Any]] = defaultdict(list)
    lived = sorted({c["case_id"] for c in clocks if c["round"] > 1 or c["running_since"] != c["started_at"]})
    for row in run(_PAST, {"ids": lived}) if lived else ():
        entries[row.case_id].append(row)
    fired: dict[tuple[int, int], set[str]] = defaultdict(set)
    ids = sorted(c["id"] for c in clocks if c["id"] is not None)
    for row in run(_FIRED, {"ids": ids}) if ids else ():
        fired[row.clock_id, row.round].add(row.rung)
    return Past(entries, {key: frozenset(rungs) for key, rungs in fired.items()})


class Trial:
    """One version tried on open clocks at one moment."""

    def __init__(self, known: Catalogue, version: int, treatment: Treatment, now: datetime) -> None:
        """Remember what is tried; what is found out about a matter is kept for the next one like it."""
        self.known, self.version, self.treatment, self.now = known, version, treatment, now
        self._allowances: dict[tuple[Any, ...], Allowance | None] = {}
        self._ladders: dict[tuple[Any, ...], Ladder] = {}
        self._firsts: dict[tuple[str, int], tuple[int, tuple[Offset, ...]]] = {}
        self._differs: dict[tuple[int, Matter], bool] = {}

    def matter(self, case: Mapping[str, Any]) -> Matter:
        """What the rows of a policy look at, for a case."""
        return self.known.matter(case["category"], case["urgency"], case["source"], case["area_unit_id"], case["special_group"])

    def allowance(self, case: Mapping[str, Any], kind: str, stage: str | None) -> Allowance | None:
        """The limit that the version gives to a clock of a case; None: none."""
        again = case["round"] > 1
        about = (case["category"], case["urgency"], case["source"], case["area_unit_id"], case["special_group"], again, kind, stage)
        if about not in self._allowances:
            self._allowances[about] = allowance_in(self.known.policies[self.version], self.matter(case), kind, stage, again=again)
        return self._allowances[about]

    def ladder(self, case: Mapping[str, Any], clock: Row) -> Ladder:
        """The ladder that the clock climbs under the treatment: the version's own where everything is computed anew, else its own."""
        own = (clock["ladder"], clock["ladder_version"])
        if self.treatment is not Treatment.REPROJECT:
            return self.known.ladders[own]
        about = (case["urgency"], case["source"], clock["kind"], clock["unit_id"], clock["lead"])
        if about not in self._ladders:
            names = ladder_names(self.known, case, clock["kind"], clock["unit_id"], lead=clock["lead"])
            self._ladders[about] = self.known.ladder(self.version, *names)
        return self._ladders[about]

    def first_of(self, ladder: Ladder) -> tuple[int, tuple[Offset, ...]]:
        """Thousandths of the limit before which none of a ladder's rungs lies, and the offsets that lie before the due moment."""
        key = (ladder.code, ladder.version)
        if key not in self._firsts:
            shares = [rung.permille for rung in ladder.rungs if rung.permille is not None]
            early = tuple(o for rung in ladder.rungs if (o := rung.offset) is not None and o.amount < 0)
            self._firsts[key] = (min(shares, default=0), early)
        return self._firsts[key]

    def other_clocks(self, case: Mapping[str, Any]) -> bool:
        """Whether the version may want other clocks for a case than the one stamped on it: limits that only one of them gives."""
        about = (int(case["policy_version"]), self.matter(case))
        if about not in self._differs:
            old, new = self.known.policies[about[0]], self.known.policies[self.version]
            stages = [tuple(s.code for s in policy.stages(about[1])) for policy in (old, new)]
            kinds = any((old.limit(k.value, about[1]) is None) != (new.limit(k.value, about[1]) is None) for k in ClockKind)
            self._differs[about] = kinds or stages[0] != stages[1]
        return self._differs[about]


def candidate(trial: Trial, case: Mapping[str, Any], clock: Row) -> Allowance | None:
    """The limit that a clock would get, if it can be another than it has."""
    if (
        clock["supervision_seq"] is not None
        or clock["affair_seq"] is not None
        or (clock["running_since"] is not None and clock["due_at"] <= trial.now)
    ):
        return None
    given = trial.allowance(case, clock["kind"], clock["stage"])
    if given is None:
        return None
    ladder = trial.ladder(case, clock)
    same = str(given.limit) == clock["limit"] and (ladder.code, ladder.version) == (clock["ladder"], clock["ladder_version"])
    return None if same else given


def moved(trial: Trial, case: Mapping[str, Any], clocks: Iterable[Row], past: Past) -> list[tuple[Row, Row]]:
    """Clocks of one case that the version changes, each with its new state; nothing given is changed.

    Args:
        trial: The version.
        case: Its row.
        clocks: Its open clocks, each with `lead`: whether it is of the lead's work order, or of none.
        past: What the journal says of them.
    """
    found: list[tuple[Row, Row]] = []
    handles: dict[int | None, Row] = {}
    for clock in sorted(clocks, key=lambda c: (c["kind"] != ClockKind.HANDLE, not c["lead"])):
        given = candidate(trial, case, clock)
        new = _anew(trial, case, clock, given, past, handles) if given is not None else None
        if clock["kind"] == ClockKind.HANDLE:
            handles[clock["order_no"]] = new or clock
            if clock["lead"]:
                handles[None] = new or clock
        if new is not None:
            found.append((clock, new))
    return found


def _anew(trial: Trial, case: Mapping[str, Any], clock: Row, given: Allowance, past: Past, handles: Mapping[int | None, Row]) -> Row | None:
    new, calendar = dict(clock), trial.known.calendar_by(clock)
    entries = past.entries.get(clock["case_id"], ())
    runs, extensions = runs_of(clock, entries), extensions_of(clock, entries)
    replan(new, given.limit, Basis(trial.now, calendar, calendar, runs, extensions))
    ladder = trial.ladder(case, clock)
    stamps = {"policy_version": trial.version, "source_row": given.line, "ladder": ladder.code, "ladder_version": ladder.version}
    new.update(stamps, limit=str(given.limit), restamped=True)
    if new["running_since"] is not None:
        other = handles.get({"lead": None, "handle": clock["order_no"]}.get(clock["bound_by"], -1))
        if other is not None:
            new["bound_at"] = other["due_at"]
        bind(new, calendar)
        new["due_at"] = _due(new, trial)
    if trial.treatment is Treatment.EARLIER and not _ends_earlier(clock, new):
        return None
    return new


def _due(clock: Row, trial: Trial) -> datetime:
    return instant(course_of(clock, trial.known.calendar_by(clock)).due)


def _ends_earlier(clock: Row, new: Row) -> bool:
    if new["running_since"] is not None:
        return bool(new["due_at"] < clock["due_at"])
    return bool(new["budget_s"] - new["consumed_s"] < clock["budget_s"] - clock["consumed_s"])


def passed(trial: Trial, clock: Row, past: Past) -> list[Moment]:
    """Rungs of a clock computed anew whose moment has come and that have not fired: they fire at once."""
    if clock["running_since"] is None:
        return []
    ladder = trial.known.ladders[clock["ladder"], clock["ladder_version"]]
    calendar, now = trial.known.calendar_by(clock), seconds(trial.now)
    share, early = trial.first_of(ladder)
    if clock["consumed_s"] * 1000 < clock["budget_s"] * share:
        due = seconds(clock["due_at"])
        if all(offset.away_from(due, calendar) > now for offset in early):
            return []  # most clocks have used little of their time: seen without reckoning every rung
    fired = past.fired.get((clock["id"], clock["round"]), frozenset())
    course = course_of(clock, calendar)
    return [m for m in moments(ladder, course, seconds(clock["started_at"])) if m.at <= now and m.rung.code not in fired]


def change_of(trial: Trial, no: str, clock: Row, new: Row, past: Past) -> Change:
    """What becomes of a clock that the version changes."""
    paused, calendar = new["running_since"] is None, trial.known.calendar_by(new)
    after = _if_it_ran(trial, new) if paused else new["due_at"]
    firing = [] if paused else [m.rung for m in passed(trial, new, past) if not m.skip]
    shorter = (SHORTER,) if not paused and after < clock["due_at"] else ()
    return Change(
        no,
        clock["id"],
        clock["kind"],
        clock["stage"],
        clock["order_no"],
        clock["unit_id"],
        clock["limit"],
        new["limit"],
        _if_it_ran(trial, clock) if paused else clock["due_at"],
        after,
        paused,
        tuple(rung.code for rung in firing),
        (*(rung.notice for rung in firing if rung.notice), *shorter),
        not Limit.parse(new["limit"]).natural and calendar.is_provisional(seconds(after)),
    )


def _if_it_ran(trial: Trial, clock: Row) -> datetime:
    """When a paused clock would be due if it ran on now."""
    calendar = None if Limit.parse(clock["limit"]).natural else trial.known.calendar_by(clock)
    return instant(moment_after(seconds(trial.now), max(0, clock["budget_s"] - clock["consumed_s"]), calendar))
