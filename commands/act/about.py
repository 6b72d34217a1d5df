"""What a move on the command line is about: as named, else as the action and the state of the case say."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from commands.act.options import Asked
from rules.facts import RELATIONS, Actor, ExtensionState, OrderState, Refused, RequestKind, Thing, Who
from rules.lifecycle import MOVES, TABLE
from rules.needs import IS_APPEAL, IS_END, IS_HOLD, IS_RETURN

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
        (Thing.REQUEST, asked.request, draft.requests),
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
    return next((thing for thing in (Thing.ORDER, Thing.EXTENSION, Thing.REQUEST, Thing.SUPERVISION) if thing in things), Thing.CASE)


def _the_case(_draft: "Draft", _actor: Actor, _action: str) -> None:
    return None


def _order_of(draft: "Draft", actor: Actor, action: str) -> int:
    """The work order that this is asked of: of the actor's own unit first, of several the one that stands so that it can be.

    Raises:
        Refused: `case_not_with_units`, `no_order_of_unit`, `which_order`.
    """
    from services.choices import WITH_UNITS

    if draft.state not in WITH_UNITS:
        raise Refused("case_not_with_units", action=action, state=draft.state.value)
    orders = [o for o in draft.orders.values() if o["state"] != OrderState.RECALLED and _is_whose(draft, o["no"], actor, action)]
    own = [o for o in orders if o["unit_id"] == actor.unit_id] or orders
    ready = [o["no"] for o in own if (Thing.ORDER, action, o["state"]) in TABLE] or [o["no"] for o in own]
    if not ready:
        raise Refused("no_order_of_unit", user=actor.name)
    if len(ready) > 1:
        names = (f"{no} {draft.catalogue.names[draft.orders[no]['unit_id']].zh}" for no in ready)
        raise Refused("which_order", orders=", ".join(names))
    return int(ready[0])


def _is_whose(draft: "Draft", no: int, actor: Actor, action: str) -> bool:
    """Whether this is the actor's to ask of a work order, whatever its state."""
    who = {w for m in MOVES if (m.thing, m.action) == (Thing.ORDER, action) and not m.follows for w in m.who} or {Who.UNIT}
    facts = draft.facts(no)
    return any(RELATIONS[w](actor, facts) for w in who)


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


def _waiting_request(draft: "Draft", _actor: Actor, action: str) -> int:
    """The request that this decides.

    Raises:
        Refused: `no_request`, `which_request`.
    """
    of = {need: kinds for need, kinds in _KINDS.items() if any(m.action == action and need in m.needs for m in MOVES)}
    waiting = [r.no for r in draft.asks() if any(r.kind in kinds for kinds in of.values())]
    if not waiting:
        raise Refused("no_request", action=action)
    if len(waiting) > 1:
        raise Refused("which_request", requests=", ".join(map(str, waiting)))
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


_KINDS: Final = {
    IS_RETURN: (RequestKind.RETURN,),
    IS_HOLD: (RequestKind.HOLD,),
    IS_END: (RequestKind.VOID, RequestKind.TERMINATE),
    IS_APPEAL: (RequestKind.APPEAL,),
}
_FINDERS: Final[Mapping[Thing, Callable[["Draft", Actor, str], int | None]]] = {
    Thing.CASE: _the_case,
    Thing.ORDER: _order_of,
    Thing.EXTENSION: _asked_extension,
    Thing.REQUEST: _waiting_request,
    Thing.SUPERVISION: _waiting_supervision,
}
