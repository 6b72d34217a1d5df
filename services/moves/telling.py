"""Who hears of each move, once it is made and the clocks have followed, so that a promised moment can be named."""

from collections.abc import Mapping
from typing import Any, Final, cast

from rules.facts import RELATIONS, SENSOR, OrderState, Thing, Who
from rules.ladder import Post
from rules.worktime import Limit
from services.moves import (
    affairs,
    climbing,
    ending,
    holding,
    merging,
    rating,
    reassigning,
    restricting,
    returning,
    self_handling,
    standing_down,
    upstreaming,
)
from services.moves.act import Act, Effect, order_of
from services.moves.clockwork import is_handle
from services.moves.draft import Draft
from services.moves.duties import tell_overrides
from services.moves.extending import binds_from_outside, is_above_desk
from services.moves.messages import tell, until
from services.moves.supervising import check_unit

#: What a unit hears of its new work order: whether a device reported the matter, whether it leads.
_DISPATCHED: Final = {
    (False, True): "dispatched_lead",
    (False, False): "dispatched_co",
    (True, True): "sensor_lead",
    (True, False): "sensor_co",
}


def _tell_orders(draft: Draft, act: Act) -> None:
    for order in draft.orders.values():
        if order["no"] in draft.new_orders:
            code = _DISPATCHED[draft.case["source"] == SENSOR, order["lead"]]
            tell(draft, code, act.now, unit_id=order["unit_id"], **until(draft, "acknowledge", order["no"]))
    lead = draft.lead()
    if lead is not None:
        tell(draft, "dispatched_reporter", act.now, unit_id=lead["unit_id"], **until(draft, "handle", lead["no"]))
    tell_overrides(draft, act)
    reassigning.tell_hops(draft, act)


def _tell_holder(draft: Draft, act: Act) -> None:
    tell(draft, "level_asked", act.now, unit_id=draft.case["holder_unit_id"], **until(draft, "decide", None))


def _tell_reporter(code: str) -> Effect:
    return lambda draft, act: tell(draft, code, act.now, unit_id=draft.catalogue.desk_id, reason=act.text("reason") or None)


def _tell_lead(code: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        lead = draft.lead()
        if lead is not None:
            about = until(draft, "handle", lead["no"])
            tell(draft, code, act.now, unit_id=lead["unit_id"], reason=act.text("reason") or None, **about)

    return effect


def _tell_closed(draft: Draft, act: Act) -> None:
    """Who rated badly hears why it is closed all the same; who called it solved has nothing more to hear."""
    if not act.actor.system:
        tell(draft, "closed", act.now, unit_id=draft.catalogue.desk_id, reason=act.text("reason") or None)


def _tell_recalled(draft: Draft, act: Act) -> None:
    for order in draft.orders.values():
        if order["no"] in draft.touched_orders:
            tell(draft, "recalled", act.now, unit_id=order["unit_id"], reason=act.text("reason"))


def _tell_checker(draft: Draft, act: Act) -> None:
    if draft.case["needs_check"]:
        lead = draft.lead()
        shown = lead["unit_id"] if lead else None
        tell(draft, "verify_asked", act.now, unit_id=draft.check_unit(), shown_unit_id=shown, **until(draft, "verify", None))


def _tell_stood_down(draft: Draft, act: Act) -> None:
    """Those who were called hear that it is over, and who has to look at it that he has to."""
    standing_down.tell_units(draft, act)
    _tell_checker(draft, act)


def _tell_section(draft: Draft, act: Act) -> None:
    order = order_of(draft, act)
    kind = "acknowledge" if order["state"] == OrderState.SENT else "handle"
    tell(draft, "assigned", act.now, unit_id=order["assigned_unit_id"], **until(draft, kind, order["no"]))


# extensions, limits from outside --------------------------------------------------------------------------------------


def _tell_asked(draft: Draft, act: Act) -> None:
    """The centre decides; what is asked for stands where the limit does, the moment is that of the centre's own clock."""
    order = order_of(draft, act)
    request = draft.extensions[order["extension_no"]]
    about = until(draft, "extend", order["no"]) | {"limit": request["amount"], "reason": request["reason"]}
    clock = draft.open_clock("handle", order["no"])
    above = clock is not None and is_above_desk(draft, clock, Limit.parse(request["amount"]))
    to = (Post("centre_head"), Post("centre")) if above else ()  # approval by level: the head has to hear of it
    tell(draft, "extension_asked", act.now, unit_id=draft.catalogue.desk_id, shown_unit_id=order["unit_id"], to=to, **about)


def _tell_granted(draft: Draft, act: Act) -> None:
    """Every unit whose limit was lengthened hears of it, and the resident of the lead's."""
    own = [e for e in draft.entries if e["action"] == "extended" and e["data"]["extension"] == act.no]
    for entry in (e for e in own if e["data"]["clock"] == "handle"):
        order = draft.orders[entry["thing_no"]]
        about = until(draft, "handle", order["no"]) | {"reason": act.text("reason") or None}
        tell(draft, "extension_granted", act.now, unit_id=order["unit_id"], limit=entry["data"]["amount"], **about)
        if order["lead"]:
            tell(draft, "extended_reporter", act.now, unit_id=order["unit_id"], **about)


def _tell_refused(draft: Draft, act: Act) -> None:
    request = draft.extensions[cast(int, act.no)]
    order = draft.orders[request["order_no"]]
    about = until(draft, "handle", order["no"]) | {"limit": request["amount"], "reason": act.text("reason") or None}
    tell(draft, "extension_refused", act.now, unit_id=order["unit_id"], **about)


def _tell_bound(draft: Draft, act: Act) -> None:
    """The units at work hear of a limit from outside where it is the earlier one."""
    for clock in draft.clocks:
        calendar = draft.catalogue.calendar_by(clock)
        if is_handle(clock) and clock["running_since"] is not None and binds_from_outside(clock, calendar):
            about = until(draft, "handle", clock["order_no"]) | {"reason": act.text("reason") or None}
            tell(draft, "bound", act.now, unit_id=clock["unit_id"], **about)


# supervision orders ---------------------------------------------------------------------------------------------------

#: What the unit hears when it is signed, by the form.
_SIGNED: Final = {"order": "order_signed", "letter": "letter_signed", "bulletin": "bulletin_signed"}


def _tell_unit(code: str) -> Effect:
    """Tell the unit that the supervision order is addressed to."""
    return lambda draft, act: _tell_supervised(draft, act, code, draft.supervision[cast(int, act.no)])


def _tell_supervised(draft: Draft, act: Act, code: str, row: Mapping[str, Any], to_unit: int | None = None) -> None:
    """Tell of a supervision order: its number and demand are looked up when it is put into words, the moment is that of its clock."""
    clock = next((c for c in draft.clocks if c["supervision_seq"] == row["seq"]), None)
    about = {"clock": clock["kind"], "limit": clock["limit"], "due": clock["due_at"].isoformat()} if clock else {}
    tell(
        draft,
        code,
        act.now,
        unit_id=to_unit or row["unit_id"],
        shown_unit_id=row["unit_id"],
        supervision=row["seq"],
        provisional=(clock and clock["provisional"]) or None,
        reason=act.text("reason") or None,
        **about,
    )


def _tell_signed(draft: Draft, act: Act) -> None:
    row = draft.supervision[cast(int, act.no)]
    _tell_supervised(draft, act, _SIGNED[row["form"]], row)
    if row["rank"] == "listed":
        _tell_supervised(draft, act, "supervision_listed", row)


def _tell_signer(draft: Draft, act: Act) -> None:
    """Somebody who may sign is asked to, once for all that are opened in one breath; who may sign himself is not."""
    asked = any(m["notice"] == "supervision_asked" for other in draft.others.values() for m in other.messages)
    if not asked and not RELATIONS[Who.SIGNER](act.actor, draft.facts()):
        _tell_supervised(draft, act, "supervision_asked", draft.supervision[max(draft.new_supervision)], draft.catalogue.desk_id)


def _tell_looker(draft: Draft, act: Act) -> None:
    row = draft.supervision[cast(int, act.no)]
    _tell_supervised(draft, act, "supervision_replied", row, check_unit(draft.catalogue, row["unit_id"]))


def _tell_who_writes_off(draft: Draft, act: Act) -> None:
    _tell_supervised(draft, act, "supervision_passed", draft.supervision[cast(int, act.no)], draft.catalogue.desk_id)


#: Told after the clocks have followed, so that a promised moment can be named.
TOLD: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "accept"): _tell_reporter("accepted"),
    (Thing.CASE, "decline"): _tell_reporter("declined"),
    (Thing.CASE, "divert"): _tell_reporter("diverted"),
    (Thing.CASE, "answer"): _tell_reporter("answered"),
    (Thing.CASE, "place"): _tell_holder,
    (Thing.CASE, "report_up"): _tell_holder,
    (Thing.CASE, "send_down"): _tell_holder,
    (Thing.CASE, "skip_levels"): _tell_holder,
    (Thing.CASE, "dispatch"): _tell_orders,
    (Thing.CASE, "recall"): _tell_recalled,
    (Thing.CASE, "close"): _tell_closed,
    (Thing.CASE, "fail_check"): _tell_lead("rework"),
    (Thing.CASE, "finish"): _tell_checker,
    (Thing.CASE, "stand_down"): _tell_stood_down,
    (Thing.CASE, "reopen"): _tell_reporter("reopened"),
    (Thing.CASE, "bind"): _tell_bound,
    (Thing.ORDER, "assign"): _tell_section,
    (Thing.ORDER, "ask_extension"): _tell_asked,
    (Thing.EXTENSION, "grant"): _tell_granted,
    (Thing.EXTENSION, "refuse"): _tell_refused,
    (Thing.CASE, "supervise"): _tell_signer,
    (Thing.SUPERVISION, "sign"): _tell_signed,
    (Thing.SUPERVISION, "withdraw"): _tell_unit("supervision_withdrawn"),
    (Thing.SUPERVISION, "list"): _tell_unit("supervision_listed"),
    (Thing.SUPERVISION, "reply"): _tell_looker,
    (Thing.SUPERVISION, "pass_check"): _tell_who_writes_off,
    (Thing.SUPERVISION, "fail_check"): _tell_unit("supervision_sent_back"),
    (Thing.SUPERVISION, "write_off"): _tell_unit("supervision_written_off"),
    **{
        key: told
        for part in (affairs, climbing, ending, holding, merging, rating, reassigning, restricting, returning, self_handling, upstreaming)
        for key, told in part.TOLD.items()
    },
}


def notice_after(thing: Thing, action: str) -> Effect:
    """Who hears of a move once it is made."""
    return TOLD.get((thing, action), _nobody)


def _nobody(_draft: Draft, _act: Act) -> None:
    """Most moves speak for themselves in the journal."""
