"""Bringing changes of units and people into force: the units at once, then their cases some hundreds a commit, taken up where it was."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models import UnitChange, begin_write, connection_of, table, wake
from rules.facts import Actor
from services.catalogue import Catalogue, catalogue, reference_changed
from services.moves import Along, Draft, read_drafts, write_drafts
from services.moves.messages import tell
from services.people import leaving
from services.people.rights import on_record
from services.units import structure
from services.units.affected import cases_of
from services.units.splitting import heir_by
from services.units.succession import Succession, Taken, succeed, write_taken

_change = table(UnitChange)
BATCH: Final = 200  #: cases a commit
_WAITING: Final = (_change.c.applied_at.is_(None), _change.c.cancelled_at.is_(None))
_ORDER: Final = (_change.c.effective_at, _change.c.id)
#: What each kind of change is called on record once it is in force.
DONE: Final = {"rename": "unit_renamed", "merge": "unit_merged", "split": "unit_split", "leave": "staff_left"}


class CaseFailedError(RuntimeError):
    """One of the cases of a step cannot be moved; what it was is the cause.

    Attributes:
        change: Number of the change.
        case_id: Which case, where they are taken one at a time; else the first of the step.
    """

    def __init__(self, change: int, case_id: int) -> None:
        """Name the change and the case."""
        super().__init__(f"case {case_id} cannot follow change {change}")
        self.change, self.case_id = change, case_id


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of change.

    Attributes:
        begin: Changes units and people; gives back what is kept with the change.
        cases: The cases that follow: the change, after which case, how many.
        move: Moves some cases, as drafts, and writes them.
    """

    begin: Callable[[Session, Catalogue, Any, datetime], Mapping[str, Any]]
    cases: Callable[[Session, Any, int, int], Sequence[int]]
    move: Callable[[Session, Any, Mapping[int, Draft], datetime], None]


def next_change(session: Session) -> datetime | None:
    """When the next change comes into force, or came: one that is under way counts too; None: nothing waits."""
    found: datetime | None = (
        connection_of(session).execute(select(_change.c.effective_at).where(*_WAITING).order_by(*_ORDER).limit(1)).scalar()
    )
    return found


def apply_due(session: Session, now: datetime, batch: int = BATCH) -> int | None:
    """Take the next step of a change whose moment has come; safe to run twice, and by several engines at once.

    Args:
        session: The unit of work; committed by the caller.
        now: The instant.
        batch: How many cases at most.

    Returns:
        How many cases were moved; None: nothing is due, or somebody else has it.

    Raises:
        CaseFailedError: one of the cases raised; nothing of the step may be committed then.
    """
    run = connection_of(session).execute
    due = select(_change).where(*_WAITING, _change.c.effective_at <= now).order_by(*_ORDER).limit(1)
    if run(due).first() is None:
        return None
    begin_write(session)
    change = run(due.with_for_update(skip_locked=True)).one_or_none()
    if change is None:
        return None
    step = STEPS[change.kind]
    if "begun_at" not in change.to:
        _begin(session, change, step, now)
        return 0
    ids = [i for i in step.cases(session, change, change.to.get("after", 0), batch) if i not in change.to.get("failed", ())]
    if not ids:
        return _finish(session, change, step, now)
    drafts = read_drafts(session, ids, Along(supervision=ids, affairs=ids))
    try:
        step.move(session, change, drafts, now)
    except DBAPIError:
        raise
    except Exception as problem:  # which of them it is shows when they are taken one at a time
        raise CaseFailedError(change.id, ids[0]) from problem
    _keep(session, change, {"after": ids[-1], "cases": change.to.get("cases", 0) + len(ids)})
    return len(ids)


def _begin(session: Session, change: Any, step: Step, now: datetime) -> None:  # noqa: ANN401 - a result row
    """Change the units, unless what it was about is gone meanwhile."""
    known = catalogue(session)
    if change.kind != "leave" and known.units[change.unit_id].retired:
        connection_of(session).execute(update(_change).where(_change.c.id == change.id).values(cancelled_at=now))
        on_record(session, change.asked_by, "unit_change_void", str(change.id), {"kind": change.kind}, now)
        return
    done = step.begin(session, known, change, now)
    _keep(session, change, {**done, "begun_at": now.isoformat()})
    reference_changed(session)
    wake(session)


def _keep(session: Session, change: Any, more: Mapping[str, Any]) -> None:  # noqa: ANN401 - a result row
    connection_of(session).execute(update(_change).where(_change.c.id == change.id).values(to={**change.to, **more}))


def _finish(session: Session, change: Any, step: Step, now: datetime) -> int:  # noqa: ANN401 - a result row
    """It is in force; what somebody dispatched by the old reference data in the same instant is looked for once more."""
    strays = [i for i in step.cases(session, change, 0, BATCH) if i not in change.to.get("failed", ())] if change.kind == "merge" else []
    if strays and change.to.get("sweeps", 0) < 2:
        _keep(session, change, {"after": 0, "sweeps": change.to.get("sweeps", 0) + 1})
        return 0
    connection_of(session).execute(update(_change).where(_change.c.id == change.id).values(applied_at=now))
    unit = catalogue(session).units[change.unit_id].code
    about = {"number": change.id, "cases": change.to.get("cases", 0), "failed": change.to.get("failed", [])}
    on_record(session, change.asked_by, DONE[change.kind], unit, about, now)
    return 0


def pass_over(session: Session, failed: CaseFailedError) -> bool:
    """Leave out a case that cannot be moved, so that the others follow; it is put on record with the change.

    To be called only where cases are taken one at a time, so that it is the next one.

    Returns:
        Whether it was left out now; not if the change is over, or somebody else has done so.
    """
    begin_write(session)
    change = connection_of(session).execute(select(_change).where(_change.c.id == failed.change, *_WAITING).with_for_update()).one_or_none()
    known = () if change is None else change.to.get("failed", ())
    if change is None or failed.case_id in known:
        return False
    _keep(session, change, {"failed": [*known, failed.case_id], "after": max(failed.case_id, change.to.get("after", 0))})
    return True


# cases ----------------------------------------------------------------------------------------------------------------


def _move(session: Session, change: Any, drafts: Mapping[int, Draft], now: datetime) -> None:  # noqa: ANN401 - a result row
    """Let the successor, or the part that the table names, go on with these cases."""
    heir = _heir(change)
    taken: list[tuple[Taken, int]] = []
    told: dict[int, list[Draft]] = {}
    by = Actor(change.asked_by, system=True)
    for draft in drafts.values():
        after = heir(draft)
        if after is None:
            continue
        found = succeed(draft, Succession(change.id, change.unit_id, after, change.kind == "merge", by, now))
        if not found.empty:
            taken.append((found, after))
            told.setdefault(after, []).append(draft)
    for after, moved in told.items():
        named = next((draft for draft in moved if not draft.case["sensitive"]), moved[0])
        tell(named, "units_changed", now, unit_id=after, shown_unit_id=change.unit_id, reason=str(len(moved)))
        if change.kind == "split":
            tell(named, "units_changed", now, unit_id=change.unit_id, shown_unit_id=after, reason=str(len(moved)))
    write_drafts(session, [draft for draft in drafts.values() if draft.entries])
    write_taken(session, taken)


def _heir(change: Any) -> Callable[[Draft], int | None]:  # noqa: ANN401 - a result row
    if change.kind == "merge":
        into: int = change.to["into"]
        return lambda _: into
    return heir_by(change.to["shares"], change.to["ids"], change.unit_id)


def _of_unit(session: Session, change: Any, after: int, most: int) -> Sequence[int]:  # noqa: ANN401 - a result row
    return [int(row.case_id) for row in connection_of(session).execute(cases_of(change.unit_id, after, most))]


def _none(_session: Session, _change: Any, _after: int, _most: int) -> Sequence[int]:  # noqa: ANN401 - a result row
    return ()


def _nothing(_session: Session, _change: Any, _drafts: Mapping[int, Draft], _now: datetime) -> None:  # noqa: ANN401 - a result row
    """A new name moves no case."""


#: How each kind of change comes into force.
STEPS: Final[Mapping[str, Step]] = {
    "rename": Step(lambda session, known, change, _: structure.rename(session, known, change), _none, _nothing),
    "merge": Step(structure.merge, _of_unit, _move),
    "split": Step(structure.split, _of_unit, _move),
    "leave": Step(leaving.begin, leaving.cases, leaving.move),
}
