"""Moves that rungs ask for (deemed acknowledgement, closing in silence): looked at before a rung fires, made after it."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from rules.facts import SYSTEM, Refused, Thing
from rules.lifecycle import allowed
from services.moves import Draft, Intent, Row, Setting, make_moves

_MOVE: Final = "move:"
#: What a rung asks for instead, where the table refuses its own move: a window in which somebody has rated ends with what was said.
_ELSE: Final[Mapping[str, tuple[str, ...]]] = {"close_unrated": ("end_window",)}


def ask(draft: Draft, clock: Row, act: str, asked: set[tuple[object, ...]]) -> tuple[Intent | None, str | None]:
    """Look whether the table lets the system make now the move that a rung of a clock asks for.

    Args:
        draft: The case as it was read.
        clock: The clock; its work order, supervision order, affair or part is moved, or the case where it measures none.
        act: What the rung does.
        asked: Things that a rung of this unit of work moves already; added to. Moved on, they are not asked again.

    Returns:
        The move, or the code with which it is refused; neither where the act is no move.
    """
    if not act.startswith(_MOVE):
        return None, None
    named = {"supervision_seq": clock["supervision_seq"], "affair_seq": clock["affair_seq"], "part_no": clock["part_no"]}
    facts = draft.facts(clock["order_no"], **named)
    action = act.removeprefix(_MOVE)
    refusals: list[str] = []
    for each in (action, *_ELSE.get(action, ())):
        intent = _intent(draft, clock, each)
        try:
            allowed(intent.thing, intent.action, facts, SYSTEM, intent.args)
        except Refused as refused:
            refusals.append(refused.code)
            continue
        return _once(intent, asked)
    return None, refusals[0]


def _once(intent: Intent, asked: set[tuple[object, ...]]) -> tuple[Intent | None, str | None]:
    """The move, unless its thing is moved in this unit of work already."""
    key = (intent.case_id, intent.thing, intent.no)
    if key in asked:
        return None, "wrong_state"
    asked.add(key)
    return intent, None


def _intent(draft: Draft, clock: Row, action: str) -> Intent:
    case_id = draft.case["id"]
    if clock["supervision_seq"] is not None:
        return Intent(case_id, action, SYSTEM, Thing.SUPERVISION, clock["supervision_seq"])
    if clock["part_no"] is not None:
        return Intent(case_id, action, SYSTEM, Thing(draft.parts[clock["part_no"]]["thing"]), clock["part_no"])
    if clock["affair_seq"] is not None:
        return Intent(case_id, action, SYSTEM, Thing(draft.affairs[clock["affair_seq"]]["thing"]), clock["affair_seq"])
    thing = Thing.CASE if clock["order_no"] is None else Thing.ORDER
    return Intent(case_id, action, SYSTEM, thing, clock["order_no"])


def make(session: Session, intents: Sequence[Intent], setting: Setting) -> None:
    """Make the moves that rungs asked for; they go through the door like any other.

    Raises:
        RuntimeError: one that was allowed when it was looked at is refused after all; nothing of the unit of work may be kept.
    """
    for outcome in make_moves(session, intents, setting) if intents else []:
        if isinstance(outcome, Refused):
            raise RuntimeError(f"a rung asked for a move that the table refuses: {outcome.code} {outcome.details}") from outcome
