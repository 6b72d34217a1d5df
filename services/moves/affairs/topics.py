"""未诉先办: what the moves of topics change, and who is told."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, cast

from rules.clocks import ClockKind
from rules.facts import STEP_OF, Refused, Thing
from rules.handling.topics import TopicState
from rules.sla import NONE
from services.moves import affair_clocks
from services.moves.act import Act, Effect
from services.moves.affairs.base import affair_of, asks, legible_words, link_cases, open_affair, tell_unit
from services.moves.draft import Draft, Row
from services.moves.messages import tell
from services.moves.proof import legible

PLAN_MAX: Final = 1000  #: characters of a plan
_MONTH: Final = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


def _open(draft: Draft, act: Act) -> None:
    """Open a topic: `title`, `unit` (who has to say how), `category`, `by` (place or area), `place`, `cases`, and `count` of them."""
    unit_id = cast(int, act.args["unit"])
    draft.catalogue.check_present(unit_id)
    topic = open_affair(
        draft,
        act,
        Thing.TOPIC,
        TopicState.OPEN,
        title=act.text("title"),
        place=act.text("place"),
        form=act.text("category"),
        unit_id=unit_id,
        quantity=cast("int | None", act.args.get("count")),
        data={"by": act.text("by"), "found": act.now.isoformat()},
    )
    _take_in(draft, act, topic)


def _take_in(draft: Draft, act: Act, topic: Row) -> None:
    """Cases of a topic are linked to it, and say so in their own journals."""
    ids = cast("tuple[int, ...]", act.args.get("cases") or ())
    link_cases(draft, topic["seq"], ids)
    for other in _others(draft, ids):
        other.change(topic_id=draft.case["id"])
        step = STEP_OF[other.state].value
        other.enter(act.now, act.actor, step=step, thing="case", action="topic", data={"topic": topic["no"]})


def _others(draft: Draft, ids: Iterable[int]) -> list[Draft]:
    return [draft.others[i] for i in ids if i in draft.others and i != draft.case["id"]]


def _join(draft: Draft, act: Act) -> None:
    _take_in(draft, act, affair_of(draft, act))


def _take(draft: Draft, act: Act) -> None:
    """A unit says how to get at the root; where it is another unit than before, its time begins now."""
    topic, unit_id = affair_of(draft, act), cast(int, act.args["unit"])
    draft.catalogue.check_present(unit_id)
    plan = legible("plan", act.text("plan"), PLAN_MAX)
    if not plan:
        raise Refused("plan_missing")
    if unit_id != topic["unit_id"]:
        affair_clocks.begin_anew(draft, topic["seq"], ClockKind.ROOT, act.now)
    _timed(topic)
    topic.update(unit_id=unit_id, body=plan, data={**topic["data"], "planned_by": act.actor.name})


def _timed(topic: Row) -> None:
    """One of an older version has had no clock; from now on it has."""
    topic["limits"] = {kind: limit for kind, limit in topic["limits"].items() if limit != NONE}


def _approve(draft: Draft, act: Act) -> None:
    topic = affair_of(draft, act)
    _timed(topic)
    topic["data"] = {**topic["data"], "approved_at": act.now.isoformat(), "approved_by": act.actor.name}


def _choose(draft: Draft, act: Act) -> None:
    """每月一题: it is the topic of a month."""
    if not _MONTH.fullmatch(act.text("month")):
        raise Refused("bad_month", given=act.text("month"))
    topic = affair_of(draft, act)
    other = asks(draft).topic_of_month(act.text("month"), topic["no"])
    if other is not None:
        raise Refused("month_has_one", month=act.text("month"), affair=other)
    topic["data"] = {**topic["data"], "month": act.text("month")}


def _doubt(draft: Draft, act: Act) -> None:
    """It has not gone away after all: the set time begins again."""
    topic = affair_of(draft, act)
    topic["data"] = {**topic["data"], "approved_at": act.now.isoformat()}


def _close(draft: Draft, act: Act) -> None:
    result = legible_words(act, "result")
    if not result:
        raise Refused("result_missing")
    affair_of(draft, act)["result"] = result


def _reopen(draft: Draft, act: Act) -> None:
    """It comes back: a new plan is needed, what was tried stays on record."""
    topic = affair_of(draft, act)
    kept = {name: value for name, value in topic["data"].items() if name not in ("planned_by", "approved_at", "approved_by")}
    _timed(topic)
    topic["unit_id"] = topic["unit_id"] or draft.catalogue.desk_id  # of an older version that nobody had taken
    topic["data"] = {**kept, "returned": [*topic["data"].get("returned", []), act.now.isoformat()]}
    _take_in(draft, act, topic)


def _tell_opened(draft: Draft, act: Act) -> None:
    """The head of the centre hears of it by its newest case; the unit that answers for it is asked for a plan."""
    topic = draft.affairs[max(draft.new_affairs)]
    _tell_centre(draft, act)
    tell_unit(draft, "affair_asked", act.now, topic["unit_id"], topic, news="topic_opened")


def _tell_centre(draft: Draft, act: Act) -> None:
    ids = cast("tuple[int, ...]", act.args.get("cases") or ())
    for newest in _others(draft, ids)[-1:]:
        tell(newest, "topic_found", act.now, unit_id=draft.catalogue.desk_id, count=len(ids))


def _tell_reopened(draft: Draft, act: Act) -> None:
    _tell_centre(draft, act)
    _told("affair_asked", "topic_reopened")(draft, act)


def _told(notice: str, news: str, *, desk: bool = False) -> Effect:
    """The unit whose topic it is hears of it, or the centre's desk."""

    def effect(draft: Draft, act: Act) -> None:
        topic = draft.affairs[cast(int, act.no)]
        tell_unit(draft, notice, act.now, draft.catalogue.desk_id if desk else topic["unit_id"], topic, news=news)

    return effect


Key = tuple[Thing, str]
EFFECTS: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "open_topic"): _open,
    (Thing.TOPIC, "join_topic"): _join,
    (Thing.TOPIC, "take_topic"): _take,
    (Thing.TOPIC, "approve_plan"): _approve,
    (Thing.TOPIC, "choose_topic"): _choose,
    (Thing.TOPIC, "doubt_solved"): _doubt,
    (Thing.TOPIC, "confirm_solved"): _close,
    (Thing.TOPIC, "close_topic"): _close,
    (Thing.TOPIC, "reopen_topic"): _reopen,
}
TOLD: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "open_topic"): _tell_opened,
    (Thing.TOPIC, "take_topic"): _told("affair_news", "topic_taken", desk=True),
    (Thing.TOPIC, "approve_plan"): _told("affair_told", "topic_approved"),
    (Thing.TOPIC, "return_plan"): _told("affair_asked", "topic_plan_returned"),
    (Thing.TOPIC, "choose_topic"): _told("affair_news", "topic_chosen"),
    (Thing.TOPIC, "ease_topic"): _told("affair_asked", "topic_eased", desk=True),
    (Thing.TOPIC, "doubt_solved"): _told("affair_told", "topic_doubted"),
    (Thing.TOPIC, "confirm_solved"): _told("affair_news", "topic_solved"),
    (Thing.TOPIC, "close_topic"): _told("affair_news", "topic_solved"),
    (Thing.TOPIC, "reopen_topic"): _tell_reopened,
}
