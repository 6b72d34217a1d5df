"""Extensions (延期): asked before the limit is up, capped, decided by somebody else; a new round, in which old breaches stay."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, cast

from rules.clocks import ClockKind
from rules.facts import SYSTEM, ExtensionState, Refused, Thing
from rules.ladder import moments
from rules.worktime import Calendar, Limit, after, budget_of, elapsed, instant, seconds
from services.moves.act import Act, Effect, local, order_of
from services.moves.clockwork import OUTSIDE, course_of, reproject
from services.moves.draft import Draft, Row

_HANDLE: Final = ClockKind.HANDLE.value
_HEADS: Final = frozenset({"head", "duty_leader"})


def _ask(draft: Draft, act: Act) -> None:
    """Put a request on record, if the clock still runs and the policy still allows it."""
    order = order_of(draft, act)
    clock = _running(draft, order["no"], act.now)
    amount = amount_of(act.text("amount"), clock)
    _within_cap(draft, order["no"], clock, amount)
    _helps(draft, order, clock, amount)
    no = max(draft.extensions, default=0) + 1
    draft.extensions[no] = {
        "case_id": draft.case["id"],
        "no": no,
        "order_no": order["no"],
        "amount": str(amount),
        "reason": act.text("reason"),
        "state": ExtensionState.ASKED.value,
        "asked_at": act.now,
        "asked_by": act.actor.name,
        "decided_at": None,
        "decided_by": None,
        "answer": None,
    }
    draft.new_extensions.add(no)
    draft.touch_order(order["no"], extension_no=no)


def _running(draft: Draft, order_no: int, now: datetime) -> Row:
    clock = draft.open_clock(_HANDLE, order_no)
    if clock is None or clock["running_since"] is None or clock["due_at"] <= now:
        raise Refused("extension_too_late")
    return clock


def amount_of(text: str, clock: Row) -> Limit:
    """What is asked for, in the clock's own kind of time.

    Raises:
        Refused: `bad_limit`, `extension_of_other_time`.
    """
    try:
        amount = Limit.parse(text)
    except ValueError:
        raise Refused("bad_limit", given=text) from None
    if amount.natural != Limit.parse(clock["limit"]).natural:
        raise Refused("extension_of_other_time", given=text, limit=clock["limit"])
    return amount


def _within_cap(draft: Draft, order_no: int, clock: Row, amount: Limit) -> None:
    """No more often and no longer than the policy allows, and never longer than the limit itself."""
    policy, matter = draft.catalogue.policies[draft.case["policy_version"]], draft.matter()
    times = policy.count("extension_times", matter) or 0
    if not times:
        raise Refused("extension_never")
    granted = sum(e["order_no"] == order_no and e["state"] == ExtensionState.GRANTED for e in draft.extensions.values())
    if granted >= times:
        raise Refused("extension_used_up", times=times)
    calendar, due = draft.catalogue.calendar_by(clock), seconds(clock["due_at"])
    cap = policy.limit("extension_cap", matter)
    caps = [Limit.parse(clock["limit"]), *([cap.limit] if cap is not None and cap.limit.natural == amount.natural else [])]
    for most in caps:
        if budget_of(amount, due, calendar) > budget_of(most, due, calendar):
            raise Refused("extension_too_long", given=str(amount), most=str(most))


def _helps(draft: Draft, order: Row, clock: Row, amount: Limit) -> None:
    """More time is of use: nothing from outside binds the clock already, and a co-handler stays within the lead's limit."""
    calendar = draft.catalogue.calendar_by(clock)
    if binds_from_outside(clock, calendar):
        raise Refused("extension_bound", due=local(draft, clock["bound_at"]))
    lead = draft.lead()
    leads = draft.open_clock(_HANDLE, lead["no"]) if lead is not None and not order["lead"] else None
    due = seconds(clock["due_at"])
    if leads is not None and after(due, budget_of(amount, due, calendar), _measure(clock, calendar)) > seconds(leads["due_at"]):
        raise Refused("extension_past_lead", due=local(draft, leads["due_at"]))


def _measure(clock: Row, calendar: Calendar) -> Calendar | None:
    return None if Limit.parse(clock["limit"]).natural else calendar


def binds_from_outside(clock: Row, calendar: Calendar) -> bool:
    """Whether a limit given from outside is what ends a running clock: no time of its kind lies between the two."""
    if clock["bound_by"] not in OUTSIDE:
        return False
    due = seconds(clock["due_at"])
    return elapsed(due, max(due, seconds(clock["bound_at"])), _measure(clock, calendar)) == 0


def _grant(draft: Draft, act: Act) -> None:
    """Lengthen the limit of the unit's order, the overall limit that would end before it, and the co-handlers' where that is said."""
    request = draft.extensions[cast(int, act.no)]
    clock = _running(draft, request["order_no"], act.now)
    amount = amount_of(act.text("amount") or request["amount"], clock)
    due, calendar = seconds(clock["due_at"]), draft.catalogue.calendar_by(clock)
    if budget_of(amount, due, calendar) > budget_of(Limit.parse(request["amount"]), due, calendar):
        raise Refused("more_than_asked", given=str(amount), most=request["amount"])
    _helps(draft, draft.orders[request["order_no"]], clock, amount)
    _at_the_right_level(draft, act, clock, amount)
    request["amount"] = str(amount)
    _decide(draft, request, act, ExtensionState.GRANTED)
    lengthen(draft, clock, amount, act, request["no"])
    _take_overall_along(draft, clock, amount, instant(due), act)
    if act.args.get("with_co"):
        for other in _of_co_handlers(draft, act, request["order_no"]):
            lengthen(draft, other, amount, act, request["no"])


def _at_the_right_level(draft: Draft, act: Act, clock: Row, amount: Limit) -> None:
    """Approval by level: what is more than the policy leaves to the desk, a head or duty leader grants."""
    if is_above_desk(draft, clock, amount) and not act.actor.roles & _HEADS:
        desk = _desk_limit(draft)
        raise Refused("extension_needs_head", given=str(amount), most=str(desk))


def is_above_desk(draft: Draft, clock: Row, amount: Limit) -> bool:
    """Whether an extension by this much is more than the policy leaves to the centre's desk, in that limit's own kind of time."""
    most, due = _desk_limit(draft), seconds(clock["due_at"])
    if most is None:
        return False
    calendar = draft.catalogue.calendar_by(clock)
    end = after(due, budget_of(amount, due, calendar), None if amount.natural else calendar)
    return elapsed(due, end, None if most.natural else calendar) > budget_of(most, due, calendar)


def _desk_limit(draft: Draft) -> Limit | None:
    given = draft.catalogue.policies[draft.case["policy_version"]].limit("extension_desk", draft.matter())
    return given.limit if given is not None else None


def _of_co_handlers(draft: Draft, act: Act, but: int) -> list[Row]:
    """The clocks of the other co-handlers that still run and are not due."""
    others = [draft.open_clock(_HANDLE, o["no"]) for o in draft.orders.values() if not o["lead"] and o["no"] != but]
    return [c for c in others if c is not None and c["running_since"] is not None and c["due_at"] > act.now]


def _take_overall_along(draft: Draft, handle: Row, amount: Limit, before: datetime, act: Act) -> None:
    """Lengthen the overall limit by the same where it would end before the handling; one that is due or bound from outside stays.

    Where the two count different kinds of time, the same is what lies between the old and the new moment in the overall limit's own.
    """
    clock = draft.open_clock(ClockKind.OVERALL.value, None)
    if clock is None or clock["running_since"] is None or not act.now < clock["due_at"] < handle["due_at"]:
        return
    calendar = draft.catalogue.calendar_by(clock)
    if amount.natural != Limit.parse(clock["limit"]).natural:
        minutes = -(-elapsed(seconds(before), seconds(handle["due_at"]), _measure(clock, calendar)) // 60)
        if not minutes:
            return
        amount = Limit.parse(f"{minutes}m")
    if not binds_from_outside(clock, calendar):
        lengthen(draft, clock, amount, act, cast(int, act.no))


def lengthen(draft: Draft, clock: Row, amount: Limit, act: Act, no: int | None) -> None:
    """Add to the budget, in a new round; rungs whose moment has come and gone in the new round are not climbed again.

    Args:
        draft: The case.
        clock: A running clock.
        amount: By how much, counted from when it is due now.
        act: Who does it, with `reason`.
        no: The request for more time that was granted; None: the longest hold was prolonged.
    """
    before, calendar = clock["due_at"], draft.catalogue.calendar_by(clock)
    clock["budget_s"] += budget_of(amount, seconds(before), calendar)
    clock["round"] += 1
    reproject(draft, clock)
    _pass_over(draft, clock, calendar, act.now)
    draft.enter_clock(
        act.now,
        act.actor,
        clock,
        "extended",
        {
            "from": before.isoformat(),
            "to": clock["due_at"].isoformat(),
            "amount": str(amount),
            "extension": no,
            "round": clock["round"],
            "reason": act.text("reason") or None,
        },
    )


def _pass_over(draft: Draft, clock: Row, calendar: Calendar, now: datetime) -> None:
    """Rungs of the new round whose moment has come and gone count as climbed in the one before."""
    ladder = draft.catalogue.ladders[clock["ladder"], clock["ladder_version"]]
    for moment in moments(ladder, course_of(clock, calendar), seconds(clock["started_at"])):
        if moment.at <= seconds(now):
            firing = {"clock_id": clock["id"], "round": clock["round"], "rung": moment.rung.code, "due_at": instant(moment.at)}
            draft.firings.append({**firing, "fired_at": now, "skipped": "before_round"})


def _refuse(draft: Draft, act: Act) -> None:
    _decide(draft, draft.extensions[cast(int, act.no)], act, ExtensionState.REFUSED)


def _decide(draft: Draft, request: Row, act: Act, state: ExtensionState) -> None:
    request.update(state=state.value, decided_at=act.now, decided_by=act.actor.name, answer=act.text("reason") or None)
    draft.touched_extensions.add(request["no"])
    draft.touch_order(request["order_no"], extension_no=None)


def lapse(draft: Draft, order_no: int, now: datetime) -> None:
    """A request that nobody decided ends with the work order's handling."""
    no = draft.orders[order_no]["extension_no"]
    if no is not None:
        kept = draft.extensions.setdefault(no, {"case_id": draft.case["id"], "no": no, "amount": None, "answer": None})
        kept.update(state=ExtensionState.LAPSED.value, decided_at=now, decided_by=SYSTEM.name)
        draft.touched_extensions.add(no)
        draft.touch_order(order_no, extension_no=None)


EFFECTS: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.ORDER, "ask_extension"): _ask,
    (Thing.EXTENSION, "grant"): _grant,
    (Thing.EXTENSION, "refuse"): _refuse,
}
