"""A draft of one case while moves are decided: what was read, what changes, and what is written along with it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rules.facts import STEP_OF, Actor, AffairFacts, Facts, OrderFacts, OrderState, RequestFacts, State, Thing
from rules.sla import Matter
from services.catalogue import Catalogue
from services.moves.draft import pictures
from services.moves.draft.asked import Asks, GivesNumbers
from services.moves.draft.ball import ball_unit, unit_to_check
from services.moves.draft.hashing import entry_hash
from services.moves.draft.rows import EMPTY_ORDER, Row


@dataclass(slots=True)
class Draft:
    """One case in the making.

    Attributes:
        case: The case's row, changed in place.
        orders: All its work orders, by number.
        clocks: Its open clocks; new ones have no id.
        extensions: Requests for more time, by number, if the batch speaks of any.
        requests: Requests that somebody else decides, by number, if the batch speaks of any.
        co_reporters: Reporters besides the first, with the case each of them had handed in.
        evaluations: Ratings, if the batch speaks of any.
        cuts: What merging has cut off its clocks and given back, oldest first, if the batch splits a case off it.
        photos: Stages of the photos that are there; None: not looked up.
        tried_at: When each work order's unit last tried to reach the reporter in vain, if the batch speaks of it.
        supervision: Supervision orders that the batch speaks of, by the journal entry that opened them; new ones have no id.
        affairs: Affairs kept with the case, by the journal entry that opened them, if the batch speaks of any.
        parts: Their parts, by number.
        evidence: What was handed in to show how it was before a supervision order, or is after it; written with the move.
        others: All cases of the batch, this one among them: a merge looks at its target.
        seq: The journal count that was read: the writer's lock.
        number: Gives out the next number of a supervision order; there when one is about to be signed.
        affair_no: Gives out the next number of a kind of affair, by its prefix; there when one is about to be opened.
        beyond: Answers what moves of affairs ask of the database besides; there while moves are made.
        locked: Read while this unit of work held the write lock, so that nobody can have been faster.
    """

    case: Row
    orders: dict[int, Row]
    clocks: list[Row]
    catalogue: Catalogue
    extensions: dict[int, Row] = field(default_factory=dict)
    requests: dict[int, Row] = field(default_factory=dict)
    co_reporters: list[Row] = field(default_factory=list)
    evaluations: list[Row] = field(default_factory=list)
    cuts: list[Row] = field(default_factory=list)
    photos: frozenset[str] | None = None
    tried_at: dict[int, datetime] = field(default_factory=dict)
    supervision: dict[int, Row] = field(default_factory=dict)
    affairs: dict[int, Row] = field(default_factory=dict)
    parts: dict[int, Row] = field(default_factory=dict)
    evidence: list[Row] = field(default_factory=list)
    others: Mapping[int, "Draft"] = field(default_factory=dict, repr=False)
    seq: int = 0
    locked: bool = False
    entries: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    firings: list[Row] = field(default_factory=list)
    new_orders: set[int] = field(default_factory=set)
    touched_orders: set[int] = field(default_factory=set)
    touched_clocks: list[Row] = field(default_factory=list)
    new_extensions: set[int] = field(default_factory=set)
    touched_extensions: set[int] = field(default_factory=set)
    new_requests: set[int] = field(default_factory=set)
    touched_requests: set[int] = field(default_factory=set)
    new_reporters: list[Row] = field(default_factory=list)
    touched_reporters: list[Row] = field(default_factory=list)
    new_evaluations: list[Row] = field(default_factory=list)
    touched_evaluations: list[Row] = field(default_factory=list)
    changed_rarely: bool = False
    new_supervision: set[int] = field(default_factory=set)
    touched_supervision: set[int] = field(default_factory=set)
    new_affairs: set[int] = field(default_factory=set)
    touched_affairs: set[int] = field(default_factory=set)
    new_parts: set[int] = field(default_factory=set)
    touched_parts: set[int] = field(default_factory=set)
    run_id: str | None = None
    number: Callable[[], str] | None = None
    affair_no: GivesNumbers | None = None
    beyond: Asks | None = None

    @property
    def area_line(self) -> tuple[int, ...]:
        """The units over the case's place, nearest first."""
        return self.catalogue.line(self.case["area_unit_id"])

    @property
    def state(self) -> State:
        """Present state of the case."""
        return State(self.case["state"])

    def matter(self) -> Matter:
        """What the rows of a policy look at."""
        case = self.case
        return self.catalogue.matter(case["category"], case["urgency"], case["source"], case["area_unit_id"], case["special_group"])

    def own_clocks(self) -> Iterator[Row]:
        """The open clocks of the case itself and of its work orders: those of supervision orders and of affairs are none of its own."""
        return (c for c in self.clocks if c["stopped_at"] is None and c["supervision_seq"] is None and c["affair_seq"] is None)

    def open_clock(self, kind: str, order_no: int | None) -> Row | None:
        """The open clock of this kind, of the work order or (None) of the case."""
        return next((c for c in self.own_clocks() if c["kind"] == kind and c["order_no"] == order_no), None)

    def save_beside(self) -> Callable[[], None]:
        """Keep its affairs as they are now.

        Returns:
            What puts them back, for a move that is refused after it had begun to change them.
        """
        affairs = {seq: {**row, "cases": [*row["cases"]]} for seq, row in self.affairs.items()}
        parts = {no: dict(row) for no, row in self.parts.items()}
        marks = [set(each) for each in (self.new_affairs, self.touched_affairs, self.new_parts, self.touched_parts)]

        def put_back() -> None:
            for seq in self.affairs.keys() - affairs.keys():
                if self.affair_no is not None:
                    self.affair_no.give_back(self.affairs[seq]["no"])
            self.affairs, self.parts = affairs, parts
            self.new_affairs, self.touched_affairs, self.new_parts, self.touched_parts = marks

        return put_back

    def order_facts(self) -> tuple[OrderFacts, ...]:
        """What guards may know of the work orders."""
        return pictures.order_facts(self)

    def facts(
        self,
        order_no: int | None = None,
        *,
        extension_no: int | None = None,
        request_no: int | None = None,
        supervision_seq: int | None = None,
        affair_seq: int | None = None,
        part_no: int | None = None,
    ) -> Facts:
        """A frozen picture of the case as it stands in this draft; of the things given, the one that a move is about."""
        orders = pictures.order_facts(self)
        return pictures.case_facts(
            self,
            orders,
            order=next((o for o in orders if o.no == order_no), None),
            extension=pictures.extension_facts(self, extension_no),
            supervision=pictures.supervision_facts(self, supervision_seq),
            request=pictures.request_facts(self, request_no),
            **(pictures.beside(self, affair_seq, part_no) if self.affairs else {}),
        )

    def affair_facts(self, seq: int | None) -> AffairFacts | None:
        """What guards may know of an affair and its parts; None where there is no such affair."""
        return pictures.affair_facts(self, seq)

    def parts_of(self, seq: int, thing: Thing | None = None) -> list[Row]:
        """The parts of an affair in the order in which they were added; of one kind, if that is given."""
        return [p for _, p in sorted(self.parts.items()) if p["seq"] == seq and thing in (None, p["thing"])]

    def asks(self) -> tuple[RequestFacts, ...]:
        """Requests that wait for a decision."""
        return pictures.waiting_requests(self)

    def reporter_ids(self) -> frozenset[int]:
        """The residents who may speak for the case: the first reporter, and those whose cases were merged into it."""
        also = [r["requester_id"] for r in self.co_reporters if r["until"] is None]
        first = self.case["requester_id"]
        return frozenset(also if first is None else (first, *also))

    def change(self, **values: object) -> None:
        """Change columns of the case that few moves change; they are written by a statement of their own."""
        self.case.update(values)
        self.changed_rarely = True

    def present(self) -> list[Row]:
        """The work orders of the present run, reworks included, that were not recalled; what was done before a reopening is history."""
        before = self.case["orders_before"]
        return [o for o in self.orders.values() if o["no"] > before and o["state"] != OrderState.RECALLED]

    def lead(self) -> Row | None:
        """The lead's work order of the present run."""
        return next((o for o in reversed(self.present()) if o["lead"]), None)

    def add_order(self, values: Row) -> int:
        """Add a work order and give it the next number."""
        no = max(self.orders, default=0) + 1
        self.orders[no] = {**EMPTY_ORDER, "case_id": self.case["id"], "no": no, **values}
        self.new_orders.add(no)
        return no

    def touch_order(self, no: int, **values: object) -> None:
        """Change a work order."""
        self.orders[no].update(values)
        if no not in self.new_orders:
            self.touched_orders.add(no)

    def enter(
        self,
        now: datetime,
        actor: Actor,
        *,
        step: str,
        thing: str,
        action: str,
        thing_no: int | None = None,
        before: str | None = None,
        after: str | None = None,
        data: Row | None = None,
    ) -> int:
        """Write a journal entry into the draft; it is chained to the one before by its hash.

        Returns:
            The number of the entry within the case.
        """
        case = self.case
        case["seq"] += 1
        entry: Row = {
            "case_id": case["id"],
            "seq": case["seq"],
            "at": now,
            "step": step,
            "thing": thing,
            "thing_no": thing_no,
            "action": action,
            "before": before,
            "after": after,
            "actor": actor.name,
            "actor_unit_id": actor.unit_id,
            "ball_unit_id": self.ball(),
            "data": data or {},
            "previous": case["journal_hash"],
        }
        case["journal_hash"] = entry["hash"] = entry_hash(entry)
        self.entries.append(entry)
        return int(case["seq"])

    def enter_clock(self, now: datetime, actor: Actor, clock: Row, action: str, data: Row) -> int:
        """Write into the journal what became of a clock: a rung, an extension, a limit that moved."""
        about = {"clock": clock["kind"], "limit": clock["limit"], "due": clock["due_at"].isoformat(), "unit_id": clock["unit_id"]}
        named = {"stage": clock["stage"], "supervision": clock["supervision_seq"], "affair": clock["affair_seq"], "part": clock["part_no"]}
        named |= data
        about |= {k: v for k, v in named.items() if v is not None}
        return self.enter(now, actor, step=STEP_OF[self.state].value, thing="clock", thing_no=clock["order_no"], action=action, data=about)

    def ball(self) -> int | None:
        """The unit that holds the ball as the draft stands: whose next act everybody waits for; None: the resident's, or nobody's."""
        return ball_unit(self)

    def check_unit(self) -> int | None:
        """The unit expected to verify: the nearest 网格中心 over the place that did not handle the case itself or work under who did."""
        return unit_to_check(self)
