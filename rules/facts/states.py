"""The six steps, and what can be true of a case, a work order, a request, a supervision order."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Step(StrEnum):
    """The six steps, as every resident can name them."""

    COLLECT = "collect"  #: ① 问题采集
    TRIAGE = "triage"  #: ② 研判
    REPORT = "report"  #: ③ 上报
    HANDLE = "handle"  #: ④ 联动处理
    FEEDBACK = "feedback"  #: ⑤ 反馈
    EVALUATE = "evaluate"  #: ⑥ 居民评价


class State(StrEnum):
    """What is true of a case."""

    NOTED = "noted"  #: 现场问题: found on the spot and put under supervision; not a case in the loop
    BESIDE = "beside"  #: 事项: the file of an affair that belongs to no case (a pool order, a meeting, a campaign); not in the loop
    SUBMITTED = "submitted"  #: handed in, not yet looked at
    ACCEPTED = "accepted"  #: complete enough to be judged; waits for triage
    FILED = "filed"  #: 立案: has a category; waits to be routed
    REPORTING = "reporting"  #: held at a level, which decides
    DISPATCHED = "dispatched"  #: work orders are out; the lead has not acknowledged
    HANDLING = "handling"  #: the lead is at work
    ON_HOLD = "on_hold"  #: 挂账: clocks stopped with approval
    HANDLED = "handled"  #: every unit says done; not verified
    VERIFIED = "verified"  #: somebody else has looked, or none needs to
    FED_BACK = "fed_back"  #: the reporters were told; may rate
    EVALUATED = "evaluated"  #: a rating came in; not yet settled
    CLOSED = "closed"  #: 结案
    DECLINED = "declined"  #: 不予受理
    DIVERTED = "diverted"  #: sent to another channel
    MERGED = "merged"  #: part of another case
    ANSWERED = "answered"  #: answered at once, no handling needed
    WITHDRAWN = "withdrawn"  #: 撤回: whoever reported it takes it back
    VOIDED = "voided"  #: 作废: filed in error; two people said so
    TERMINATED = "terminated"  #: 终止: cannot be handled to its end; two people said so


class OrderState(StrEnum):
    """What is true of one unit's work order."""

    SENT = "sent"  #: dispatched, not acknowledged
    WORKING = "working"  #: acknowledged (or deemed so)
    DONE = "done"  #: the unit says it is done
    RECALLED = "recalled"  #: taken back by the centre


class ExtensionState(StrEnum):
    """What is true of a request for more time (延期)."""

    ASKED = "asked"  #: the unit asks; nobody has decided
    GRANTED = "granted"  #: the limit was lengthened
    REFUSED = "refused"  #: the limit stays
    LAPSED = "lapsed"  #: the unit finished, or the order was taken back, before anybody decided


class SupervisionState(StrEnum):
    """What is true of a supervision order (督办单)."""

    PROPOSED = "proposed"  #: a rung or a person asks for it; nobody has signed
    SIGNED = "signed"  #: a person has signed it: it has a number, the unit has to put the matter right
    REPLIED = "replied"  #: the unit says how it was put right; nobody has looked
    VERIFIED = "verified"  #: somebody else has looked
    WRITTEN_OFF = "written_off"  #: 销号
    DISMISSED = "dismissed"  #: a person has said no, or has withdrawn it


class RequestKind(StrEnum):
    """What somebody asks for and somebody else decides."""

    RETURN = "return"  #: 退单: the unit says the matter is not its own
    HOLD = "hold"  #: 挂账: cannot go on for now
    VOID = "void"  #: 作废: should never have been a case
    TERMINATE = "terminate"  #: 终止: cannot be brought to its end
    APPEAL = "appeal"  #: 评价申诉: the unit says a rating is not about its part


class RequestState(StrEnum):
    """What is true of a request."""

    ASKED = "asked"  #: nobody has decided
    GRANTED = "granted"  #: as it was asked
    REFUSED = "refused"  #: not; of a return: 退单未采纳
    LAPSED = "lapsed"  #: the case went on before anybody decided


STEP_OF: Final[Mapping[State, Step]] = {
    State.NOTED: Step.COLLECT,
    State.BESIDE: Step.HANDLE,
    State.SUBMITTED: Step.COLLECT,
    State.ACCEPTED: Step.TRIAGE,
    State.DECLINED: Step.TRIAGE,
    State.DIVERTED: Step.TRIAGE,
    State.MERGED: Step.TRIAGE,
    State.ANSWERED: Step.TRIAGE,
    State.WITHDRAWN: Step.EVALUATE,
    State.VOIDED: Step.EVALUATE,
    State.TERMINATED: Step.EVALUATE,
    State.FILED: Step.REPORT,
    State.REPORTING: Step.REPORT,
    State.DISPATCHED: Step.HANDLE,
    State.HANDLING: Step.HANDLE,
    State.ON_HOLD: Step.HANDLE,
    State.HANDLED: Step.FEEDBACK,
    State.VERIFIED: Step.FEEDBACK,
    State.FED_BACK: Step.EVALUATE,
    State.EVALUATED: Step.EVALUATE,
    State.CLOSED: Step.EVALUATE,
}
FINAL: Final = frozenset(
    {
        *(State.DECLINED, State.DIVERTED, State.MERGED, State.ANSWERED, State.CLOSED),
        *(State.WITHDRAWN, State.VOIDED, State.TERMINATED),
    }
)
#: States in which the engine may have something to do without a person; entering one makes the case *ready*.
AUTOMATIC: Final = frozenset({State.SUBMITTED, State.ACCEPTED, State.FILED, State.HANDLED, State.VERIFIED, State.EVALUATED})
OPEN_ORDER: Final = frozenset({OrderState.SENT, OrderState.WORKING})
OPEN_SUPERVISION: Final = frozenset(
    {SupervisionState.PROPOSED, SupervisionState.SIGNED, SupervisionState.REPLIED, SupervisionState.VERIFIED}
)
