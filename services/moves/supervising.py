"""Supervision orders (督办单): what their moves change. A person signs, a reply alone closes nothing, the owner of the case stays."""

from collections.abc import Mapping
from typing import Any, Final, cast

from rules.clocks import ClockKind, of_supervision
from rules.facts import OPEN_SUPERVISION, STEP_OF, Refused, SupervisionState, Thing
from rules.lifecycle import allowed
from rules.table import Move
from rules.worktime import Limit
from services.catalogue import Catalogue
from services.moves.act import Act, Effect
from services.moves.clockwork import allowance_under, follow_supervision
from services.moves.draft import Draft, Row
from services.moves.proof import attach, legible

FORMS: Final = ("order", "letter", "bulletin")
RANKS: Final = ("daily", "listed")
LONGEST: Final = {"demand": 1000, "result": 4000}  #: characters
#: What is empty in a supervision order that was only just opened.
_FRESH: Final[Mapping[str, Any]] = {
    "number": None,
    "order_no": None,
    "rank": "daily",
    "limit": None,
    "state": SupervisionState.PROPOSED.value,
    **{f"{what}_{how}": None for what in ("signed", "replied", "verified", "ended") for how in ("at", "by")},
    "reply": None,
}


def refuse_gentle(catalogue: Catalogue, unit_id: int) -> None:
    """See to it that a unit may be supervised at all.

    Raises:
        Refused: `never_to_gentle`, the unit is one that gets reminders and help only, or the district itself.
    """
    if unit_id in catalogue.gentle or unit_id == catalogue.district_id:
        raise Refused("never_to_gentle", unit=catalogue.names[unit_id].zh)


def propose(draft: Draft, act: Act, unit_id: int, form: str, origin: str, **values: object) -> Row:
    """Open a supervision order; the newest journal entry of the case is the one that opened it, or (`values`: seq) another.

    To a unit on a vertical line (条) it is a letter (函告), never an order.

    Raises:
        Refused: `never_to_gentle`.
    """
    catalogue = draft.catalogue
    refuse_gentle(catalogue, unit_id)
    row: Row = {
        **_FRESH,
        "case_id": draft.case["id"],
        "seq": draft.case["seq"],
        "unit_id": unit_id,
        "form": "letter" if unit_id in catalogue.vertical and form == "order" else form,
        "origin": origin,
        "demand": "",
        "proposed_at": act.now,
        "proposed_by": act.actor.name,
        **values,
    }
    draft.supervision[row["seq"]] = row
    draft.new_supervision.add(row["seq"])
    return row


def asked_for(catalogue: Catalogue, act: Act) -> Row:
    """What a person who opens a supervision order asks for, looked at.

    Raises:
        Refused: `unknown_unit`, `unit_retired`, `never_to_gentle`, `demand_missing`, `unknown_form`, `unknown_rank`, `bad_limit`,
            `text_too_long`, `text_unprintable`.
    """
    unit = cast(int, act.args["unit"])
    catalogue.check_present(unit)
    refuse_gentle(catalogue, unit)
    demand = legible("demand", act.text("demand"), LONGEST["demand"])
    if not demand:
        raise Refused("demand_missing")
    return {
        "unit_id": unit,
        "form": _one_of(FORMS, "form", act),
        "rank": _one_of(RANKS, "rank", act),
        "demand": demand,
        "limit": _limit(act),
    }


def _one_of(known: tuple[str, ...], name: str, act: Act) -> str:
    given = act.text(name) or known[0]
    if given not in known:
        raise Refused(f"unknown_{name}", given=given)
    return given


def _limit(act: Act) -> str | None:
    given = act.text("limit")
    try:
        return str(Limit.parse(given)) if given else None
    except ValueError:
        raise Refused("bad_limit", given=given) from None


def _supervise(draft: Draft, act: Act) -> None:
    """A person opens one: on this case, and on others along with it."""
    asked = asked_for(draft.catalogue, act)
    others = _others(draft, act)
    _refuse_twice(draft, asked)
    seq = draft.case["seq"] + 1
    attach(draft, act, seq, "before")
    origin = "inspection" if draft.case["source"] == "inspection" else "person"
    row = propose(draft, act, origin=origin, seq=seq, cases=[o.case["id"] for o in others], **asked)
    row["order_no"] = next((o["no"] for o in draft.orders.values() if o["unit_id"] == row["unit_id"] and o["state"] != "recalled"), None)
    for other in others:
        _remark(other, act, "supervised", row)


def _refuse_twice(draft: Draft, asked: Row) -> None:
    """The same thing demanded twice of one unit is one supervision order."""
    for seq, row in draft.supervision.items():
        same = all(row[name] == asked[name] for name in ("unit_id", "demand"))
        if same and SupervisionState(row["state"]) in OPEN_SUPERVISION:
            raise Refused("already_supervised", order=row["number"] or f"{draft.case['no']}#{seq}")


def _others(draft: Draft, act: Act) -> list[Draft]:
    """The further cases; whoever supervises them must be one who may supervise each."""
    ids = cast("tuple[int, ...]", act.args.get("cases") or ())
    missing = [case_id for case_id in ids if case_id not in draft.others]
    if missing:
        raise Refused("unknown_case", case=missing[0])
    others = [draft.others[case_id] for case_id in dict.fromkeys(ids) if draft.others[case_id] is not draft]
    for other in others:
        allowed(Thing.CASE, "supervise", other.facts(), act.actor, act.args)
    return others


def _remark(other: Draft, act: Act, action: str, row: Row) -> None:
    """The further cases of an order say in their own journals what became of it."""
    other.enter(
        act.now,
        act.actor,
        step=STEP_OF[other.state].value,
        thing="case",
        action=action,
        data={"number": row["number"], "case": row["case_id"], "seq": row["seq"], "unit_id": row["unit_id"], "state": row["state"]},
    )


def _row(draft: Draft, act: Act) -> Row:
    row = draft.supervision[cast(int, act.no)]
    if row["seq"] not in draft.new_supervision:
        draft.touched_supervision.add(row["seq"])
    return row


def _sign(draft: Draft, act: Act) -> None:
    """Give it its number and its limit; both are on the paper that the unit gets."""
    row = draft.supervision[cast(int, act.no)]
    limit = _limit(act) or row["limit"]
    if limit is None:
        given = allowance_under(draft, ClockKind.RECTIFY, None, draft.case["policy_version"])
        if given is None:
            raise Refused("limit_missing")
        limit = str(given.limit)
    rank = _one_of(RANKS, "rank", act) if act.text("rank") else row["rank"]
    demand = legible("demand", act.text("demand"), LONGEST["demand"]) or row["demand"]
    if draft.number is None:
        raise LookupError("nobody gives out numbers here")
    values = {"limit": limit, "rank": rank, "demand": demand, "signed_at": act.now, "signed_by": act.actor.name}
    _row(draft, act).update(values, number=draft.number())


def _reply(draft: Draft, act: Act) -> None:
    """The unit says how it was put right, and shows it."""
    said = legible("result", act.text("result"), LONGEST["result"])
    if not said:
        raise Refused("result_missing")
    if not attach(draft, act, cast(int, act.no), "after"):
        raise Refused("evidence_missing")
    _row(draft, act).update(reply=said, replied_at=act.now, replied_by=act.actor.name)


def _mark(what: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        _row(draft, act).update({f"{what}_at": act.now, f"{what}_by": act.actor.name})

    effect.__name__ = f"mark_{what}"
    return effect


def _rank(rank: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        _row(draft, act)["rank"] = rank

    effect.__name__ = f"rank_{rank}"
    return effect


def _send_back(draft: Draft, act: Act) -> None:
    """The state says it all; the row is written because the state is."""
    _row(draft, act)


def check_unit(catalogue: Catalogue, unit_id: int) -> int | None:
    """The unit expected to look at the result: the centre's desk, or the district where the desk itself is addressed."""
    return catalogue.desk_id if catalogue.desk_id != unit_id else catalogue.district_id


def told(draft: Draft, act: Act, move: Move) -> Row:
    """What the journal says of a supervision order besides what was handed in: number, limit, rank, and whose turn it is now.

    A check that fails names the clock that starts anew (`anew`).
    """
    if move.thing is not Thing.SUPERVISION and move.action != "supervise":
        return {}
    seq = cast(int, act.no) if move.thing is Thing.SUPERVISION else draft.case["seq"] + 1
    row, catalogue = draft.supervision[seq], draft.catalogue
    state = SupervisionState(row["state"])
    demand = of_supervision(state, seq, row["unit_id"], catalogue.desk_id, check_unit(catalogue, row["unit_id"]))
    said = {name: row[name] for name in ("number", "form", "rank", "limit") if row[name]}
    said |= {"unit_id": row["unit_id"], "turn_unit_id": demand.unit_id if demand else None}
    return said | ({"anew": ClockKind.RECTIFY.value} if move.action == "fail_check" else {})


def follow(draft: Draft, act: Act, move: Move) -> None:
    """Once a move is made: clocks follow the supervision orders it was about, and further cases have it in their journals."""
    about = draft.new_supervision if move.action == "supervise" else {act.no} if move.thing is Thing.SUPERVISION else set()
    for seq in about:
        row = draft.supervision[cast(int, seq)]
        follow_supervision(draft, row, act.now)
        if move.thing is Thing.SUPERVISION:
            for case_id in row.get("cases", ()):
                if case_id in draft.others and case_id != draft.case["id"]:
                    _remark(draft.others[case_id], act, f"supervision_{move.action}", row)


def all_ended(draft: Draft) -> bool:
    """Whether no supervision order of this case is open any more."""
    return all(SupervisionState(row["state"]) not in OPEN_SUPERVISION for row in draft.supervision.values())


EFFECTS: Final[Mapping[tuple[Thing, str], Effect]] = {
    (Thing.CASE, "supervise"): _supervise,
    (Thing.SUPERVISION, "sign"): _sign,
    (Thing.SUPERVISION, "dismiss"): _mark("ended"),
    (Thing.SUPERVISION, "withdraw"): _mark("ended"),
    (Thing.SUPERVISION, "list"): _rank("listed"),
    (Thing.SUPERVISION, "unlist"): _rank("daily"),
    (Thing.SUPERVISION, "reply"): _reply,
    (Thing.SUPERVISION, "pass_check"): _mark("verified"),
    (Thing.SUPERVISION, "fail_check"): _send_back,
    (Thing.SUPERVISION, "write_off"): _mark("ended"),
}
