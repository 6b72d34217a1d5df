"""Standing an alarm down (解除警报): whoever was called says by whom and why it is over; somebody else still looks at it.

What devices report is often nothing (cooking, dust, a test). The work orders end with the alarm, and the case goes on to its check
where its category wants one: nobody's own word closes a fire alarm.
"""

from collections.abc import Mapping
from typing import Final

from rules.facts import OPEN_ORDER, OrderState, Thing
from services.moves.act import Act, Effect
from services.moves.again import follow_order
from services.moves.draft import Draft
from services.moves.messages import tell


def _stand_down(draft: Draft, act: Act) -> None:
    """Every work order that is open ends with the reason as its result."""
    reason = act.text("reason")
    for order in draft.present():
        if order["state"] in OPEN_ORDER:
            draft.touch_order(order["no"], finished_at=act.now, result=reason)
            follow_order(draft, act, order["no"], "stand_down", OrderState.DONE)
    draft.case["result"] = reason


def tell_units(draft: Draft, act: Act) -> None:
    """Tell every unit that was called, but the one that says so, by whom it was stood down and why."""
    reason, person = act.text("reason"), act.actor.name
    for order in draft.present():
        if order["unit_id"] not in act.actor.body:
            whom = {"unit_id": order["unit_id"], "section_id": order["assigned_unit_id"]}
            tell(draft, "sensor_stood_down", act.now, **whom, reason=reason, person=person)


EFFECTS: Final[Mapping[tuple[Thing, str], Effect]] = {(Thing.CASE, "stand_down"): _stand_down}
