"""What each move changes besides the state. One function an action; the table in rules/lifecycle.py says whether it may happen."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, cast

from rules.facts import FINAL, STEP_OF, SYSTEM, Level, OrderState, Refused, State, Thing
from rules.routing import first_level_up, holder_at
from services.moves import extending, supervising
from services.moves.act import Act, Effect, local, order_of
from services.moves.clockwork import BOUND_FROM_OUTSIDE, reproject, settle, stop, touch
from services.moves.draft import Draft

# ① ② ------------------------------------------------------------------------------------------------------------------


URGENCIES: Final = ("P0", "P1", "P2", "P3")
FURTHEST: Final = timedelta(days=3660)  #: a limit from outside that is farther away is a slip of the pen


def _accept(draft: Draft, act: Act) -> None:
    if act.text("urgency"):
        draft.case["urgency"] = _urgency(act)


def _urgency(act: Act) -> str:
    if act.text("urgency") not in URGENCIES:
        raise Refused("unknown_urgency", urgency=act.text("urgency"))
    return act.text("urgency")


def _file(draft: Draft, act: Act) -> None:
    category = draft.catalogue.categories.get(act.text("category"))
    if category is None:
        raise Refused("unknown_category", category=act.text("category"))
    draft.case.update(
        category=category.code,
        urgency=_urgency(act),
        authority=category.authority.value,
        needs_check=category.verify,
        policy_version=draft.catalogue.policy_at(act.now),
        level=None,
        holder_unit_id=None,
    )


def _refile(draft: Draft, act: Act) -> None:
    """Its clocks begin anew with the limits of what it is now taken for; what was late stays late on record."""
    _file(draft, act)
    for clock in [c for c in draft.clocks if c["supervision_seq"] is None]:
        stop(draft, clock, act.now)
    draft.clocks = [c for c in draft.clocks if c["stopped_at"] is None]


def _end(notice: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        draft.case["holder_unit_id"] = draft.case["level"] = None
        if act.text("result"):
            draft.case["result"] = act.text("result")

    effect.__name__ = f"end_with_{notice}"
    return effect


def _merge(draft: Draft, act: Act) -> None:
    into = act.args.get("into")
    target = draft.others.get(into) if isinstance(into, int) else None
    if target is None or target is draft or target.state in FINAL:
        raise Refused("merge_target_missing")
    draft.case["merged_into_id"] = into
    data = {"case": draft.case["no"]}
    target.enter(act.now, act.actor, step=STEP_OF[target.state].value, thing="case", action="absorb", data=data)


# ③ --------------------------------------------------------------------------------------------------------------------


def _held_at(draft: Draft, level: Level, holder: int) -> None:
    draft.case.update(level=level.value, holder_unit_id=holder)


def _place(draft: Draft, act: Act) -> None:
    _held_at(draft, Level(act.text("level")), cast(int, act.args["holder"]))


def _report_up(draft: Draft, act: Act) -> None:
    _climb(draft, Level(draft.case["level"]))


def _climb(draft: Draft, level: Level) -> None:
    upper = first_level_up(level, draft.area_line, draft.catalogue.units)
    if upper is None:
        raise Refused("already_top")
    _held_at(draft, *upper)


def _send_down(draft: Draft, act: Act) -> None:
    level = cast(Level, act.args["level"])
    holder = holder_at(level, draft.area_line, draft.catalogue.units)
    if holder is None:
        raise Refused("no_unit_at_level", level=level.value)
    _held_at(draft, level, holder)


def _skip_levels(draft: Draft, act: Act) -> None:
    wanted = Level(draft.case["authority"]) if draft.case["authority"] else Level.DISTRICT
    here = Level(draft.case["level"])
    target = wanted if wanted.height > here.height else Level.DISTRICT
    holder = holder_at(target, draft.area_line, draft.catalogue.units)
    _held_at(draft, target, holder) if holder is not None else _climb(draft, here)


def _dispatch(draft: Draft, act: Act) -> None:
    lead, co = cast(int, act.args["lead"]), cast("tuple[int, ...]", act.args.get("co") or ())
    for unit in (lead, *co):
        if unit not in draft.catalogue.units:
            raise Refused("unknown_unit", unit=unit)
        if unit == draft.catalogue.district_id:
            raise Refused("unit_cannot_handle", unit=unit)  # everybody is below it, so nobody could verify
    draft.case["holder_unit_id"] = None
    for unit in dict.fromkeys((lead, *co)):
        draft.add_order({"unit_id": unit, "lead": unit == lead, "state": OrderState.SENT.value, "sent_at": act.now})


def _handle_here(draft: Draft, act: Act) -> None:
    holder = draft.case["holder_unit_id"]
    draft.add_order({"unit_id": holder, "lead": True, "state": OrderState.WORKING.value, "sent_at": act.now, "acknowledged_at": act.now})


# ④ ⑤ ⑥ ----------------------------------------------------------------------------------------------------------------


def _recall(draft: Draft, act: Act) -> None:
    for no, order in draft.orders.items():
        if order["state"] != OrderState.RECALLED:
            _follow_order(draft, act, no, "recall", OrderState.RECALLED)
    draft.case.update(level=None, holder_unit_id=None)


def _redo(draft: Draft, act: Act) -> None:
    lead = draft.lead()
    if lead is None:
        raise Refused("orders_open")
    draft.case.update(round=draft.case["round"] + 1, solved=None, score=None)
    draft.touch_order(lead["no"], finished_at=None)
    _follow_order(draft, act, lead["no"], "redo", OrderState.WORKING)


def _follow_order(draft: Draft, act: Act, no: int, action: str, after: OrderState) -> None:
    before = draft.orders[no]["state"]
    extending.lapse(draft, no, act.now)
    draft.touch_order(no, state=after.value)
    draft.enter(act.now, SYSTEM, step="handle", thing="order", action=action, thing_no=no, before=before, after=after.value)


def _rate(draft: Draft, act: Act) -> None:
    draft.case.update(solved=act.args["solved"], score=act.args.get("score"))


def _reopen(draft: Draft, act: Act) -> None:
    draft.case.update(level=None, holder_unit_id=None, solved=None, score=None, round=draft.case["round"] + 1)
    draft.case.update(outside_due_at=None, outside_by=None, outside_note=None)


def _bind(draft: Draft, act: Act) -> None:
    """A limit given from outside: the earlier of several holds, and it lengthens nothing."""
    due = _moment(act)
    known = draft.case["outside_due_at"]
    if known is not None and known <= due:
        raise Refused("bound_earlier_already", due=local(draft, known))
    draft.case.update(outside_due_at=due, outside_by=act.text("by"), outside_note=act.text("reason"))
    for clock in draft.clocks:
        running = clock["running_since"] is not None
        if clock["kind"] in BOUND_FROM_OUTSIDE and (not running or clock["due_at"] > act.now):
            clock.update(bound_at=due, bound_by=act.text("by"), restamped=True)
            if running:
                settle(draft, clock, act.now)
            (reproject if running else touch)(draft, clock)


def _moment(act: Act) -> datetime:
    try:
        due = datetime.fromisoformat(act.text("due_at"))
    except ValueError:
        raise Refused("bad_moment", given=act.text("due_at")) from None
    if due.tzinfo is None or due <= act.now:
        raise Refused("deadline_past", given=act.text("due_at"))
    if due > act.now + FURTHEST:
        raise Refused("deadline_too_far", given=act.text("due_at"))
    if act.text("by") not in ("upstream", "note"):
        raise Refused("unknown_outside", given=act.text("by"))
    return due


def _nothing(_draft: Draft, _act: Act) -> None:
    """The state says it all."""


# work orders ----------------------------------------------------------------------------------------------------------


def _acknowledge_order(draft: Draft, act: Act) -> None:
    draft.touch_order(order_of(draft, act)["no"], acknowledged_at=act.now, deemed=act.actor.system)


def _reach(draft: Draft, act: Act) -> None:
    order = order_of(draft, act)
    draft.touch_order(order["no"], stages=[*order["stages"], act.text("stage")])


def _assign(draft: Draft, act: Act) -> None:
    section, order = cast(int, act.args["section"]), order_of(draft, act)
    if section not in draft.catalogue.units or order["unit_id"] not in draft.catalogue.line(section):
        raise Refused("section_not_inside")
    draft.touch_order(order["no"], assigned_unit_id=section)


def _mark(column: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        draft.touch_order(order_of(draft, act)["no"], **{column: act.now})

    effect.__name__ = f"mark_{column}"
    return effect


def _finish_order(draft: Draft, act: Act) -> None:
    order = order_of(draft, act)
    extending.lapse(draft, order["no"], act.now)
    draft.touch_order(order["no"], finished_at=act.now, result=act.text("result"))
    if order["lead"]:
        draft.case["result"] = act.text("result")


EFFECTS: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "accept"): _accept,
    (Thing.CASE, "file"): _file,
    (Thing.CASE, "refile"): _refile,
    (Thing.CASE, "decline"): _end("declined"),
    (Thing.CASE, "divert"): _end("diverted"),
    (Thing.CASE, "answer"): _end("answered"),
    (Thing.CASE, "merge"): _merge,
    (Thing.CASE, "place"): _place,
    (Thing.CASE, "report_up"): _report_up,
    (Thing.CASE, "send_down"): _send_down,
    (Thing.CASE, "skip_levels"): _skip_levels,
    (Thing.CASE, "dispatch"): _dispatch,
    (Thing.CASE, "handle_here"): _handle_here,
    (Thing.CASE, "recall"): _recall,
    (Thing.CASE, "fail_check"): _redo,
    (Thing.CASE, "rework"): _redo,
    (Thing.CASE, "rate"): _rate,
    (Thing.CASE, "reopen"): _reopen,
    (Thing.ORDER, "acknowledge"): _acknowledge_order,
    (Thing.ORDER, "deem_acknowledged"): _acknowledge_order,
    (Thing.ORDER, "assign"): _assign,
    (Thing.ORDER, "contact"): _mark("contacted_at"),
    (Thing.ORDER, "control"): _mark("controlled_at"),
    (Thing.ORDER, "finish"): _finish_order,
    (Thing.ORDER, "reach"): _reach,
    (Thing.CASE, "bind"): _bind,
    **extending.EFFECTS,
    **supervising.EFFECTS,
}


def effect_of(thing: Thing, action: str) -> Effect:
    """What a move changes besides the state."""
    return EFFECTS.get((thing, action), _nothing)


def following(draft: Draft, thing: Thing, action: str, no: int | None) -> str | None:
    """The case's own move that follows from that of one of its things.

    It is acknowledged when its lead acknowledges; what was only noted is settled with its last supervision order.
    """
    if thing is Thing.SUPERVISION:
        return "settle" if draft.state is State.NOTED and supervising.all_ended(draft) else None
    if thing is not Thing.ORDER or no is None or draft.state is not State.DISPATCHED:
        return None
    acknowledged = action in ("acknowledge", "deem_acknowledged") and draft.orders[no]["lead"]
    return "acknowledge" if acknowledged else None
