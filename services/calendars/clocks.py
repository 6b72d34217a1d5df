"""What a change of the working calendars does to the open clocks of one case."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rules.clocks import ClockKind
from rules.facts import Actor
from rules.worktime import Calendar, Limit, after, instant, seconds
from services.catalogue import Catalogue
from services.moves import Draft, Row
from services.moves.clockwork import OUTSIDE, bind, project
from services.moves.messages import tell
from services.moves.replan import Basis, counts_anew, extensions_of, is_spent, replan, runs_of

_HANDLE = ClockKind.HANDLE.value


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the working calendars.

    Attributes:
        now: The instant at which it is made.
        by: Who makes it.
        before: The reference data before the change; the drafts know those after it.
    """

    now: datetime
    by: Actor
    before: Catalogue

    def basis(self, draft: Draft, clock: Row, journal: Sequence[Any]) -> Basis:
        """What a clock is computed anew from; old and new calendar are one object where nothing changed for its unit."""
        old, new = self.before.calendar_of(clock["unit_id"]), draft.catalogue.calendar_of(clock["unit_id"])
        if clock["calendar"] not in (old.code, new.code):  # taken over from a unit with other hours: it keeps those
            old, new = self.before.calendar_by(clock), draft.catalogue.calendar_by(clock)
        same = (old.code, old.version) == (new.code, new.version)
        return Basis(self.now, new if same else old, new, runs_of(clock, journal), extensions_of(clock, journal))


@dataclass(frozen=True, slots=True)
class Shift:
    """A clock that moved.

    Attributes:
        clock: As it is now.
        before: When it was due before; for a paused clock the moment that stands there still.
        by_s: Seconds by which it is due later (below zero: earlier); of a paused clock, how much more or less of its limit is left.
    """

    clock: Row
    before: datetime
    by_s: int

    @property
    def paused(self) -> bool:
        """Whether the clock stands still, so that only what is left of its limit changed."""
        return self.clock["running_since"] is None


def move_clocks(draft: Draft, change: Change, journal: Sequence[Any], fired: Mapping[tuple[int, int], Collection[str]]) -> list[Shift]:
    """Compute the clocks of one case anew; write a journal entry for each that moved, and tell the units whose time is shorter.

    A clock that did not move has an entry too where the new calendar counts its time differently, because explanations rest on the
    journal. Any other keeps what it has; only its mark (provisional) and the moment of its next rung are derived anew.
    Done again with the same calendars, it changes nothing.

    Args:
        draft: The case, with the catalogue after the change; changed in place, written by the caller.
        change: The change.
        journal: Its holds, resumes and extensions, in order.
        fired: Codes of the rungs that fired, by clock and round.

    Returns:
        The clocks that moved.
    """
    tied = {c["id"] for c in draft.clocks if _is_tied(draft, c)}
    moved: dict[int, Shift] = {}
    for clock in _in_order(draft):
        basis, limit = change.basis(draft, clock, journal), Limit.parse(clock["limit"])
        binder = _binder(draft, clock) if clock["id"] in tied else None
        if (limit.natural or basis.old is basis.new) and not (binder and binder["id"] in moved):
            continue
        shift = _shift(draft, clock, basis, frozenset(fired.get((clock["id"], clock["round"]), ())), binder)
        if shift is not None:
            _enter(draft, shift, change)
            if shift.by_s:
                moved[clock["id"]] = shift
    _tell(draft, moved.values(), change)
    return list(moved.values())


def _in_order(draft: Draft) -> Iterator[Row]:
    """Open clocks, those that bound others first: the lead's limit, the co-handlers', everything else."""
    lead = draft.lead()
    first = lead["no"] if lead else None
    yield from sorted(draft.clocks, key=lambda c: (c["kind"] != _HANDLE, c["order_no"] != first, c["id"]))


def _binder(draft: Draft, clock: Row) -> Row | None:
    """The clock that this one may not outlast, while it is open: the lead's for a co-handler, the handling limit for a request."""
    lead = draft.lead()
    if clock["kind"] == ClockKind.EXTEND:
        return draft.open_clock(_HANDLE, clock["order_no"])
    if clock["kind"] != _HANDLE or lead is None or clock["order_no"] == lead["no"]:
        return None
    return draft.open_clock(_HANDLE, lead["no"])


def _is_tied(draft: Draft, clock: Row) -> bool:
    """Whether both run and this one ends no later than the other, so that it has to go on doing so; an extension may untie it."""
    binder = _binder(draft, clock) if clock["running_since"] is not None else None
    return bool(binder is not None and binder["running_since"] is not None and clock["due_at"] <= binder["due_at"])


def _shift(draft: Draft, clock: Row, basis: Basis, fired: frozenset[str], binder: Row | None) -> Shift | None:
    """Compute one clock anew; None when it has not moved and all of its time is counted as before."""
    was, limit, spent, paused = dict(clock), Limit.parse(clock["limit"]), is_spent(clock, basis.now), clock["running_since"] is None
    anew = replan(clock, limit, basis)
    if not spent and binder is None and _keeps_minutes(was, limit, basis):
        clock["budget_s"] = max(was["budget_s"], clock["consumed_s"])
    clock["calendar_version"] = basis.new.version
    if not paused:
        if not spent:
            _bind_again(clock, basis, binder)
        project(clock, draft.catalogue.ladders[clock["ladder"], clock["ladder_version"]], basis.new, fired)
    by_s = _left(clock) - _left(was) if paused else int((clock["due_at"] - was["due_at"]).total_seconds())
    counted = anew and (spent or counts_anew(limit, basis) or (paused and _stood_elsewhere(was, limit, basis)))
    if by_s or counted or clock["budget_s"] != was["budget_s"]:
        _touch(draft, clock)
        return Shift(clock, was["due_at"], by_s)
    fresh = {name: clock[name] for name in ("provisional", "next_fire_at")}
    clock.clear()
    clock.update(was)
    if any(was[name] != value for name, value in fresh.items()):
        clock.update(fresh)
        _touch(draft, clock)
    return None


def _keeps_minutes(was: Row, limit: Limit, basis: Basis) -> bool:
    """Whether a limit that another clock, or somebody outside, had cut short is no longer tied to it: from then on minutes count."""
    if was["bound_by"] is None or (was["bound_by"] in OUTSIDE and was["running_since"] is not None):
        return False
    uncut = dict(was)
    replan(uncut, limit, Basis(basis.now, basis.old, basis.old, basis.runs, basis.extensions))
    return bool(uncut["budget_s"] > was["budget_s"])


def _stood_elsewhere(was: Row, limit: Limit, basis: Basis) -> bool:
    """Whether the moment at which a clock was due when it was paused is another by the new calendar."""
    since, until = basis.runs[-1]
    ends = {after(since if until is None else until, _left(was), known) for known in (basis.old, basis.new)}
    return not limit.natural and len(ends) > 1


def _left(clock: Row) -> int:
    return int(clock["budget_s"]) - int(clock["consumed_s"])


def _bind_again(clock: Row, basis: Basis, binder: Row | None) -> None:
    """What bounds a running clock bounds it again: a limit from outside where it was, another clock where that is due now.

    A unit that has no business hours left until then is due when it was, or when the other is, and not at once.
    """
    if clock["bound_by"] in OUTSIDE:
        if clock["budget_s"] > clock["consumed_s"]:  # when it would end of itself: what stands there may come from an earlier bind
            clock["due_at"] = instant(after(seconds(clock["running_since"]), _left(clock), basis.new))
        bind(clock, basis.new)
    if binder is not None:
        _bind_to(clock, basis.new, binder)
    if clock["budget_s"] <= clock["consumed_s"] and clock["bound_at"] is not None:
        clock["due_at"] = max(basis.now, min(clock["due_at"], clock["bound_at"]))


def _bind_to(clock: Row, calendar: Calendar, binder: Row) -> None:
    outside = {name: clock[name] if clock["bound_by"] in OUTSIDE else None for name in ("bound_at", "bound_by")}
    own = clock["budget_s"]
    clock.update(bound_at=binder["due_at"], bound_by="lead" if clock["kind"] == _HANDLE else "handle")
    bind(clock, calendar)
    if clock["budget_s"] == own or outside["bound_at"] is not None:
        clock.update(outside)


def _touch(draft: Draft, clock: Row) -> None:
    clock["restamped"] = True
    draft.touched_clocks.append(clock)


def _enter(draft: Draft, shift: Shift, change: Change) -> None:
    clock = shift.clock
    data = {
        "clock_id": clock["id"],
        "order": clock["order_no"],
        "round": clock["round"],
        "why": "calendar",
        "from": shift.before.isoformat(),
        "to": clock["due_at"].isoformat(),
        "consumed_s": clock["consumed_s"],
        "budget_s": clock["budget_s"],
        "calendar_version": clock["calendar_version"],
        "policy_version": clock["policy_version"],
        "by": change.by.name,
    }
    draft.enter_clock(change.now, change.by, clock, "reprojected", data)


def _tell(draft: Draft, shifts: Collection[Shift], change: Change) -> None:
    """Each unit whose time is shorter hears of it once, of its handling limit rather than of others."""
    told: set[int | None] = {None}
    for shift in sorted(shifts, key=lambda s: (s.clock["kind"] != _HANDLE, s.clock["due_at"])):
        clock = shift.clock
        if shift.by_s >= 0 or shift.paused or clock["unit_id"] in told:
            continue
        told.add(clock["unit_id"])
        order = draft.orders.get(clock["order_no"])
        tell(
            draft,
            "clock_moved_earlier",
            change.now,
            unit_id=clock["unit_id"],
            section_id=order["assigned_unit_id"] if order else None,
            clock=clock["kind"],
            limit=clock["limit"],
            due=clock["due_at"].isoformat(),
            provisional=clock["provisional"] or None,
        )
