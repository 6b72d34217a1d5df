"""四不两直: what the moves of inspections and findings change, and who is told. Nothing of a plan stands in a journal or a message.

Until it is released an inspection is called by what everybody may know, that there is one; its plan is in columns that only those
whom `services.inspections.seen` lets read it are shown.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from rules.clocks import ClockKind
from rules.facts import Refused, Thing
from rules.handling.inspections import FindingState, InspectionState
from services.moves.act import Act, Effect
from services.moves.affairs.base import (
    add_part,
    affair_of,
    asks,
    check_ahead,
    check_limits,
    legible_words,
    move_on,
    open_affair,
    part_of,
    tell_person,
    tell_unit,
    when,
)
from services.moves.affairs.reach import check_coming
from services.moves.draft import Draft, Row
from services.moves.proof import attach, legible

MOST: Final = 2_000_000_000  #: as much as a column holds
LONGEST: Final = {"plan": 4000, "place": 120, "problem": 120, "measure": 20}


def _plan(draft: Draft, act: Act) -> None:
    """Plan one: `title` (what everybody may know), `plan` (name, text), `inspectors`, `sites`, `checklist`, `at`, `until`.

    Nobody inspects his own unit.
    """
    known, sites = draft.catalogue, [dict(site) for site in cast("tuple[Mapping[str, Any], ...]", act.args["sites"])]
    inspectors = list(dict.fromkeys(cast("tuple[int, ...]", act.args["inspectors"])))
    units = {site["unit"] for site in sites if site.get("unit") is not None}
    for person in inspectors:
        found = known.by_id.get(person)
        if found is None or found.left_at is not None:
            raise Refused("unknown_user", user=person)
        if units & set(known.line(found.unit_id)):
            raise Refused("inspects_own_unit", user=found.name)
    data = {
        "inspectors": inspectors,
        "sites": sites,
        "units": sorted(units),
        "checklist": act.args.get("checklist") or [],
        "plan": legible("plan", act.text("plan"), LONGEST["plan"]),
        "name": legible("title", act.text("name"), LONGEST["place"]),
    }
    check_coming(act.now, when(act, "at"))
    values: Row = {"at": when(act, "at"), "until": when(act, "until"), "unit_id": act.actor.unit_id, "staff_id": act.actor.user_id}
    limits = {"target": values["until"].isoformat()} if values["until"] is not None else {}  # by then it has begun
    values |= {"title": act.text("title"), "hidden": True, "data": data, "limits": limits}
    open_affair(draft, act, Thing.INSPECTION, InspectionState.PLANNED, **values)


def _release(draft: Draft, act: Act) -> None:
    """From now on everybody may read it, under its own name."""
    row = affair_of(draft, act)
    places = "、".join(dict.fromkeys(str(site["place"]) for site in row["data"]["sites"] if site.get("place")))
    row.update(hidden=False, title=row["data"]["name"] or row["title"], body=row["data"]["plan"], place=places[: LONGEST["place"]])


def _end(name: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        affair_of(draft, act)["result"] = legible_words(act, name)

    return effect


def _find(draft: Draft, act: Act) -> None:
    """Write down a problem: `problem`, `place`, `unit`, and where given `item`, `category`, `quantity`, `measure`, `before`."""
    row, unit_id = affair_of(draft, act), cast(int, act.args["unit"])
    draft.catalogue.check_present(unit_id)
    quantity = act.args.get("quantity")
    if quantity is not None and (not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= MOST):
        raise Refused("quantity_wrong", given=quantity)
    seq = draft.case["seq"] + 1
    shown = attach(draft, act, seq, "before")
    named = {name: legible(name, act.text(name), LONGEST[name]) for name in ("place", "problem", "measure")}
    data = {"place": named["place"], "item": act.text("item"), "category": act.text("category"), "found_by": act.actor.name}
    add_part(
        draft,
        act,
        row["seq"],
        Thing.FINDING,
        FindingState.FOUND,
        title=named["problem"],
        unit_id=unit_id,
        quantity=quantity,
        measure=named["measure"],
        data={**data, "before": [seq] if shown else []},
    )


def _hand_out(draft: Draft, act: Act) -> None:
    """It is put right by a day (`due`), as a case (`other`), or under a supervision order on one (`order`: its entry there)."""
    part, other = part_of(draft, act), act.args.get("other")
    if other is not None and not asks(draft).is_case(other):
        raise Refused("unknown_case", case=other)
    _check(act)
    data = {"handed_by": act.actor.name, "handed_at": act.now.isoformat(), "due": act.text("due"), "how": act.text("how")}
    part.update(limits={"correct": act.text("due")}, other_case_id=other)
    part["data"] = {**part["data"], **data, "order": act.args.get("order")}


def _correct(draft: Draft, act: Act) -> None:
    """It is put right: `result`, and what shows it (`after`)."""
    part, seq = part_of(draft, act), draft.case["seq"] + 1
    shown = attach(draft, act, seq, "after")
    part.update(words=legible_words(act, "result"), done=part["quantity"])
    late = any(c["part_no"] == part["no"] and c["kind"] == ClockKind.CORRECT and c["due_at"] < act.now for c in draft.clocks)
    after = [*part["data"].get("after", []), *([seq] if shown else [])]
    part["data"] = {**part["data"], "corrected_by": act.actor.name, "corrected_at": act.now.isoformat(), "late": late, "after": after}


def _pass(draft: Draft, act: Act) -> None:
    part = part_of(draft, act)
    part.update(done_at=act.now, done_by=act.actor.name)
    part["data"] = {**part["data"], "recheck": legible_words(act, "result")}


def _fail(draft: Draft, act: Act) -> None:
    """Not put right: its time begins anew, with `due` where one is given; from now on the unit itself has to say that it is."""
    part = part_of(draft, act)
    part["done"] = None
    said, before = act.text("due"), str(part["data"].get("due", ""))
    if said:
        _check(act)
    due = said or (before if "T" not in before else "")  # a day that was set for the first time is no limit any more
    part["limits"] = {"correct": due} if due else {}
    part["data"] = {**part["data"], "due": due or before, "failed": [*part["data"].get("failed", []), legible_words(act, "reason")]}


def _check(act: Act) -> None:
    """A limit (`3wd`), or a moment to come, for putting it right.

    Raises:
        Refused: `limit_unreadable`, `moment_past`, `moment_too_far`.
    """
    limits = {"correct": act.text("due")}
    check_limits(limits)
    check_ahead(limits, act.now)


def _settle(draft: Draft, row: Row, act: Act) -> None:
    """Once it is released and nothing that was found is open any more, its owner has a limit for closing it."""
    written_off = FindingState.WRITTEN_OFF.value
    if row["state"] == InspectionState.RELEASED and all(p["state"] == written_off for p in draft.parts_of(row["seq"], Thing.FINDING)):
        move_on(draft, act.now, Thing.INSPECTION, row["seq"], "settle_inspection")


def _after_release(draft: Draft, act: Act) -> None:
    _settle(draft, draft.affairs[cast(int, act.no)], act)


def _after_recheck(draft: Draft, act: Act) -> None:
    _settle(draft, draft.affairs[draft.parts[cast(int, act.no)]["seq"]], act)


def _tell_inspectors(draft: Draft, act: Act) -> None:
    """Who goes out hears that he does, and nothing of where."""
    row = draft.affairs[max(draft.new_affairs)]
    for person in row["data"]["inspectors"]:
        tell_person(draft, "affair_told", act.now, row, staff_id=person, news="inspection_planned")


def _tell_released(draft: Draft, act: Act) -> None:
    row = draft.affairs[cast(int, act.no)]
    for unit_id in row["data"]["units"]:
        tell_unit(draft, "affair_news", act.now, unit_id, row, news="inspection_released", clock=None, due=None)  # that is its owner's
    _tell_settled(draft, act, row)


def _tell_settled(draft: Draft, act: Act, row: Row) -> None:
    if row["state"] == InspectionState.SETTLED:
        tell_unit(draft, "affair_asked", act.now, row["unit_id"], row, news="inspection_settled")


def _tell_written_off(draft: Draft, act: Act) -> None:
    """The unit hears that it is over; with the last one the inspection's own unit that it can be closed."""
    _tell_party("affair_news", "finding_written_off")(draft, act)
    _tell_settled(draft, act, draft.affairs[draft.parts[cast(int, act.no)]["seq"]])


def _tell_owner(draft: Draft, act: Act) -> None:
    part = draft.parts[cast(int, act.no)]
    row = draft.affairs[part["seq"]]
    tell_unit(draft, "affair_asked", act.now, row["unit_id"], row, part, news="finding_corrected")


def _tell_party(notice: str, news: str) -> Effect:
    """The unit hears; before the release only by the case or the supervision order that it got."""

    def effect(draft: Draft, act: Act) -> None:
        part = draft.parts[cast(int, act.no)]
        row: Row = draft.affairs[part["seq"]]
        if not row["hidden"]:
            tell_unit(draft, notice, act.now, part["unit_id"], row, part, news=news)

    return effect


Key = tuple[Thing, str]
EFFECTS: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "plan_inspection"): _plan,
    (Thing.INSPECTION, "find_problem"): _find,
    (Thing.INSPECTION, "release_inspection"): _release,
    (Thing.INSPECTION, "cancel_inspection"): _end("reason"),
    (Thing.INSPECTION, "close_inspection"): _end("result"),
    (Thing.FINDING, "hand_out"): _hand_out,
    (Thing.FINDING, "correct_on_spot"): _correct,
    (Thing.FINDING, "report_corrected"): _correct,
    (Thing.FINDING, "pass_recheck"): _pass,
    (Thing.FINDING, "fail_recheck"): _fail,
}
FOLLOWS: Final[Mapping[Key, Effect]] = {
    (Thing.INSPECTION, "release_inspection"): _after_release,
    (Thing.FINDING, "pass_recheck"): _after_recheck,
}
TOLD: Final[Mapping[Key, Effect]] = {
    (Thing.CASE, "plan_inspection"): _tell_inspectors,
    (Thing.INSPECTION, "release_inspection"): _tell_released,
    (Thing.FINDING, "report_corrected"): _tell_owner,
    (Thing.FINDING, "pass_recheck"): _tell_written_off,
    (Thing.FINDING, "fail_recheck"): _tell_party("affair_asked", "finding_sent_back"),
}
