"""专项行动: what the moves of campaigns and projects change, what follows, who is told; lists go in and come back as a whole."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, cast

from rules.clocks import ClockKind
from rules.facts import Refused, Thing
from rules.handling.campaigns import CampaignState, TaskState, shared
from rules.sla import NONE
from services.moves import affair_clocks
from services.moves.act import Act, Effect
from services.moves.affairs.base import (
    add_part,
    affair_of,
    asks,
    check_limits,
    legible_words,
    move_on,
    open_affair,
    tell_unit,
)
from services.moves.affairs.given import rows_of, whole
from services.moves.affairs.subsidies import claim_subsidy
from services.moves.draft import Draft, Row
from services.moves.proof import legible

LONGEST: Final = {"plan": 2000, "place": 120, "measure": 20, "title": 120, "convention": 4000, "before": 500, "words": 1000}
MOST: Final = 2_000_000_000  #: as much as a column holds


# campaigns and projects -----------------------------------------------------------------------------------------------


def _open(form: str) -> Effect:
    """Draft one: `title`, `plan`, `unit` (whose it is), and where given a target, a convention, a subsidy, the lines of its lists."""

    def effect(draft: Draft, act: Act) -> None:
        unit_id = cast("int | None", act.args.get("unit")) or act.actor.unit_id
        if unit_id is not None:
            draft.catalogue.check_present(unit_id)
        operators = [int(unit) for unit in cast("tuple[int, ...]", act.args.get("operators") or ())]
        for each in operators:
            draft.catalogue.check_present(each)
        convention = legible("convention", act.text("convention"), LONGEST["convention"])
        data = {"convention": convention, "operators": operators, "signed": {}, "subsidy": act.args.get("subsidy"), "kind": form}
        named = {"parent_case_id": act.args.get("parent_case"), "parent_seq": act.args.get("parent_seq")}
        measure = legible("measure", act.text("measure"), LONGEST["measure"])
        sums = {"quantity": counted(act.args.get("quantity")), "measure": measure}
        texts = {"title": act.text("title"), "body": act.text("plan"), "place": act.text("place"), "form": act.text("template") or form}
        limits = {"target": act.text("target")} if act.text("target") else {}
        row = open_affair(
            draft,
            act,
            Thing.CAMPAIGN,
            CampaignState.DRAFTED,
            unit_id=unit_id,
            limits=limits,
            data=data,
            **texts,
            **sums,
            **named,
        )
        _add_rows(draft, act, row)

    effect.__name__ = f"open_{form}"
    return effect


def _add(draft: Draft, act: Act) -> None:
    _add_rows(draft, act, affair_of(draft, act))


def _add_rows(draft: Draft, act: Act, row: Row) -> None:
    """The lines of a list: of each `title`, and where given `unit`, `with`, `quantity`, `measure`, `target`, `plan`, `place` and more."""
    for given in rows_of(act, "rows"):
        for unit_id in (given.get("unit"), *given.get("with", ())):
            if unit_id is not None:
                draft.catalogue.check_present(unit_id)
        texts = {name: legible(name, str(given.get(name) or ""), LONGEST[name]) for name in ("title", "plan", "place", "measure", "before")}
        if not texts["title"]:
            raise Refused("title_missing")
        kept = {name: given[name] for name in ("weight", "pair", "side", "action", "category") if given.get(name) is not None}
        along = list(dict.fromkeys(unit for unit in given.get("with", ()) if unit != given.get("unit")))
        add_part(
            draft,
            act,
            row["seq"],
            Thing.TASK,
            TaskState.OPEN,
            title=texts["title"],
            words=texts["plan"],
            unit_id=given.get("unit"),
            role=str(given.get("side") or ""),
            quantity=counted(given.get("quantity")),
            measure=texts["measure"],
            limits={"target": given.get("target") or NONE},
            data={"place": texts["place"], "was": texts["before"], "with": along, "shares": {}, **kept},
        )


def counted(given: object) -> int | None:
    """How many, as a column holds it; None: nobody says.

    Raises:
        Refused: `quantity_wrong`, no whole number from 1 to two thousand million.
    """
    if given is not None and not (isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= MOST):
        raise Refused("quantity_wrong", given=given)
    return given


def done_of(part: Row, given: object) -> int:
    """How much of a line is done: never more than there is of it.

    Raises:
        Refused: `done_wrong`, `done_over`.
    """
    if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= MOST:
        raise Refused("done_wrong", task=part["no"])
    if part["quantity"] is not None and given > part["quantity"]:
        raise Refused("done_over", task=part["no"], quantity=part["quantity"])
    return given


def _retarget(draft: Draft, act: Act) -> None:
    """Another day for the target: its time begins anew."""
    row = affair_of(draft, act)
    limits = {"target": act.text("target")}
    check_limits(limits)
    affair_clocks.begin_anew(draft, row["seq"], ClockKind.TARGET, act.now)
    row["limits"] = {**row["limits"], **limits}


def _sign(draft: Draft, act: Act) -> None:
    """A unit signs the convention (公约) for itself."""
    row = affair_of(draft, act)
    if not row["data"]["convention"]:
        raise Refused("no_convention")
    own = next((unit for unit in row["data"]["operators"] if unit in act.actor.body), None)
    if own is None:
        raise Refused("not_your_convention")
    row["data"] = {**row["data"], "signed": {**row["data"]["signed"], str(own): act.now.isoformat()}}


def _finish(draft: Draft, act: Act) -> None:
    """It has ended: `result`; not before its projects have."""
    row = affair_of(draft, act)
    if asks(draft).open_under(row["case_id"], row["seq"]):
        raise Refused("projects_open")
    row["result"] = legible_words(act, "result")


def _cancel(draft: Draft, act: Act) -> None:
    affair_of(draft, act)["result"] = legible_words(act, "reason")


# lists as a whole -----------------------------------------------------------------------------------------------------


def _rows(draft: Draft, act: Act) -> list[tuple[Row, Mapping[str, Any]]]:
    """The lines that are named, by their numbers.

    Raises:
        Refused: `list_unreadable`, `no_such_task`, `task_twice`.
    """
    found: list[tuple[Row, Mapping[str, Any]]] = []
    for given in rows_of(act, "rows"):
        part = draft.parts.get(whole(given, "no", "rows"))
        if part is None or part["seq"] != act.no or part["thing"] != Thing.TASK:
            raise Refused("no_such_task", task=given.get("no"))
        if any(part is known for known, _ in found):
            raise Refused("task_twice", task=part["no"])
        found.append((part, given))
    return found


def _progress(draft: Draft, act: Act) -> None:
    """How far lines are: of each `no` and `done`, and where given `after`, how it looks now; a unit speaks for its own lines."""
    row = affair_of(draft, act)
    owner = row["unit_id"] in act.actor.body
    for part, given in _rows(draft, act):
        units = {part["unit_id"], *part["data"]["with"]}
        if part["state"] != TaskState.OPEN or not (owner or units & set(act.actor.body)):
            raise Refused("not_your_task" if part["state"] == TaskState.OPEN else "task_not_open", task=part["no"])
        part["done"] = done_of(part, given.get("done"))
        if given.get("after"):
            part["data"] = {**part["data"], "now": legible("after", str(given["after"]), LONGEST["words"])}
        draft.touched_parts.add(part["no"])


def _share(draft: Draft, act: Act) -> None:
    """A unit that handles lines along with another says that its share of these is done: of each `no`."""
    for part, _ in _rows(draft, act):
        own = next((unit for unit in part["data"]["with"] if unit in act.actor.body), None)
        if own is None or part["state"] != TaskState.OPEN:
            raise Refused("not_a_share", task=part["no"])
        part["data"] = {**part["data"], "shares": {**part["data"]["shares"], str(own): act.now.isoformat()}}
        draft.touched_parts.add(part["no"])


def _fulfil(draft: Draft, act: Act) -> None:
    """Lines of which all is done are done, once every unit that handles them has done its share."""
    facts = {p.no: p for p in (draft.affair_facts(act.no) or _nothing()).parts}
    for part, _ in _rows(draft, act):
        full = part["quantity"] is not None and (part["done"] or 0) >= part["quantity"]
        if full and part["state"] == TaskState.OPEN and shared(facts[part["no"]]):
            part.update(done_at=act.now, done_by=act.actor.name)
            move_on(draft, act.now, Thing.TASK, part["no"], "fulfil_task", act.actor)


def _nothing() -> Any:  # noqa: ANN401 - cannot be: the door has found the affair
    raise LookupError("no such campaign")


def _check(draft: Draft, act: Act) -> None:
    """Another unit has looked at these lines: of each `no`."""
    owner = draft.affairs[cast(int, act.no)]["unit_id"]
    for part, given in _rows(draft, act):
        if part["state"] != TaskState.DONE:
            raise Refused("task_not_done", task=part["no"])
        if {part["unit_id"] or owner, *part["data"]["with"]} & set(act.actor.body):
            raise Refused("checks_own_task", task=part["no"])
        part["data"] = {**part["data"], "checked_by": act.actor.name, "seen": legible("words", str(given.get("words") or ""), 1000)}
        draft.touched_parts.add(part["no"])


def _confirm(draft: Draft, act: Act) -> None:
    for part, _ in _rows(draft, act):
        move_on(draft, act.now, Thing.TASK, part["no"], "confirm_task", act.actor)


# who is told ----------------------------------------------------------------------------------------------------------


def _tell_units(draft: Draft, act: Act) -> None:
    """Each unit that has lines hears once, with their number; while it is drafted nobody does."""
    row = draft.affairs[cast(int, act.no)]
    if row["state"] != CampaignState.UNDER_WAY:
        return
    parts = [draft.parts[no] for no in sorted(draft.new_parts)] if act.args.get("rows") else draft.parts_of(row["seq"], Thing.TASK)
    counted = Counter(unit for p in parts for unit in (p["unit_id"] or row["unit_id"], *p["data"].get("with", ())))
    for unit_id, count in sorted(counted.items()):
        tell_unit(draft, "affair_asked", act.now, unit_id, row, news="campaign_lines", count=count)


def _tell_owner(news: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        row = draft.affairs[cast(int, act.no)]
        tell_unit(draft, "affair_news", act.now, row["unit_id"], row, news=news)

    return effect


Key = tuple[Thing, str]
EFFECTS: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "open_campaign"): _open("campaign"),
    (Thing.CASE, "open_project"): _open("project"),
    (Thing.CAMPAIGN, "add_tasks"): _add,
    (Thing.CAMPAIGN, "set_target"): _retarget,
    (Thing.CAMPAIGN, "sign_convention"): _sign,
    (Thing.CAMPAIGN, "record_progress"): _progress,
    (Thing.CAMPAIGN, "share_lines"): _share,
    (Thing.CAMPAIGN, "check_tasks"): _check,
    (Thing.CAMPAIGN, "claim_subsidy"): claim_subsidy,
    (Thing.CAMPAIGN, "finish_campaign"): _finish,
    (Thing.CAMPAIGN, "cancel_campaign"): _cancel,
}
FOLLOWS: Final[Mapping[Key, Effect]] = {
    (Thing.CAMPAIGN, "record_progress"): _fulfil,
    (Thing.CAMPAIGN, "share_lines"): _fulfil,
    (Thing.CAMPAIGN, "check_tasks"): _confirm,
}
TOLD: Final[Mapping[Key, Effect]] = {
    (Thing.CAMPAIGN, "start_campaign"): _tell_units,
    (Thing.CAMPAIGN, "add_tasks"): _tell_units,
    (Thing.CAMPAIGN, "claim_subsidy"): _tell_owner("subsidy_claimed"),
    (Thing.CAMPAIGN, "finish_campaign"): _tell_owner("campaign_done"),
}
