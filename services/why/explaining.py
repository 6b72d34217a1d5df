"""Why is it due then? Every clock of a case recomputed from its journal, the calendar and the policy, and held against its row."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Affair, CalendarInfo, Case, Clock, Journal, connection_of, table
from rules.clocks import ClockKind, Demand
from rules.facts import Refused
from rules.ladder import Course, moments
from rules.worktime import Limit, Unit, instant, seconds
from services.catalogue import Catalogue, Named, catalogue
from services.moves.clockwork import BOUND_FROM_OUTSIDE, GIVEN
from services.reading import CaseStory, case_id_of
from services.units.names import name_at
from services.why.explanation import Explanation, Party, Pause, RungMoment, Start
from services.why.history import History, Span, key_of_clock, read_history, span_of_affair
from services.why.limits import limit_of, rule_anew
from services.why.picture import Entry
from services.why.reckoning import Reckoning, Told, follow, is_about

_calendar, _case, _clock, _journal = table(CalendarInfo), table(Case), table(Clock), table(Journal)
_affair = table(Affair)
_HANDLE: Final = ClockKind.HANDLE.value
_OWN: Final = frozenset({"extended", "reprojected"})  #: entries about a clock that are no rungs
_GOES_ON: Final = "go_on"  #: the entry of an affair whose clocks go on with what they had left
_OVERDUE_S: Final = 60  #: what a clock has then that had nothing left
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Which:
    """Which clocks of a case are asked about; None: any.

    Attributes:
        kind: Kind of clock, e.g. `handle`.
        stopped: Also those that have stopped.
    """

    kind: str | None = None
    order_no: int | None = None
    clock_id: int | None = None
    stopped: bool = False


def explain(session: Session, no: str, now: datetime, which: Which = Which()) -> list[Explanation]:
    """Explain the clocks of a case, in the order in which they were started. Changes nothing.

    Args:
        session: The unit of work.
        no: Number of the case.
        now: The instant.
        which: Which of its clocks; those that are open by default.

    Returns:
        One explanation a clock; each says whether it agrees with the clock's row to the second.

    Raises:
        Refused: `unknown_case`; `unknown_clock`, there is no such kind of clock.
    """
    if which.kind is not None and which.kind not in set(ClockKind):
        raise Refused("unknown_clock", given=which.kind, known=", ".join(ClockKind))
    case_id, run = case_id_of(session, no), connection_of(session).execute
    case = dict(run(select(_case).where(_case.c.id == case_id)).mappings().one())
    journal = [dict(row) for row in run(select(_journal).where(_journal.c.case_id == case_id).order_by(_journal.c.seq)).mappings()]
    clocks = [dict(row) for row in run(select(_clock).where(_clock.c.case_id == case_id).order_by(_clock.c.id)).mappings()]
    affairs: dict[int, str] = {row.seq: row.no for row in run(select(_affair.c.seq, _affair.c.no).where(_affair.c.case_id == case_id))}
    file = _File(case, journal, clocks, catalogue(session), _calendar_names(session), affairs)
    return [file.explained(clock, now) for clock in clocks if _is_meant(clock, which)]


def explain_read(session: Session, story: CaseStory, now: datetime, which: Which = Which()) -> list[Explanation]:
    """The same of a case that has been read already, as it is kept."""
    affairs = {each.seq: each.no for each in story.affairs if each.kept}
    file = _File(story.case, story.journal, story.clocks, story.known, _calendar_names(session), affairs)
    return [file.explained(clock, now) for clock in story.clocks if _is_meant(clock, which)]


def _calendar_names(session: Session) -> dict[str, Named]:
    rows = connection_of(session).execute(select(_calendar.c.code, _calendar.c.zh, _calendar.c.en))
    return {row.code: Named(row.zh, row.en) for row in rows}


def _is_meant(clock: Row, which: Which) -> bool:
    asked = {"kind": which.kind, "order_no": which.order_no, "id": which.clock_id}
    return (which.stopped or clock["stopped_at"] is None) and all(v is None or clock[k] == v for k, v in asked.items())


class _File:
    """One case with all that its explanations are made from."""

    def __init__(
        self,
        case: Row,
        journal: Sequence[Entry],
        clocks: Collection[Row],
        known: Catalogue,
        calendars: Mapping[str, Named],
        affairs: Mapping[int, str],
    ) -> None:
        self.case, self.journal, self.clocks, self.known, self.calendars = case, journal, clocks, known, calendars
        self.affairs = affairs
        opened = {c["supervision_seq"] for c in clocks if c["supervision_seq"] is not None}
        self.history: History = read_history(journal, case, known, opened)

    def party(self, entry: Entry) -> Party:
        """Who wrote an entry."""
        name, unit = entry["actor"], name_at(self.known, entry["actor_unit_id"], entry["at"])
        person = self.known.people.get(name)
        return Party(name, person.title if person else self.known.source_names.get(name), unit)

    def asked(self, no: int | None) -> Entry | None:
        """The entry that asked for an extension; they are numbered in the order of these."""
        asked = [e for e in self.journal if (e["thing"], e["action"]) == ("order", "ask_extension")]
        return asked[no - 1] if no is not None and 0 < no <= len(asked) else None

    def _told(self, span: Span) -> Told:
        """What is looked up for the entries that a clock of this span follows."""
        names = self.known
        return Told(self.party, lambda e: rule_anew(self, span, e), self.asked, lambda unit, at: name_at(names, unit, at))

    def begun(self, clock: Row) -> tuple[Span, Entry] | None:
        """The span of a clock and the entry at which it began; None: the journal knows of none at that moment."""
        if clock["affair_seq"] is not None:
            span = span_of_affair(clock, self.journal)
            return None if span is None else (span, span.starts[0])
        spans = (span for span in self.history.spans if span.key == key_of_clock(clock))
        found = [(span, entry) for span in spans for entry in span.starts if entry["at"] == clock["started_at"]]
        if not found:
            return None
        alike = [c["id"] for c in self.clocks if (key_of_clock(c), c["started_at"]) == (key_of_clock(clock), clock["started_at"])]
        return found[-1] if clock["stopped_at"] is None else found[min(alike.index(clock["id"]), len(found) - 1)]

    def reckoned(self, clock: Row, span: Span, start: Entry, until: int | None = None) -> Reckoning | None:
        """Follow a clock from its start, to the entry `until` if that is given; None: the policy gives it no limit."""
        given = limit_of(self, clock, span, start)
        if given is None:
            return None
        limit, _ = given
        found = Reckoning(limit, self.known.calendar_by(clock), self._told(span))
        found.begin(start["at"], clock["bound_at"] if clock["bound_by"] == GIVEN else None, self._rest(clock))
        self._bound_at_start(found, span.demand, start)
        found.project()
        if span.held_at(start["seq"]):
            found.pause(start)
        follow(found, span, (e for e in self.journal if start["seq"] < e["seq"] and (until is None or e["seq"] <= until)))
        return found

    def _rest(self, clock: Row) -> int | None:
        """The seconds with which a clock of an affair went on after a wait: what the one before it had left when it stopped."""
        began, seq = clock["started_at"], clock["affair_seq"]
        if not any((e["action"], e["at"], e["thing_no"]) == (_GOES_ON, began, seq) for e in self.journal):
            return None
        key = (seq, clock["part_no"], clock["kind"])
        same = (c for c in self.clocks if (c["affair_seq"], c["part_no"], c["kind"]) == key and c["started_at"] < began)
        last = max(same, key=lambda c: c["started_at"], default=None)
        return None if last is None else max(0, last["budget_s"] - last["consumed_s"]) or _OVERDUE_S

    def _bound_at_start(self, found: Reckoning, demand: Demand, start: Entry) -> None:
        """What bounds a clock from its start: the lead's limit, that of the order for a request, a limit from outside."""
        standing = self.history.standings[start["seq"]]
        if demand.kind in BOUND_FROM_OUTSIDE and standing.outside is not None:
            found.bound_from_outside(start["at"], standing.outside)
        if demand.kind is ClockKind.HANDLE and not demand.lead:
            self._bound_by(found, "lead", standing.lead_no, start)
        elif demand.kind is ClockKind.EXTEND:
            self._bound_by(found, "handle", demand.order_no, start)

    def _bound_by(self, found: Reckoning, by: str, order_no: int | None, start: Entry) -> None:
        for clock in self.clocks:
            if (clock["kind"], clock["order_no"]) != (_HANDLE, order_no):
                continue
            begun = self.begun(clock)
            other = self.reckoned(clock, *begun, start["seq"]) if begun and begun[0].covers(start["seq"]) else None
            if other is not None:
                found.bound_by_clock(start["at"], by, other.due)
                return

    # one clock --------------------------------------------------------------------------------------------------------

    def explained(self, clock: Row, now: datetime) -> Explanation:
        """Explain one clock."""
        begun = self.begun(clock)
        if begun is None:
            return self._explanation(clock, problem="no_start")
        span, entry = begun
        start = Start(entry["at"], entry["seq"], entry["action"], self.party(entry))
        reckoning, given = self.reckoned(clock, span, entry), limit_of(self, clock, span, entry)
        if reckoning is None or given is None:
            return self._explanation(clock, start=start, problem="no_limit")
        reckoning.finish()
        return self._explanation(
            clock,
            start=start,
            rule=given[1],
            limit=str(reckoning.limit),
            natural=reckoning.limit.natural,
            budget_s=reckoning.own_budget,
            own_due_at=instant(reckoning.own_due),
            events=tuple(reckoning.events),
            rungs=self._rungs(clock, span, reckoning),
            left_s=max(0, reckoning.budget - reckoning.consumed) if reckoning.since is None else None,
            provisional=not reckoning.limit.natural and reckoning.calendar.is_provisional(reckoning.due),
            **self._verdict(clock, span, reckoning, now),
        )

    def _verdict(self, clock: Row, span: Span, reckoning: Reckoning, now: datetime) -> dict[str, Any]:
        """Whether the recomputed moment is the stored one.

        The days of an earlier state of the calendar are not kept. A clock that had ended, was due or stood still when the calendar
        changed need not be computed anew, so for such a one the journal entries of that time bear witness.
        """
        due, stored = instant(reckoning.due), seconds(clock["due_at"])
        if reckoning.due == stored:
            return {"due_at": due, "agrees": True}
        if not self._counted_before(clock, reckoning, now):
            return {"due_at": due, "agrees": False, "problem": "differs"}
        told = [e["data"]["due"] for e in self.journal if e["thing"] == "clock" and is_about(e, span)]
        if not told:
            return {"due_at": None, "agrees": None}
        if seconds(datetime.fromisoformat(told[-1])) == stored:
            return {"due_at": clock["due_at"], "agrees": True, "witnessed": True}
        return {"due_at": due, "agrees": False, "problem": "differs"}

    def _counted_before(self, clock: Row, reckoning: Reckoning, now: datetime) -> bool:
        """Whether the stored due moment is one that an earlier state of the calendar gave."""
        if reckoning.limit.natural:
            return False
        calendar = reckoning.calendar
        changed = (clock["calendar"], clock["calendar_version"]) != (calendar.code, calendar.version)
        if reckoning.since is not None:
            return changed and (clock["stopped_at"] is not None or clock["due_at"] <= now)
        held = next(event.since for event in reversed(reckoning.events) if isinstance(event, Pause))
        anew = (e for e in self.journal if e["thing"] == "clock" and e["action"] == "reprojected" and e["at"] >= held)
        return changed or any(e["data"]["why"] == "calendar" for e in anew)

    def _rungs(self, clock: Row, span: Span, reckoning: Reckoning) -> tuple[RungMoment, ...]:
        """Rungs that fired, from the journal, and those to come of a clock that runs."""
        about = [e for e in self.journal if e["thing"] == "clock" and is_about(e, span)]
        fired = [self._fired(e) for e in about if e["action"] not in _OWN]
        if reckoning.since is None or clock["stopped_at"] is not None:
            return tuple(fired)
        longer = [e for e in about if e["action"] == "extended"]
        done = {e["action"] for e in about if not longer or e["seq"] > longer[-1]["seq"]}
        ladder = self.known.ladders[clock["ladder"], clock["ladder_version"]]
        limit, calendar = reckoning.limit, reckoning.calendar
        wd, due = limit.unit is Unit.WORK_DAY, reckoning.due
        course = Course(reckoning.since, reckoning.consumed, reckoning.budget, calendar, limit.natural, wd, due)
        floor = seconds(longer[-1]["at"]) if longer else 0
        ahead = [m for m in moments(ladder, course, seconds(clock["started_at"])) if m.rung.code not in done and m.at > floor]
        open_yet = [not limit.natural and calendar.is_provisional(m.at) for m in ahead]
        return (*fired, *(RungMoment(m.rung.code, instant(m.at), provisional=p) for m, p in zip(ahead, open_yet, strict=True)))

    @staticmethod
    def _fired(entry: Entry) -> RungMoment:
        data, at = entry["data"], entry["at"]
        meant = datetime.fromisoformat(data["meant_for"]) if data.get("meant_for") else at
        return RungMoment(entry["action"], meant, at, data.get("skipped"))

    def _explanation(self, clock: Row, **values: Any) -> Explanation:  # noqa: ANN401 - fields of the explanation
        calendar = self.known.calendar_by(clock)
        unit: Named | None = self.known.names.get(clock["unit_id"])
        status = "stopped" if clock["stopped_at"] is not None else "paused" if clock["running_since"] is None else "running"
        ours: dict[str, Any] = {
            name: clock[name] for name in ("kind", "order_no", "stage", "supervision_seq", "affair_seq", "part_no", "limit")
        }
        ours |= {"no": self.case["no"], "clock_id": clock["id"], "unit": unit, "status": status, "stored_due_at": clock["due_at"]}
        ours["affair"] = self.affairs.get(clock["affair_seq"])
        ours |= {"natural": Limit.parse(clock["limit"]).natural, "zone": calendar.zone}
        ours |= {"calendar": calendar.code, "calendar_version": calendar.version, "calendar_name": self.calendars.get(calendar.code)}
        empty = {"start": None, "rule": None, "budget_s": 0, "own_due_at": None, "events": (), "rungs": (), "due_at": None}
        rest = {"agrees": False, "problem": "", "witnessed": False, "left_s": None, "provisional": False}
        return Explanation(**{**ours, **empty, **rest, **values})
