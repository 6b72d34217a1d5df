"""以奖代补: a unit claims money for what it has done of a campaign, once, whoever of it asks and whoever helped."""

from typing import Final

from rules.facts import Refused, Thing
from rules.handling.campaigns import SubsidyState, TaskState
from services.moves.act import Act
from services.moves.affairs.base import add_part, affair_of, legible_words
from services.moves.draft import Draft, Row
from services.moves.proof import attach

MOST: Final = 2_000_000_000  #: as much as a column holds: 20 million yuan in fen


def claim_subsidy(draft: Draft, act: Act) -> None:
    """Claim money: `quantity`, `amount_fen`, and where given `words`, `after`; never more than what was checked and not claimed gives.

    Raises:
        Refused: `no_subsidy`, `claim_missing`, `claim_too_much`, `subsidy_used_up`.
    """
    row, amount, quantity = affair_of(draft, act), act.args["amount_fen"], act.args["quantity"]
    rule = row["data"].get("subsidy")
    if not rule:
        raise Refused("no_subsidy")
    if not isinstance(amount, int) or not isinstance(quantity, int) or not (0 < amount <= MOST and 0 < quantity <= MOST):
        raise Refused("claim_missing")
    parts = draft.parts_of(row["seq"])
    left, unit_id = max(((_left(row, parts, unit), unit) for unit in reversed(act.actor.body)), key=lambda found: found[0])
    if quantity > left or amount > quantity * rule["rate_fen"]:
        raise Refused("claim_too_much", left=max(0, left), most=_yuan(max(0, left) * rule["rate_fen"]))
    paid = sum(p["amount_fen"] for p in _claims(parts))
    if rule.get("most_fen") is not None and paid + amount > rule["most_fen"]:
        raise Refused("subsidy_used_up", left=_yuan(max(0, rule["most_fen"] - paid)))
    seq = draft.case["seq"] + 1
    attach(draft, act, seq, "after")
    claim = {"quantity": quantity, "amount_fen": amount, "words": legible_words(act, "words"), "measure": _measure(row, parts)}
    add_part(draft, act, row["seq"], Thing.SUBSIDY, SubsidyState.CLAIMED, title=row["title"], unit_id=unit_id, **claim)


def _left(row: Row, parts: list[Row], unit_id: int) -> int:
    """How much a unit may still claim for: of its own lines what was checked, no more than they are about, less what it has claimed.

    Whoever handled a line along with it claims nothing for it: the units share out what one of them gets.
    """
    measure = _measure(row, parts)
    own = [p for p in parts if p["thing"] == Thing.TASK and (p["unit_id"] or row["unit_id"]) == unit_id and p["measure"] == measure]
    done = sum(_done(p) for p in own if p["state"] == TaskState.CHECKED)
    return done - sum(int(p["quantity"]) for p in _claims(parts) if p["unit_id"] == unit_id)


def _done(part: Row) -> int:
    whole = part["quantity"] or 1
    return int(min(part["done"] or whole, whole))


def _claims(parts: list[Row]) -> list[Row]:
    return [p for p in parts if p["thing"] == Thing.SUBSIDY and p["state"] != SubsidyState.REFUSED]


def _measure(row: Row, parts: list[Row]) -> str:
    """What the rate is for one of: the campaign says it, else the first of its lines that counts in something."""
    lines = (p["measure"] for p in parts if p["thing"] == Thing.TASK and p["measure"])
    return str(row["measure"] or next(lines, ""))


def _yuan(fen: int) -> str:
    return f"{fen / 100:.2f}"
