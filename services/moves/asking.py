"""Requests that somebody else decides: put on record, decided, or lapsed when the case goes on before anybody decided."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

from notifications.notices import EMAIL
from rules.facts import OPEN_ORDER, SYSTEM, OrderState, RequestFacts, RequestKind, RequestState, State, Thing
from rules.lifecycle import TABLE
from services.moves.act import Act
from services.moves.draft import Draft, Row
from services.moves.messages import queue
from services.recipients import Addressee, Roll

_LAPSED: Final = "request_lapsed"
#: The case's own move that a request is about: where the table has none from the present state, it has been overtaken.
#: An appeal is about what was said of a round, and is decided whatever the case does next.
_GRANTED: Final[Mapping[RequestKind, str]] = {
    RequestKind.HOLD: "hold",
    RequestKind.VOID: "void",
    RequestKind.TERMINATE: "terminate",
}


def ask(draft: Draft, act: Act, kind: RequestKind, *, order_no: int | None = None, unit_id: int | None = None, **values: Any) -> Row:  # noqa: ANN401 - columns
    """Put a request on record; it waits under the clock of its kind.

    Args:
        draft: The case.
        act: Who asks, with `reason` and perhaps `code`.
        kind: What for.
        order_no: Work order it is about.
        unit_id: Unit that asks; None: somebody for himself.
        values: Further columns.
    """
    no = max(draft.requests, default=0) + 1
    row: Row = {
        **dict.fromkeys(("to_unit_id", "until", "decided_at", "decided_by", "answer")),
        **{"case_id": draft.case["id"], "no": no, "kind": kind.value, "order_no": order_no, "unit_id": unit_id},
        **{"code": act.text("code") or None, "reason": act.text("reason"), "state": RequestState.ASKED.value},
        **{"asked_at": act.now, "asked_by": act.actor.name},
        **values,
    }
    draft.requests[no] = row
    draft.new_requests.add(no)
    draft.change(asks=[*draft.case["asks"], [no, kind.value, order_no, unit_id, act.actor.name]])
    return row


def decide(draft: Draft, act: Act, state: RequestState) -> Row:
    """Decide the request that the act is about; the door writes its state.

    Returns:
        The request.
    """
    row = draft.requests[cast(int, act.no)]
    row.update(state=state.value, decided_at=act.now, decided_by=act.actor.name, answer=act.text("reason") or None)
    _settle(draft, row["no"])
    return row


def lapse(draft: Draft, now: datetime, *, order_no: int | None = None, kinds: frozenset[RequestKind] = frozenset(RequestKind)) -> None:
    """End requests that nobody decided, because the case goes on without them; whoever asked hears of it.

    Args:
        draft: The case.
        now: The moment.
        order_no: Only those about this work order; None: all.
        kinds: Only those of these kinds.
    """
    for request in draft.asks():
        if request.kind in kinds and (order_no is None or request.order_no == order_no):
            _lapse(draft, request, now)


def lapse_overtaken(draft: Draft, now: datetime) -> None:
    """End the requests that can no longer be granted as the case stands: it has gone on without them; safe to call again."""
    for request in draft.asks():
        if not _can_be_granted(draft, request):
            _lapse(draft, request, now)


def _can_be_granted(draft: Draft, request: RequestFacts) -> bool:
    if request.kind is RequestKind.RETURN:
        order = draft.orders[cast(int, request.order_no)]
        return OrderState(order["state"]) in OPEN_ORDER and draft.state in (State.DISPATCHED, State.HANDLING)
    action = _GRANTED.get(request.kind)
    return action is None or (Thing.CASE, action, draft.state.value) in TABLE


def _lapse(draft: Draft, request: RequestFacts, now: datetime) -> None:
    row = draft.requests.setdefault(request.no, {"case_id": draft.case["id"], "no": request.no, "kind": request.kind.value})
    row.update(state=RequestState.LAPSED.value, decided_at=now, decided_by=SYSTEM.name)
    _settle(draft, request.no)
    _tell_lapsed(draft, request, now)


def _tell_lapsed(draft: Draft, request: RequestFacts, now: datetime) -> None:
    """Whoever asked hears, with the journal entry that comes next, that nobody will decide it any more."""
    for each in _askers(draft, request, now):
        queue(draft, _LAPSED, now, each, {"unit_id": request.unit_id}, draft.case["seq"] + 1)


def _askers(draft: Draft, request: RequestFacts, now: datetime) -> list[Addressee]:
    """The unit that asked, or who asked for himself; of a sensitive case named readers only."""
    known, readers = draft.catalogue, draft.case["readers"]
    if request.unit_id is not None:
        found = [each for _, people in Roll(known, now).addressees(_LAPSED, request.unit_id) for each in people]
    else:
        person = known.people.get(request.asked_by)
        found = [Addressee(person, EMAIL)] if person is not None and person.left_at is None else []
    return [each for each in found if draft.case["sensitive"] is None or each.who in readers]


def _settle(draft: Draft, no: int) -> None:
    draft.touched_requests.add(no)
    draft.change(asks=[waiting for waiting in draft.case["asks"] if waiting[0] != no])
