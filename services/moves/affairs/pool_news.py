"""认领: who hears what of an order and of what was taken on."""

from collections.abc import Mapping
from typing import Final, cast

from rules.facts import Thing
from rules.handling.claims import PledgeState, PoolState
from services.moves.act import Act, Effect
from services.moves.affairs.base import tell_asker, tell_party, tell_unit
from services.moves.draft import Draft, Row

VOLUNTEER: Final = "居民志愿者"  #: how a resident is named to others


def who(draft: Draft, pledge: Row) -> str:
    """Who has taken it on, as others may read it: a unit's name, a person's post; of a resident only that it is one."""
    if pledge["requester_id"] is not None:
        return VOLUNTEER
    if pledge["staff_id"] is not None:
        return draft.catalogue.by_id[pledge["staff_id"]].title.zh
    return draft.catalogue.names[pledge["unit_id"]].zh


def _posted(draft: Draft, act: Act) -> None:
    """A resident's wish is passed on by the community."""
    pool = draft.affairs[max(draft.new_affairs)]
    if pool["state"] == PoolState.ASKED:
        tell_unit(draft, "affair_asked", act.now, pool["unit_id"], pool, news="order_asked")
    else:
        _opened(draft, act, pool)


def _released(draft: Draft, act: Act) -> None:
    _opened(draft, act, draft.affairs[cast(int, act.no)])


def _opened(draft: Draft, act: Act, pool: Row) -> None:
    """Paired units hear first."""
    for unit_id in pool["data"].get("paired") or ():
        tell_unit(draft, "affair_asked", act.now, unit_id, pool, news="order_open")
    tell_asker(draft, "affair_resident", act.now, pool, news="order_passed_on")


def _pool_of(draft: Draft, act: Act) -> tuple[Row, Row]:
    pledge = draft.parts[cast(int, act.no)]
    return draft.affairs[pledge["seq"]], pledge


def _claimed(draft: Draft, act: Act) -> None:
    pool = draft.affairs[cast(int, act.no)]
    pledge = draft.parts[max(draft.new_parts)]
    by, amount = who(draft, pledge), f"{pledge['quantity']}{pledge['measure']}"
    tell_unit(draft, "affair_news", act.now, pool["unit_id"], pool, news="order_claimed", by=by, amount=amount)
    if pool["state"] == PoolState.TAKEN:
        tell_asker(draft, "affair_resident", act.now, pool, news="order_taken")


def _went_back(draft: Draft, act: Act) -> None:
    """The community hears that some of it is in the pool again, and whoever had it, where the clock took it from them."""
    pool, pledge = _pool_of(draft, act)
    amount = f"{pledge['data']['last_back']}{pledge['measure']}"
    tell_unit(draft, "affair_told", act.now, pool["unit_id"], pool, news="pledge_back", by=who(draft, pledge), amount=amount)
    if pledge["state"] == PledgeState.DELIVERED:  # all that is left of it is there already
        _ask_confirmation(draft, act, pool, pledge)
    if act.actor.system:
        tell_party(draft, "affair_told", act.now, pool, pledge, news="pledge_expired", amount=amount)


def _delivered(draft: Draft, act: Act) -> None:
    pool, pledge = _pool_of(draft, act)
    if pledge["state"] == PledgeState.DELIVERED:
        _ask_confirmation(draft, act, pool, pledge)
    else:
        _tell_delivered(draft, act, pool, pledge)


def _ask_confirmation(draft: Draft, act: Act, pool: Row, pledge: Row) -> None:
    _tell_delivered(draft, act, pool, pledge)
    tell_asker(draft, "affair_resident", act.now, pool, news="please_confirm")


def _tell_delivered(draft: Draft, act: Act, pool: Row, pledge: Row) -> None:
    by, amount = who(draft, pledge), f"{pledge['done']}{pledge['measure']}"
    tell_unit(draft, "affair_news", act.now, pool["unit_id"], pool, pledge, news="pledge_delivered", by=by, amount=amount)


def _to_claimer(notice: str, news: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        pool, pledge = _pool_of(draft, act)
        tell_party(draft, notice, act.now, pool, pledge, news=news, reason=act.text("reason") or None)

    return effect


def _to_owner(notice: str, news: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        pool, pledge = _pool_of(draft, act)
        tell_unit(draft, notice, act.now, pool["unit_id"], pool, pledge, news=news, by=who(draft, pledge))

    return effect


def _withdrawn(draft: Draft, act: Act) -> None:
    pool = draft.affairs[cast(int, act.no)]
    if act.actor.resident_id is None:
        tell_asker(draft, "affair_resident", act.now, pool, news="order_withdrawn", reason=act.text("reason"))
    else:
        tell_unit(draft, "affair_news", act.now, pool["unit_id"], pool, news="order_withdrawn", reason=act.text("reason"))


TOLD: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "post_order"): _posted,
    (Thing.POOL, "release_order"): _released,
    (Thing.POOL, "claim"): _claimed,
    (Thing.POOL, "withdraw_order"): _withdrawn,
    (Thing.PLEDGE, "give_up"): _went_back,
    (Thing.PLEDGE, "expire_pledge"): _went_back,
    (Thing.PLEDGE, "deliver"): _delivered,
    (Thing.PLEDGE, "confirm_pledge"): _to_claimer("affair_news", "pledge_confirmed"),
    (Thing.PLEDGE, "send_back"): _to_claimer("affair_told", "pledge_sent_back"),
    (Thing.PLEDGE, "thank"): _to_claimer("affair_news", "pledge_thanked"),
    (Thing.PLEDGE, "miss_look"): _to_owner("affair_news", "care_missed"),
    (Thing.PLEDGE, "give_notice"): _to_owner("affair_told", "adopter_leaves"),
    (Thing.PLEDGE, "release_adopter"): _to_claimer("affair_told", "adopter_released"),
}
