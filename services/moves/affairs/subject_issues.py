"""一户一档 · 一企一档: the ledger of a file: what the moves of its issues change."""

from collections.abc import Callable, Mapping
from typing import Final, cast

from rules.clocks import ClockKind
from rules.facts import Refused, Thing
from rules.handling.subjects import IssueState
from services.moves.act import Act, Effect
from services.moves.affairs.base import add_part, affair_of, moment_of, move_on, part_of
from services.moves.affairs.subject_tiers import visit_kinds
from services.moves.affairs.subject_words import check_nameless, plain_words
from services.moves.draft import Draft
from services.moves.proof import legible

_SOLVE: Final = ClockKind.SOLVE.value


def open_issue(draft: Draft, act: Act) -> None:
    """An entry of the ledger: `title`, and where given `unit` (who deals with it), `way` (the visit), `limit`."""
    file = affair_of(draft, act)
    unit = file["unit_id"] if act.args.get("unit") is None else _unit(draft, act)
    way = act.text("way")
    if way and way not in visit_kinds(file["form"]):
        raise Refused("visit_kind_unknown", given=way, known=", ".join(visit_kinds(file["form"])))
    limits = {_SOLVE: act.text("limit")} if act.text("limit") else {}
    check_nameless(act)
    title = legible("title", act.text("title"), 120)
    data = {"opened_by": act.actor.name, "refused": 0, "limits": limits}
    add_part(draft, act, file["seq"], Thing.ISSUE, IssueState.OPEN, title=title, unit_id=unit, role=way, limits=limits, data=data)


def _unit(draft: Draft, act: Act) -> int:
    unit = act.args.get("unit")
    if not isinstance(unit, int) or isinstance(unit, bool):
        raise Refused("unit_missing")
    draft.catalogue.check_present(unit)
    return unit


def _solve(draft: Draft, act: Act) -> None:
    part_of(draft, act).update(words=plain_words(act, "result"), done_at=act.now, done_by=act.actor.name)


def _solved(draft: Draft, act: Act) -> None:
    """Where whose file it is has solved it and no resident asked, the desk of the district says whether it is so."""
    issue = draft.parts[cast(int, act.no)]
    file = draft.affairs[issue["seq"]]
    if file["asker_id"] is None and issue["unit_id"] == file["unit_id"]:
        move_on(draft, act.now, Thing.ISSUE, issue["no"], "ask_desk")


def _hand(draft: Draft, act: Act) -> None:
    """Another unit deals with it: `unit`. The moment by which it is to be solved stays: handing on buys no time."""
    check_nameless(act)
    part = part_of(draft, act)
    clock = next((c for c in draft.clocks if c["part_no"] == part["no"] and c["kind"] == ClockKind.SOLVE), None)
    kept = {_SOLVE: clock["due_at"].isoformat()} if clock is not None else {}
    part.update(unit_id=_unit(draft, act), limits={**part["limits"], **kept})


def _make_case(draft: Draft, act: Act) -> None:
    """What is dealt with as a case, an order in the pool or an errand: `into`, the id of its case file."""
    part, into = part_of(draft, act), act.args["into"]
    if part["other_case_id"] is not None:
        raise Refused("issue_has_case")
    if into not in draft.others:
        raise Refused("unknown_case", case=into)
    part["other_case_id"] = into


def _refuse(draft: Draft, act: Act) -> None:
    """It is to be done again, in the time that was first given for it; a moment that has passed since is none."""
    check_nameless(act)
    part = part_of(draft, act)
    first = part["data"].get("limits", {})
    moment = moment_of(first[_SOLVE]) if _SOLVE in first else None
    part["limits"] = {} if moment is not None and moment <= act.now else first
    part["data"] = {**part["data"], "refused": part["data"].get("refused", 0) + 1}


def _write_off(_: Draft, act: Act) -> None:
    check_nameless(act)


EFFECTS: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.ISSUE, "solve_issue"): _solve,
    (Thing.ISSUE, "hand_issue"): _hand,
    (Thing.ISSUE, "make_case"): _make_case,
    (Thing.ISSUE, "write_off_issue"): _write_off,
    (Thing.ISSUE, "refuse_issue"): _refuse,
    (Thing.ISSUE, "reopen_issue"): _refuse,
}
FOLLOWS: Final[Mapping[tuple[Thing, str], Callable[[Draft, Act], None]]] = {(Thing.ISSUE, "solve_issue"): _solved}
