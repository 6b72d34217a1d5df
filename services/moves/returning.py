"""Returns (退单): asked once inside a window, ruled by the centre, and what was ruled is not returnable."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, cast

from rules.facts import OrderState, Refused, RequestKind, RequestState, Thing
from rules.worktime import budget_of, elapsed, seconds
from services.moves.act import Act, Effect, order_of
from services.moves.asking import ask, decide
from services.moves.draft import Draft, Row
from services.moves.duties import check_duties, tell_overrides
from services.moves.messages import tell, until
from services.moves.sending import named, present, recall, send, tell_sent

_RULED: Final = (RequestState.GRANTED, RequestState.REFUSED)


def in_window(draft: Draft, order: Row, now: datetime) -> bool:
    """Whether a work order may still be given back: within the policy's window from the moment it was sent, in the unit's own time."""
    window = draft.catalogue.policies[draft.case["policy_version"]].limit("return_window", draft.matter())
    if window is None:
        return False
    calendar = draft.catalogue.calendar_of(order["unit_id"])
    sent = seconds(order["sent_at"])
    gone = elapsed(sent, seconds(now), None if window.limit.natural else calendar)
    return gone <= budget_of(window.limit, sent, calendar)


def _ask(draft: Draft, act: Act) -> None:
    """Ask once per unit and case; whoever is said to own the matter is no more than said to."""
    order = order_of(draft, act)
    unit = order["unit_id"]
    if any(r["unit_id"] == unit and r["kind"] == RequestKind.RETURN and r["state"] in _RULED for r in draft.requests.values()):
        raise Refused("returned_before")
    owner = named(draft, act.args["unit"]) if act.args.get("unit") is not None else None
    if owner == unit:
        raise Refused("proposes_itself")
    ask(draft, act, RequestKind.RETURN, order_no=order["no"], unit_id=unit, to_unit_id=owner)


def _uphold(draft: Draft, act: Act) -> None:
    """Take the order back and rule who handles it: the lead's goes on to that unit (`redispatch`), a co-handler's as a new order.

    Where a co-handler's matter is that of a unit which is in the case already, nobody gets a further order.
    """
    request = draft.requests[cast(int, act.no)]
    order, unit = draft.orders[request["order_no"]], named(draft, act.args["unit"])
    if unit in _let_go(draft) | {order["unit_id"]}:
        raise Refused("unit_gave_it_back", unit=draft.catalogue.units[unit].code)
    there = not order["lead"] and any(o["unit_id"] == unit for o in present(draft))
    if not there:
        check_duties(draft, act, (unit,))
    decide(draft, act, RequestState.GRANTED)["to_unit_id"] = unit
    draft.touch_order(order["no"], returnable=False)
    recall(draft, act, [order])
    if not order["lead"] and not there:
        send(draft, act, unit, lead=False, returnable=False)


def _let_go(draft: Draft) -> set[int]:
    """Units whose work order was ruled on, or given up, and is gone: a ruling does not send it back to them."""
    return {o["unit_id"] for o in draft.orders.values() if o["state"] == OrderState.RECALLED and not o["returnable"]}


def _reject(draft: Draft, act: Act) -> None:
    """It stays with the unit, which may not ask again (退单未采纳)."""
    request = decide(draft, act, RequestState.REFUSED)
    draft.touch_order(request["order_no"], returnable=False)


# who hears of it ------------------------------------------------------------------------------------------------------


def _tell_asked(draft: Draft, act: Act) -> None:
    order = order_of(draft, act)
    about = until(draft, "rule", order["no"]) | {"reason": act.text("reason")}
    tell(draft, "return_asked", act.now, unit_id=draft.catalogue.desk_id, shown_unit_id=order["unit_id"], **about)


def _tell_upheld(draft: Draft, act: Act) -> None:
    """The unit is off it, and hears whose it is now; a co-handler that was ruled hears at once, a lead with the move that follows."""
    request = draft.requests[cast(int, act.no)]
    about = {"shown_unit_id": request["to_unit_id"], "reason": act.text("reason")}
    tell(draft, "return_upheld", act.now, unit_id=request["unit_id"], **about)
    if not draft.orders[request["order_no"]]["lead"]:
        tell_sent(draft, act, co="ruled_co")
        tell_overrides(draft, act)


def _tell_rejected(draft: Draft, act: Act) -> None:
    request = draft.requests[cast(int, act.no)]
    about = until(draft, "handle", request["order_no"]) | {"reason": act.text("reason")}
    tell(draft, "return_rejected", act.now, unit_id=request["unit_id"], **about)


EFFECTS: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.ORDER, "ask_return"): _ask,
    (Thing.REQUEST, "uphold_return"): _uphold,
    (Thing.REQUEST, "reject_return"): _reject,
}
TOLD: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.ORDER, "ask_return"): _tell_asked,
    (Thing.REQUEST, "uphold_return"): _tell_upheld,
    (Thing.REQUEST, "reject_return"): _tell_rejected,
}
