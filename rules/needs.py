"""Needs: what a move asks for beyond the right state and the right person. Each has a code with a sentence in both languages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from rules.facts import OPEN_ORDER, Actor, Args, Facts, Level, OrderState, Refused, RequestKind, is_centre
from rules.reasons import TRIES, is_reason


@dataclass(frozen=True, slots=True)
class Need:
    """A guard: `met` looks at facts, actor and what was handed in; `code` names the sentence when it is not met.

    Attributes:
        lacks: What is missing, for the sentence: by name; a thing with names in both languages as such.
    """

    code: str
    met: Callable[[Facts, Actor, Args], bool]
    lacks: Callable[[Facts], Mapping[str, object]] | None = None

    def refusal(self, action: str, facts: Facts) -> Refused:
        """What is said when it is not met."""
        return Refused(self.code, action=action, **(self.lacks(facts) if self.lacks is not None else {}))


def given(*names: str) -> Callable[[Facts, Actor, Args], bool]:
    """Whether all of these were handed in."""
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


def _asked_for(*kinds: RequestKind) -> Callable[[Facts, Actor, Args], bool]:
    return lambda f, _a, _x: f.request is not None and f.request.kind in kinds


def _waits(*kinds: RequestKind) -> Callable[[Facts, Actor, Args], bool]:
    """No request of these kinds waits; of a work order's, none about this work order."""

    def met(facts: Facts, _: Actor, __: Args) -> bool:
        about = facts.order.no if facts.order is not None else None
        return not any(r.kind in kinds and r.order_no == about for r in facts.asks)

    return met


def _has_code(kind: RequestKind) -> Callable[[Facts, Actor, Args], bool]:
    return lambda _f, _a, args: is_reason(kind, str(args.get("code") or ""))


def _another(facts: Facts, actor: Actor, _: Args) -> bool:
    """Whoever decides is neither who asked nor of the unit that asked."""
    asked = facts.request
    return asked is not None and asked.asked_by != actor.name and (asked.unit_id is None or asked.unit_id not in actor.unit_line)


def _tried(facts: Facts, _: Actor, args: Args) -> bool:
    """Out of reach is a reason only after so many attempts that whoever leads has written down."""
    leads = (o.tries for o in facts.orders if o.lead and o.state is not OrderState.RECALLED)
    return args.get("code") != "unreachable" or max(leads, default=0) >= TRIES


def _shown(facts: Facts, _: Actor, __: Args) -> bool:
    """The photos that the category asks of the lead, or of whoever puts it right at once, are there; a co-handler is asked for none."""
    if facts.order is not None and not facts.order.lead:
        return True
    return facts.wanted_photos <= (facts.photos or frozenset())


REASON: Final = Need("reason_missing", given("reason"))
HAS_CATEGORY: Final = Need("category_missing", given("category", "urgency"))
HAS_LEAD: Final = Need("lead_missing", given("lead"))
HAS_HOLDER: Final = Need("holder_missing", given("level", "holder"))
HAS_TARGET: Final = Need("merge_target_missing", given("into"))
HAS_RESULT: Final = Need("result_missing", given("result"))
HAS_RATING: Final = Need("rating_missing", _rated)
MAY_SKIP: Final = Need("may_not_skip", lambda f, _a, _x: f.urgency == "P0" or "skip" in f.rights)
MAY_SEND_DOWN: Final = Need("may_not_send_down", lambda f, _a, _x: "send_down" in f.rights)
MAY_DECIDE: Final = Need("may_not_decide", lambda f, a, _x: "decide" in f.rights or f.level is None or is_centre(a, f))
NOT_P0: Final = Need("p0_never_held", lambda f, _a, _x: f.urgency != "P0")
P0_KEPT: Final = Need("p0_not_withdrawn", lambda f, _a, _x: f.urgency != "P0")
BELOW_TOP: Final = Need("already_top", lambda f, _a, _x: f.level is not Level.DISTRICT)
GOES_DOWN: Final = Need("not_below", _goes_down)
AUTHORITY: Final = Need("level_lacks_authority", _has_authority)
ALL_DONE: Final = Need("orders_open", lambda f, _a, _x: bool(f.orders) and all(o.state not in OPEN_ORDER for o in f.orders))
NOT_OWN: Final = Need("checks_own_work", lambda f, a, _x: not (f.tried & set(a.unit_line)))
NOT_OWN_RATING: Final = Need("rates_own_work", lambda f, a, _x: not (f.tried & set(a.unit_line)))
NO_CHECK: Final = Need("check_needed", lambda f, _a, _x: not f.needs_check)
SETTLED: Final = Need("rating_needs_judgement", _settled)
NOT_CONTACTED: Final = Need("already_contacted", lambda f, _a, _x: f.order is not None and not f.order.contacted)
NOT_CONTROLLED: Final = Need("already_controlled", lambda f, _a, _x: f.order is not None and not f.order.controlled)
HAS_SECTION: Final = Need("section_missing", given("section"))
WAS_DEEMED: Final = Need("already_acknowledged", lambda f, _a, _x: f.order is not None and f.order.deemed)
NEXT_STAGE: Final = Need("not_the_next_stage", lambda f, _a, x: f.order is not None and f.order.stages_left[:1] == (x.get("stage"),))
HAS_AMOUNT: Final = Need("amount_missing", given("amount"))
NOT_ASKING: Final = Need("already_asking", lambda f, _a, _x: f.order is not None and not f.order.asks)
NOT_ASKER: Final = Need("decides_own_request", lambda f, a, _x: f.extension is not None and f.extension.unit_id not in a.unit_line)
HAS_DEADLINE: Final = Need("deadline_missing", given("due_at", "by"))
HAS_DEMAND: Final = Need("demand_missing", given("unit", "demand"))
HAS_EVIDENCE: Final = Need("evidence_missing", given("after"))
NOT_TARGET: Final = Need("checks_own_work", lambda f, a, _x: f.supervision is not None and f.supervision.unit_id not in a.unit_line)
NOT_LISTED: Final = Need("already_listed", lambda f, _a, _x: f.supervision is not None and not f.supervision.listed)
LISTED: Final = Need("not_listed", lambda f, _a, _x: f.supervision is not None and f.supervision.listed)
HAS_UNIT: Final = Need("unit_missing", given("unit"))
HAS_PERSON: Final = Need("person_missing", given("person"))
RETURNABLE: Final = Need("not_returnable", lambda f, _a, _x: f.order is not None and f.order.returnable)
IN_WINDOW: Final = Need("return_window_over", lambda f, _a, _x: f.order is not None and f.order.in_window)
NOT_RETURNING: Final = Need("already_returning", _waits(RequestKind.RETURN))
NOT_HOLDING: Final = Need("already_asking_hold", _waits(RequestKind.HOLD))
NOT_ENDING: Final = Need("already_ending", _waits(RequestKind.VOID, RequestKind.TERMINATE))
NOT_APPEALED: Final = Need("already_appealed", lambda f, _a, _x: not f.appealed and all(r.kind is not RequestKind.APPEAL for r in f.asks))
RETURN_CODE: Final = Need("return_code_missing", _has_code(RequestKind.RETURN))
HOLD_CODE: Final = Need("hold_code_missing", _has_code(RequestKind.HOLD))
TERMINATE_CODE: Final = Need("terminate_code_missing", _has_code(RequestKind.TERMINATE))
TRIED: Final = Need("too_few_tries", _tried)
IS_RETURN: Final = Need("not_a_return", _asked_for(RequestKind.RETURN))
IS_HOLD: Final = Need("not_a_hold", _asked_for(RequestKind.HOLD))
IS_END: Final = Need("not_an_end", _asked_for(RequestKind.VOID, RequestKind.TERMINATE))
IS_APPEAL: Final = Need("not_an_appeal", _asked_for(RequestKind.APPEAL))
ANOTHER: Final = Need("decides_own_request", _another)
GENTLE: Final = Need("only_outside_units_give_up", lambda f, _a, _x: f.order is not None and f.order.gentle)
PHOTOS: Final = Need("photo_missing", _shown)
RATED: Final = Need("nobody_rated", lambda f, _a, _x: f.rated)
UNRATED: Final = Need("somebody_rated", lambda f, _a, _x: not f.rated)
RECHECKS_LEFT: Final = Need("rechecked_enough", lambda f, _a, _x: f.rechecks < 2)
RESTRICTED: Final = Need("not_restricted", lambda f, _a, _x: f.sensitive is not None)
OPEN_TO_ALL: Final = Need("already_restricted", lambda f, _a, _x: f.sensitive is None)
KIND_GIVEN: Final = Need("sensitive_kind_missing", given("kind"))
STATUTORY_LEFT: Final = Need("no_statutory_report", lambda f, _a, _x: f.statutory)
FROM_SENSOR: Final = Need("not_from_sensor", lambda f, _a, _x: f.sensed)
FROM_UPSTREAM: Final = Need("not_from_upstream", lambda f, _a, _x: f.upstream)
