"""What a rule may know: states, levels, a frozen picture of a case, and who stands in which relation to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """A move that the rules do not allow: an answer to the person, never an alarm.

    Attributes:
        code: What is missing; worded in locales/*.toml under `[refused]`.
        details: Values for the sentence.
    """

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


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


class Thing(StrEnum):
    """What a move is about."""

    CASE = "case"
    ORDER = "order"
    EXTENSION = "extension"
    REQUEST = "request"
    SUPERVISION = "supervision"
    # affairs and their parts (rules/handling)
    WHISTLE = "whistle"  #: 吹哨
    CALL = "call"  #: one unit that was called
    POOL = "pool"  #: 认领单: what anybody may take on
    WANT = "want"  #: 需求: one line of what is wanted
    PLEDGE = "pledge"  #: 认领: what one of them has taken on
    MEETING = "meeting"  #: 议事会
    VOICE = "voice"  #: 参会人: somebody at a meeting, with a vote
    TERM = "term"  #: 履约节点: what an agreement has somebody do
    DISPUTE = "dispute"  #: 矛盾纠纷
    SITTING = "sitting"  #: 调解: one sitting of a mediation, one follow-up visit
    SUBJECT = "subject"  #: 一户一档: the file of a household or a person
    ENTERPRISE = "enterprise"  #: 一企一档: the file of an enterprise
    LOOK = "look"  #: 走访/守护: one look at a subject
    ISSUE = "issue"  #: 问题: one entry of a subject's ledger
    ERRAND = "errand"  #: 帮办代办
    ERRAND_STEP = "errand_step"  #: one step of it
    CAMPAIGN = "campaign"  #: 专项行动
    TASK = "task"  #: 清单项: one line of a campaign's lists, one action of a work plan
    SUBSIDY = "subsidy"  #: 以奖代补: money that is claimed for what was done
    RECORD = "record"  #: 约谈、不良记录: what is put on record about an organisation outside
    INSPECTION = "inspection"  #: 暗访督查
    FINDING = "finding"  #: one problem found
    TOPIC = "topic"  #: 未诉先办专题
    POLL = "poll"  #: 意见征集
    MATTER = "matter"  #: 说事: what somebody brought to a standing meeting
    DIVERSION = "diversion"  #: 分流: a dispute sent to another body, or come from one
    JUDICIAL = "judicial"  #: 司法确认: the court may confirm what was agreed
    JOINT = "joint"  #: 警网联动: what police and grid did together, signed by both
    ANSWER = "answer"  #: 答复: one household's answer to a poll, or those of a talk
    FUND = "fund"  #: 出资: one source of the money for what a poll has decided


class Level(StrEnum):
    """Where a case can be held in step ③, bottom to top (五级: the fifth is the unit that handles)."""

    GRID = "grid"
    COMMUNITY = "community"
    STREET = "street"
    DISTRICT = "district"

    @property
    def height(self) -> int:
        """0 for the grid, 3 for the district."""
        return _HEIGHTS[self]


_HEIGHTS: Final[Mapping[Level, int]] = {level: i for i, level in enumerate(Level)}

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


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What a guard may know of one work order.

    Attributes:
        deemed: Acknowledged by the clock; nobody in the unit has given a sign yet.
        stages_left: Codes of the milestones not reached, in the order in which they come.
        asks: An extension of its limit was asked for and waits for a decision.
        returnable: It may still be given back: nobody has ruled on that, and nobody was ruled to handle it.
        in_window: It was sent so recently that it may be given back.
        tries: Vain attempts to reach the reporter.
        gentle: Its unit is one without penalties (物业, 自管会, 志愿队, …), which may give up.
    """

    no: int
    unit_id: int
    assigned_unit_id: int | None
    lead: bool
    state: OrderState
    contacted: bool = False
    controlled: bool = False
    deemed: bool = False
    stages_left: tuple[str, ...] = ()
    asks: bool = False
    returnable: bool = True
    in_window: bool = False
    tries: int = 0
    gentle: bool = False


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What a guard may know of a request.

    Attributes:
        order_no: Work order it is about; None: the case.
        unit_id: Unit that asks; None: somebody for himself.
        asked_by: User name of who asked.
    """

    no: int
    kind: RequestKind
    state: RequestState
    order_no: int | None
    unit_id: int | None
    asked_by: str


@dataclass(frozen=True, slots=True)
class ExtensionFacts:
    """What a guard may know of a request for more time."""

    state: ExtensionState
    order_no: int
    unit_id: int


@dataclass(frozen=True, slots=True)
class SupervisionFacts:
    """What a guard may know of a supervision order; the unit is the one that has to put the matter right."""

    state: SupervisionState
    unit_id: int
    listed: bool = False


@dataclass(frozen=True, slots=True)
class PartFacts:
    """What a guard may know of one part of an affair: a unit that was called, a pledge, a voice, a line of a list.

    Attributes:
        no: Its number within the case file.
        thing: Which kind of part.
        unit_id, staff_id, requester_id: Whose part it is, as far as it is anybody's.
        quantity, done: How much of it, and how much of that is done.
        data: What its mechanism keeps of it.
    """

    no: int
    thing: Thing
    state: str
    unit_id: int | None = None
    staff_id: int | None = None
    requester_id: int | None = None
    quantity: int | None = None
    done: int | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AffairFacts:
    """What a guard may know of an affair (rules/handling).

    Attributes:
        seq: Journal entry that opened it.
        thing: Which kind of affair.
        unit_id: The unit whose affair it is.
        asker_id: The resident for whom it is done, if it is for one.
        opened_by: User name of who opened it.
        parts: All its parts, in the order in which they were added.
        data: What its mechanism keeps of it.
        staff_id: The person who is named to see to it, if one is.
    """

    seq: int
    thing: Thing
    state: str
    unit_id: int | None
    asker_id: int | None = None
    opened_by: str = ""
    quantity: int | None = None
    parts: tuple[PartFacts, ...] = ()
    data: Mapping[str, object] = field(default_factory=dict)
    staff_id: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """A frozen picture of a case, so that a guard can never trigger a query.

    Attributes:
        area_line: Unit ids from the case's place upwards (grid, community, street, district).
        authority: The lowest level that may dispatch this category; None before filing.
        orders: Work orders of the present run; those done before a reopening are not among them.
        order, extension, request, supervision, affair, part: The one a move is about, if it is about one; with a part its affair.
        asks: Requests that wait for a decision.
        rights: What the level that holds it may do with this category: hold, decide, skip, send_down.
        hops: Lead units it was dispatched to so far.
        reporters: Residents who may speak for it, the first one among them.
        raters_left: Reporters who were asked and have not rated this round, the one who is rating included.
        rated: Somebody has rated this round.
        appealed: A rating of it was appealed once.
        rechecks: How often somebody has looked at the place since it was closed.
        sensitive: Kind of sensitive case; only `readers` may see or move it.
        statutory: The law demands a report that nobody has made yet.
        photos: Stages of the photos that are there; None: not looked up.
        wanted_photos: Stages of the photos that the category's closing condition asks for.
        upstream: It came from somebody who waits for an answer.
        sensed: A device reported it.
        tried: Units that have handled this case in any round: none of them may verify it.
    """

    state: State
    urgency: str
    category: str | None = None
    level: Level | None = None
    authority: Level | None = None
    holder_unit_id: int | None = None
    area_line: tuple[int, ...] = ()
    reporter_id: int | None = None
    orders: tuple[OrderFacts, ...] = ()
    tried: frozenset[int] = frozenset()
    needs_check: bool = True
    solved: bool | None = None
    score: int | None = None
    order: OrderFacts | None = None
    extension: ExtensionFacts | None = None
    supervision: SupervisionFacts | None = None
    request: RequestFacts | None = None
    affair: AffairFacts | None = None
    part: PartFacts | None = None
    asks: tuple[RequestFacts, ...] = ()
    rights: frozenset[str] = frozenset({"hold", "decide", "send_down"})
    hops: int = 0
    reporters: frozenset[int] = frozenset()
    raters_left: int = 1
    rated: bool = False
    appealed: bool = False
    rechecks: int = 0
    sensitive: str | None = None
    readers: frozenset[int] = frozenset()
    statutory: bool = False
    photos: frozenset[str] | None = None
    wanted_photos: frozenset[str] = frozenset()
    upstream: bool = False
    sensed: bool = False


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person in a unit with roles, a resident, or the system.

    Attributes:
        unit_line: The actor's unit and all above it, nearest first.
        body: The actor's unit, and those above it of which it is a section (a squad of a bureau, an office of a street): whose work
            he or she does. A community is below its street and no section of it.
        covers: For staff of a 网格中心: the unit whose area it serves (the district, or one street).
        resident_id: Set for a resident acting on own cases.
    """

    name: str
    user_id: int | None = None
    unit_id: int | None = None
    unit_line: tuple[int, ...] = ()
    body: tuple[int, ...] = ()
    roles: frozenset[str] = frozenset()
    covers: int | None = None
    resident_id: int | None = None
    system: bool = False


SYSTEM: Final = Actor(name="system", system=True)
SENSOR: Final = "sensor"  #: source of a case that a device reported
STAFF: Final = frozenset({"clerk", "head", "worker", "dispatcher", "duty_leader"})
#: What is handed in with a move: reason, category, lead, …
Args = Mapping[str, object]


class Who(StrEnum):
    """Roles as relations to the case; an actor may stand in several."""

    SYSTEM = "system"  #: the engine, by a rule
    CENTRE = "centre"  #: a dispatcher of the 网格中心 that serves the case's area
    HOLDER = "holder"  #: staff of the unit that holds the case in ③
    UNIT = "unit"  #: staff of the work order's unit, or of a section inside it
    HANDLER = "handler"  #: staff of any unit that has a work order of the case, or of a section inside it
    VERIFIER = "verifier"  #: staff who may look at the result: centre, or territory above or at the place
    REPORTER = "reporter"  #: the resident who handed the case in
    SIGNER = "signer"  #: may sign supervision orders: head of the centre, duty leader
    TARGET = "target"  #: staff of the unit that a supervision order is addressed to, or of a section inside it
    LEAD = "lead"  #: staff of the unit that leads, or of a section inside it
    NEAR = "near"  #: staff of a unit over the place: its grid, community, street or their 网格中心
    READER = "reader"  #: named as one who may see a sensitive case
    OWNER = "owner"  #: staff of the unit whose affair it is, or of a section inside it
    PARTY = "party"  #: whose part of an affair it is: staff of its unit, or the person
    AGENT = "agent"  #: the one person who is named to see to an affair, of whatever unit
    ASKER = "asker"  #: the resident for whom an affair is done
    STAFF = "staff"  #: anybody on the staff of any unit
    RESIDENT = "resident"  #: any resident


def is_centre(actor: Actor, facts: Facts) -> bool:
    """Whether the actor is a dispatcher of the 网格中心 that serves the case's area."""
    return "dispatcher" in actor.roles and (actor.covers in facts.area_line or not facts.area_line)


def _in_unit(actor: Actor, facts: Facts) -> bool:
    order = facts.order
    if order is None or not actor.roles & STAFF:
        return False
    return order.unit_id in actor.body or (order.assigned_unit_id is not None and order.assigned_unit_id in actor.body)


def _leads(actor: Actor, facts: Facts) -> bool:
    leads = {o.unit_id for o in facts.orders if o.lead and o.state is not OrderState.RECALLED}
    return bool(actor.roles & STAFF) and bool(leads & set(actor.body))


def _handles(actor: Actor, facts: Facts) -> bool:
    units = {u for o in facts.orders if o.state is not OrderState.RECALLED for u in (o.unit_id, o.assigned_unit_id)}
    return bool(actor.roles & STAFF) and bool(units & set(actor.body))


def _is_near(actor: Actor, facts: Facts) -> bool:
    return bool(actor.roles & STAFF) and bool({actor.unit_id, actor.covers} & set(facts.area_line))


def _is_target(actor: Actor, facts: Facts) -> bool:
    order = facts.supervision
    return order is not None and bool(actor.roles & STAFF) and order.unit_id in actor.body


def _owns(actor: Actor, facts: Facts) -> bool:
    return facts.affair is not None and bool(actor.roles & STAFF) and facts.affair.unit_id in actor.body


def _is_party(actor: Actor, facts: Facts) -> bool:
    part = facts.part
    if part is None:
        return False
    if actor.resident_id is not None:
        return part.requester_id == actor.resident_id
    if part.staff_id is not None and actor.user_id == part.staff_id:
        return True
    return part.unit_id is not None and bool(actor.roles & STAFF) and part.unit_id in actor.body


def _is_named(actor: Actor, facts: Facts) -> bool:
    return facts.affair is not None and actor.user_id is not None and actor.user_id == facts.affair.staff_id


def _asked(actor: Actor, facts: Facts) -> bool:
    return facts.affair is not None and actor.resident_id is not None and actor.resident_id == facts.affair.asker_id


def _may_verify(actor: Actor, facts: Facts) -> bool:
    return is_centre(actor, facts) or _is_near(actor, facts)


RELATIONS: Final[Mapping[Who, Callable[[Actor, Facts], bool]]] = {
    Who.SYSTEM: lambda a, _: a.system,
    Who.CENTRE: is_centre,
    Who.HOLDER: lambda a, f: bool(a.roles & STAFF) and a.unit_id is not None and a.unit_id == f.holder_unit_id,
    Who.UNIT: _in_unit,
    Who.HANDLER: _handles,
    Who.VERIFIER: _may_verify,
    Who.REPORTER: lambda a, f: a.resident_id is not None and (a.resident_id == f.reporter_id or a.resident_id in f.reporters),
    Who.TARGET: _is_target,
    Who.LEAD: _leads,
    Who.NEAR: _is_near,
    Who.OWNER: _owns,
    Who.PARTY: _is_party,
    Who.AGENT: _is_named,
    Who.ASKER: _asked,
    Who.STAFF: lambda a, _: bool(a.roles & STAFF),
    Who.RESIDENT: lambda a, _: a.resident_id is not None,
    Who.READER: lambda a, f: a.user_id is not None and a.user_id in f.readers,
    Who.SIGNER: lambda a, f: "duty_leader" in a.roles or ("head" in a.roles and a.covers in f.area_line),
}
