"""Supervision orders (督办单) as people work with them: opening, signing and closing many at once, lists.

What the moves change is in `services.moves.supervising`; everything here goes through the one door.
"""

from services.supervision.acting import Result, Waiting, ask, waiting_for
from services.supervision.bulk import Line, issue
from services.supervision.listing import OrderStory, Wanted, list_orders, order_json, read_order, story_json
from services.supervision.opening import Opened, Spot, Wish, note, open_on
from services.supervision.references import Ref, label_of, ref_of, refs_of
from services.supervision.sheet import Asked, Sheet, read_sheet

__all__ = [
    "Asked",
    "Line",
    "Opened",
    "OrderStory",
    "Ref",
    "Result",
    "Sheet",
    "Spot",
    "Waiting",
    "Wanted",
    "Wish",
    "ask",
    "issue",
    "label_of",
    "list_orders",
    "note",
    "open_on",
    "order_json",
    "read_order",
    "read_sheet",
    "ref_of",
    "refs_of",
    "story_json",
    "waiting_for",
]
