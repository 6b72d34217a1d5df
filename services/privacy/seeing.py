"""Who sees what of a case: the one place that decides it. Pure; everything that shows cases asks here.

Where an unannounced inspection comes from is hidden from the centre as well that works under a unit which handles the case.
The reporter is hidden from everybody but the centre of the case's area, those who sign, and whoever wrote the report down; they see
masked name and phone, and more only by unmasking with a reason (`services.privacy.unmasking`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rules.facts import OPEN_ORDER, STAFF, Actor, OrderState
from services.catalogue import Catalogue

#: How a source that handlers may not learn of is shown: 巡查.
PATROL: Final = "inspection"
#: Whoever looks at the web list or the API with the one token: nobody in particular.
ANYBODY: Final = Actor("web")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody may see of a case.

    Attributes:
        opened: The case at all; else its number, and that it is a sensitive one.
        contacts: The reporters' names and phones, masked.
        source: Where it really comes from; else `PATROL` stands there.
        words: What people wrote as they wrote it; else phone and identity numbers are blotted out.
        rating: What the resident answered; else nothing until the window has ended.
    """

    opened: bool
    contacts: bool = False
    source: bool = True
    words: bool = False
    rating: bool = True


CLOSED: Final = Seen(opened=False, source=False, rating=False)


def view_of(case: Row, orders: Sequence[Row], viewer: Actor | None, known: Catalogue, window_end: datetime | None, now: datetime) -> Seen:
    """What this viewer may see of this case.

    Args:
        case: Its row.
        orders: Its work orders; none where only a list is shown, which names no reporter.
        viewer: Who looks; None: the administrator of the machine, who sees no reporter and of a sensitive case one line.
        known: The reference data.
        window_end: When the window in which the reporters may rate ends; None: none has begun.
        now: The instant, aware UTC.
    """
    if viewer is None:
        return Seen(opened=case["sensitive"] is None)
    desk = _leads_the_loop(case, viewer, known)
    if not may_open(case, viewer, known):
        return CLOSED
    author = viewer.user_id is not None and viewer.name == case["entered_by"]
    handles = bool(viewer.roles & STAFF) and any(o["unit_id"] in viewer.unit_line for o in orders)
    waits = window_end is not None and now < window_end
    return Seen(
        opened=True,
        contacts=desk or author or viewer.resident_id is not None or (case["contact_allowed"] and _needs_contact(orders, viewer)),
        source=author or (desk and not handles) or not known.source_facts[case["source"]].concealed,
        words=desk or author,
        rating=not (handles and waits),
    )


def _needs_contact(orders: Sequence[Row], viewer: Actor) -> bool:
    """Whether the viewer's unit has work under way for which it has not reached the reporter yet."""
    own = (o for o in orders if o["unit_id"] in viewer.unit_line and OrderState(o["state"]) in OPEN_ORDER)
    return bool(viewer.roles & STAFF) and any(o["contacted_at"] is None for o in own)


def _leads_the_loop(case: Row, viewer: Actor, known: Catalogue) -> bool:
    """Whether the viewer dispatches for the case's area, heads the 网格中心 there, or signs."""
    return signs(case, viewer, known) or ("dispatcher" in viewer.roles and viewer.covers in known.line(case["area_unit_id"]))


def signs(case: Row, viewer: Actor, known: Catalogue) -> bool:
    """Whether the viewer may sign for the case: a duty leader, or the head of the 网格中心 of its area."""
    return "duty_leader" in viewer.roles or ("head" in viewer.roles and viewer.covers in known.line(case["area_unit_id"]))


def leads(case: Row, viewer: Actor, known: Catalogue) -> bool:
    """Whether the viewer may learn who reported a case: the centre of its area and those who sign; of a sensitive one readers only."""
    readers = case["sensitive"] is None or viewer.user_id in case["readers"]
    return readers and _leads_the_loop(case, viewer, known)


def may_open(case: Row, viewer: Actor | None, known: Catalogue) -> bool:
    """Whether somebody may see more of a case than its number: of a sensitive one readers and signers only, and who reported it."""
    if case["sensitive"] is None:
        return True
    if viewer is None:
        return False
    own = viewer.resident_id is not None and viewer.resident_id == case["requester_id"]
    return own or (viewer.user_id is not None and viewer.user_id in case["readers"]) or signs(case, viewer, known)
