"""Doing it again: the lead's work order goes back to work, in a new round."""

from rules.facts import SYSTEM, OrderState, Refused
from services.moves import extending
from services.moves.act import Act
from services.moves.draft import Draft


def redo(draft: Draft, act: Act) -> None:
    """Begin a new round: what was said of the one before no longer counts, and the lead works on.

    Raises:
        Refused: `orders_open`, no unit leads.
    """
    lead = draft.lead()
    if lead is None:
        raise Refused("orders_open")
    draft.case.update(round=draft.case["round"] + 1, solved=None, score=None)
    draft.touch_order(lead["no"], finished_at=None)
    follow_order(draft, act, lead["no"], "redo", OrderState.WORKING)


def follow_order(draft: Draft, act: Act, no: int, action: str, after: OrderState) -> None:
    """Let a work order follow a move of the case: its state, its journal entry, a request for more time that lapses with it."""
    before = draft.orders[no]["state"]
    extending.lapse(draft, no, act.now)
    draft.touch_order(no, state=after.value)
    draft.enter(act.now, SYSTEM, step="handle", thing="order", action=action, thing_no=no, before=before, after=after.value)
