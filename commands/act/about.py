"""What a move on the command line is about: as named, else as the action and the state of the case say."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from commands.act.options import Asked
from rules.facts import Actor, ExtensionState, OrderState, Refused, Thing, Who
from rules.lifecycle import MOVES, TABLE

if TYPE_CHECKING:
    from services.moves import Draft


def about(asked: Asked, draft: "Draft", actor: Actor) -> tuple[Thing, int | None]:
    """The case, a work order, a request for more time or a supervision order, and its number.

    Raises:
        Refused: `no_such_order`, `no_such_extension`, `no_such_supervision`, and what the finders raise.
    """
    named = (
        (Thing.SUPERVISION, asked.supervision, draft.supervision),
        (Thing.EXTENSION, asked.extension, draft.extensions),
        (Thing.ORDER, asked.order, draft.orders),
    )
    for thing, number, known in named:
        if number is not None:
            if number not in known:
                raise Refused(f"no_such_{thing}", **{thing.value: number})
            return thing, number
    thing = _thing(asked.action, draft)
    return thing, _FINDERS[thing](draft, actor, asked.action)


def _thing(action: str, draft: "Draft") -> Thing:
    """What people ask this action of; where it is asked of several things, the case if it stands so that it can be."""
    things = {m.thing for m in MOVES if m.action == action and not m.follows and m.who != {Who.SYSTEM}}
    if Thing.CASE in things and ((Thing.CASE, action, draft.state.value) in TABLE or not _answering(draft, action)):
        return Thing.CASE
    return next((thing for thing in (Thing.ORDER, Thing.EXTENSION, Thing.SUPERVISION) if thing in things), Thing.CASE)


def _the_case(_draft: "Draft", _actor: Actor, _action: str) -> None:
    return None


def _order_of(draft: "Draft", actor: Actor, action: str) -> int:
    """The work order of the actor's unit; of several the one that is open.

    Raises:
        Refused: `case_not_with_units`, `no_order_of_unit`, `which_order`.
    """
    from services.choices import WITH_UNITS

    if draft.state not in WITH_UNITS:
        raise Refused("case_not_with_units", action=action, state=draft.state.value)
    own = [o for o in draft.orders.values() if o["unit_id"] in actor.unit_line and o["state"] != OrderState.RECALLED]
    candidates = [o["no"] for o in own if o["state"] != OrderState.DONE] or [o["no"] for o in own]
    if not candidates:
        raise Refused("no_order_of_unit", user=actor.name)
    if len(candidates) > 1:
        raise Refused("which_order", orders=", ".join(map(str, candidates)))
    return int(candidates[0])


def _asked_extension(draft: "Draft", _actor: Actor, _action: str) -> int:
    """The request that waits for a decision.

    Raises:
        Refused: `no_extension_asked`, `which_extension`.
    """
    waiting = [no for no, row in draft.extensions.items() if row["state"] == ExtensionState.ASKED]
    if not waiting:
        raise Refused("no_extension_asked")
    if len(waiting) > 1:
        raise Refused("which_extension", extensions=", ".join(map(str, waiting)))
    return waiting[0]


def _answering(draft: "Draft", action: str) -> list[int]:
    """The supervision orders that stand so that this can be asked of them."""
    return [seq for seq, row in draft.supervision.items() if (Thing.SUPERVISION, action, row["state"]) in TABLE]


def _waiting_supervision(draft: "Draft", _actor: Actor, action: str) -> int:
    """The supervision order that stands so that this can be asked of it.

    Raises:
        Refused: `no_supervision`, `which_supervision`.
    """
    waiting = _answering(draft, action)
    if not waiting:
        raise Refused("no_supervision", action=action)
    if len(waiting) > 1:
        raise Refused("which_supervision", action=action, orders=", ".join(map(str, waiting)))
    return waiting[0]


_FINDERS: Final[Mapping[Thing, Callable[["Draft", Actor, str], int | None]]] = {
    Thing.CASE: _the_case,
    Thing.ORDER: _order_of,
    Thing.EXTENSION: _asked_extension,
    Thing.SUPERVISION: _waiting_supervision,
}
