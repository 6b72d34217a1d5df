"""Which clocks each state demands: a case never waits without one, and the auditor checks the same table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rules.facts import OPEN_ORDER, Facts, OrderFacts, OrderState, State


class ClockKind(StrEnum):
    """What a clock measures (docs/glossary.md)."""

    ACCEPT = "accept"  #: desk: from submitted to accepted
    TRIAGE = "triage"  #: desk: 研判
    DISPATCH = "dispatch"  #: desk: filed, to be routed
    DECIDE = "decide"  #: one level's decision in ③
    ACKNOWLEDGE = "acknowledge"  #: 签收
    CONTACT = "contact"  #: 先行联系
    CONTROL = "control"  #: 控制
    HANDLE = "handle"  #: 处置
    VERIFY = "verify"  #: 核查
    FEEDBACK = "feedback"  #: 反馈
    EVALUATE = "evaluate"  #: the resident's window
    JUDGE = "judge"  #: the centre judges a rating
    HOLD_REVIEW = "hold_review"  #: 挂账复查


_BY_STATE: Final[Mapping[State, ClockKind]] = {
    State.SUBMITTED: ClockKind.ACCEPT,
    State.ACCEPTED: ClockKind.TRIAGE,
    State.FILED: ClockKind.DISPATCH,
    State.REPORTING: ClockKind.DECIDE,
    State.ON_HOLD: ClockKind.HOLD_REVIEW,
    State.HANDLED: ClockKind.VERIFY,
    State.VERIFIED: ClockKind.FEEDBACK,
    State.FED_BACK: ClockKind.EVALUATE,
    State.EVALUATED: ClockKind.JUDGE,
}
#: Clocks of a work order: kind → whether the order still needs it.
_BY_ORDER: Final[tuple[tuple[ClockKind, Callable[[OrderFacts], bool]], ...]] = (
    (ClockKind.ACKNOWLEDGE, lambda o: o.state is OrderState.SENT),
    (ClockKind.CONTACT, lambda o: not o.contacted),
    (ClockKind.CONTROL, lambda o: not o.controlled),
    (ClockKind.HANDLE, lambda _: True),
)


#: Clocks that a policy may leave out for a category; without any other a case would wait without a clock.
OPTIONAL: Final = frozenset({ClockKind.CONTACT, ClockKind.CONTROL})


@dataclass(frozen=True, slots=True)
class Demand:
    """One clock that must be open: its kind, whose work order (None: the case), whose ball, and whether it runs."""

    kind: ClockKind
    order_no: int | None
    unit_id: int | None
    lead: bool = True
    running: bool = True

    @property
    def key(self) -> tuple[str, int | None, int | None]:
        """What makes two demands the same clock; a level's decision starts anew at each holder."""
        return (self.kind.value, self.order_no, self.unit_id if self.kind is ClockKind.DECIDE else None)


def demanded(facts: Facts, desk_unit_id: int | None, check_unit_id: int | None) -> list[Demand]:
    """The clocks that this picture of a case demands.

    Args:
        facts: The case.
        desk_unit_id: The 网格中心 whose desk keeps the case while no other unit holds it.
        check_unit_id: The unit expected to verify; never one that handled the case.
    """
    clocks: list[Demand] = []
    kind = _BY_STATE.get(facts.state)
    if kind is not None:
        whose = {ClockKind.DECIDE: facts.holder_unit_id, ClockKind.VERIFY: check_unit_id}.get(kind, desk_unit_id)
        clocks.append(Demand(kind, None, whose))
    elif facts.state is State.HANDLING and all(o.state not in OPEN_ORDER for o in facts.orders):
        clocks.append(Demand(ClockKind.VERIFY, None, check_unit_id))  # every unit is done: from here on the check is waited for
    if facts.state in (State.DISPATCHED, State.HANDLING, State.ON_HOLD):
        running = facts.state is not State.ON_HOLD
        for order in facts.orders:
            if order.state in (OrderState.SENT, OrderState.WORKING):
                clocks += [Demand(kind, order.no, order.unit_id, order.lead, running) for kind, needed in _BY_ORDER if needed(order)]
    return clocks
