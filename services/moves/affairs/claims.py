"""认领: what the moves of an order change, what goes back into the pool, who is told."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, cast

from rules.clocks import ClockKind
from rules.facts import Refused, Thing
from rules.handling.claims import ADOPT, PledgeState, PoolState, WantState, taken_of
from rules.sla import NONE
from services.moves import affair_clocks
from services.moves.act import Act, Effect, local
from services.moves.affairs import pool_news, pool_posting
from services.moves.affairs.base import (
    add_part,
    affair_of,
    check_ahead,
    check_limits,
    legible_words,
    move_on,
    part_of,
    remark,
    touch_affair,
    touch_part,
)
from services.moves.draft import Draft, Row

# an order that lies open -----------------------------------------------------------------------------------------------


def _extend(draft: Draft, act: Act) -> None:
    """Lie open for longer, from now on."""
    pool, limits = affair_of(draft, act), {"claim": act.text("limit")}
    check_limits(limits)
    check_ahead(limits, act.now)
    if NONE in limits.values():
        raise Refused("extension_limit_missing")
    pool.update(limits={**pool["limits"], **limits}, until=None)
    affair_clocks.begin_anew(draft, pool["seq"], ClockKind.CLAIM, act.now)


def _split(draft: Draft, act: Act) -> None:
    """Put several lines in the place of what is free of one, so that smaller ones find somebody: `want`, `lines`."""
    pool = affair_of(draft, act)
    want = _want(draft, pool, act)
    free = _free(draft, want)
    lines = cast(tuple[Mapping[str, Any], ...], act.args["lines"])
    if sum(int(line["quantity"]) for line in lines) != free:
        raise Refused("split_not_equal", left=free)
    touch_part(draft, want["no"], quantity=want["quantity"] - free)
    pool_posting.add_wants(draft, act, pool)
    if act.text("limit"):
        _extend(draft, act)
    elif pool["state"] == PoolState.BACK:  # its own time is over: what is usual holds
        pool.update(limits={kind: limit for kind, limit in pool["limits"].items() if kind != ClockKind.CLAIM}, until=None)


def _cut(draft: Draft, act: Act) -> None:
    """What nobody has taken on is not wanted any more."""
    pool = affair_of(draft, act)
    for want in draft.parts_of(pool["seq"], Thing.WANT):
        touch_part(draft, want["no"], quantity=want["quantity"] - _free(draft, want))
    pool_posting.recount(draft, pool)
    pool["result"] = legible_words(act, "reason")


def _release(draft: Draft, act: Act) -> None:
    """The community passes it on: from now on it is for the paired units alone for a day."""
    pool = affair_of(draft, act)
    pool["data"] = {**pool["data"], **pool_posting.head_start(pool["data"]["paired"], act.now)}


def _withdraw(draft: Draft, act: Act) -> None:
    pool = affair_of(draft, act)
    pool["result"] = legible_words(act, "reason")
    remark(draft, act, pool)


# claiming -------------------------------------------------------------------------------------------------------------


def _want(draft: Draft, pool: Row, act: Act) -> Row:
    """The line that is spoken of; where none is named, the first one of which something is free."""
    wants = draft.parts_of(pool["seq"], Thing.WANT)
    no = act.args.get("want")
    found = next((w for w in wants if w["no"] == no), None) if no is not None else None
    if no is not None and found is None:
        raise Refused("unknown_part", part=no, affair=pool["no"])
    found = found or next((w for w in wants if _free(draft, w)), None)
    if found is None:
        raise Refused("more_than_left", left=0, asked=act.args.get("quantity") or 1)
    return found


def _free(draft: Draft, want: Row) -> int:
    """How much of a line nobody has taken on."""
    facts = draft.affair_facts(want["seq"])
    return int(want["quantity"]) - (taken_of(facts, want["no"]) if facts is not None else 0)


def _claim(draft: Draft, act: Act) -> None:
    """Take on a part of a line: `want`, `quantity` (None: all that is left), `personally`. Never more than is left."""
    pool = affair_of(draft, act)
    _check_first(draft, pool, act)
    want = _want(draft, pool, act)
    left = _free(draft, want)
    amount = int(cast(int, act.args.get("quantity") or left))
    if amount > left:
        raise Refused("more_than_left", left=left, asked=amount)
    state = PledgeState.ADOPTED if pool["form"] == ADOPT else PledgeState.PLEDGED
    about = {"title": want["title"], "measure": want["measure"], "words": legible_words(act, "words")}
    data = {"want": want["no"], "pledged": amount}
    add_part(draft, act, pool["seq"], Thing.PLEDGE, state, quantity=amount, done=0, data=data, **about, **_claimer(act))


def _claimer(act: Act) -> dict[str, int | None]:
    """Whose pledge it is: a resident's, somebody's of the staff for himself, or the unit's."""
    if act.actor.resident_id is not None:
        return {"requester_id": act.actor.resident_id}
    personally = act.args.get("personally") is True or act.actor.unit_id is None
    return {"staff_id": act.actor.user_id} if personally else {"unit_id": act.actor.unit_id}


def _check_first(draft: Draft, pool: Row, act: Act) -> None:
    """For a day an order is for the paired units alone."""
    until = pool["data"].get("first_until")
    if until is None or act.now.isoformat() >= until or set(pool["data"]["paired"]) & set(act.actor.body):
        return
    units = tuple(draft.catalogue.units[unit_id].code for unit_id in pool["data"]["paired"])
    raise Refused("paired_first", units=units, until=local(draft, datetime.fromisoformat(until)))


# delivering -----------------------------------------------------------------------------------------------------------


def _deliver(draft: Draft, act: Act) -> None:
    """Some of it, or (None) all that is left of it, is there."""
    pledge = part_of(draft, act)
    left = pledge["quantity"] - pledge["done"]
    amount = int(cast(int, act.args.get("quantity") or left))
    if amount > left:
        raise Refused("more_than_pledged", left=left, asked=amount)
    pledge.update(done=pledge["done"] + amount, done_at=act.now, done_by=act.actor.name)


def _give_up(draft: Draft, act: Act) -> None:
    """Some of it, or (None) all that is not there yet, goes back into the pool."""
    pledge = part_of(draft, act)
    left = pledge["quantity"] - pledge["done"]
    amount = int(cast(int, act.args.get("quantity") or left))
    if amount > left:
        raise Refused("more_than_pledged", left=left, asked=amount)
    _take_back(pledge, amount)


def _expire(draft: Draft, act: Act) -> None:
    """Its time is up: what is not there goes back; of an adopter that leaves, all of it."""
    pledge = part_of(draft, act)
    rest = pledge["quantity"] - pledge["done"]
    _take_back(pledge, rest)
    pledge["data"] = {**pledge["data"], "expired": True}


def _take_back(pledge: Row, amount: int) -> None:
    back = pledge["data"].get("back", 0) + amount
    pledge.update(quantity=pledge["quantity"] - amount, data={**pledge["data"], "back": back, "last_back": amount})


def _confirm(draft: Draft, act: Act) -> None:
    """It is there, says who asked; the community says it in a resident's place only when that one has let the time pass."""
    pledge = part_of(draft, act)
    pool = draft.affairs[pledge["seq"]]
    if act.actor.resident_id is None and pool["asker_id"] is not None:
        clock = next((c for c in draft.clocks if c["part_no"] == pledge["no"] and c["kind"] == ClockKind.ASSENT), None)
        if clock is not None and clock["due_at"] > act.now:
            raise Refused("asker_may_still_answer", until=local(draft, clock["due_at"]))
    want = draft.parts[pledge["data"]["want"]]
    touch_part(draft, want["no"], done=want["done"] + pledge["done"], done_at=act.now, done_by=act.actor.name)


def _send_back(draft: Draft, act: Act) -> None:
    """Some of it, or (None) all of it, is not there or not as it was asked for."""
    pledge = part_of(draft, act)
    amount = int(cast(int, act.args.get("quantity") or pledge["done"]))
    if amount > pledge["done"]:
        raise Refused("more_than_pledged", left=pledge["done"], asked=amount)
    pledge.update(done=pledge["done"] - amount, data={**pledge["data"], "sent_back": pledge["data"].get("sent_back", 0) + 1})


def _thank(draft: Draft, act: Act) -> None:
    pledge = part_of(draft, act)
    pledge["data"] = {**pledge["data"], "thanks": legible_words(act, "words")}


# for good -------------------------------------------------------------------------------------------------------------


def _care(draft: Draft, act: Act) -> None:
    """The adopter says what it has done; the next look is counted from now."""
    pledge = part_of(draft, act)
    pledge.update(done_at=act.now, done_by=act.actor.name, words=legible_words(act, "words"))
    pledge["data"] = {**pledge["data"], "looks": pledge["data"].get("looks", 0) + 1}
    affair_clocks.begin_anew(draft, pledge["seq"], ClockKind.LOOK, act.now, pledge["no"])


def _let_go(draft: Draft, act: Act) -> None:
    """The owner has decided it: the adopter does not undo it."""
    pledge = part_of(draft, act)
    pledge["data"] = {**pledge["data"], "released": True}


def _missed(draft: Draft, act: Act) -> None:
    pledge = part_of(draft, act)
    pledge["data"] = {**pledge["data"], "missed": pledge["data"].get("missed", 0) + 1}


# what follows ---------------------------------------------------------------------------------------------------------


def _settle_pledge(draft: Draft, act: Act) -> None:
    """What is all there is delivered; of what nothing is left, nothing is kept."""
    pledge = draft.parts[cast(int, act.no)]
    if pledge["state"] == PledgeState.PLEDGED and pledge["quantity"] == 0:
        move_on(draft, act.now, Thing.PLEDGE, pledge["no"], "return_pledge")
    elif pledge["state"] == PledgeState.PLEDGED and pledge["done"] == pledge["quantity"]:
        move_on(draft, act.now, Thing.PLEDGE, pledge["no"], "deliver_all")
    _settle(draft, act, pledge["seq"])


def _settle_pool(draft: Draft, act: Act) -> None:
    _settle(draft, act, cast(int, act.no))


def _settle(draft: Draft, act: Act, seq: int) -> None:
    """Lines and the order are what is taken on, given back and confirmed makes of them."""
    wants = draft.parts_of(seq, Thing.WANT)
    for want in wants:
        covered = _free(draft, want) == 0
        if covered != (want["state"] == WantState.COVERED):
            move_on(draft, act.now, Thing.WANT, want["no"], "cover_want" if covered else "free_want")
    whole, pool = all(want["state"] == WantState.COVERED for want in wants), draft.affairs[seq]
    if pool["state"] == PoolState.OPEN and whole:
        move_on(draft, act.now, Thing.POOL, seq, "cover_order")
    elif pool["state"] == PoolState.TAKEN and not whole:
        move_on(draft, act.now, Thing.POOL, seq, "reopen_order")
    states = {p["state"] for p in draft.parts_of(seq, Thing.PLEDGE)} - {PledgeState.RETURNED}
    if pool["state"] == PoolState.TAKEN and states == {PledgeState.CONFIRMED}:
        move_on(draft, act.now, Thing.POOL, seq, "finish_order")
        remark(draft, act, touch_affair(draft, seq))


Key = tuple[Thing, str]
EFFECTS: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "post_order"): pool_posting.post,
    (Thing.POOL, "release_order"): _release,
    (Thing.POOL, "claim"): _claim,
    (Thing.POOL, "extend_order"): _extend,
    (Thing.POOL, "split_order"): _split,
    (Thing.POOL, "cut_order"): _cut,
    (Thing.POOL, "withdraw_order"): _withdraw,
    (Thing.PLEDGE, "deliver"): _deliver,
    (Thing.PLEDGE, "give_up"): _give_up,
    (Thing.PLEDGE, "expire_pledge"): _expire,
    (Thing.PLEDGE, "confirm_pledge"): _confirm,
    (Thing.PLEDGE, "send_back"): _send_back,
    (Thing.PLEDGE, "thank"): _thank,
    (Thing.PLEDGE, "report_care"): _care,
    (Thing.PLEDGE, "miss_look"): _missed,
    (Thing.PLEDGE, "release_adopter"): _let_go,
}
FOLLOWS: Final[Mapping[Key, Callable[[Draft, Act], None]]] = {
    **{(Thing.POOL, action): _settle_pool for action in ("claim", "cut_order", "split_order", "extend_order")},
    **{(Thing.PLEDGE, action): _settle_pledge for action in ("deliver", "give_up", "expire_pledge", "confirm_pledge", "send_back")},
}
TOLD: Final[Mapping[Key, Effect]] = pool_news.TOLD
