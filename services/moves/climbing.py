"""③ in full: the climb from level to level, from there to the units, and inside a unit to its sections."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final, cast

from rules.facts import STEP_OF, SYSTEM, Level, OrderState, Refused, Thing
from rules.routing import Held, downwards, held_at_first_of, upwards
from services.moves.act import Act, Effect, order_of
from services.moves.draft import Draft
from services.moves.duties import check_duties, check_pushed_down, tell_overrides
from services.moves.sending import named, send


def _first_of(draft: Draft, levels: Iterable[Level]) -> Held | None:
    """The first of these levels that exists for the place and may hold the case."""
    may_hold = partial(draft.catalogue.routing.may_hold, category=draft.case["category"])
    return held_at_first_of(levels, draft.area_line, draft.catalogue.units, may_hold)


def _hold(draft: Draft, act: Act, found: Held) -> None:
    """Let a level hold the case; which levels were passed over is written in the journal, because each of them was due."""
    if found.passed:
        data = {"levels": [level.value for level in found.passed], "why": "may_not_hold"}
        draft.enter(act.now, SYSTEM, step=STEP_OF[draft.state].value, thing="case", action="passed_over", data=data)
    draft.case.update(level=found.level.value, holder_unit_id=found.holder)


def _place(draft: Draft, act: Act) -> None:
    """Begin the climb; a level that may not hold the case is passed over. What people place low down is on the community's list."""
    level, holder = Level(act.text("level")), cast(int, act.args["holder"])
    found = _first_of(draft, upwards(level))
    if found is None:
        raise Refused("no_unit_at_level", level=level.value)
    placed = Held(level, holder, ()) if found.level is level else found
    draft.catalogue.check_present(placed.holder)
    if not act.actor.system:
        check_pushed_down(draft, placed.holder)
    _hold(draft, act, placed)


def _report_up(draft: Draft, act: Act) -> None:
    _climb(draft, act, upwards(Level(draft.case["level"]))[1:])


def _climb(draft: Draft, act: Act, levels: Iterable[Level]) -> None:
    found = _first_of(draft, levels)
    if found is None:
        raise Refused("already_top")
    _hold(draft, act, found)


def _send_down(draft: Draft, act: Act) -> None:
    level = cast(Level, act.args["level"])
    found = _first_of(draft, downwards(level))
    if found is None:
        raise Refused("no_unit_at_level", level=level.value)
    check_pushed_down(draft, found.holder)
    _hold(draft, act, found)


def _skip_levels(draft: Draft, act: Act) -> None:
    """Straight to the level that may dispatch such a case, or on to the district from there."""
    wanted = Level(draft.case["authority"]) if draft.case["authority"] else Level.DISTRICT
    here = Level(draft.case["level"])
    _climb(draft, act, upwards(wanted if wanted.height > here.height else Level.DISTRICT))


def _dispatch(draft: Draft, act: Act) -> None:
    lead, co = cast(int, act.args["lead"]), cast("tuple[int, ...]", act.args.get("co") or ())
    units = [named(draft, unit) for unit in dict.fromkeys((lead, *co))]
    check_duties(draft, act, units)
    draft.case["holder_unit_id"] = None
    for unit in units:
        send(draft, act, unit, lead=unit == lead)


def _handle_here(draft: Draft, act: Act) -> None:
    holder = draft.case["holder_unit_id"]
    check_duties(draft, act, (holder,), pushed=False)
    draft.add_order({"unit_id": holder, "lead": True, "state": OrderState.WORKING.value, "sent_at": act.now, "acknowledged_at": act.now})


def _assign(draft: Draft, act: Act) -> None:
    """Hand the work order on inside the unit: whoever has it now, or is above, to a section of his own or below it."""
    section, order, own = cast(int, act.args["section"]), order_of(draft, act), act.actor.unit_id
    line = draft.catalogue.line
    if section not in draft.catalogue.units or order["unit_id"] not in line(section):
        raise Refused("section_not_inside")
    draft.catalogue.check_present(section)
    has_it = order["assigned_unit_id"] or order["unit_id"]
    if own not in line(has_it) or own not in line(section):
        raise Refused("section_not_below", section=draft.catalogue.units[section].code)
    draft.touch_order(order["no"], assigned_unit_id=section, handler_id=None)


EFFECTS: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "place"): _place,
    (Thing.CASE, "report_up"): _report_up,
    (Thing.CASE, "send_down"): _send_down,
    (Thing.CASE, "skip_levels"): _skip_levels,
    (Thing.CASE, "dispatch"): _dispatch,
    (Thing.CASE, "handle_here"): _handle_here,
    (Thing.ORDER, "assign"): _assign,
}
TOLD: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "handle_here"): tell_overrides,
}
