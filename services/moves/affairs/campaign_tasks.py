"""One line of a campaign's list, and one claim for money: what their moves change, and who is told."""

from collections.abc import Mapping
from typing import Final, cast

from rules.facts import Refused, Thing
from services.moves.act import Act, Effect
from services.moves.affairs.base import asks, legible_words, part_of, tell_unit
from services.moves.affairs.campaigns import done_of
from services.moves.draft import Draft, Row
from services.moves.proof import attach


def _evidence(draft: Draft, act: Act, part: Row) -> None:
    """What shows how it was before and is now stands with the journal entry that brings it; the line names the entry."""
    seq, data = draft.case["seq"] + 1, part["data"]
    for stage in ("before", "after"):
        if act.args.get(stage) and attach(draft, act, seq, stage):
            data = {**data, stage: [*data.get(stage, []), seq]}
    part["data"] = data


def _done(part: Row, act: Act) -> None:
    done = act.args.get("done")
    if done is None:
        return
    part["done"] = done_of(part, done)


def _work(draft: Draft, act: Act) -> None:
    """How far it is (`done`), with evidence (`before`, `after`)."""
    part = part_of(draft, act)
    _done(part, act)
    _evidence(draft, act, part)


def _share(draft: Draft, act: Act) -> None:
    """A unit that handles it along with another says that its share is done."""
    part = part_of(draft, act)
    own = next((unit for unit in part["data"]["with"] if unit in act.actor.body), None)
    if own is None:
        raise Refused("not_a_share", task=part["no"])
    _evidence(draft, act, part)
    part["data"] = {**part["data"], "shares": {**part["data"]["shares"], str(own): act.now.isoformat()}}


def _link(draft: Draft, act: Act) -> None:
    """A case has come of it: `other`."""
    part, other = part_of(draft, act), act.args["other"]
    if part["other_case_id"] is not None:
        raise Refused("task_has_case", task=part["no"])
    if not asks(draft).is_case(other):
        raise Refused("unknown_case", case=other)
    part["other_case_id"] = other


def _finish(draft: Draft, act: Act) -> None:
    """It is done: `result`; all of it, unless `done` says how much."""
    part = part_of(draft, act)
    _done(part, act)
    if part["quantity"] is not None and (part["done"] if act.args.get("done") is not None else part["quantity"]) < part["quantity"]:
        raise Refused("task_not_full", task=part["no"], done=part["done"], quantity=part["quantity"])
    _evidence(draft, act, part)
    part.update(done=part["quantity"] if act.args.get("done") is None else part["done"], done_at=act.now, done_by=act.actor.name)
    part["data"] = {**part["data"], "now": legible_words(act, "result")}


def _again(draft: Draft, act: Act) -> None:
    part = part_of(draft, act)
    part.update(done_at=None, done_by=None)
    part["data"] = {**part["data"], "sent_back": [*part["data"].get("sent_back", []), legible_words(act, "reason")]}


def _drop(draft: Draft, act: Act) -> None:
    part = part_of(draft, act)
    part.update(done_at=act.now, done_by=act.actor.name)
    part["data"] = {**part["data"], "dropped": legible_words(act, "reason")}


def _decide(name: str, by: str) -> Effect:
    """A claim is looked at, paid or refused: what was said, by whom."""

    def effect(draft: Draft, act: Act) -> None:
        part = part_of(draft, act)
        part["data"] = {**part["data"], by: act.actor.name, f"{by}_words": legible_words(act, name)}
        if by != "checked_by":
            part.update(done_at=act.now, done_by=act.actor.name)

    return effect


def _tell(notice: str, news: str, *, owner: bool = False) -> Effect:
    """The unit of the line or claim hears; or the unit whose campaign it is."""

    def effect(draft: Draft, act: Act) -> None:
        part = draft.parts[cast(int, act.no)]
        row = draft.affairs[part["seq"]]
        tell_unit(draft, notice, act.now, row["unit_id"] if owner else part["unit_id"] or row["unit_id"], row, part, news=news)

    return effect


Key = tuple[Thing, str]
EFFECTS: Final[Mapping[Key, Effect]] = {
    (Thing.TASK, "work_on_task"): _work,
    (Thing.TASK, "share_done"): _share,
    (Thing.TASK, "link_task"): _link,
    (Thing.TASK, "finish_task"): _finish,
    (Thing.TASK, "send_back_task"): _again,
    (Thing.TASK, "drop_task"): _drop,
    (Thing.SUBSIDY, "check_subsidy"): _decide("result", "checked_by"),
    (Thing.SUBSIDY, "pay_subsidy"): _decide("result", "paid_by"),
    (Thing.SUBSIDY, "refuse_subsidy"): _decide("reason", "refused_by"),
}
TOLD: Final[Mapping[Key, Effect]] = {
    (Thing.TASK, "send_back_task"): _tell("affair_asked", "task_sent_back"),
    (Thing.SUBSIDY, "check_subsidy"): _tell("affair_news", "subsidy_checked", owner=True),
    (Thing.SUBSIDY, "pay_subsidy"): _tell("affair_told", "subsidy_paid"),
    (Thing.SUBSIDY, "refuse_subsidy"): _tell("affair_told", "subsidy_refused"),
}
