"""Needs: what a move asks for beyond the right state and the right person. Each has a code with a sentence in both languages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rules.facts import OPEN_ORDER, Actor, Args, Facts, Level, is_centre


@dataclass(frozen=True, slots=True)
class Need:
    """A guard: `met` looks at facts, actor and what was handed in; `code` names the sentence when it is not met."""

    code: str
    met: Callable[[Facts, Actor, Args], bool]


def _given(*names: str) -> Callable[[Facts, Actor, Args], bool]:
    return lambda _f, _a, args: all(args.get(name) not in (None, "", ()) for name in names)


def _has_authority(facts: Facts, actor: Actor, _: Args) -> bool:
    if facts.level is None or facts.authority is None:
        return False
    return facts.level.height >= facts.authority.height or is_centre(actor, facts)


def _goes_down(facts: Facts, _: Actor, args: Args) -> bool:
    to = args.get("level")
    return isinstance(to, Level) and facts.level is not None and to.height < facts.level.height


def _settled(facts: Facts, actor: Actor, args: Args) -> bool:
    """Solved and not badly rated; anything else a person closes, and says why."""
    good = facts.solved is True and (facts.score is None or facts.score >= 3)
    return good or (not actor.system and bool(args.get("reason")))


def _rated(_: Facts, __: Actor, args: Args) -> bool:
    return isinstance(args.get("solved"), bool) and args.get("score") in (None, 1, 2, 3, 4, 5)


REASON: Final = Need("reason_missing", _given("reason"))
HAS_CATEGORY: Final = Need("category_missing", _given("category", "urgency"))
HAS_LEAD: Final = Need("lead_missing", _given("lead"))
HAS_HOLDER: Final = Need("holder_missing", _given("level", "holder"))
HAS_TARGET: Final = Need("merge_target_missing", _given("into"))
HAS_RESULT: Final = Need("result_missing", _given("result"))
HAS_RATING: Final = Need("rating_missing", _rated)
IS_P0: Final = Need("only_p0_skips", lambda f, _a, _x: f.urgency == "P0")
NOT_P0: Final = Need("p0_never_held", lambda f, _a, _x: f.urgency != "P0")
BELOW_TOP: Final = Need("already_top", lambda f, _a, _x: f.level is not Level.DISTRICT)
GOES_DOWN: Final = Need("not_below", _goes_down)
AUTHORITY: Final = Need("level_lacks_authority", _has_authority)
ALL_DONE: Final = Need("orders_open", lambda f, _a, _x: bool(f.orders) and all(o.state not in OPEN_ORDER for o in f.orders))
NOT_OWN: Final = Need("checks_own_work", lambda f, a, _x: not (f.tried & set(a.unit_line)))
NO_CHECK: Final = Need("check_needed", lambda f, _a, _x: not f.needs_check)
SETTLED: Final = Need("rating_needs_judgement", _settled)
NOT_CONTACTED: Final = Need("already_contacted", lambda f, _a, _x: f.order is not None and not f.order.contacted)
NOT_CONTROLLED: Final = Need("already_controlled", lambda f, _a, _x: f.order is not None and not f.order.controlled)
HAS_SECTION: Final = Need("section_missing", _given("section"))
WAS_DEEMED: Final = Need("already_acknowledged", lambda f, _a, _x: f.order is not None and f.order.deemed)
NEXT_STAGE: Final = Need("not_the_next_stage", lambda f, _a, x: f.order is not None and f.order.stages_left[:1] == (x.get("stage"),))
HAS_AMOUNT: Final = Need("amount_missing", _given("amount"))
NOT_ASKING: Final = Need("already_asking", lambda f, _a, _x: f.order is not None and not f.order.asks)
NOT_ASKER: Final = Need("decides_own_request", lambda f, a, _x: f.extension is not None and f.extension.unit_id not in a.unit_line)
HAS_DEADLINE: Final = Need("deadline_missing", _given("due_at", "by"))
HAS_DEMAND: Final = Need("demand_missing", _given("unit", "demand"))
HAS_EVIDENCE: Final = Need("evidence_missing", _given("after"))
NOT_TARGET: Final = Need("checks_own_work", lambda f, a, _x: f.supervision is not None and f.supervision.unit_id not in a.unit_line)
NOT_LISTED: Final = Need("already_listed", lambda f, _a, _x: f.supervision is not None and not f.supervision.listed)
LISTED: Final = Need("not_listed", lambda f, _a, _x: f.supervision is not None and f.supervision.listed)
