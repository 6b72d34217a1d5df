"""Ratings: solved and satisfied asked apart, several reporters, judging, appeals, looks at the place after the end."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from models import Sealed
from rules.facts import Refused, RequestKind, RequestState, State, Thing
from rules.worktime import Limit, after, budget_of, instant, seconds
from services.moves import asking, supervising
from services.moves.act import Act, Effect, local
from services.moves.again import redo
from services.moves.clockwork import follow_supervision
from services.moves.draft import Draft, Row
from services.moves.messages import tell, until
from services.moves.proof import legible

OWN_CHANNELS: Final = ("self", "link", "sms")  #: by which a resident rates
STAFF_CHANNELS: Final = ("call", "paper", "visit")  #: by which somebody of ours writes a rating down
WORDS_MAX: Final = 500  #: characters of a rating's own words
DEVICE_MAX: Final = 200
RESULT_MAX: Final = 1000  #: characters of what was found at the place
#: Handed in with a move and not kept in the journal, which forgets nothing: a rating's words can be hidden and in time taken out.
UNWRITTEN: Final[Mapping[str, frozenset[str]]] = {
    "rate": frozenset({"words", "device", "rater"}),
    # the plan of an inspection, and what it has found so far, nobody reads before it is released
    "plan_inspection": frozenset({"name", "plan", "sites", "inspectors", "checklist", "at", "until"}),
    "find_problem": frozenset({"problem", "place", "unit", "item", "category", "quantity", "measure", "before"}),
}
SATISFIED: Final = 3  #: the lowest score that is not bad
#: How long after the last rating of a round a unit may appeal; it does not see it before the window ends, which takes up to half of that.
APPEAL_WINDOW: Final = Limit.parse("15wd")


def is_bad(rating: Mapping[str, Any]) -> bool:
    """Whether a rating is one that a person has to judge: not solved, or not satisfied."""
    return not rating["solved"] or (rating["score"] or SATISFIED) < SATISFIED


# rating ---------------------------------------------------------------------------------------------------------------


def _rate(draft: Draft, act: Act) -> None:
    """One row for each reporter and round; the case is as solved as its least content reporter says."""
    case, rater = draft.case, _rater(draft, act)
    if any(e["round"] == case["round"] and e["requester_id"] == rater for e in draft.evaluations):
        raise Refused("rated_already")
    device = legible("device", act.text("device"), DEVICE_MAX)
    row: Row = {
        "case_id": case["id"],
        "no": len(draft.evaluations) + 1,
        "round": case["round"],
        "requester_id": rater,
        "solved": act.args["solved"],
        "score": act.args.get("score"),
        "words": legible("words", act.text("words"), WORDS_MAX) or None,
        "channel": _channel(act),
        "at": act.now,
        "by": act.actor.name,
        "by_unit_id": act.actor.unit_id,
        "device": Sealed.fingerprint(f"device {device}") if device else None,
        "flagged": None,
        "counted": True,
    }
    draft.evaluations.append(row)
    draft.new_evaluations.append(row)
    _count(draft)


def _rater(draft: Draft, act: Act) -> int | None:
    """Whose rating it is: the resident's own, or that of the reporter whom a member of staff has asked; None: nobody is known.

    Raises:
        Refused: `no_such_rater`; `which_rater`, several have not rated yet.
    """
    if act.actor.resident_id is not None:
        return act.actor.resident_id
    reporters, given = draft.reporter_ids(), cast("int | None", act.args.get("rater"))
    if given is not None and given not in reporters:
        raise Refused("no_such_rater")
    if given is not None or not reporters:
        return given
    rated = {e["requester_id"] for e in draft.evaluations if e["round"] == draft.case["round"]}
    left = reporters - rated
    if not left:
        raise Refused("rated_already")
    if len(left) > 1:
        raise Refused("which_rater", n=len(left))
    return next(iter(left))


def _channel(act: Act) -> str:
    known = OWN_CHANNELS if act.actor.resident_id is not None else STAFF_CHANNELS
    given = act.text("channel") or known[0]
    if given not in known:
        raise Refused("unknown_rating_channel", given=given, known=", ".join(known))
    return given


def _count(draft: Draft) -> None:
    """What the counted ratings of this round say together: solved if nobody says no, as content as the least content."""
    counted = [e for e in draft.evaluations if e["round"] == draft.case["round"] and e["counted"]]
    solved = all(e["solved"] for e in counted) if counted else None
    draft.case.update(solved=solved, score=min((e["score"] for e in counted if e["score"] is not None), default=None))


def _tell_judge(draft: Draft, act: Act) -> None:
    """The centre judges a bad rating as soon as all have rated, or the window has ended."""
    if draft.state is State.EVALUATED and is_bad(draft.case):
        lead = draft.lead()
        about = until(draft, "judge", None)
        tell(draft, "judge_asked", act.now, unit_id=draft.catalogue.desk_id, shown_unit_id=lead["unit_id"] if lead else None, **about)


def _tell_fed_back(draft: Draft, act: Act) -> None:
    """Every reporter hears; who hears it with which code, and whether the promise was kept, is looked up when it is put into words."""
    lead = draft.lead()
    about = {"unit_id": lead["unit_id"], "order": lead["no"]} if lead else {}
    tell(draft, "fed_back", act.now, round=draft.case["round"], **about, **until(draft, "evaluate", None))


# judging --------------------------------------------------------------------------------------------------------------


def _close(draft: Draft, act: Act) -> None:
    if not act.actor.system:
        draft.change(judged_by=act.actor.name)


def _rework(draft: Draft, act: Act) -> None:
    """Done again on half the limit; the second time the unit above hears of it, and a supervision order is proposed."""
    draft.change(judged_by=act.actor.name)
    redo(draft, act)
    unit = cast(Row, draft.lead())["unit_id"]
    if _second(draft) and unit not in draft.catalogue.gentle and unit != draft.catalogue.district_id:
        values = {"seq": draft.case["seq"] + 1, "order_no": cast(Row, draft.lead())["no"]}
        demand = act.text("reason")[: supervising.LONGEST["demand"]]
        order = supervising.propose(draft, act, unit, "order", "rework", demand=demand, **values)
        follow_supervision(draft, order, act.now)


def _second(draft: Draft) -> bool:
    """Whether residents have been discontent in two rounds by now."""
    return len({e["round"] for e in draft.evaluations if e["counted"] and is_bad(e)}) > 1


def _tell_rework(draft: Draft, act: Act) -> None:
    lead = cast(Row, draft.lead())
    about = until(draft, "handle", lead["no"]) | {"reason": act.text("reason")}
    tell(draft, "rework", act.now, unit_id=lead["unit_id"], **about)
    tell(draft, "rework_reporter", act.now, unit_id=lead["unit_id"], **about)
    if _second(draft):
        tell(draft, "rework_again", act.now, unit_id=lead["unit_id"], **about)


# appeals --------------------------------------------------------------------------------------------------------------


def _appeal(draft: Draft, act: Act) -> None:
    """The unit says that a bad rating is not about its part; somebody decides who has not judged it.

    Raises:
        Refused: `nothing_to_appeal`, `appeal_over`, `text_too_long`, `text_unprintable`.
    """
    lead = cast(Row, draft.lead())
    legible("reason", act.text("reason"), RESULT_MAX)
    bad = list(_appealed(draft.evaluations, act))
    if not bad:
        raise Refused("nothing_to_appeal")
    last, calendar = seconds(max(e["at"] for e in bad)), draft.catalogue.calendar_of(lead["unit_id"])
    end = instant(after(last, budget_of(APPEAL_WINDOW, last, calendar), calendar))
    if act.now > end:
        raise Refused("appeal_over", end=local(draft, end))
    asking.ask(draft, act, RequestKind.APPEAL, unit_id=lead["unit_id"])


def _appealed(ratings: Iterable[Row], act: Act, asked: Row | None = None) -> Iterable[Row]:
    """The bad ratings of the newest round that was rated when the unit appealed; of these the one that is named, if one is."""
    there = [e for e in ratings if asked is None or e["at"] <= asked["asked_at"]]
    newest = max((e["round"] for e in there), default=None)
    named = act.args.get("rating")
    return (e for e in there if e["round"] == newest and e["counted"] and is_bad(e) and named in (None, e["no"]))


def _uphold(draft: Draft, act: Act) -> None:
    """What the appeal is about stays on record and no longer counts."""
    asked = _judged_by_another(draft, act)
    ratings = list(_appealed(draft.evaluations, act, asked))
    if not ratings:
        raise Refused("no_such_rating", rating=act.args.get("rating"))
    for rating in ratings:
        rating["counted"] = False
        draft.touched_evaluations.append(rating)
    asking.decide(draft, act, RequestState.GRANTED)
    if ratings[0]["round"] == draft.case["round"]:
        _count(draft)


def _reject(draft: Draft, act: Act) -> None:
    _judged_by_another(draft, act)
    asking.decide(draft, act, RequestState.REFUSED)


def _judged_by_another(draft: Draft, act: Act) -> Row:
    if draft.case["judged_by"] == act.actor.name:
        raise Refused("judged_it")
    return draft.requests[cast(int, act.no)]


def _tell_appealed(draft: Draft, act: Act) -> None:
    about = until(draft, "appeal", None) | {"reason": act.text("reason")}
    tell(draft, "appeal_asked", act.now, unit_id=draft.catalogue.desk_id, shown_unit_id=cast(Row, draft.lead())["unit_id"], **about)


def _tell_decided(code: str) -> Effect:
    """The unit that appealed hears what was decided, and why."""
    return lambda draft, act: tell(
        draft, code, act.now, unit_id=draft.requests[cast(int, act.no)]["unit_id"], reason=act.text("reason") or None
    )


# after the end --------------------------------------------------------------------------------------------------------


def _recheck(draft: Draft, act: Act) -> None:
    """Somebody has looked at the place again; the next look is due by its own clock."""
    if not legible("result", act.text("result"), RESULT_MAX):
        raise Refused("result_missing")
    draft.change(rechecks=draft.case["rechecks"] + 1)


EFFECTS: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "rate"): _rate,
    (Thing.CASE, "close"): _close,
    (Thing.CASE, "rework"): _rework,
    (Thing.CASE, "appeal"): _appeal,
    (Thing.REQUEST, "uphold_appeal"): _uphold,
    (Thing.REQUEST, "reject_appeal"): _reject,
    (Thing.CASE, "recheck"): _recheck,
}
TOLD: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "feed_back"): _tell_fed_back,
    (Thing.CASE, "rate"): _tell_judge,
    (Thing.CASE, "end_window"): _tell_judge,
    (Thing.CASE, "rework"): _tell_rework,
    (Thing.CASE, "appeal"): _tell_appealed,
    (Thing.REQUEST, "uphold_appeal"): _tell_decided("appeal_upheld"),
    (Thing.REQUEST, "reject_appeal"): _tell_decided("appeal_rejected"),
}
