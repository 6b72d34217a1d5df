"""Whose next act everybody waits for, as a draft stands."""

from typing import TYPE_CHECKING, Final

from rules.facts import OPEN_ORDER, OrderState, RequestKind, State

if TYPE_CHECKING:
    from services.moves.draft.draft import Draft

#: Nobody but the desk goes on: on hold it is looked at again there, and lifted.
_WITH_DESK: Final = frozenset({State.NOTED, State.SUBMITTED, State.ACCEPTED, State.FILED, State.ON_HOLD, State.VERIFIED, State.EVALUATED})


def ball_unit(draft: "Draft") -> int | None:
    """The unit that holds the ball as the draft stands: whose next act everybody waits for; None: the resident's, or nobody's."""
    state = draft.state
    if state in (State.DISPATCHED, State.HANDLING):
        return _working_unit(draft)
    if state is State.REPORTING:
        return int(draft.case["holder_unit_id"])
    if state is State.BESIDE:
        return next((a["unit_id"] for a in draft.affairs.values() if a["ended_at"] is None), None)
    if state in _WITH_DESK:
        return draft.catalogue.desk_id
    return unit_to_check(draft) if state is State.HANDLED else None


def _working_unit(draft: "Draft") -> int | None:
    """Whose work everybody waits for, the lead's first; the centre's where it has to rule whose matter it is, or nobody works."""
    ruled = {no for _, kind, no, *_ in draft.case["asks"] if kind == RequestKind.RETURN}
    if any(draft.orders[no]["lead"] for no in ruled):
        return draft.catalogue.desk_id  # nobody goes on before that
    waiting = [o for o in draft.present() if o["state"] in OPEN_ORDER and o["no"] not in ruled]
    waiting.sort(key=lambda o: not o["lead"])
    return waiting[0]["unit_id"] if waiting else draft.catalogue.desk_id


def unit_to_check(draft: "Draft") -> int | None:
    """The unit expected to verify: the nearest 网格中心 over the place that did not handle the case itself or work under who did."""
    present = draft.catalogue.present
    tried = {u for o in draft.orders.values() if o["state"] != OrderState.RECALLED for u in (o["unit_id"], present(o["unit_id"]))}
    for place in draft.area_line:
        for centre in draft.catalogue.grid_centres:
            if centre.parent_id == place and tried.isdisjoint(draft.catalogue.line(centre.id)):
                return centre.id
    return draft.catalogue.district_id  # the duty leader: the district itself never handles a case
