"""What some moves look at besides the case: read along with it, and told to the guards. One line each; the hot path reads none of it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from rules.facts import Facts, RequestKind, Thing
from rules.handling import AFFAIRS, OPENING, PARTS
from services.moves.draft import Draft
from services.moves.intents import Intent
from services.moves.returning import in_window
from services.moves.snapshot import Along

_ASKING: Final = frozenset({"ask_return", "ask_hold", "hold", "resume", "withdraw", "ask_void", "ask_terminate", "appeal"})
_OF_AFFAIRS: Final = frozenset({*OPENING, "restrict"})
_RATING: Final = frozenset({"rate", "end_window", "appeal", "uphold_appeal", "rework", "withdraw"})


def read_along(asked: Sequence[Intent], reached: Collection[int] = ()) -> Along:
    """What is read along with the cases of these intents, and of those that they reach."""
    return Along(
        extensions={i.case_id for i in asked if i.thing is Thing.EXTENSION or i.action == "ask_extension"},
        requests={i.case_id for i in asked if i.thing is Thing.REQUEST or i.action in _ASKING},
        evaluations={i.case_id for i in asked if i.action in _RATING},
        photos={i.case_id for i in asked if i.action == "self_handle" or (i.action == "finish" and i.thing is Thing.ORDER)},
        tries={i.case_id for i in asked if i.action == "try_contact"},
        cuts=reached if any(i.action == "split_off" for i in asked) else (),
        supervision={i.case_id for i in asked if i.thing is Thing.SUPERVISION or i.action == "supervise"},
        affairs={i.case_id for i in asked if i.thing in AFFAIRS or i.thing in PARTS or i.action in _OF_AFFAIRS},
    )


def _window(draft: Draft, facts: Facts, _: Intent, now: datetime) -> Facts:
    order = facts.order
    return facts if order is None else replace(facts, order=replace(order, in_window=in_window(draft, draft.orders[order.no], now)))


def _photos(draft: Draft, facts: Facts, intent: Intent, _: datetime) -> Facts:
    """Of the lead, and of whoever puts it right on the spot; the category may be handed in with that."""
    category = draft.catalogue.categories.get(str(draft.case["category"] or intent.args.get("category")))
    wanted = frozenset(c.removeprefix("photo_") for c in (category.closing if category else ()))
    return replace(facts, photos=draft.photos, wanted_photos=wanted)


def _raters(draft: Draft, facts: Facts, _: Intent, __: datetime) -> Facts:
    rated = {e["requester_id"] for e in draft.evaluations if e["round"] == draft.case["round"]}
    return replace(facts, raters_left=len(draft.reporter_ids() - rated) or 1)


def _appeals(draft: Draft, facts: Facts, _: Intent, __: datetime) -> Facts:
    return replace(facts, appealed=any(r["kind"] == RequestKind.APPEAL for r in draft.requests.values()))


_LOOK: Final[Mapping[tuple[Thing, str], Callable[[Draft, Facts, Intent, datetime], Facts]]] = {
    (Thing.ORDER, "ask_return"): _window,
    (Thing.ORDER, "finish"): _photos,
    (Thing.CASE, "self_handle"): _photos,
    (Thing.CASE, "rate"): _raters,
    (Thing.CASE, "appeal"): _appeals,
}


def looked_up(draft: Draft, facts: Facts, intent: Intent, now: datetime) -> Facts:
    """The facts, with what this move's guards look at besides."""
    look = _LOOK.get((intent.thing, intent.action))
    return facts if look is None else look(draft, facts, intent, now)
