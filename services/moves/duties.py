"""Duty lists (职责清单) at the door: what is off a unit's list is not sent to it, unless the centre says so and why."""

from collections.abc import Iterable

from rules.facts import Refused, is_centre
from rules.routing import OFF_COMMUNITY, OUTSIDE, breach
from services.moves.act import Act
from services.moves.draft import Draft
from services.moves.messages import tell


def check_duties(draft: Draft, act: Act, units: Iterable[int], *, pushed: bool = True) -> None:
    """See to it that a case may go to these units; to be called by every effect that makes a work order.

    The centre may send a case to a unit off its list with `override` and a reason, which are journalled with the move. Nothing off
    a community's list is pushed down to it or to its grids, whoever asks (Beijing's rule on 接诉即办, art. 17; docs/routing.md).

    Args:
        draft: The case.
        act: Who sends it, with `override` and `reason`.
        units: Units that get a work order.
        pushed: False where a unit takes the case itself.

    Raises:
        Refused: `unknown_unit`, `unit_retired`, `outside_duty_list`, `off_community_list`, `override_needs_reason`.
    """
    for unit_id in units:
        draft.catalogue.check_present(unit_id)
        broken = breach(unit_id, draft.case["category"], draft.catalogue.routing, draft.catalogue.units)
        if broken is None:
            continue
        code = OFF_COMMUNITY if broken == OFF_COMMUNITY and pushed else OUTSIDE
        if code == OFF_COMMUNITY or not _overrides(draft, act):
            raise Refused(code, unit=draft.catalogue.units[unit_id].code, category=draft.case["category"])
        if not act.text("reason"):
            raise Refused("override_needs_reason")


def check_pushed_down(draft: Draft, holder: int) -> None:
    """See to it that a community or grid may be given a case to hold.

    Raises:
        Refused: `off_community_list`.
    """
    if breach(holder, draft.case["category"], draft.catalogue.routing, draft.catalogue.units) == OFF_COMMUNITY:
        raise Refused(OFF_COMMUNITY, unit=draft.catalogue.units[holder].code, category=draft.case["category"])


def _overrides(draft: Draft, act: Act) -> bool:
    return bool(act.args.get("override")) and is_centre(act.actor, draft.facts())


def tell_overrides(draft: Draft, act: Act) -> None:
    """Tell the centre's head of every new work order that went to a unit off its duty list; to be called with what is told of a move."""
    for no in draft.new_orders:
        unit_id = draft.orders[no]["unit_id"]
        if breach(unit_id, draft.case["category"], draft.catalogue.routing, draft.catalogue.units) is not None:
            desk = draft.catalogue.desk_id
            tell(draft, "duty_override", act.now, unit_id=desk, shown_unit_id=unit_id, reason=act.text("reason") or None)
