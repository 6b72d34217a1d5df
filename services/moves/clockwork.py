"""Clocks follow the state: after every move the open clocks are made equal to what the state demands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rules.clocks import ClockKind, Demand, demanded, key_of, of_supervision
from rules.facts import SENSOR, Facts, State, SupervisionState
from rules.ladder import Course, Ladder, moments
from rules.sla import STAGE, Matter, Policy
from rules.worktime import Calendar, Limit, Unit, budget_of, elapsed, instant, seconds
from services.catalogue import Catalogue
from services.moves.draft import Draft, Row

_HANDLE = ClockKind.HANDLE.value
#: Clocks for which a limit given from outside binds, where it is earlier.
BOUND_FROM_OUTSIDE: Final = frozenset({ClockKind.HANDLE, ClockKind.OVERALL})
#: Who bounds a clock for good; another clock bounds it at its start only, from then on minutes count.
OUTSIDE: Final = frozenset({"upstream", "note"})


SUGGESTED: Final = 0  #: in place of a line of the policy: a suggested value of the program, where the policy says nothing
GIVEN: Final = "given"  #: what bounds a clock whose limit was given as a moment


@dataclass(frozen=True, slots=True)
class Allowance:
    """A limit, and the line of the policy that gives it; `SUGGESTED`: seeds/handling.toml does; None: a person gave it."""

    limit: Limit
    line: int | None
    until: datetime | None = None  #: the moment that was given instead of a length: the limit then is the length in whole minutes
    rest: int | None = None  #: seconds that an earlier clock has left, with which it goes on: the limit then is these in whole units


def follow_state(draft: Draft, now: datetime) -> Facts:
    """Start, pause, resume and stop clocks so that exactly those run that the state demands; safe to call again.

    Clocks of supervision orders and of affairs belong to these and are left alone (`follow_supervision`, `follow_affairs`).

    Returns:
        The picture of the case that the clocks follow now.
    """
    facts = draft.facts()
    wanted = {d.key: (d, given) for d in demands(draft, facts) if (given := allowance_of(draft, d)) is not None}
    for clock in draft.clocks:
        if clock["supervision_seq"] is not None or clock["affair_seq"] is not None:
            continue
        found = wanted.pop(key_of(clock["kind"], clock["order_no"], clock["unit_id"], clock["stage"]), None)
        if found is None:
            stop(draft, clock, now)
        elif found[0].running != (clock["running_since"] is not None):
            (resume if found[0].running else pause)(draft, clock, now)
    draft.clocks = [c for c in draft.clocks if c["stopped_at"] is None]
    for demand, given in wanted.values():
        start(draft, demand, given, now)
        if not demand.running:
            pause(draft, draft.clocks[-1], now)
    return facts


def follow_supervision(draft: Draft, order: Row, now: datetime) -> None:
    """Make the clock of a supervision order what its state demands; safe to call again."""
    desk, target = draft.catalogue.desk_id, order["unit_id"]
    check = desk if desk != target else draft.catalogue.district_id
    demand = of_supervision(SupervisionState(order["state"]), order["seq"], target, desk, check)
    for clock in draft.clocks:
        if clock["supervision_seq"] == order["seq"]:
            if demand is not None and clock["kind"] == demand.kind:
                return
            stop(draft, clock, now)
    draft.clocks = [c for c in draft.clocks if c["stopped_at"] is None]
    given = _of_supervision(draft, demand, order) if demand is not None else None
    if demand is not None and given is not None:
        start(draft, demand, given, now, "letter" if order["form"] == "letter" and demand.kind is ClockKind.RECTIFY else "")


def _of_supervision(draft: Draft, demand: Demand, order: Row) -> Allowance | None:
    own = order["limit"] if demand.kind is ClockKind.RECTIFY else None
    return Allowance(Limit.parse(own), None) if own else allowance_of(draft, demand)


def demands(draft: Draft, facts: Facts | None = None) -> list[Demand]:
    """The clocks that this case's state demands, whatever the policy says of their limits."""
    facts = facts or draft.facts()
    check = draft.check_unit() if facts.state in (State.HANDLING, State.HANDLED) else None
    return demanded(facts, draft.catalogue.desk_id, check)


def allowance_of(draft: Draft, demand: Demand) -> Allowance | None:
    """The limit of a demanded clock under the policy stamped on the case; None where the policy sets none."""
    return allowance_under(draft, demand.kind, demand.stage, draft.case["policy_version"])


def allowance_under(draft: Draft, kind: ClockKind, stage: str | None, version: int) -> Allowance | None:
    """The limit of a kind of clock under any version of the policy, for the case as it stands in this draft."""
    return allowance_in(draft.catalogue.policies[version], draft.matter(), kind.value, stage, again=draft.case["round"] > 1)


def allowance_in(policy: Policy, matter: Matter, kind: str, stage: str | None, *, again: bool) -> Allowance | None:
    """The limit that a policy gives to a clock of a matter; what is handled `again` gets the limit of a rework, or half."""
    if stage is not None:
        said = policy.said(STAGE, matter)
        return next((Allowance(s.limit, said.row.line) for s in said.row.stages if s.code == stage), None) if said else None
    half = again and kind in BOUND_FROM_OUTSIDE
    if half and kind == _HANDLE and (rework := policy.limit("rework", matter)) is not None:
        return Allowance(rework.limit, rework.row.line)
    given = policy.limit(kind, matter)
    return None if given is None else Allowance(given.limit.half() if half else given.limit, given.row.line)


def ladder_for(draft: Draft, demand: Demand, prefer: str = "") -> Ladder:
    """The ladder of a demanded clock, under the policy stamped on the case."""
    case = draft.case
    names = ladder_names(draft.catalogue, case, demand.kind.value, demand.unit_id, lead=demand.lead)
    return draft.catalogue.ladder(case["policy_version"], *([prefer] if prefer else []), *names)


def ladder_names(known: Catalogue, case: Mapping[str, Any], kind: str, unit_id: int | None, *, lead: bool) -> list[str]:
    """What a policy may call the ladder of a clock, best first.

    That for what devices report, gentle for units without penalties, a co-handler's, an emergency's.
    """
    names = [f"{kind}_sensor" if lead else f"{kind}_sensor_co"] if case["source"] == SENSOR else []
    if unit_id in known.gentle:
        names.append("gentle" if kind == _HANDLE else f"{kind}_gentle")
    if kind == _HANDLE and not lead:
        names.append("handle_co")
    if case["urgency"] == "P0":
        names.append(f"{kind}_p0")
    return [*names, kind]


def start(draft: Draft, demand: Demand, given: Allowance, now: datetime, prefer: str = "") -> None:
    """Start a new clock at `now`."""
    calendar, ladder = draft.catalogue.calendar_of(demand.unit_id), ladder_for(draft, demand, prefer)
    budget = budget_of(given.limit, seconds(now), calendar) if given.until is None else max(1, seconds(given.until) - seconds(now))
    clock: Row = {
        "id": None,
        "case_id": draft.case["id"],
        "order_no": demand.order_no,
        "kind": demand.kind.value,
        "stage": demand.stage,
        "supervision_seq": demand.supervision_seq,
        "affair_seq": demand.affair_seq,
        "part_no": demand.part_no,
        "round": 1,
        "unit_id": demand.unit_id,
        "limit": str(given.limit),
        "budget_s": budget,
        "consumed_s": 0 if given.rest is None else max(0, budget - given.rest),
        "running_since": now,
        "started_at": now,
        "stopped_at": None,
        "due_at": now,
        "provisional": False,
        "next_fire_at": None,
        "ladder": ladder.code,
        "ladder_version": ladder.version,
        "calendar": calendar.code,
        "calendar_version": calendar.version,
        "policy_version": draft.case["policy_version"],
        "source_row": given.line,
        "bound_at": given.until,
        "bound_by": None if given.until is None else GIVEN,
    }
    _bound_at_start(draft, clock, demand, calendar)
    project(clock, ladder, calendar, frozenset())
    draft.clocks.append(clock)
    draft.touched_clocks.append(clock)


def _bound_at_start(draft: Draft, clock: Row, demand: Demand, calendar: Calendar) -> None:
    """Let an earlier limit bind: one from outside, the lead's for a co-handler, the handling limit for a request."""
    if demand.kind in BOUND_FROM_OUTSIDE and draft.case["outside_due_at"] is not None:
        clock.update(bound_at=draft.case["outside_due_at"], bound_by=draft.case["outside_by"])
        bind(clock, calendar)
    outside = {name: clock[name] for name in ("bound_at", "bound_by")}
    if demand.kind is ClockKind.HANDLE and not demand.lead:
        lead = draft.lead()
        _bound_by(clock, calendar, draft.open_clock(_HANDLE, lead["no"] if lead else None), "lead")
    elif demand.kind is ClockKind.EXTEND:
        _bound_by(clock, calendar, draft.open_clock(_HANDLE, demand.order_no), "handle")
    if outside["bound_at"] is not None:
        clock.update(outside)


def _bound_by(clock: Row, calendar: Calendar, other: Row | None, by: str) -> None:
    own = clock["budget_s"]
    if other is not None and other["due_at"] > clock["running_since"]:
        clock.update(bound_at=other["due_at"], bound_by=by)
        bind(clock, calendar)
    if clock["budget_s"] == own:
        clock.update(bound_at=None, bound_by=None)


def bind(clock: Row, calendar: Calendar) -> None:
    """Shorten the budget of a running clock so that it ends no later than the limit that binds it.

    What is cut short by a limit from outside is due when that says, also outside business hours; so is what has no time of its
    kind left before another clock's. It is due at once if the limit has passed while the clock stood still. `due_at` says so
    (`course_of`); a clock whose own limit ends at the last closing before is due then.
    """
    if clock["bound_at"] is None:
        return
    since, until = seconds(clock["running_since"]), seconds(clock["bound_at"])
    left = elapsed(since, max(since, until), None if Limit.parse(clock["limit"]).natural else calendar)
    most, outside = clock["consumed_s"] + left, clock["bound_by"] in OUTSIDE
    if clock["budget_s"] > most and (outside or not left):
        clock["due_at"] = max(clock["bound_at"], clock["running_since"])
    elif outside and clock["budget_s"] == most and since <= until < seconds(clock["due_at"]):
        clock["due_at"] = clock["bound_at"]  # a later one from outside had cut it in the same hours without business
    clock["budget_s"] = min(clock["budget_s"], most)


def course_of(clock: Row, calendar: Calendar) -> Course:
    """How a running clock stands, for the arithmetic of its moments.

    One that was due before it ran on keeps its due moment, and so does one that a limit from outside has cut short (`bind`).
    """
    limit, since = Limit.parse(clock["limit"]), seconds(clock["running_since"])
    due, wd = seconds(clock["due_at"]), limit.unit is Unit.WORK_DAY
    kept = clock["consumed_s"] >= clock["budget_s"]
    if not kept and clock["bound_by"] in OUTSIDE and since <= due == seconds(clock["bound_at"]):
        kept = clock["consumed_s"] + elapsed(since, due, None if limit.natural else calendar) == clock["budget_s"]
    return Course(since, clock["consumed_s"], clock["budget_s"], calendar, limit.natural, wd, due if kept else None)


def project(clock: Row, ladder: Ladder, calendar: Calendar, fired: frozenset[str]) -> None:
    """Derive `due_at` and `next_fire_at` of a running clock.

    Args:
        clock: The clock, changed in place.
        ladder: The ladder stamped on it.
        calendar: Its calendar.
        fired: Codes of rungs that have fired in this round.
    """
    course = course_of(clock, calendar)
    due = course.due
    clock["due_at"] = instant(due)
    clock["provisional"] = not course.natural and calendar.is_provisional(due)
    ahead = [m.at for m in moments(ladder, course, seconds(clock["started_at"])) if m.rung.code not in fired]
    clock["next_fire_at"] = instant(ahead[0]) if ahead else None


def _consume(draft: Draft, clock: Row, now: datetime) -> None:
    if clock["running_since"] is not None:
        calendar = None if Limit.parse(clock["limit"]).natural else draft.catalogue.calendar_by(clock)
        clock["consumed_s"] += elapsed(seconds(clock["running_since"]), seconds(now), calendar)
        clock["running_since"] = None


def settle(draft: Draft, clock: Row, now: datetime) -> None:
    """Take what a running clock has consumed so far as consumed: what changes from now on does not look back."""
    _consume(draft, clock, now)
    clock["running_since"] = now


def stop(draft: Draft, clock: Row, now: datetime) -> None:
    """Stop a clock for good; what it had consumed and when it was due stay on record."""
    _consume(draft, clock, now)
    clock["stopped_at"], clock["next_fire_at"] = now, None
    touch(draft, clock)


def pause(draft: Draft, clock: Row, now: datetime) -> None:
    """Stop the clock without ending it: the budget keeps what is left, nothing fires."""
    _consume(draft, clock, now)
    clock["next_fire_at"] = None
    touch(draft, clock)


def resume(draft: Draft, clock: Row, now: datetime) -> None:
    """Let a paused clock run on with what is left.

    Which rungs it had passed before only the firings know: the next pass looks, fires what was missed and nothing twice.
    """
    clock["running_since"] = now
    reproject(draft, clock)


def reproject(draft: Draft, clock: Row) -> None:
    """Derive the moments of a running clock anew, after its budget or what binds it has changed."""
    calendar = draft.catalogue.calendar_by(clock)
    if clock["bound_by"] in OUTSIDE:
        bind(clock, calendar)
    project(clock, draft.catalogue.ladders[clock["ladder"], clock["ladder_version"]], calendar, frozenset())
    touch(draft, clock)


def touch(draft: Draft, clock: Row) -> None:
    """Have an open clock that was changed written."""
    if clock["id"] is not None and not any(c is clock for c in draft.touched_clocks):
        draft.touched_clocks.append(clock)


def is_handle(clock: Row) -> bool:
    """Whether this is a handling limit, the one that on-time is measured by."""
    return bool(clock["kind"] == _HANDLE)
