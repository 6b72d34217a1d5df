"""Work orders sent and taken back while a case is with its units: what reassigning, returning, ending have in common."""

from collections.abc import Iterable
from typing import cast

from rules.facts import OrderState, Refused
from services.moves.act import Act
from services.moves.again import follow_order
from services.moves.draft import Draft, Row
from services.moves.messages import tell, until


def present(draft: Draft) -> list[Row]:
    """The work orders of the present run that stand."""
    return draft.present()


def named(draft: Draft, unit_id: object) -> int:
    """A unit that somebody has named to handle a case.

    Raises:
        Refused: `unknown_unit`, `unit_retired`, `unit_cannot_handle`.
    """
    unit = cast(int, unit_id)
    draft.catalogue.check_present(unit)
    if unit == draft.catalogue.district_id:
        raise Refused("unit_cannot_handle", unit=unit)  # everybody is below it, so nobody could verify
    return unit


def check_new(draft: Draft, units: Iterable[int], there: Iterable[Row]) -> None:
    """See to it that none of these units has a work order of the case already.

    Raises:
        Refused: `already_in_case`.
    """
    known = {order["unit_id"] for order in there}
    for unit in units:
        if unit in known:
            raise Refused("already_in_case", unit=draft.catalogue.units[unit].code)


def send(draft: Draft, act: Act, unit_id: int, *, lead: bool, returnable: bool = True) -> None:
    """Send a work order to a unit that was looked at before (`named`, `check_duties`); lead units are counted one after the other."""
    state = OrderState.SENT.value
    draft.add_order({"unit_id": unit_id, "lead": lead, "state": state, "sent_at": act.now, "returnable": returnable})
    draft.case["hops"] += lead


def recall(draft: Draft, act: Act, orders: Iterable[Row]) -> None:
    """Take work orders back, each with an entry in the journal; what the unit has asked for lapses with it."""
    for order in orders:
        follow_order(draft, act, order["no"], "recall", OrderState.RECALLED)


def change_lead(draft: Draft, act: Act, unit_id: int, *, returnable: bool = True) -> None:
    """Let another unit lead: whoever led is recalled; one that has co-handled so far gives that work order up for the lead's."""
    recall(draft, act, [o for o in present(draft) if o["lead"] or o["unit_id"] == unit_id])
    send(draft, act, unit_id, lead=True, returnable=returnable)
    draft.case.update(result=None, level=None, holder_unit_id=None)


def tell_recalled(draft: Draft, act: Act, code: str, reason: str) -> None:
    """Tell every unit whose work order has just been taken back, and why; not those that have just got another one."""
    again = {draft.orders[no]["unit_id"] for no in draft.new_orders}
    for no in sorted(draft.touched_orders):
        order = draft.orders[no]
        if order["state"] == OrderState.RECALLED and order["unit_id"] not in again:
            tell(draft, code, act.now, unit_id=order["unit_id"], section_id=order["assigned_unit_id"], reason=reason or None)


def tell_sent(draft: Draft, act: Act, lead: str = "dispatched_lead", co: str = "dispatched_co") -> None:
    """Tell every unit that has just got a work order, and the reporters, if another unit leads from now on."""
    for no in sorted(draft.new_orders):
        order = draft.orders[no]
        about = until(draft, "acknowledge", no) | {"reason": act.text("reason") or None}
        tell(draft, lead if order["lead"] else co, act.now, unit_id=order["unit_id"], **about)
        if order["lead"]:
            tell(draft, "dispatched_reporter", act.now, unit_id=order["unit_id"], **until(draft, "handle", no))
