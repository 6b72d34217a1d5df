"""分流: a dispute's way to another body and back, kept on both sides; whoever sent one to us is told what became of it."""

from collections.abc import Mapping
from typing import Final, cast

from rules.facts import Thing
from rules.handling.disputes import DiversionState
from services.moves.act import Act, Effect
from services.moves.affairs.base import add_part, affair_of, legible_words, move_on, part_of, tell_unit
from services.moves.affairs.elsewhere import body_of
from services.moves.affairs.voices import tell_all
from services.moves.affairs.watching import spare, tell_origin
from services.moves.draft import Draft, Row


def _divert(draft: Draft, act: Act) -> None:
    """Send it to another body: `to`, `reason`, and where given `unit`, the unit that stands for it, and `reference`.

    Raises:
        Refused: `unknown_body`, `unknown_unit`.
    """
    body, unit = body_of(act.text("to")), cast("int | None", act.args.get("unit"))
    if unit is not None:
        draft.catalogue.check_present(unit)
    reason = legible_words(act, "reason")
    row = affair_of(draft, act)
    data = {"way": "to", "by": act.actor.name, "reference": act.text("reference") or None, "waits_for": body["code"]}
    add_part(draft, act, row["seq"], Thing.DIVERSION, DiversionState.SENT, role=body["code"], unit_id=unit, words=reason, data=data)


def _after_divert(draft: Draft, act: Act) -> None:
    """While another body has it no sitting takes place here."""
    spare(draft, cast(int, act.no), act.now)


def _take_over(draft: Draft, act: Act) -> None:
    """They have taken it on: `reference`, their number."""
    reference = legible_words(act, "reference")
    part = part_of(draft, act)
    part["data"] = {**part["data"], "reference": reference, "taken_at": act.now.isoformat()}


def _return(draft: Draft, act: Act) -> None:
    reason = legible_words(act, "reason")
    part = part_of(draft, act)
    data = {**part["data"], "returned_because": reason, "waits_for": None}
    part.update(done_at=act.now, done_by=act.actor.name, data=data)


def _resolve(draft: Draft, act: Act) -> None:
    result = legible_words(act, "result")
    part = part_of(draft, act)
    data = {**part["data"], "result": result, "waits_for": None}
    part.update(done_at=act.now, done_by=act.actor.name, data=data)


def _come_back(draft: Draft, act: Act) -> None:
    move_on(draft, act.now, Thing.DISPUTE, draft.parts[cast(int, act.no)]["seq"], "come_back")


def _end_elsewhere(draft: Draft, act: Act) -> None:
    part = draft.parts[cast(int, act.no)]
    draft.affairs[part["seq"]]["result"] = part["data"]["result"]
    move_on(draft, act.now, Thing.DISPUTE, part["seq"], "end_elsewhere")
    tell_origin(draft, part["seq"], act.now)


def _tell_body(draft: Draft, act: Act) -> None:
    part = draft.parts[max(draft.new_parts)]
    row = draft.affairs[part["seq"]]
    if part["unit_id"] is not None:
        tell_unit(draft, "affair_asked", act.now, part["unit_id"], row, part, news="dispute_diverted_to_you")
    tell_all(draft, act.now, row, "dispute_diverted", body=body_of(part["role"])["zh"])


def _tell_owner(news: str) -> Effect:
    def effect(draft: Draft, act: Act) -> None:
        part = draft.parts[cast(int, act.no)]
        row: Row = draft.affairs[part["seq"]]
        tell_unit(draft, "affair_told", act.now, row["unit_id"], row, part, news=news, body=body_of(part["role"])["zh"])

    return effect


Key = tuple[Thing, str]
EFFECTS: Final[Mapping[Key, Effect]] = {
    (Thing.DISPUTE, "divert_dispute"): _divert,
    (Thing.DIVERSION, "take_over"): _take_over,
    (Thing.DIVERSION, "return_dispute"): _return,
    (Thing.DIVERSION, "resolve_there"): _resolve,
}
FOLLOWS: Final[Mapping[Key, Effect]] = {
    (Thing.DISPUTE, "divert_dispute"): _after_divert,
    (Thing.DIVERSION, "return_dispute"): _come_back,
    (Thing.DIVERSION, "resolve_there"): _end_elsewhere,
}
TOLD: Final[Mapping[Key, Effect]] = {
    (Thing.DISPUTE, "divert_dispute"): _tell_body,
    (Thing.DIVERSION, "take_over"): _tell_owner("diversion_taken"),
    (Thing.DIVERSION, "return_dispute"): _tell_owner("diversion_returned"),
    (Thing.DIVERSION, "resolve_there"): _tell_owner("diversion_resolved"),
}
