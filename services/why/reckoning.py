"""Following one clock through the journal: what was counted, what stood still, what was added, and when it is due."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from rules.clocks import ClockKind
from rules.worktime import Calendar, Limit, after, budget_of, elapsed, instant, seconds
from services.catalogue import Named
from services.moves.clockwork import BOUND_FROM_OUTSIDE
from services.why.explanation import Bound, Day, Event, Extended, Party, Pause, Reprojected, Rule, Run, Succeeded
from services.why.history import Span
from services.why.picture import Entry, Outside, brought


@dataclass(frozen=True, slots=True)
class Told:
    """What is looked up for the entries that a clock follows.

    Attributes:
        party: Who wrote an entry.
        rule: The row that gives the limit after an entry; None: no policy was applied there.
        asked: The entry that asked for the extension of this number; None: the journal has none.
        unit: What a unit was called at a moment.
    """

    party: Callable[[Entry], Party]
    rule: Callable[[Entry], Rule | None]
    asked: Callable[[int | None], Entry | None]
    unit: Callable[[int, datetime], Named | None]


@dataclass(slots=True)
class Reckoning:
    """A clock on its way; moments and amounts are whole seconds.

    Attributes:
        calendar: The working calendar of its unit as it stands now.
        told: What is looked up of entries.
        own_budget: The limit in seconds, before anything bound it.
        own_due: When it ended, before anything bound, paused or lengthened it.
        budget: What it may consume.
        consumed: What it consumed before `since`.
        since: From when it runs without a break; None: it stands still.
        due: When it is due; while it stands still, when it last was.
        outside: The limit from outside that holds for it.
        round: Raised by an extension.
    """

    limit: Limit
    calendar: Calendar
    told: Told
    own_budget: int = 0
    own_due: int = 0
    budget: int = 0
    consumed: int = 0
    since: int | None = None
    due: int = 0
    outside: Outside | None = None
    round: int = 1
    events: list[Event] = field(default_factory=list)

    @property
    def measure(self) -> Calendar | None:
        """What its time is counted by; None: natural time."""
        return None if self.limit.natural else self.calendar

    def begin(self, at: datetime, until: datetime | None = None, rest: int | None = None) -> None:
        """Start with the whole limit, a moment given instead, or the rest of an earlier clock; what bounds it is said before `project`."""
        self.since = self.due = seconds(at)
        given = max(1, seconds(until) - self.since) if until is not None else budget_of(self.limit, self.since, self.calendar)
        self.own_budget = self.budget = given
        self.consumed = 0 if rest is None else max(0, given - rest)
        self.own_due = self._leads(self.since)

    def project(self) -> None:
        """Derive the due moment of a running clock."""
        if self.since is not None:
            self.due = self._ends(self.since)

    def _ends(self, since: int) -> int:
        """When a clock that runs from `since` is due.

        What was used up before stays due when it was; what a limit from outside cuts short is due when that says, also outside business
        hours, unless its own limit ends at the last closing before.
        """
        if self.consumed >= self.budget:
            return self.due
        cut = self.outside is not None and since <= self.due == seconds(self.outside.due)
        if cut and self.consumed + elapsed(since, self.due, self.measure) == self.budget:
            return self.due
        return self._leads(since)

    def _leads(self, since: int) -> int:
        return after(since, max(0, self.budget - self.consumed), self.measure)

    def _bind(self, since: int, due: int, *, outside: bool) -> None:
        """End no later than another limit does; its own end, where that is the last closing before, stays."""
        most = self.consumed + elapsed(since, max(since, due), self.measure)
        if self.budget > most and (outside or most <= self.consumed):
            self.due = max(due, since)
        elif outside and self.budget == most and since <= due < self.due:
            self.due = due  # a later one from outside had cut it in the same hours without business
        self.budget = min(self.budget, most)

    def bound_by_clock(self, at: datetime, by: str, due: int) -> None:
        """Let another clock of the case bound this one at its start, if that one is not due yet."""
        if self.since is not None and due > seconds(at):
            own = self._ends(self.since)
            self._bind(self.since, due, outside=False)
            self.events.append(Bound(at, by, instant(due), instant(own), binds=self._ends(self.since) < own))

    def bound_from_outside(self, at: datetime, outside: Outside) -> None:
        """Let a limit from outside bind from now on, where it is earlier; one that stands still is compared when it runs on."""
        if self.since is None:
            self.outside = outside
            self._tell_outside(at, self.due, None)
            return
        self.consumed += elapsed(self.since, seconds(at), self.measure)
        self.since = seconds(at)
        self._bind_outside(at, outside)

    def _bind_outside(self, at: datetime, outside: Outside, *, silent: bool = False) -> None:
        """Compare a running clock with a limit from outside; `silent`: say nothing if nothing changes."""
        if self.since is not None:
            own = self._ends(self.since)
            self.outside = outside
            self._bind(self.since, seconds(outside.due), outside=True)
            binds = self._ends(self.since) < own
            if binds or not silent:
                self._tell_outside(at, own, binds)

    def _bind_again(self, at: datetime) -> None:
        """The limit from outside may be the earlier one now; what was left open during a hold is decided."""
        if self.outside is not None:
            told = [e for e in self.events if isinstance(e, Bound)]
            self._bind_outside(at, self.outside, silent=not (told and told[-1].binds is None))

    def _tell_outside(self, at: datetime, own: int, binds: bool | None) -> None:
        if self.outside is not None:
            entry = self.outside.entry
            told = self.told.party(entry), str(entry["data"].get("reason") or "")
            self.events.append(Bound(at, self.outside.by, self.outside.due, instant(own), binds, *told))

    # entries ----------------------------------------------------------------------------------------------------------

    def pause(self, entry: Entry) -> None:
        """The case is put on hold."""
        self._end_run(seconds(entry["at"]))
        if self.since is not None:
            self.consumed += elapsed(self.since, seconds(entry["at"]), self.measure)
            self.since = None
        self.events.append(Pause(entry["at"], None, self.told.party(entry), str(entry["data"].get("reason") or "")))

    def resume(self, entry: Entry) -> None:
        """The case is taken up again; a clock that was started during the hold runs already."""
        if self.since is not None:
            return
        held = next(e for e in reversed(self.events) if isinstance(e, Pause))
        days = tuple(d for d in self.days(seconds(held.since), seconds(entry["at"])) if d.reason or d.provisional)
        self.events[self.events.index(held)] = Pause(held.since, entry["at"], held.by, held.reason, days)
        self.since = seconds(entry["at"])
        self._bind_again(entry["at"])
        self.project()

    def extend(self, entry: Entry) -> None:
        """More time was granted: it is added where the limit ended before."""
        data, before = entry["data"], self.due
        self.budget += budget_of(Limit.parse(data["amount"]), before, self.calendar)
        self.round += 1
        self._bind_again(entry["at"])
        self.project()
        asked = self.told.asked(data.get("extension"))
        by, reason = (self.told.party(asked), str(asked["data"].get("reason") or "")) if asked is not None else (None, "")
        told = (data["amount"], _instant(data["from"]), _instant(data["due"]), str(data.get("reason") or ""))
        self.events.append(Extended(entry["at"], self.told.party(entry), *told, by, reason))

    def reproject(self, entry: Entry) -> None:
        """The calendar or the policy has changed: what had been consumed is what the entry of that time says.

        A change that leaves limit and calendar alone does not begin a new stretch: then the present one leads where the entry says.
        """
        data, at, limit_before = entry["data"], seconds(entry["at"]), str(self.limit)
        goal, consumed, budget = seconds(_instant(data["to"])), int(data["consumed_s"]), int(data["budget_s"])
        self.limit, self.budget = Limit.parse(data["limit"]), budget
        self.due = goal
        ends = self._leads if consumed >= budget else self._ends
        goes_on = self.since is not None and consumed == self.consumed and ends(self.since) == goal
        if self.since is not None and not goes_on:
            self.since = at
        self.consumed = consumed
        self.project()
        if not goes_on:
            self.events = [e for e in self.events if not isinstance(e, Run)]
        spent = consumed if not goes_on else consumed + elapsed(self.since or at, at, self.measure)
        version = data["calendar_version"] if data["why"] == "calendar" else data["policy_version"]
        stamps = (data["why"], version, _instant(data["from"]), _instant(data["to"]), limit_before, data["limit"])
        by, rule = self.told.party(entry), self.told.rule(entry)
        self.events.append(Reprojected(entry["at"], by, *stamps, spent, max(0, budget - spent), rule, data.get("of", "")))

    def succeed(self, entry: Entry) -> None:
        """Another unit goes on: the clock keeps its limit, its calendar and its moments."""
        data, at = entry["data"], entry["at"]
        self.events.append(Succeeded(at, self.told.unit(data["from"], at), self.told.unit(data["to"], at)))

    # the stretches ----------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Put down the last stretch: to the due moment, if it lies ahead of what was consumed."""
        self._end_run(self.due)

    def _end_run(self, at: int) -> None:
        until = min(at, self.due)
        if self.since is not None and until > self.since:
            days = self.days(self.since, until) if self.measure is not None else ()
            self.events.append(Run(instant(self.since), instant(until), elapsed(self.since, until, self.measure), days))

    def days(self, since: int, until: int) -> tuple[Day, ...]:
        """The local days of a stretch with what is counted on them."""
        return tuple(
            Day(
                s.day,
                s.counted,
                tuple((instant(a), instant(b)) for a, b in s.stretches),
                s.seconds,
                s.mark.reason if s.mark else "",
                s.mark.source if s.mark else "",
                s.mark.layer if s.mark else "",
                s.provisional,
            )
            for s in self.calendar.segments(since, until)
        )


_FOLLOWED: Final[Mapping[str, Callable[[Reckoning, Entry], None]]] = {
    "extended": Reckoning.extend,
    "reprojected": Reckoning.reproject,
}


def is_about(entry: Entry, span: Span) -> bool:
    """Whether an entry of a clock is about the clock of this span."""
    data, demand = entry["data"], span.demand
    named = (data.get("clock"), entry["thing_no"], data.get("stage"), data.get("supervision"), data.get("affair"), data.get("part"))
    wanted = (demand.kind.value, demand.order_no, demand.stage, demand.supervision_seq, demand.affair_seq, demand.part_no)
    return named == wanted and span.covers(entry["seq"])


#: Clocks of a work order that are its unit's, not a desk's.
OF_ORDER: Final = frozenset({ClockKind.ACKNOWLEDGE, ClockKind.CONTACT, ClockKind.CONTROL, ClockKind.HANDLE, ClockKind.STAGE})


def _goes_along(entry: Entry, span: Span) -> bool:
    """Whether the clock of this span is one that another unit has taken over with an entry."""
    if entry["action"] != "unit_succeeded":
        return False
    data, demand = entry["data"], span.demand
    decided = bool(data["held"]) and demand.kind is ClockKind.DECIDE
    supervised = demand.kind is ClockKind.RECTIFY and demand.supervision_seq in data["supervision"]
    if demand.affair_seq is not None:
        return [demand.affair_seq, demand.part_no, demand.kind.value] in data.get("beside", ())
    return decided or supervised or (demand.kind in OF_ORDER and demand.order_no in data["orders"])


def follow(reckoning: Reckoning, span: Span, entries: Iterable[Entry]) -> None:
    """Let a clock that has begun follow the entries after its start, in order."""
    for entry in entries:
        seq = entry["seq"]
        if not span.covers(seq):
            continue
        if seq in span.turns:
            (reckoning.resume if span.turns[seq] else reckoning.pause)(entry)
        elif entry["thing"] == "clock" and entry["action"] in _FOLLOWED and is_about(entry, span):
            _FOLLOWED[entry["action"]](reckoning, entry)
        elif _goes_along(entry, span):
            reckoning.succeed(entry)
        elif entry["thing"] == "case" and entry["action"] == "bind" and span.demand.kind in BOUND_FROM_OUTSIDE:
            _bind(reckoning, entry)
        elif entry["thing"] == "case" and "outside" in entry["data"] and span.demand.kind in BOUND_FROM_OUTSIDE:
            _bring(reckoning, entry)


def _bring(reckoning: Reckoning, entry: Entry) -> None:
    """A limit from outside came with a merged case or left with it; what that cuts or gives back the clock's own entries say."""
    if reckoning.since is None or instant(reckoning.due) > entry["at"]:
        reckoning.outside = brought(entry)


def _bind(reckoning: Reckoning, entry: Entry) -> None:
    """A limit from outside binds what is not due yet."""
    if reckoning.since is None or instant(reckoning.due) > entry["at"]:
        data = entry["data"]
        reckoning.bound_from_outside(entry["at"], Outside(_instant(data["due_at"]), data["by"], entry))
        reckoning.project()


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
