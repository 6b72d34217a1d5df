"""Reassigning, further co-handlers, giving up, urging, handing to a person: who does the work changes while it is being done."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Final, cast

from notifications.notices import SMS
from rules.facts import STEP_OF, SYSTEM, Level, Refused, RequestKind, Thing
from rules.ladder import Post
from rules.reasons import HOPS
from rules.routing import Held, held_at_first_of, level_of, upwards
from services.catalogue import Person
from services.moves.act import Act, Effect, local, order_of
from services.moves.draft import Draft, Row
from services.moves.duties import check_duties, tell_overrides
from services.moves.extending import lapse
from services.moves.messages import queue, tell, until
from services.moves.sending import change_lead, check_new, named, present, recall, send, tell_recalled, tell_sent
from services.recipients import Addressee

TRIES_APART: Final = timedelta(hours=1)  #: whoever calls three times in a row has tried once

# units ----------------------------------------------------------------------------------------------------------------


def _reassign(draft: Draft, act: Act) -> None:
    """Another unit leads, perhaps with further co-handlers; those who co-handle already go on."""
    lead, co = named(draft, act.args["lead"]), [named(draft, unit) for unit in cast("tuple[int, ...]", act.args.get("co") or ())]
    now = draft.lead()
    if now is not None and now["unit_id"] == lead:
        raise Refused("leads_already", unit=draft.catalogue.units[lead].code)
    more = [unit for unit in dict.fromkeys(co) if unit != lead]
    check_new(draft, more, (o for o in present(draft) if not o["lead"]))
    check_duties(draft, act, (lead, *more))
    change_lead(draft, act, lead)
    for unit in more:
        send(draft, act, unit, lead=False)


def _add_co(draft: Draft, act: Act) -> None:
    unit = named(draft, act.args["unit"])
    check_new(draft, [unit], present(draft))
    check_duties(draft, act, (unit,))
    send(draft, act, unit, lead=False)


def _redispatch(draft: Draft, act: Act) -> None:
    """The unit that was ruled to handle leads from now on, and may not give it back."""
    change_lead(draft, act, cast(int, act.args["unit"]), returnable=False)


def _give_up(draft: Draft, act: Act) -> None:
    """A unit without penalties cannot go on; it is not chosen again by a ruling."""
    order = order_of(draft, act)
    if order["lead"]:
        _above(draft, order["unit_id"])
    lapse(draft, order["no"], act.now)
    draft.touch_order(order["no"], returnable=False)


def _move_up(draft: Draft, act: Act) -> None:
    """The level above the unit that gave up holds the case and decides anew; whoever co-handled is taken off it."""
    found = _above(draft, order_of(draft, act)["unit_id"])
    recall(draft, act, [o for o in present(draft) if o["no"] != act.no])
    if found.passed:
        data = {"levels": [level.value for level in found.passed], "why": "may_not_hold"}
        draft.enter(act.now, SYSTEM, step=STEP_OF[draft.state].value, thing="case", action="passed_over", data=data)
    draft.case.update(result=None, level=found.level.value, holder_unit_id=found.holder)


def _above(draft: Draft, unit_id: int) -> Held:
    """The first level above a unit that has somebody for the place and may hold the case.

    Raises:
        Refused: `no_unit_at_level`.
    """
    known = draft.catalogue
    levels = (level_of(known.units[upper]) for upper in known.line(unit_id)[1:])
    lowest = next((level for level in levels if level is not None), Level.DISTRICT)
    may_hold = partial(known.routing.may_hold, category=draft.case["category"])
    found = held_at_first_of(upwards(lowest), draft.area_line, known.units, may_hold)
    if found is None:
        raise Refused("no_unit_at_level", level=Level.DISTRICT.value)
    return found


# people ---------------------------------------------------------------------------------------------------------------


def _hand_to(draft: Draft, act: Act) -> None:
    """Name the person in the unit who does it; he or she has to be there."""
    order, person = order_of(draft, act), draft.catalogue.by_id.get(cast(int, act.args["person"]))
    if person is None:
        raise Refused("unknown_person", person=act.args["person"])
    if order["unit_id"] not in draft.catalogue.line(person.unit_id):
        raise Refused("person_not_inside", person=person.name, unit=draft.catalogue.units[order["unit_id"]].code)
    if any(away.person_id == person.id and away.covers(act.now) for away in draft.catalogue.absences):
        raise Refused("person_away", person=person.name)
    draft.touch_order(order["no"], handler_id=person.id)


def _try_contact(draft: Draft, act: Act) -> None:
    order = order_of(draft, act)
    last = draft.tried_at.get(order["no"])
    if last is not None and act.now < last + TRIES_APART:
        raise Refused("tried_lately", at=local(draft, last))
    draft.touch_order(order["no"], tries=order["tries"] + 1)


# who hears of it ------------------------------------------------------------------------------------------------------


def tell_hops(draft: Draft, act: Act) -> None:
    """Tell the centre's head that a case goes from one lead unit to the next; to be called with what is told of a new lead."""
    lead = draft.lead()
    if lead is not None and draft.case["hops"] >= HOPS:
        about = {"shown_unit_id": lead["unit_id"], "reason": act.text("reason") or None}
        tell(draft, "passed_around", act.now, unit_id=draft.catalogue.desk_id, **about)


def _tell_reassigned(draft: Draft, act: Act) -> None:
    tell_recalled(draft, act, "recalled", act.text("reason"))
    tell_sent(draft, act)
    _tell_new_lead(draft, act)


def _tell_redispatched(draft: Draft, act: Act) -> None:
    """The unit that was ruled hears that it may not return it; the one that gave it back hears of that as an answer of its own."""
    tell_sent(draft, act, lead="ruled_lead")
    _tell_new_lead(draft, act)


def _tell_new_lead(draft: Draft, act: Act) -> None:
    """Who goes on co-handling hears who leads now."""
    lead = cast(Row, draft.lead())
    for order in present(draft):
        if not order["lead"] and order["no"] not in draft.new_orders:
            tell(draft, "lead_changed", act.now, unit_id=order["unit_id"], shown_unit_id=lead["unit_id"])
    tell_overrides(draft, act)
    tell_hops(draft, act)


def _tell_added(draft: Draft, act: Act) -> None:
    tell_sent(draft, act)
    lead, added = draft.lead(), draft.orders[max(draft.new_orders)]
    if lead is not None and lead["unit_id"] not in act.actor.unit_line:
        about = {"shown_unit_id": added["unit_id"], "reason": act.text("reason")}
        tell(draft, "co_added", act.now, unit_id=lead["unit_id"], **about)
    tell_overrides(draft, act)


def _tell_given_up(draft: Draft, act: Act) -> None:
    """The centre hears of it, and of a co-handler's the unit that leads."""
    order, lead = order_of(draft, act), draft.lead()
    about = {"shown_unit_id": order["unit_id"], "reason": act.text("reason")}
    tell(draft, "gave_up", act.now, unit_id=draft.catalogue.desk_id, to=(Post("centre"),), **about)
    if lead is not None and not order["lead"]:
        tell(draft, "gave_up", act.now, unit_id=lead["unit_id"], **about)


def _tell_moved_up(draft: Draft, act: Act) -> None:
    """Whoever holds it now decides; the co-handlers are off it, and the reporters hear that it goes on elsewhere."""
    for order in draft.orders.values():
        if order["no"] in draft.touched_orders and order["no"] != act.no:
            tell(draft, "recalled", act.now, unit_id=order["unit_id"], reason=act.text("reason"))
    holder = draft.case["holder_unit_id"]
    tell(draft, "level_asked", act.now, unit_id=holder, reason=act.text("reason"), **until(draft, "decide", None))
    tell(draft, "moved_up", act.now, unit_id=holder)


def _tell_urged(draft: Draft, act: Act) -> None:
    """The unit's people and its head, and who was named to do it."""
    order = order_of(draft, act)
    about = until(draft, "handle", order["no"]) | {"reason": act.text("reason")}
    tell(draft, "urged", act.now, unit_id=order["unit_id"], section_id=order["assigned_unit_id"], **about)
    handler = draft.catalogue.by_id.get(order["handler_id"])
    if handler is not None:
        _tell_person(draft, act, "urged", handler, {"unit_id": order["unit_id"], **about})


def _tell_handed(draft: Draft, act: Act) -> None:
    order = order_of(draft, act)
    about = until(draft, "handle", order["no"]) | {"unit_id": order["unit_id"], "reason": act.text("reason") or None}
    _tell_person(draft, act, "handed_to", draft.catalogue.by_id[order["handler_id"]], about)


def _tell_person(draft: Draft, act: Act, code: str, person: Person, about: Row) -> None:
    """Of a sensitive case only who is named for it hears."""
    if draft.case["sensitive"] is None or person.id in draft.case["readers"]:
        queue(draft, code, act.now, Addressee(person, SMS), about)


EFFECTS: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "reassign"): _reassign,
    (Thing.CASE, "add_co"): _add_co,
    (Thing.CASE, "redispatch"): _redispatch,
    (Thing.CASE, "move_up"): _move_up,
    (Thing.ORDER, "give_up"): _give_up,
    (Thing.ORDER, "hand_to"): _hand_to,
    (Thing.ORDER, "try_contact"): _try_contact,
}
TOLD: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "reassign"): _tell_reassigned,
    (Thing.CASE, "add_co"): _tell_added,
    (Thing.CASE, "redispatch"): _tell_redispatched,
    (Thing.CASE, "move_up"): _tell_moved_up,
    (Thing.ORDER, "give_up"): _tell_given_up,
    (Thing.ORDER, "urge"): _tell_urged,
    (Thing.ORDER, "hand_to"): _tell_handed,
}


def _of_the_lead(action: str) -> Callable[[Draft, int], str | None]:
    return lambda draft, no: action if draft.orders[no]["lead"] else None


#: Moves of the case that follow from one of a work order or a request, by what it is about; None: none.
FOLLOWS: Final[Mapping[tuple[Thing, str], Callable[[Draft, int], str | None]]] = {
    (Thing.ORDER, "give_up"): _of_the_lead("move_up"),
    (Thing.REQUEST, "uphold_return"): lambda draft, no: _of_the_lead("redispatch")(draft, draft.requests[no]["order_no"]),
    (Thing.REQUEST, "confirm_end"): lambda draft, no: RequestKind(draft.requests[no]["kind"]).value,
}
