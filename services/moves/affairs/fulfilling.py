"""What was agreed at a meeting or in a dispute is done, term by term; once nothing is waited for any more, all of it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, cast

from rules.facts import Thing
from rules.handling import AFFAIRS
from rules.handling.agreeing import Phase, TermState
from services.moves.act import Act, Effect
from services.moves.affairs.base import legible_words, move_on, part_of, tell_unit
from services.moves.affairs.voices import tell_all
from services.moves.affairs.watching import tell_origin
from services.moves.draft import Draft


def fulfil(draft: Draft, act: Act) -> None:
    """Record that a term is done, and what shows it."""
    result = legible_words(act, "result")
    part_of(draft, act).update(done_at=act.now, done_by=act.actor.name, words=result)


def waive(draft: Draft, act: Act) -> None:
    """Record that a term is let off, and why."""
    reason = legible_words(act, "reason")
    part_of(draft, act).update(done_at=act.now, done_by=act.actor.name, words=reason)


def order_finished(draft: Draft, act: Act) -> None:
    """A unit that finishes its work order has done what it had agreed to: it need not say so twice."""
    order = draft.orders[cast(int, act.no)]
    for part in sorted(draft.parts.values(), key=lambda p: int(p["no"])):
        affair = draft.affairs.get(part["seq"])
        if affair is None or affair["state"] != Phase.AGREED or part["thing"] != Thing.TERM:
            continue
        if part["state"] == TermState.DUE and part["unit_id"] == order["unit_id"]:
            part.update(done_at=act.now, done_by=act.actor.name, words=legible_words(act, "result"))
            move_on(draft, act.now, Thing.TERM, part["no"], "fulfil_by_order", order=order["no"])
            complete(draft, part["seq"], act.now)


def after_part(draft: Draft, act: Act) -> None:
    """Look, after a part was moved, whether anything of its affair is still waited for."""
    complete(draft, draft.parts[cast(int, act.no)]["seq"], act.now)


def complete(draft: Draft, seq: int, now: datetime) -> None:
    """An agreement of which nothing is waited for any more is fulfilled; all are told, and the lead that the case may be finished."""
    row = draft.affairs[seq]
    kinds = {part.thing: part for part in AFFAIRS[Thing(row["thing"])].parts}
    if row["state"] != Phase.AGREED or any(p["state"] in kinds[Thing(p["thing"])].clocks for p in draft.parts_of(seq)):
        return
    move_on(draft, now, Thing(row["thing"]), seq, "all_fulfilled")
    tell_all(draft, now, row, "all_fulfilled")
    tell_origin(draft, seq, now)
    lead = draft.lead()
    if lead is not None:
        tell_unit(draft, "affair_told", now, lead["unit_id"], row, news="lead_may_finish")


def _tell_fulfilled(draft: Draft, act: Act) -> None:
    part = draft.parts[cast(int, act.no)]
    tell_unit(draft, "affair_news", act.now, draft.affairs[part["seq"]]["unit_id"], draft.affairs[part["seq"]], part, news="term_done")


Key = tuple[Thing, str]
EFFECTS: Final[Mapping[Key, Effect]] = {(Thing.TERM, "fulfil_term"): fulfil, (Thing.TERM, "waive_term"): waive}
FOLLOWS: Final[Mapping[Key, Effect]] = {
    (Thing.TERM, "fulfil_term"): after_part,
    (Thing.TERM, "waive_term"): after_part,
    (Thing.ORDER, "finish"): order_finished,
}
TOLD: Final[Mapping[Key, Effect]] = {(Thing.TERM, "fulfil_term"): _tell_fulfilled}
