"""A frozen picture of a case and of what belongs to it: all that a guard may know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from rules.facts.levels import Level
from rules.facts.states import ExtensionState, OrderState, RequestKind, RequestState, State, SupervisionState
from rules.facts.things import Thing

SENSOR: Final = "sensor"  #: source of a case that a device reported
#: What is handed in with a move: reason, category, lead, …
Args = Mapping[str, object]


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
