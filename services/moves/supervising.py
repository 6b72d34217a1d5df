"""Supervision orders (督办单): what their moves change. A person signs, a reply alone closes nothing, the owner of the case stays."""

from collections.abc import Mapping
from typing import Any, Final, cast

from rules.clocks import ClockKind
from rules.facts import OPEN_SUPERVISION, STEP_OF, Refused, SupervisionState, Thing
from rules.lifecycle import Move
from rules.worktime import Limit
from services.moves.act import Act, Effect
from services.moves.clockwork import allowance_under, follow_supervision
from services.moves.draft import Draft, Row

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


def propose(draft: Draft, act: Act, unit_id: int, form: str, origin: str, **values: object) -> Row:
    """Open a supervision order; the newest journal entry of the case is the one that opened it, or (`values`: seq) another.

    To a unit on a vertical line (条) it is a letter (函告), never an order.

    Raises:
        Refused: `never_to_gentle`, the unit is one that gets reminders and help only, or the bodies above everybody.
    """
    catalogue = draft.catalogue
    if unit_id in catalogue.gentle or unit_id == catalogue.district_id:
        raise Refused("never_to_gentle", unit=catalogue.names[unit_id].zh)
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


def _supervise(draft: Draft, act: Act) -> None:
    """A person opens one: on this case, and on others along with it."""
    unit = cast(int, act.args["unit"])
    if unit not in draft.catalogue.units:
        raise Refused("unknown_unit", unit=unit)
    limit = act.text("limit")
    if limit:
        _readable(limit)
    origin = "inspection" if draft.case["source"] == "inspection" else "person"
    row = propose(
        draft, act, unit, act.text("form") or "order", origin, demand=act.text("demand"), limit=limit or None, seq=draft.case["seq"] + 1
    )
    row["order_no"] = next((o["no"] for o in draft.orders.values() if o["unit_id"] == unit and o["state"] != "recalled"), None)
    for other in _others(draft, act):
        row.setdefault("cases", []).append(other.case["id"])
        _remark(other, act, "supervised", row)


def _readable(limit: str) -> None:
    try:
        Limit.parse(limit)
    except ValueError:
        raise Refused("bad_limit", given=limit) from None


def _others(draft: Draft, act: Act) -> list[Draft]:
    ids = cast("tuple[int, ...]", act.args.get("cases") or ())
    missing = [case_id for case_id in ids if case_id not in draft.others]
    if missing:
        raise Refused("unknown_case", case=missing[0])
    return [draft.others[case_id] for case_id in dict.fromkeys(ids) if draft.others[case_id] is not draft]


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
    row = _row(draft, act)
    if act.text("limit"):
        _readable(act.text("limit"))
        row["limit"] = act.text("limit")
    if not row["limit"]:
        given = allowance_under(draft, ClockKind.RECTIFY, None, draft.case["policy_version"])
        if given is None:
            raise Refused("limit_missing")
        row["limit"] = str(given.limit)
    if act.text("demand"):
        row["demand"] = act.text("demand")
    if draft.number is None:
        raise LookupError("nobody gives out numbers here")
    row.update(number=draft.number(), signed_at=act.now, signed_by=act.actor.name, rank=act.text("rank") or row["rank"])


def _mark(what: str, **values: object) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        row = _row(draft, act)
        row.update({f"{what}_at": act.now, f"{what}_by": act.actor.name, **values})
        if what == "replied":
            row["reply"] = act.text("result")

    effect.__name__ = f"mark_{what}"
    return effect


def _rank(rank: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        _row(draft, act)["rank"] = rank

    effect.__name__ = f"rank_{rank}"
    return effect


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
    (Thing.SUPERVISION, "reply"): _mark("replied"),
    (Thing.SUPERVISION, "pass_check"): _mark("verified"),
    (Thing.SUPERVISION, "write_off"): _mark("ended"),
}
