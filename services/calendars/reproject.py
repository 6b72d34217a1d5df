"""Re-projecting the open clocks of all units whose calendar changed: some hundreds of cases at a time, in one unit of work."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, not_, or_, select, update
from sqlalchemy.orm import Session

from models import Clock, Journal, RungFiring, begin_write, connection_of, table
from rules.facts import Actor
from services.calendars.clocks import Change, Shift, move_clocks
from services.catalogue import Catalogue
from services.moves import Draft, Row, read_drafts, write_drafts

_clock, _journal, _firing = table(Clock), table(Journal), table(RungFiring)
BATCH: Final = 500  #: cases looked at together
_ids: Final[BindParameter[list[int]]] = bindparam("ids", expanding=True)
_HISTORY: Final = (
    select(*(_journal.c[n] for n in ("case_id", "at", "thing", "thing_no", "action", "data")))
    .where(_journal.c.case_id.in_(_ids), _journal.c.action.in_(("hold", "resume", "extended")))
    .order_by(_journal.c.case_id, _journal.c.seq)
)
_FIRED: Final = select(_firing.c.clock_id, _firing.c.round, _firing.c.rung).where(_firing.c.clock_id.in_(_ids))


@dataclass(frozen=True, slots=True)
class Move:
    """A clock that a change of calendar moves.

    Attributes:
        no: Number of the case.
        order: Number of the work order; None: the case itself.
        unit: Code of the unit whose time it is; None: nobody's.
        before: When it was due; of a paused clock the moment that stands there still.
        after: When it is due now.
        by_s: Seconds by which it is due later; below zero: earlier. Of a paused clock, how much more or less of its limit is left.
    """

    no: str
    clock: str
    order: int | None
    stage: str | None
    unit: str | None
    limit: str
    before: datetime
    after: datetime
    by_s: int
    paused: bool
    provisional: bool

    def plain(self) -> dict[str, Any]:
        """As JSON says it: instants in ISO form (UTC)."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in values.items()}


def reproject(session: Session, before: Catalogue, after: Catalogue, by: Actor, now: datetime, *, behind: bool = False) -> list[Move]:
    """Compute every open clock of a unit whose calendar changed anew, and stamp it with the new state of its calendar.

    Safe to run twice: the second time nothing moves. Cases are held until the commit (PostgreSQL), or the whole database is (SQLite),
    so an engine that fires at the same moment fires before this or after it.

    Args:
        session: The unit of work; committed by the caller.
        before: The reference data before the change.
        after: The reference data after it.
        by: Who made the change.
        now: The instant.
        behind: Only clocks that are not stamped with the new state: what others were writing while the change was made.

    Returns:
        The clocks that moved, by case.
    """
    begin_write(session)
    groups = _groups(before, after)
    if not groups:
        return []
    run = connection_of(session).execute
    mine = or_(*(_of_group(group, behind=behind) for group in groups))
    wanted = select(_clock.c.case_id).where(_clock.c.stopped_at.is_(None), _clock.c.limit.like("%w%"), mine)
    cases = list(run(wanted.distinct().order_by(_clock.c.case_id)).scalars())
    change = Change(now, by, before)
    moves: list[Move] = []
    for start in range(0, len(cases), BATCH):
        some = cases[start : start + BATCH]
        moves += _batch(session, some, after, change)
        for group in groups:  # only of cases that are locked: a clock that somebody starts meanwhile is for `catch_up`
            stamps = {"calendar": group.calendar, "calendar_version": group.version}
            behind_it = (_clock.c.case_id.in_(some), _clock.c.stopped_at.is_(None), _of_group(group, behind=True))
            run(update(_clock).where(*behind_it).values(stamps))
    return moves


@dataclass(frozen=True, slots=True)
class _Group:
    """Clocks measured by one changed calendar.

    Attributes:
        was: The calendar that they were started with.
        calendar: The one by which they are measured from now on, with its version.
        units: The units that worked by it.
        nobodys: Also clocks of no unit, which are the district's.
        kept: Not theirs, but those that others have taken over from them.
    """

    was: str
    calendar: str
    version: int
    units: Sequence[int]
    nobodys: bool
    kept: bool = False


def _groups(before: Catalogue, after: Catalogue) -> list[_Group]:
    """Units whose calendar is another than before, by their calendar; and what was taken over from units with a changed one."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for unit in after.units:
        old, new = before.calendar_of(unit), after.calendar_of(unit)
        if (old.code, old.version) != (new.code, new.version):
            found[old.code, new.code].append(unit)
    groups = [_Group(was, code, after.calendars[code].version, units, after.district_id in units) for (was, code), units in found.items()]
    for code, old in before.calendars.items():
        if code in after.calendars and old.version != after.calendars[code].version:
            own = [unit for unit, calendar in before.calendars_of.items() if calendar == code]
            groups.append(_Group(code, code, after.calendars[code].version, own, after.district_id in own, kept=True))
    return groups


def _of_group(group: _Group, *, behind: bool) -> ColumnElement[bool]:
    """Clocks of a group; `behind`: only those not stamped with its calendar as it is now."""
    nobodys = [_clock.c.unit_id.is_(None)] if group.nobodys else []
    theirs = or_(_clock.c.unit_id.in_(group.units), *nobodys)
    own = and_(_clock.c.calendar.in_((group.was, group.calendar)), not_(theirs) if group.kept else theirs)
    return and_(own, or_(_clock.c.calendar != group.calendar, _clock.c.calendar_version != group.version)) if behind else own


def _batch(session: Session, case_ids: Sequence[int], after: Catalogue, change: Change) -> list[Move]:
    """Some cases: read, computed, written; the drafts are let go before the next ones are read."""
    drafts = read_drafts(session, case_ids)
    clocks = [clock for draft in drafts.values() for clock in draft.clocks]
    run = connection_of(session).execute
    history: dict[int, list[Any]] = defaultdict(list)
    for entry in run(_HISTORY, {"ids": sorted({c["case_id"] for c in clocks if _has_history(c)})}):
        history[entry.case_id].append(entry)
    fired: dict[tuple[int, int], set[str]] = defaultdict(set)
    for row in run(_FIRED, {"ids": sorted(c["id"] for c in clocks)}):
        fired[row.clock_id, row.round].add(row.rung)
    found: list[Move] = []
    for draft in drafts.values():
        draft.catalogue = after
        found += [_move(draft, shift) for shift in move_clocks(draft, change, history[draft.case["id"]], fired)]
    write_drafts(session, list(drafts.values()))
    return found


def _has_history(clock: Row) -> bool:
    """Whether the journal may know of a hold or an extension."""
    return bool(clock["round"] > 1 or clock["running_since"] != clock["started_at"])


def _move(draft: Draft, shift: Shift) -> Move:
    clock = shift.clock
    unit = draft.catalogue.units.get(clock["unit_id"])
    about = (draft.case["no"], clock["kind"], clock["order_no"], clock["stage"], unit.code if unit else None, clock["limit"])
    return Move(*about, shift.before, clock["due_at"], shift.by_s, shift.paused, clock["provisional"])
