"""What each move changes besides the state. One function an action; the table in rules/lifecycle.py says whether it may happen."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, cast

from rules.facts import OrderState, Refused, State, Thing
from services.moves import (
    affairs,
    climbing,
    ending,
    extending,
    holding,
    merging,
    rating,
    reassigning,
    restricting,
    returning,
    self_handling,
    standing_down,
    supervising,
    upstreaming,
)
from services.moves.act import Act, Effect, local, order_of
from services.moves.again import follow_order, redo
from services.moves.clockwork import stop
from services.moves.draft import Draft
from services.moves.filing import file_as, urgency_given

# ① ② ------------------------------------------------------------------------------------------------------------------


FURTHEST: Final = timedelta(days=3660)  #: a limit from outside that is farther away is a slip of the pen


def _accept(draft: Draft, act: Act) -> None:
    if act.text("urgency"):
        draft.case["urgency"] = urgency_given(act)


def _refile(draft: Draft, act: Act) -> None:
    """Its clocks begin anew with the limits of what it is now taken for; what was late stays late on record."""
    file_as(draft, act)
    for clock in list(draft.own_clocks()):
        stop(draft, clock, act.now)
    draft.clocks = [c for c in draft.clocks if c["stopped_at"] is None]


def _end(notice: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        draft.case["holder_unit_id"] = draft.case["level"] = None
        if act.text("result"):
            draft.case["result"] = act.text("result")

    effect.__name__ = f"end_with_{notice}"
    return effect


def _divert(draft: Draft, act: Act) -> None:
    """Another channel takes it; a legal one is named, so that the reporter knows where the matter goes on."""
    channel = act.text("channel")
    if channel and channel not in draft.catalogue.diversions:
        raise Refused("unknown_diversion", given=channel, known=", ".join(draft.catalogue.diversions))
    _end("diverted")(draft, act)
    if channel:
        draft.change(channel=channel)


# ④ ⑤ ⑥ ----------------------------------------------------------------------------------------------------------------


def _recall(draft: Draft, act: Act) -> None:
    for order in draft.present():
        follow_order(draft, act, order["no"], "recall", OrderState.RECALLED)
    draft.case.update(level=None, holder_unit_id=None)


def _reopen(draft: Draft, act: Act) -> None:
    draft.case.update(level=None, holder_unit_id=None, solved=None, score=None, hops=0, round=draft.case["round"] + 1)
    draft.change(rechecks=0, judged_by=None, orders_before=max(draft.orders, default=0))
    draft.case.update(outside_due_at=None, outside_by=None, outside_note=None)


def _bind(draft: Draft, act: Act) -> None:
    """A limit given from outside: the earlier of several holds, and it lengthens nothing."""
    due = _moment(act)
    known = draft.case["outside_due_at"]
    if known is not None and known <= due:
        raise Refused("bound_earlier_already", due=local(draft, known))
    draft.case.update(outside_due_at=due, outside_by=act.text("by"), outside_note=act.text("reason"))
    upstreaming.bind(draft, act.now)


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
    (Thing.CASE, "file"): file_as,
    (Thing.CASE, "refile"): _refile,
    (Thing.CASE, "decline"): _end("declined"),
    (Thing.CASE, "divert"): _divert,
    (Thing.CASE, "answer"): _end("answered"),
    (Thing.CASE, "recall"): _recall,
    (Thing.CASE, "fail_check"): redo,
    (Thing.CASE, "reopen"): _reopen,
    (Thing.ORDER, "acknowledge"): _acknowledge_order,
    (Thing.ORDER, "deem_acknowledged"): _acknowledge_order,
    (Thing.ORDER, "contact"): _mark("contacted_at"),
    (Thing.ORDER, "control"): _mark("controlled_at"),
    (Thing.ORDER, "finish"): _finish_order,
    (Thing.ORDER, "reach"): _reach,
    (Thing.CASE, "bind"): _bind,
    **climbing.EFFECTS,
    **extending.EFFECTS,
    **supervising.EFFECTS,
    **affairs.EFFECTS,
    **standing_down.EFFECTS,
    **{
        key: effect
        for part in (ending, holding, merging, rating, reassigning, restricting, returning, self_handling, upstreaming)
        for key, effect in part.EFFECTS.items()
    },
}
#: Moves of the case that follow from another move, where that does not depend on the case.
FOLLOWING: Final[Mapping[tuple[Thing, str], str]] = {
    (Thing.REQUEST, "approve_hold"): "hold",
}


def effect_of(thing: Thing, action: str) -> Effect:
    """What a move changes besides the state."""
    return EFFECTS.get((thing, action), _nothing)


def following(draft: Draft, thing: Thing, action: str, no: int | None) -> str | None:
    """The case's own move that follows from that of one of its things.

    It is acknowledged when its lead acknowledges; what was only noted is settled with its last supervision order.
    """
    if (thing, action) in FOLLOWING:
        return FOLLOWING[thing, action]
    if (thing, action) in reassigning.FOLLOWS:
        return reassigning.FOLLOWS[thing, action](draft, cast(int, no))
    if thing is Thing.SUPERVISION:
        return "settle" if draft.state is State.NOTED and supervising.all_ended(draft) else None
    if thing is not Thing.ORDER or no is None or draft.state is not State.DISPATCHED:
        return None
    acknowledged = action in ("acknowledge", "deem_acknowledged") and draft.orders[no]["lead"]
    return "acknowledge" if acknowledged else None
