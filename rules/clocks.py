"""Which clocks each state demands: a case never waits without one, and the auditor checks the same table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rules.facts import OPEN_ORDER, Facts, OrderFacts, OrderState, RequestKind, State, SupervisionState


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
    STAGE = "stage"  #: 阶段: one milestone of several on the way
    EXTEND = "extend"  #: desk: an extension was asked for
    VERIFY = "verify"  #: 核查
    FEEDBACK = "feedback"  #: 反馈
    EVALUATE = "evaluate"  #: the resident's window
    JUDGE = "judge"  #: the centre judges a rating
    HOLD_REVIEW = "hold_review"  #: 挂账复查
    HOLD_CAP = "hold_cap"  #: 挂账上限: beyond it the district has to say yes
    OVERALL = "overall"  #: 整体时限: from filed until the reporters are told
    SIGN = "sign"  #: desk: a supervision order waits for a signature, or to be written off
    RECTIFY = "rectify"  #: 限时整改: the unit puts right what a supervision order demands
    REVIEW = "review"  #: 销号核查: somebody looks at what the unit replied
    RULE = "rule"  #: desk: a return waits for a ruling (裁定)
    APPROVE = "approve"  #: desk: a hold was asked for
    CONFIRM = "confirm"  #: desk: a second person has to say that the case ends
    APPEAL = "appeal"  #: desk: a rating was appealed
    RECHECK = "recheck"  #: 复查: somebody looks whether it stayed as it was when it was closed
    RECHECK_LATE = "recheck_late"  #: 再次复查
    STATUTORY = "statutory"  #: 强制报告: the report that the law demands
    # of affairs and their parts (rules/handling)
    REPORT_IN = "report_in"  #: 报到: a unit that was called reports in
    CLAIM = "claim"  #: 认领: an order lies open in the pool
    DELIVER = "deliver"  #: 兑现: what was taken on is done
    MEET = "meet"  #: 召开: a meeting, a sitting is held and its minutes are written
    FULFIL = "fulfil"  #: 履约: what was agreed is done
    MEDIATE = "mediate"  #: 调解: a dispute is settled or goes elsewhere
    JUDICIAL = "judicial"  #: 司法确认: both sides may ask the court to confirm what they agreed
    FOLLOW_UP = "follow_up"  #: 回访: somebody asks whether it held
    LOOK = "look"  #: 走访: somebody looks after a household, an enterprise
    SOLVE = "solve"  #: 问题办理: an entry of a ledger is dealt with
    ASSENT = "assent"  #: 确认: who asked for it says that it is done
    SERVE = "serve"  #: 帮办: an errand, or one step of it
    TARGET = "target"  #: 专项目标: a campaign, a line of its lists, is where it should be
    CORRECT = "correct"  #: 现场交办整改: what an inspection found is put right
    ROOT = "root"  #: 专题治理: a topic is dealt with at the root
    CONVENE = "convene"  #: 例会: the next meeting of a standing one is called
    GATHER = "gather"  #: 征集: a poll is open for answers


#: Clocks of affairs: a policy need not speak of them.
OF_AFFAIRS: Final = frozenset(list(ClockKind)[list(ClockKind).index(ClockKind.REPORT_IN) :])


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
#: States in which the overall limit counts; on hold it is paused.
_UNDER_WAY: Final = frozenset(
    {State.FILED, State.REPORTING, State.DISPATCHED, State.HANDLING, State.ON_HOLD, State.HANDLED, State.VERIFIED}
)


def _still_called(facts: Facts, order: OrderFacts) -> bool:
    """Nobody has acknowledged; for an emergency a deemed acknowledgement is none, the calls go on until somebody gives a sign."""
    if order.state is OrderState.SENT:
        return True
    return facts.urgency == "P0" and order.deemed and not (order.contacted or order.controlled)


#: Clocks of a work order: kind → whether the order still needs it.
_BY_ORDER: Final[tuple[tuple[ClockKind, Callable[[Facts, OrderFacts], bool]], ...]] = (
    (ClockKind.ACKNOWLEDGE, _still_called),
    (ClockKind.CONTACT, lambda _, o: not o.contacted),
    (ClockKind.CONTROL, lambda _, o: not o.controlled),
    (ClockKind.HANDLE, lambda _, __: True),
)
_BY_SUPERVISION: Final[Mapping[SupervisionState, ClockKind]] = {
    SupervisionState.PROPOSED: ClockKind.SIGN,
    SupervisionState.SIGNED: ClockKind.RECTIFY,
    SupervisionState.REPLIED: ClockKind.REVIEW,
    SupervisionState.VERIFIED: ClockKind.SIGN,
}
#: Clocks of supervision orders: they belong to the order, not to the state of the case.
SUPERVISING: Final = frozenset({ClockKind.SIGN, ClockKind.RECTIFY, ClockKind.REVIEW})
#: The clock of a request that waits for a decision.
BY_REQUEST: Final[Mapping[RequestKind, ClockKind]] = {
    RequestKind.RETURN: ClockKind.RULE,
    RequestKind.HOLD: ClockKind.APPROVE,
    RequestKind.VOID: ClockKind.CONFIRM,
    RequestKind.TERMINATE: ClockKind.CONFIRM,
    RequestKind.APPEAL: ClockKind.APPEAL,
}
#: Looks at the place after a case was closed; all count from the close.
RECHECKS: Final = (ClockKind.RECHECK, ClockKind.RECHECK_LATE)
#: Clocks that a policy may leave out; without any other a case would wait without a clock.
OPTIONAL: Final = frozenset(
    {ClockKind.CONTACT, ClockKind.CONTROL, ClockKind.STAGE, ClockKind.HOLD_CAP, ClockKind.OVERALL, ClockKind.EXTEND, *RECHECKS}
)


@dataclass(frozen=True, slots=True)
class Demand:
    """One clock that must be open: its kind, whose work order (None: the case), whose ball, and whether it runs.

    Attributes:
        stage: Code of the milestone, for a stage clock.
        supervision_seq, affair_seq: Journal entry that opened the supervision order or the affair it belongs to.
        part_no: Number of the part of the affair.
    """

    kind: ClockKind
    order_no: int | None
    unit_id: int | None
    lead: bool = True
    running: bool = True
    stage: str | None = None
    supervision_seq: int | None = None
    affair_seq: int | None = None
    part_no: int | None = None

    @property
    def key(self) -> tuple[str, int | None, int | str | None]:
        """What makes two demands the same clock; a level's decision starts anew at each holder."""
        return key_of(self.kind.value, self.order_no, self.unit_id, self.stage)


def key_of(kind: str, order_no: int | None, unit_id: int | None, stage: str | None) -> tuple[str, int | None, int | str | None]:
    """What makes two clocks of a case the same: kind and work order, for a level's decision also the holder, for a milestone its code."""
    return (kind, order_no, unit_id if kind == ClockKind.DECIDE else stage)


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
    if facts.state is State.ON_HOLD:
        clocks.append(Demand(ClockKind.HOLD_CAP, None, desk_unit_id))
    if facts.state in _UNDER_WAY:
        clocks.append(Demand(ClockKind.OVERALL, None, desk_unit_id, running=facts.state is not State.ON_HOLD))
    if facts.state in (State.DISPATCHED, State.HANDLING, State.ON_HOLD):
        running = facts.state is not State.ON_HOLD
        for order in facts.orders:
            if order.state in OPEN_ORDER:
                clocks += _of_order(facts, order, desk_unit_id, running=running)
    return clocks + _beside(facts, desk_unit_id, check_unit_id) if facts.asks or facts.statutory or facts.state is State.CLOSED else clocks


def _beside(facts: Facts, desk_unit_id: int | None, check_unit_id: int | None) -> list[Demand]:
    """Clocks that run whatever the state: of requests, of a report that the law demands, of a look at the place after the end."""
    clocks = [Demand(BY_REQUEST[r.kind], r.order_no, desk_unit_id) for r in facts.asks]
    if facts.statutory:
        clocks.append(Demand(ClockKind.STATUTORY, None, desk_unit_id))
    if facts.state is State.CLOSED:
        above = (i for i, _ in enumerate(facts.area_line) if not facts.tried & set(facts.area_line[i:]))
        near = next((facts.area_line[i] for i in above), check_unit_id)  # nobody looks at what he or those above him have done
        clocks += [Demand(kind, None, near) for kind in RECHECKS[facts.rechecks :]]
    return clocks


def _of_order(facts: Facts, order: OrderFacts, desk_unit_id: int | None, *, running: bool) -> list[Demand]:
    no, unit = order.no, order.unit_id
    clocks = [Demand(kind, no, unit, order.lead, running) for kind, needed in _BY_ORDER if needed(facts, order)]
    clocks += [Demand(ClockKind.STAGE, no, unit, order.lead, running, stage) for stage in order.stages_left]
    if order.asks:
        clocks.append(Demand(ClockKind.EXTEND, no, desk_unit_id, running=running))
    return clocks


def of_supervision(state: SupervisionState, seq: int, unit_id: int, desk_unit_id: int | None, check_unit_id: int | None) -> Demand | None:
    """The clock that a supervision order demands: of the unit while it has to act, of a desk while it waits there; None at its end.

    Args:
        state: What is true of the order.
        seq: Journal entry that opened it.
        unit_id: Unit it is addressed to.
        desk_unit_id: The 网格中心, where signatures are waited for.
        check_unit_id: The unit expected to look at the result; never the one addressed.
    """
    kind = _BY_SUPERVISION.get(state)
    if kind is None:
        return None
    whose = {ClockKind.RECTIFY: unit_id, ClockKind.REVIEW: check_unit_id}.get(kind, desk_unit_id)
    return Demand(kind, None, whose, supervision_seq=seq)
