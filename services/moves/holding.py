"""Holds (挂账): asked for and approved, or ordered by the centre itself; reviewed, prolonged beyond the cap, lifted."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final, cast

from rules.clocks import ClockKind
from rules.facts import Refused, RequestKind, RequestState, Thing
from rules.reasons import is_reason
from rules.worktime import after, budget_of, instant, seconds
from services.moves.act import Act, Effect, local
from services.moves.asking import ask, decide
from services.moves.clockwork import stop
from services.moves.draft import Draft, Row
from services.moves.extending import amount_of, lengthen
from services.moves.messages import tell, until
from services.moves.sending import present

_REVIEW: Final = ClockKind.HOLD_REVIEW.value
_CAP: Final = ClockKind.HOLD_CAP.value
_UNSAID: Final = "other"  #: reason of a hold that the centre orders without giving a code


def _ask(draft: Draft, act: Act) -> None:
    """The unit that leads asks."""
    lead = cast(Row, draft.lead())
    ask(draft, act, RequestKind.HOLD, unit_id=lead["unit_id"], until=_until(draft, act))


def _until(draft: Draft, act: Act) -> datetime | None:
    """Until when, if that is known: a moment to come, with its zone, and no later than the policy lets a case be held."""
    given = act.text("until")
    if not given:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise Refused("bad_moment", given=given) from None
    if moment.tzinfo is None or moment <= act.now:
        raise Refused("deadline_past", given=given)
    cap = draft.catalogue.policies[draft.case["policy_version"]].limit(_CAP, draft.matter())
    if cap is not None:
        calendar, now = draft.catalogue.calendar_of(draft.catalogue.desk_id), seconds(act.now)
        most = instant(after(now, budget_of(cap.limit, now, calendar), None if cap.limit.natural else calendar))
        if moment > most:
            raise Refused("hold_too_long", given=given, most=local(draft, most))
    return moment


def _approve(draft: Draft, act: Act) -> None:
    """As it was asked for, or until another moment, which has to be named where the one asked for has passed meanwhile."""
    _no_return_waits(draft)
    moment = _until(draft, act) or draft.requests[cast(int, act.no)]["until"]
    if moment is not None and moment <= act.now:
        raise Refused("deadline_past", given=local(draft, moment))
    decide(draft, act, RequestState.GRANTED)["until"] = moment


def _refuse(draft: Draft, act: Act) -> None:
    decide(draft, act, RequestState.REFUSED)


def _hold(draft: Draft, act: Act) -> None:
    """What the centre orders itself is on record as granted, so that the ledger of holds is complete; approved ones are already."""
    if act.no is not None:
        return
    _no_return_waits(draft)
    code = act.text("code") or _UNSAID
    if not is_reason(RequestKind.HOLD, code):
        raise Refused("hold_code_missing")
    row = ask(draft, act, RequestKind.HOLD, code=code, until=_until(draft, act))
    decide(draft, replace(act, no=row["no"]), RequestState.GRANTED)["answer"] = None


def _no_return_waits(draft: Draft) -> None:
    """Whose matter it is comes first; a case is not put aside while that is open."""
    if any(request.kind is RequestKind.RETURN for request in draft.asks()):
        raise Refused("return_waits")


def _resume(draft: Draft, act: Act) -> None:
    lift(draft, act.now)


def lift(draft: Draft, now: datetime) -> None:
    """Write down when a hold really ended: with the case's going on, or with its end; nothing where it is not on hold."""
    granted = (r for r in draft.requests.values() if r["kind"] == RequestKind.HOLD and r["state"] == RequestState.GRANTED)
    newest = max(granted, key=lambda row: row["no"], default=None)
    if newest is not None and draft.open_clock(_REVIEW, None) is not None:
        newest["until"] = now
        draft.touched_requests.add(newest["no"])


def _review(draft: Draft, act: Act) -> None:
    """It is still not possible to go on: the next review is due one whole limit from now."""
    clock = draft.open_clock(_REVIEW, None)
    if clock is not None:
        stop(draft, clock, act.now)
        draft.clocks = [c for c in draft.clocks if c["stopped_at"] is None]


def _prolong(draft: Draft, act: Act) -> None:
    """Lengthen the longest hold, by what is handed in or by the policy's own cap once more; counted from when it was due."""
    clock = draft.open_clock(_CAP, None)
    if clock is None:
        raise Refused("hold_without_cap")
    amount, due = amount_of(act.text("amount") or clock["limit"], clock), seconds(clock["due_at"])
    calendar = draft.catalogue.calendar_by(clock)
    end = after(due, budget_of(amount, due, calendar), None if amount.natural else calendar)
    if end <= seconds(act.now):
        raise Refused("prolonged_too_little", given=str(amount), due=local(draft, instant(end)))
    lengthen(draft, clock, amount, act, None)


# who hears of it ------------------------------------------------------------------------------------------------------


def _tell_asked(draft: Draft, act: Act) -> None:
    lead = cast(Row, draft.lead())
    about = until(draft, "approve", None) | {"reason": act.text("reason")}
    tell(draft, "hold_asked", act.now, unit_id=draft.catalogue.desk_id, shown_unit_id=lead["unit_id"], **about)


def _tell_refused(draft: Draft, act: Act) -> None:
    request, lead = draft.requests[cast(int, act.no)], cast(Row, draft.lead())
    about = until(draft, "handle", lead["no"]) | {"reason": act.text("reason")}
    tell(draft, "hold_refused", act.now, unit_id=request["unit_id"], **about)


def _tell_units(draft: Draft, act: Act, code: str, reason: str | None, kind: str = _REVIEW) -> None:
    """Every unit that is at work, or would be."""
    for order in present(draft):
        if order["finished_at"] is None:
            about = until(draft, kind, order["no"] if kind == ClockKind.HANDLE else None)
            tell(draft, code, act.now, unit_id=order["unit_id"], reason=reason, **about)


def _tell_held(draft: Draft, act: Act) -> None:
    """The reporters hear why and when it is looked at again; the units, that their clocks stand still."""
    reason = draft.requests[act.no]["reason"] if act.no is not None else act.text("reason")
    _tell_units(draft, act, "held_unit", reason)
    tell(draft, "held", act.now, unit_id=draft.catalogue.desk_id, reason=reason, **until(draft, _REVIEW, None))


def _tell_goes_on(draft: Draft, act: Act) -> None:
    _tell_units(draft, act, "hold_goes_on", act.text("reason"))
    tell(draft, "held", act.now, unit_id=draft.catalogue.desk_id, reason=act.text("reason"), **until(draft, _REVIEW, None))


def _tell_resumed(draft: Draft, act: Act) -> None:
    reason, lead = act.text("reason") or None, draft.lead()
    _tell_units(draft, act, "resumed", reason, ClockKind.HANDLE.value)
    if lead is not None:
        tell(draft, "resumed_reporter", act.now, unit_id=lead["unit_id"], reason=reason, **until(draft, "handle", lead["no"]))


EFFECTS: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "ask_hold"): _ask,
    (Thing.REQUEST, "approve_hold"): _approve,
    (Thing.REQUEST, "refuse_hold"): _refuse,
    (Thing.CASE, "hold"): _hold,
    (Thing.CASE, "resume"): _resume,
    (Thing.CASE, "review_hold"): _review,
    (Thing.CASE, "prolong_hold"): _prolong,
}
TOLD: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "ask_hold"): _tell_asked,
    (Thing.REQUEST, "refuse_hold"): _tell_refused,
    (Thing.CASE, "hold"): _tell_held,
    (Thing.CASE, "resume"): _tell_resumed,
    (Thing.CASE, "review_hold"): _tell_goes_on,
    (Thing.CASE, "prolong_hold"): _tell_goes_on,
}
