"""帮办代办: what the moves of an errand change, what follows from them, who is told."""

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any, Final, cast

from rules.clocks import ClockKind
from rules.facts import Refused, Thing
from rules.handling.errands import ErrandState, ErrandStepState, is_wanting
from rules.worktime import Limit
from services.moves.act import Act, Effect, local
from services.moves.affairs.base import (
    add_part,
    affair_of,
    legible_words,
    move_on,
    open_affair,
    part_of,
    remark,
    tell_asker,
    tell_person,
    tell_unit,
    touch_affair,
    touch_part,
    when,
)
from services.moves.affairs.reach import check_coming
from services.moves.clockwork import settle, touch
from services.moves.draft import Draft, Row
from services.privacy.masking import masked

_SERVE: Final = ClockKind.SERVE.value
Material = dict[str, Any]


def _begin(draft: Draft, act: Act) -> None:
    """An errand from an item of the catalogue: `item`, `title`, `steps`, `materials`, and where given `asker`, `agent`, `form`, `at`."""
    given = act.args.get("unit")
    if given is not None and (not isinstance(given, int) or isinstance(given, bool)):
        raise Refused("unknown_unit", unit=given)
    owner = given or act.actor.unit_id
    if owner is not None:
        draft.catalogue.check_present(owner)
    at = when(act, "at")
    check_coming(act.now, at)
    limits = {_SERVE: act.text("limit")} if act.text("limit") else {}
    materials = [{**m, "there": False} for m in cast(tuple[Material, ...], act.args.get("materials") or ())]
    about = {"item": act.text("item"), "version": act.args.get("version"), "materials": materials, "limits": limits}
    errand = open_affair(
        draft,
        act,
        Thing.ERRAND,
        ErrandState.UNDER_WAY,
        form=act.text("form"),
        unit_id=owner,
        staff_id=_agent(draft, act.args.get("agent"), owner) if act.args.get("agent") is not None else None,
        asker_id=cast("int | None", act.args.get("asker")),
        at=at,
        limits=limits,
        data=about,
        **{name: act.text(name) for name in ("title", "body", "place")},
    )
    for i, step in enumerate(cast(tuple[Row, ...], act.args["steps"])):
        state = ErrandStepState.OPEN if i == 0 else ErrandStepState.WAITING
        own = {_SERVE: str(step["limit"])} if step.get("limit") else {_SERVE: "none"}
        add_part(draft, act, errand["seq"], Thing.ERRAND_STEP, state, title=str(step["zh"])[:120], limits=own, data={"limits": own})
    remark(draft, act, errand, "affair_opened")


def _agent(draft: Draft, agent: object, owner: int | None) -> int:
    """Somebody who is there and works in the unit whose errand it is, in a section of it, or in a unit below it."""
    person = draft.catalogue.by_id.get(agent) if isinstance(agent, int) else None
    if person is None or person.left_at is not None:
        raise Refused("unknown_agent", agent=agent)
    if owner is None or owner not in draft.catalogue.line(person.unit_id):
        raise Refused("agent_of_other_unit", agent=person.name)
    return person.id


def _assign(draft: Draft, act: Act) -> None:
    errand = affair_of(draft, act)
    errand["staff_id"] = _agent(draft, act.args["agent"], errand["unit_id"])


def _material(errand: Row, code: object) -> Material:
    found = next((m for m in errand["data"]["materials"] if m["code"] == code), None)
    if found is None:
        raise Refused("unknown_material", material=code, known=", ".join(m["code"] for m in errand["data"]["materials"]))
    return cast(Material, found)


def _change_material(errand: Row, code: object, **values: object) -> None:
    """Change what is known of a paper; the row's data are anew, never changed in place."""
    wanted = _material(errand, code)
    materials = [{**m, **values} if m["code"] == wanted["code"] else m for m in errand["data"]["materials"]]
    errand["data"] = {**errand["data"], "materials": materials}


def _tick(draft: Draft, act: Act) -> None:
    _change_material(affair_of(draft, act), act.args["material"], there=True)


def _waive(draft: Draft, act: Act) -> None:
    """容缺受理: it goes on without this paper, which is handed in later."""
    _change_material(affair_of(draft, act), act.args["material"], waived=True)


def _ask(draft: Draft, act: Act) -> None:
    """Ask the resident for papers: until they are there the steps' time does not run, and what is left of it is kept."""
    errand = affair_of(draft, act)
    asked = [str(code) for code in cast(tuple[object, ...], act.args["materials"])]
    for code in asked:
        _change_material(errand, code, there=False, needed=True, waived=False)
    errand["data"] = {**errand["data"], "asked": asked}
    for clock in draft.clocks:
        if clock["affair_seq"] == errand["seq"] and clock["kind"] == _SERVE:
            _keep_rest(draft, errand, clock, act)


def _keep_rest(draft: Draft, errand: Row, clock: Row, act: Act) -> None:
    """The time that is left is what the clock has that begins once the papers are there, to the second; of what was overdue, a minute.

    As a limit it is written in whole units: natural time in minutes, working time in hours.
    """
    settle(draft, clock, act.now)
    touch(draft, clock)
    left, natural = clock["budget_s"] - clock["consumed_s"], Limit.parse(clock["limit"]).natural
    limit = f"{max(1, ceil(left / 60))}m" if natural or left <= 0 else f"{ceil(left / 3600)}wh"
    row = errand if clock["part_no"] is None else draft.parts[clock["part_no"]]
    limits, data = {**row["limits"], _SERVE: limit}, {**row["data"], "rest": {_SERVE: left if left > 0 else 60}}
    if clock["part_no"] is None:
        errand.update(limits=limits, data=data)
    else:
        touch_part(draft, row["no"], limits=limits, data=data)


def _visit(draft: Draft, act: Act) -> None:
    """上门代办: the agent was at the resident's home; what was seen there stays with the errand, without numbers of people."""
    errand = affair_of(draft, act)
    said = {"at": act.now.isoformat(), "by": act.actor.name, "words": masked(legible_words(act, "words"))}
    errand["data"] = {**errand["data"], "visited": [*errand["data"].get("visited", []), said]}


def _do(draft: Draft, act: Act) -> None:
    part_of(draft, act).update(done_at=act.now, done_by=act.actor.name, words=legible_words(act, "words"))


def _skip(draft: Draft, act: Act) -> None:
    part_of(draft, act).update(done_at=act.now, done_by=act.actor.name, words=legible_words(act, "reason"))


def _confirm(draft: Draft, act: Act) -> None:
    """The resident says that it is done; the unit says so in his or her place only when the time to answer is over."""
    errand = affair_of(draft, act)
    if act.actor.resident_id is None and errand["asker_id"] is not None:
        clock = next((c for c in draft.clocks if c["affair_seq"] == errand["seq"] and c["kind"] == ClockKind.ASSENT), None)
        if clock is not None and clock["due_at"] > act.now:
            raise Refused("asker_may_still_answer", until=local(draft, clock["due_at"]))
    remark(draft, act, errand)


def _redo(draft: Draft, act: Act) -> None:
    """The last step is made again, in the limits of the catalogue."""
    errand = affair_of(draft, act)
    errand["limits"] = errand["data"]["limits"]
    errand["data"] = {**errand["data"], "rest": {}, "redone": errand["data"].get("redone", 0) + 1}


def _cancel(draft: Draft, act: Act) -> None:
    errand = affair_of(draft, act)
    errand["result"] = legible_words(act, "reason")
    remark(draft, act, errand)


# what follows ---------------------------------------------------------------------------------------------------------


def _next(draft: Draft, act: Act) -> None:
    """The next step opens; after the last one the errand is done."""
    seq = draft.parts[cast(int, act.no)]["seq"]
    waiting = next((p for p in draft.parts_of(seq, Thing.ERRAND_STEP) if p["state"] == ErrandStepState.WAITING), None)
    if waiting is not None:
        move_on(draft, act.now, Thing.ERRAND_STEP, waiting["no"], "open_step")
        return
    touch_affair(draft, seq, result=draft.parts[cast(int, act.no)]["words"] or None)
    move_on(draft, act.now, Thing.ERRAND, seq, "complete_errand")


def _go_on(draft: Draft, act: Act) -> None:
    """Once nothing is wanting, time runs again."""
    errand = draft.affairs[cast(int, act.no)]
    if errand["state"] == ErrandState.MISSING and not any(is_wanting(m) for m in errand["data"]["materials"]):
        move_on(draft, act.now, Thing.ERRAND, errand["seq"], "go_on")


def _reopen(draft: Draft, act: Act) -> None:
    last = draft.parts_of(cast(int, act.no), Thing.ERRAND_STEP)[-1]
    touch_part(draft, last["no"], limits=last["data"]["limits"], data={**last["data"], "rest": {}})
    move_on(draft, act.now, Thing.ERRAND_STEP, last["no"], "reopen_step")


# who is told ----------------------------------------------------------------------------------------------------------


def _errand(draft: Draft, act: Act) -> Row:
    return draft.affairs[cast(int, act.no)]


def _tell_begun(draft: Draft, act: Act) -> None:
    _tell_agent_of(draft, act, draft.affairs[max(draft.new_affairs)])


def _tell_agent(draft: Draft, act: Act) -> None:
    _tell_agent_of(draft, act, _errand(draft, act))


def _tell_agent_of(draft: Draft, act: Act, errand: Row) -> None:
    """The agent is asked, or where there is none yet the unit; the resident learns that somebody goes for him or her."""
    if errand["staff_id"] is None:
        tell_unit(draft, "affair_asked", act.now, errand["unit_id"], errand, news="errand_begun")
    else:
        tell_person(draft, "affair_asked", act.now, errand, staff_id=errand["staff_id"], news="errand_begun")
    tell_asker(draft, "affair_resident", act.now, errand, news="errand_taken")


def _tell_missing(draft: Draft, act: Act) -> None:
    errand = _errand(draft, act)
    names = "、".join(_material(errand, code)["zh"] for code in errand["data"]["asked"])
    tell_asker(draft, "affair_resident", act.now, errand, news="errand_missing", what=names)


def _tell_done(draft: Draft, act: Act) -> None:
    errand = draft.affairs[draft.parts[cast(int, act.no)]["seq"]]
    if errand["state"] == ErrandState.DONE:
        tell_asker(draft, "affair_resident", act.now, errand, news="errand_done")


def _tell_back(news: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        errand = _errand(draft, act)
        tell_unit(draft, "affair_news", act.now, errand["unit_id"], errand, news=news, reason=act.text("reason") or None)
        if act.actor.resident_id is None:
            tell_asker(draft, "affair_resident", act.now, errand, news=news, reason=act.text("reason") or None)

    return effect


Key = tuple[Thing, str]
EFFECTS: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "begin_errand"): _begin,
    (Thing.ERRAND, "assign_agent"): _assign,
    (Thing.ERRAND, "tick_material"): _tick,
    (Thing.ERRAND, "waive_material"): _waive,
    (Thing.ERRAND, "ask_material"): _ask,
    (Thing.ERRAND, "visit_home"): _visit,
    (Thing.ERRAND, "confirm_errand"): _confirm,
    (Thing.ERRAND, "redo_errand"): _redo,
    (Thing.ERRAND, "cancel_errand"): _cancel,
    (Thing.ERRAND_STEP, "do_step"): _do,
    (Thing.ERRAND_STEP, "skip_step"): _skip,
}
FOLLOWS: Final[Mapping[Key, Callable[[Draft, Act], None]]] = {
    (Thing.ERRAND, "tick_material"): _go_on,
    (Thing.ERRAND, "waive_material"): _go_on,
    (Thing.ERRAND, "redo_errand"): _reopen,
    (Thing.ERRAND_STEP, "do_step"): _next,
    (Thing.ERRAND_STEP, "skip_step"): _next,
}
TOLD: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "begin_errand"): _tell_begun,
    (Thing.ERRAND, "assign_agent"): _tell_agent,
    (Thing.ERRAND, "ask_material"): _tell_missing,
    (Thing.ERRAND, "redo_errand"): _tell_back("errand_again"),
    (Thing.ERRAND, "cancel_errand"): _tell_back("errand_cancelled"),
    (Thing.ERRAND_STEP, "do_step"): _tell_done,
    (Thing.ERRAND_STEP, "skip_step"): _tell_done,
}
