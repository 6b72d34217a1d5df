"""Clocks follow the state: after every move the open clocks are made equal to what the state demands."""

from datetime import datetime

from rules.clocks import ClockKind, Demand, demanded
from rules.facts import State
from rules.ladder import Course, Ladder, moments
from rules.worktime import Calendar, Limit, Unit, budget_of, elapsed, instant, seconds
from services.moves.draft import Draft, Row

_HANDLE = ClockKind.HANDLE.value


def follow_state(draft: Draft, now: datetime) -> None:
    """Start, pause, resume and stop clocks so that exactly those run that the state demands; safe to call again."""
    wanted = {d.key: (d, limit) for d in demands(draft) if (limit := limit_of(draft, d)) is not None}
    for clock in draft.clocks:
        key = _key(clock)
        found = wanted.pop(key, None)
        if found is None:
            stop(draft, clock, now)
        elif found[0].running != (clock["running_since"] is not None):
            (resume if found[0].running else pause)(draft, clock, now)
    draft.clocks = [c for c in draft.clocks if c["stopped_at"] is None]
    for demand, limit in wanted.values():
        start(draft, demand, limit, now)


def demands(draft: Draft) -> list[Demand]:
    """The clocks that this case's state demands, whatever the policy says of their limits."""
    facts = draft.facts()
    check = draft.check_unit() if facts.state in (State.HANDLING, State.HANDLED) else None
    return demanded(facts, draft.catalogue.desk_id, check)


def limit_of(draft: Draft, demand: Demand) -> Limit | None:
    """The limit of a demanded clock under the policy stamped on the case; None where the policy sets none."""
    case = draft.case
    limit = draft.catalogue.limit(case["policy_version"], case["category"], case["urgency"], demand.kind.value)
    if limit is not None and demand.kind is ClockKind.HANDLE and case["round"] > 1:
        return limit.half()
    return limit


def ladder_for(draft: Draft, demand: Demand) -> Ladder:
    """The ladder of a demanded clock: gentle for units without penalties, the co-handler's for co-handlers."""
    catalogue = draft.catalogue
    names = catalogue.ladders_of[draft.case["policy_version"]]
    if demand.kind is ClockKind.HANDLE and demand.unit_id in catalogue.gentle:
        code = names["gentle"]
    else:
        code = names["handle_co" if demand.kind is ClockKind.HANDLE and not demand.lead else demand.kind.value]
    return catalogue.ladders[code, catalogue.newest[code]]


def _key(clock: Row) -> tuple[str, int | None, int | None]:
    return (clock["kind"], clock["order_no"], clock["unit_id"] if clock["kind"] == ClockKind.DECIDE else None)


def calendar_for(draft: Draft, unit_id: int | None) -> Calendar:
    """The working calendar of the unit whose time it is."""
    calendars = draft.catalogue.calendars
    code = draft.catalogue.calendars_of.get(unit_id, "cn") if unit_id is not None else "cn"
    return calendars[code]


def start(draft: Draft, demand: Demand, limit: Limit, now: datetime) -> None:
    """Start a new clock at `now`."""
    calendar = calendar_for(draft, demand.unit_id)
    ladder = ladder_for(draft, demand)
    clock: Row = {
        "id": None,
        "case_id": draft.case["id"],
        "order_no": demand.order_no,
        "kind": demand.kind.value,
        "round": 1,
        "unit_id": demand.unit_id,
        "limit": str(limit),
        "budget_s": budget_of(limit, seconds(now), calendar),
        "consumed_s": 0,
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
    }
    project(clock, ladder, calendar, frozenset())
    draft.clocks.append(clock)
    draft.touched_clocks.append(clock)


def course_of(clock: Row, calendar: Calendar) -> Course:
    """How a running clock stands, for the arithmetic of its moments."""
    limit = Limit.parse(clock["limit"])
    return Course(
        seconds(clock["running_since"]), clock["consumed_s"], clock["budget_s"], calendar, limit.natural, limit.unit is Unit.WORK_DAY
    )


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
        calendar = None if Limit.parse(clock["limit"]).natural else calendar_for(draft, clock["unit_id"])
        clock["consumed_s"] += elapsed(seconds(clock["running_since"]), seconds(now), calendar)
        clock["running_since"] = None


def stop(draft: Draft, clock: Row, now: datetime) -> None:
    """Stop a clock for good; what it had consumed and when it was due stay on record."""
    _consume(draft, clock, now)
    clock["stopped_at"], clock["next_fire_at"] = now, None
    _touch(draft, clock)


def pause(draft: Draft, clock: Row, now: datetime) -> None:
    """Stop the clock without ending it: the budget keeps what is left, nothing fires."""
    _consume(draft, clock, now)
    clock["next_fire_at"] = None
    _touch(draft, clock)


def resume(draft: Draft, clock: Row, now: datetime) -> None:
    """Let a paused clock run on with what is left.

    Which rungs it had passed before only the firings know: the next pass looks, fires what was missed and nothing twice.
    """
    clock["running_since"] = now
    project(clock, draft.catalogue.ladders[clock["ladder"], clock["ladder_version"]], calendar_for(draft, clock["unit_id"]), frozenset())
    _touch(draft, clock)


def _touch(draft: Draft, clock: Row) -> None:
    if clock["id"] is not None and not any(c is clock for c in draft.touched_clocks):
        draft.touched_clocks.append(clock)


def is_handle(clock: Row) -> bool:
    """Whether this is a handling limit, the one that on-time is measured by."""
    return bool(clock["kind"] == _HANDLE)
