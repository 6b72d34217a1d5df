"""Merging duplicates (并单) and splitting them off again: one job, every reporter kept, the earliest clock.

The absorbed case ends; its reporters speak for the other one from then on, and whichever of the two clocks of a kind was due first
holds; a limit given from outside comes along. What a clock was shortened by is in the journal (`reprojected`, why `merged`), and so is
what came from outside (`absorb`), so that splitting off can give it back.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from rules.facts import FINAL, STEP_OF, Refused, State, Thing
from services.moves.act import Act, Effect
from services.moves.asking import lapse
from services.moves.draft import Draft, Row
from services.moves.merged_clocks import BOUND, SPLIT, bind_clocks, give_back, take_earliest
from services.moves.messages import tell
from services.moves.sending import present, recall, tell_recalled
from services.moves.upstreaming import outside_of

#: How far a case has come; a younger case that is no further is merged into the older one, whose promise counts.
_UNFILED: Final = frozenset({"submitted", "accepted"})
#: From here on the reporters are told, or have been: who comes now would not hear what became of it.
_TOO_LATE: Final = frozenset({State.VERIFIED, State.FED_BACK, State.EVALUATED})


def _merge(draft: Draft, act: Act) -> None:
    target = _target(draft, act.args.get("into"))
    _check(draft, target)
    draft.change(merged_into_id=target.case["id"], level=None, holder_unit_id=None)
    lapse(draft, act.now)
    kept = list(_keep_reporters(draft, target, act))
    data = {"case": draft.case["no"], "reporters": len(kept), **_bring_limit(draft, target)}
    target.enter(act.now, act.actor, step=STEP_OF[target.state].value, thing="case", action="absorb", data=data)
    if "outside" in data:
        bind_clocks(draft, target, act)
    take_earliest(draft, target, act)
    recall(draft, act, present(draft))


def _target(draft: Draft, into: object) -> Draft:
    target = draft.others.get(into) if isinstance(into, int) else None
    if target is None or target is draft or target.state in FINAL or target.state is State.NOTED:
        raise Refused("merge_target_missing")
    if target.state in _TOO_LATE:
        raise Refused("merge_too_late", no=target.case["no"])
    return target


def _check(draft: Draft, target: Draft) -> None:
    """Nobody gets a later promise, a lesser care or a wider public by a merge."""
    nos = {"no": draft.case["no"], "other": target.case["no"]}
    if draft.case["submitted_at"] < target.case["submitted_at"] and target.case["state"] in _UNFILED:
        raise Refused("merge_into_the_earlier", **nos)
    if draft.case["urgency"] == "P0" != target.case["urgency"]:
        raise Refused("merge_into_the_urgent", **nos)
    if draft.case["sensitive"] and not target.case["sensitive"]:
        raise Refused("merge_would_disclose", no=draft.case["no"])


# reporters ------------------------------------------------------------------------------------------------------------


def _keep_reporters(draft: Draft, target: Draft, act: Act) -> Iterator[Row]:
    """Those who reported the absorbed case report the other one from now on; who reported both stays when one is split off."""
    own = [(draft.case["id"], draft.case["requester_id"])]
    handed_on = [(r["via_case_id"], r["requester_id"]) for r in draft.co_reporters if r["until"] is None]
    for via, requester in (*own, *handed_on):
        if requester is None:
            continue
        row: Row = {"case_id": target.case["id"], "via_case_id": via, "requester_id": requester, "since": act.now, "until": None}
        known = next((r for r in target.co_reporters if r["via_case_id"] == via), None)
        if known is not None:
            known["until"] = None
            target.touched_reporters.append(known)
        else:
            target.co_reporters.append(row)
            target.new_reporters.append(row)
            target.change(reporters=target.case["reporters"] + 1)
        yield row


def _split_off(draft: Draft, act: Act) -> None:
    target = draft.others.get(draft.case["merged_into_id"])
    if target is None or target.state in FINAL:
        raise Refused("merged_case_ended", no=target.case["no"] if target else "")
    _let_go(draft, target, act)
    draft.change(merged_into_id=None)
    freed = _take_limit(draft, target)
    data = {"case": draft.case["no"], "reason": act.text("reason"), "why": SPLIT, **freed}
    target.enter(act.now, act.actor, step=STEP_OF[target.state].value, thing="case", action="released", data=data)
    give_back(draft, target, act, freed=bool(freed))


def _let_go(draft: Draft, target: Draft, act: Act) -> None:
    """Its reporters leave the other case; who has withdrawn there meanwhile does not come back with it."""
    own = {draft.case["id"], *(r["via_case_id"] for r in draft.co_reporters if r["until"] is None)}
    rows = [row for row in target.co_reporters if row["via_case_id"] in own]
    gone = {row["via_case_id"] for row in rows if row["until"] is not None}
    if rows and len(gone) == len(rows):
        raise Refused("reporter_has_withdrawn", no=draft.case["no"])
    for row in (r for r in rows if r["until"] is None):
        row["until"] = act.now
        target.touched_reporters.append(row)
    if draft.case["id"] in gone:
        draft.change(requester_id=None)
    for row in draft.co_reporters:
        if row["via_case_id"] in gone:
            row["until"] = act.now
            draft.touched_reporters.append(row)


# a limit from outside -------------------------------------------------------------------------------------------------


def _bring_limit(draft: Draft, target: Draft) -> Row:
    """What the journal says of a limit from outside that the absorbed case has; the earlier of the two holds from now on."""
    given, before = outside_of(draft.case), outside_of(target.case)
    if given is None:
        return {}
    told: Row = {"why": BOUND, "given": given, "before": before}
    if before is not None and _moment(before) <= _moment(given):
        return told
    target.case.update({name: draft.case[name] for name in ("outside_due_at", "outside_by", "outside_note")})
    return told | {"outside": given}


def _take_limit(draft: Draft, target: Draft) -> Row:
    """Where the limit from outside that came with this case holds, the earliest of the others does, or none; else nothing changes."""
    given, held = outside_of(draft.case), outside_of(target.case)
    brought = [e for e in target.cuts if e["why"] == BOUND]
    if given is None or held is None or _moment(given) != _moment(held) or all(e["case"] != draft.case["no"] for e in brought):
        return {}
    split = {e["case"] for e in target.cuts if e["why"] == SPLIT and "case" in e} - {c["case"] for c in _rejoined(target.cuts)}
    others = [e["given"] for e in brought if e["case"] not in {*split, draft.case["no"]}]
    came = {_moment(e["given"]) for e in brought}
    own = [e["before"] for e in brought if e["before"] is not None and _moment(e["before"]) not in came]
    rest = min((*own, *others), key=_moment, default=None)
    due = None if rest is None else _moment(rest)
    by, note = (None, None) if rest is None else (rest["by"], rest["reason"])
    target.case.update(outside_due_at=due, outside_by=by, outside_note=note)
    return {"outside": rest}


def _rejoined(entries: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Entries of cases that were merged again after they had been split off."""
    newest = {e["case"]: e for e in entries if "case" in e}
    return (e for e in newest.values() if e["why"] == BOUND)


def _moment(limit: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(limit["due_at"])


# who hears of it ------------------------------------------------------------------------------------------------------


def _tell_merged(draft: Draft, act: Act) -> None:
    """Those who reported it hear under which number it goes on; units whose work order is taken back, and those that go on."""
    target = draft.others[draft.case["merged_into_id"]]
    tell(draft, "merged", act.now, unit_id=draft.catalogue.desk_id, into=target.case["no"])
    tell_recalled(draft, act, "recalled", f"并入{target.case['no']}")
    lead = target.lead()
    if lead is not None:
        tell(target, "absorbed", act.now, unit_id=lead["unit_id"], section_id=lead["assigned_unit_id"], into=draft.case["no"])


def _tell_split(draft: Draft, act: Act) -> None:
    tell(draft, "split_off", act.now, unit_id=draft.catalogue.desk_id, reason=act.text("reason"))


EFFECTS: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "merge"): _merge,
    (Thing.CASE, "split_off"): _split_off,
}
TOLD: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "merge"): _tell_merged,
    (Thing.CASE, "split_off"): _tell_split,
}
