"""吹哨–报到: what its moves change, what follows, who is told."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, cast

from rules.clocks import ClockKind, Demand
from rules.facts import Refused, Thing
from rules.handling.whistle import CallState, WhistleState
from rules.worktime import after, budget_of, seconds
from services.moves import affair_clocks
from services.moves.act import Act, Effect
from services.moves.affairs.base import (
    add_part,
    affair_of,
    legible_words,
    link_cases,
    move_on,
    open_affair,
    part_of,
    remark,
    tell_unit,
    when,
)
from services.moves.affairs.reach import check_coming
from services.moves.draft import Draft, Row

_SETTLED: Final = frozenset({CallState.ARRIVED.value, CallState.EXCUSED.value, CallState.JOINED.value})
_NOT_THERE: Final = frozenset({CallState.CALLED.value, CallState.ABSENT.value})
#: Of two calls of one unit the one that says most of it stays: it is there, it is absent and that was told, it is waited for.
_STAYS: Final = (CallState.ARRIVED.value, CallState.ABSENT.value, CallState.CALLED.value)


def _blow(draft: Draft, act: Act) -> None:
    """Call units to a place: `called` (ids of units), `title`, and where given `place`, `at`, `limit`, `cases`."""
    called = list(dict.fromkeys(cast(tuple[int, ...], act.args["called"])))
    for unit_id in called:
        draft.catalogue.check_present(unit_id)
    own = act.actor.unit_id
    if own in called:
        raise Refused("calls_itself")
    at = when(act, "at")
    check_coming(act.now, at)
    values = {name: act.text(name) for name in ("title", "body", "place")}
    whistle = open_affair(draft, act, Thing.WHISTLE, WhistleState.BLOWN, unit_id=own, at=at, **values)
    link_cases(draft, whistle["seq"], cast(tuple[int, ...], act.args.get("cases") or ()))
    for unit_id in called:
        add_part(draft, act, whistle["seq"], Thing.CALL, CallState.CALLED, unit_id=unit_id, limits=_limits(draft, act, unit_id, at))
    remark(draft, act, whistle, "affair_opened")


def _limits(draft: Draft, act: Act, unit_id: int, at: datetime | None) -> dict[str, str]:
    """The limit that was given; else a unit has until the moment for which it is called, where the usual limit ends before that."""
    given = act.text("limit")
    if given:
        return {ClockKind.REPORT_IN.value: given}
    usual = affair_clocks.usual(draft, Demand(ClockKind.REPORT_IN, None, unit_id)).limit
    now, calendar = seconds(act.now), draft.catalogue.calendar_of(unit_id)
    ends = after(now, budget_of(usual, now, calendar), None if usual.natural else calendar)
    return {ClockKind.REPORT_IN.value: at.isoformat()} if at is not None and seconds(at) > ends else {}


def _report_in(draft: Draft, act: Act) -> None:
    part = part_of(draft, act)
    part.update(done_at=act.now, done_by=act.actor.name, words=legible_words(act, "words"))
    part["data"] = {**part["data"], "way": act.text("way"), "late": part["state"] == CallState.ABSENT}


def _excuse(draft: Draft, act: Act) -> None:
    part_of(draft, act).update(done_at=act.now, done_by=act.actor.name, words=legible_words(act, "reason"))


def _rate(draft: Draft, act: Act) -> None:
    """Who called rates who was called."""
    part_of(draft, act)["score"] = act.args["score"]


def _rate_caller(draft: Draft, act: Act) -> None:
    """Who was called rates who called."""
    part = part_of(draft, act)
    part["data"] = {**part["data"], "caller_score": act.args["score"]}


def _end(draft: Draft, act: Act) -> None:
    row = affair_of(draft, act)
    row["result"] = legible_words(act, "result")
    remark(draft, act, row)


def _gather(draft: Draft, act: Act) -> None:
    """Once every unit is there or excused, the whistle has done its work."""
    _gather_if_all(draft, draft.parts[cast(int, act.no)]["seq"], act.now)


def _gather_if_all(draft: Draft, seq: int, now: datetime) -> None:
    whistle, calls = draft.affairs[seq], draft.parts_of(seq, Thing.CALL)
    if whistle["state"] == WhistleState.BLOWN and all(call["state"] in _SETTLED for call in calls):
        move_on(draft, now, Thing.WHISTLE, seq, "gather")


def _unite(draft: Draft, seq: int, unit_id: int, now: datetime) -> None:
    """Two units have become one. Both called: it comes once, and once is said that it has not. One of them the caller: nobody has to come.

    All calls stay on record.
    """
    calls = [call for call in draft.parts_of(seq, Thing.CALL) if call["unit_id"] == unit_id and call["state"] in _STAYS]
    calls.sort(key=lambda call: (_STAYS.index(call["state"]), call["no"]))
    own = draft.affairs[seq]["unit_id"] == unit_id
    for call in calls if own else calls[1:]:
        action, data = ("excuse_own", {}) if own else ("join_call", {"into": calls[0]["no"]})
        if call["state"] in _NOT_THERE:
            move_on(draft, now, Thing.CALL, call["no"], action, **data)
    _gather_if_all(draft, seq, now)


def _tell_called(draft: Draft, act: Act) -> None:
    whistle = draft.affairs[max(draft.new_affairs)]
    for call in draft.parts_of(whistle["seq"]):
        tell_unit(draft, "affair_asked", act.now, call["unit_id"], whistle, call, news="whistle_blown")


def _tell_caller(news: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        call = draft.parts[cast(int, act.no)]
        whistle = draft.affairs[call["seq"]]
        tell_unit(draft, "affair_news", act.now, whistle["unit_id"], whistle, call, news=news, by=_name(draft, call))

    return effect


def _name(draft: Draft, call: Row) -> str:
    """The unit's name, in Chinese as everywhere in a sentence of news."""
    return draft.catalogue.names[call["unit_id"]].zh


def _tell_all(news: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        whistle = draft.affairs[cast(int, act.no)]
        for call in draft.parts_of(whistle["seq"]):
            tell_unit(draft, "affair_news", act.now, call["unit_id"], whistle, call, news=news)

    return effect


Key = tuple[Thing, str]
EFFECTS: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "whistle"): _blow,
    (Thing.WHISTLE, "end"): _end,
    (Thing.CALL, "report_in"): _report_in,
    (Thing.CALL, "excuse"): _excuse,
    (Thing.CALL, "rate_call"): _rate,
    (Thing.CALL, "rate_caller"): _rate_caller,
}
#: What becomes of parts that are one unit's now, because two units have become one.
UNITED: Final[Mapping[Thing, Callable[[Draft, int, int, datetime], None]]] = {Thing.WHISTLE: _unite}
FOLLOWS: Final[Mapping[Key, Any]] = {(Thing.CALL, "report_in"): _gather, (Thing.CALL, "excuse"): _gather}
TOLD: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "whistle"): _tell_called,
    (Thing.CALL, "report_in"): _tell_caller("call_arrived"),
    (Thing.WHISTLE, "end"): _tell_all("whistle_ended"),
    (Thing.WHISTLE, "cancel"): _tell_all("whistle_cancelled"),
}
