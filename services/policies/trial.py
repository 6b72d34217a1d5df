"""The dry run: what a version of the policy would do to every open case, without doing it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from models import Case, Clock, WorkOrder, connection_of, table
from rules.facts import FINAL
from services.catalogue import catalogue
from services.moves import Row, read_drafts
from services.policies.applying import treat
from services.policies.stored import Treatment, version_of
from services.policies.treating import Change, Trial, candidate, change_of, moved, read_past

_case, _clock, _order = table(Case), table(Clock), table(WorkOrder)
BATCH: Final = 2000  #: cases computed together
_CASE: Final = ("no", "state", "category", "urgency", "source", "area_unit_id", "special_group", "round", "policy_version")
_CLOCK: Final = (
    *("id", "case_id", "order_no", "kind", "stage", "supervision_seq", "affair_seq", "round", "unit_id", "limit", "budget_s", "consumed_s"),
    *("running_since", "started_at", "due_at", "ladder", "ladder_version", "calendar", "bound_at", "bound_by"),
)
#: What decides, together, whether a clock can move at all; few combinations, however many cases.
_ALIKE: Final = ("category", "urgency", "source", "area_unit_id", "special_group", "round", "policy_version")
_OF_THE_CASE: Final = (_clock.c.supervision_seq.is_(None), _clock.c.affair_seq.is_(None))
_GOING_ON: Final = _case.c.state.not_in([s.value for s in FINAL])
_OPEN: Final = (_clock.c.stopped_at.is_(None), *_OF_THE_CASE, _GOING_ON)


@dataclass
class DryRun:
    """What would happen.

    Attributes:
        version: The version tried.
        treatment: How open cases would be treated.
        cases: Open cases looked at.
        clocks: Their open clocks.
        changes: Clocks that would move, be started or be stopped, by case.
        notices: Notices that would go out at once, by code.
    """

    version: int
    treatment: Treatment
    cases: int = 0
    clocks: int = 0
    changes: list[Change] = field(default_factory=list)
    notices: Counter[str] = field(default_factory=Counter)
    now: datetime | None = None

    @property
    def breaches(self) -> list[Change]:
        """Clocks that would be due at once although they are not now."""
        return [c for c in self.changes if c.after is not None and self.now is not None and c.after <= self.now and not c.paused]


def dry_run(session: Session, version: int, treatment: Treatment, now: datetime, watch: Callable[[int, int], None] | None = None) -> DryRun:
    """Try a version, a draft or a published one, on every open case; nothing is written.

    Args:
        session: The unit of work.
        version: The version.
        treatment: How open cases would be treated.
        now: The instant at which it would come into force.
        watch: Told how many of the cases that can be affected have been looked at, of how many.

    Raises:
        Refused: `unknown_policy`.
    """
    version_of(session, version)
    run = connection_of(session).execute
    found = DryRun(version, treatment, now=now)
    joined = _clock.join(_case, _case.c.id == _clock.c.case_id)
    counted = select(func.count(_case.c.id.distinct()), func.count()).select_from(joined).where(*_OPEN)
    found.cases, found.clocks = (int(n) for n in run(counted).one())
    if treatment is Treatment.KEEP:
        return found
    trial = Trial(catalogue(session), version, treatment, now)
    _try_limits(session, trial, found, watch or (lambda _done, _of: None))
    return found


def _try_limits(session: Session, trial: Trial, found: DryRun, watch: Callable[[int, int], None]) -> None:
    kinds, rebuilt = _affected(session, trial)
    done = 0
    for rows in _by_case(session, kinds):
        past = read_past(session, [clock for case, clock in rows if candidate(trial, case, clock) is not None])
        for case, own in _grouped(rows):
            elsewhere = trial.treatment is Treatment.REPROJECT and _is_in(rebuilt, case)
            if not elsewhere and trial.known.precedes(case["policy_version"], trial.version):
                for clock, new in moved(trial, case, own, past):
                    _note(found, change_of(trial, case["no"], clock, new, past))
        done += len(rows)
        watch(done, found.clocks)
    if rebuilt and trial.treatment is Treatment.REPROJECT:
        _try_others(session, trial, found, rebuilt)


def _note(found: DryRun, change: Change) -> None:
    found.changes.append(change)
    found.notices.update(change.notices)


def _alike(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _ALIKE)


def _is_in(rebuilt: set[tuple[Any, ...]], case: Mapping[str, Any]) -> bool:
    return bool(rebuilt) and _alike(case) in rebuilt


def _affected(session: Session, trial: Trial) -> tuple[set[str], set[tuple[Any, ...]]]:
    """Kinds of clocks that can move, and the cases (as they are alike) that the version gives other clocks."""
    columns = [*(_case.c[n] for n in _ALIKE), *(_clock.c[n] for n in ("kind", "stage", "limit", "ladder", "ladder_version"))]
    joined = _clock.join(_case, _case.c.id == _clock.c.case_id)
    query = select(*columns).select_from(joined).where(*_OPEN).group_by(*columns)
    kinds: set[str] = set()
    rebuilt: set[tuple[Any, ...]] = set()
    for row in map(dict, connection_of(session).execute(query).mappings()):
        if not trial.known.precedes(row["policy_version"], trial.version):
            continue
        if _can_differ(trial, row):
            kinds.add(row["kind"])
        if trial.other_clocks(row):
            rebuilt.add(_alike(row))
    return kinds, rebuilt


def _can_differ(trial: Trial, row: Mapping[str, Any]) -> bool:
    given = trial.allowance(row, row["kind"], row["stage"])
    if given is None:
        return False
    if str(given.limit) != row["limit"]:
        return True
    stamps = trial.known.ladders_of[trial.version].values()
    return trial.treatment is Treatment.REPROJECT and (row["ladder"], row["ladder_version"]) not in stamps


_Rows = list[tuple[Row, Row]]


def _by_case(session: Session, kinds: set[str]) -> Iterator[_Rows]:
    """Open clocks of these kinds with their cases, whole cases together, some thousand at a time."""
    if not kinds:
        return
    joined = _clock.join(_case, _case.c.id == _clock.c.case_id).outerjoin(
        _order, and_(_order.c.case_id == _clock.c.case_id, _order.c.no == _clock.c.order_no)
    )
    columns = [*(_case.c[n].label(f"case_{n}") for n in _CASE), *(_clock.c[n] for n in _CLOCK), _order.c.lead]
    wanted = _clock.c.kind.in_({*kinds, "handle"})
    query = select(*columns).select_from(joined).where(*_OPEN, wanted).order_by(_clock.c.case_id, _clock.c.id)
    rows = iter(connection_of(session).execution_options(yield_per=BATCH).execute(query))
    batch: _Rows = []
    while some := list(islice(rows, BATCH)):
        fresh = [_split(row) for row in some]
        ready = [pair for pair in batch + fresh if pair[1]["case_id"] != fresh[-1][1]["case_id"]]
        batch = [pair for pair in batch + fresh if pair[1]["case_id"] == fresh[-1][1]["case_id"]]
        if ready:
            yield ready
    if batch:
        yield batch


def _split(row: Any) -> tuple[Row, Row]:  # noqa: ANN401 - a result row
    values = tuple(row)
    case = dict(zip(_CASE, values, strict=False))
    clock = dict(zip(_CLOCK, values[len(_CASE) :], strict=False))
    clock["lead"] = values[-1] is not False
    return case, clock


def _grouped(rows: _Rows) -> Iterator[tuple[Row, list[Row]]]:
    own: dict[int, list[Row]] = defaultdict(list)
    cases: dict[int, Row] = {}
    for case, clock in rows:
        own[clock["case_id"]].append(clock)
        cases[clock["case_id"]] = case
    for case_id, clocks in own.items():
        yield cases[case_id], clocks


def _try_others(session: Session, trial: Trial, found: DryRun, rebuilt: set[tuple[Any, ...]]) -> None:
    """Cases that get other clocks: done in drafts that are never written, with the code that does it in earnest."""
    rows = connection_of(session).execute(select(_case.c.id, *(_case.c[n] for n in _ALIKE)).where(_GOING_ON).order_by(_case.c.id))
    ids = [row[0] for row in rows if tuple(row[1:]) in rebuilt]
    for start in range(0, len(ids), BATCH):
        drafts = read_drafts(session, ids[start : start + BATCH], lock=False)
        past = read_past(session, [c for d in drafts.values() for c in d.clocks])
        for draft in drafts.values():
            for change in treat(draft, trial, past, "system"):
                _note(found, change)
