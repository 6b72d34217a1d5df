"""A draft of one case while moves are decided: what was read, what changes, and what is written along with it."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from rules.facts import (
    OPEN_ORDER,
    SENSOR,
    STEP_OF,
    Actor,
    AffairFacts,
    ExtensionFacts,
    ExtensionState,
    Facts,
    Level,
    OrderFacts,
    OrderState,
    PartFacts,
    RequestFacts,
    RequestKind,
    RequestState,
    State,
    SupervisionFacts,
    SupervisionState,
    Thing,
)
from rules.sla import Matter
from services.catalogue import Catalogue

Row = dict[str, Any]


class GivesNumbers(Protocol):
    """Gives out the next number of a kind of affair, by its prefix, and takes back one that was not used after all."""

    def __call__(self, prefix: str) -> str:
        """The next number."""
        ...

    def give_back(self, no: str) -> None:
        """Nobody has this number after all."""
        ...


class Asks(Protocol):
    """Answers what moves of affairs ask of the database besides the case files that were read."""

    def is_case(self, case_id: object) -> bool:
        """Whether there is a case with this id, one of the loop."""
        ...

    def open_under(self, case_id: int, seq: int) -> int:
        """How many affairs that belong to this one have not ended."""
        ...

    def topic_of_month(self, month: str, but: str) -> str | None:
        """The number of the topic of a month, other than this one; None: it has none."""
        ...


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
    affair_no: "GivesNumbers | None" = None
    beyond: "Asks | None" = None

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
        stages = self._stages() if self.orders else ()
        return tuple(
            OrderFacts(
                no,
                o["unit_id"],
                o["assigned_unit_id"],
                o["lead"],
                OrderState(o["state"]),
                o["contacted_at"] is not None,
                o["controlled_at"] is not None,
                o["deemed"],
                tuple(code for code in stages if code not in o["stages"]) if o["lead"] else (),
                o["extension_no"] is not None,
                o["returnable"],
                tries=o["tries"],
                gentle=o["unit_id"] in self.catalogue.gentle,
            )
            for no, o in self.orders.items()
        )

    def _stages(self) -> tuple[str, ...]:
        """Codes of the milestones that the lead has to reach one after the other, under the policy stamped on the case."""
        policy = self.catalogue.policies[self.case["policy_version"]]
        return tuple(stage.code for stage in policy.stages(self.matter()))

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
        case, known = self.case, self.catalogue
        orders = self.order_facts()
        return Facts(
            state=State(case["state"]),
            urgency=case["urgency"],
            category=case["category"],
            level=Level(case["level"]) if case["level"] else None,
            authority=Level(case["authority"]) if case["authority"] else None,
            holder_unit_id=case["holder_unit_id"],
            area_line=self.area_line,
            reporter_id=case["requester_id"],
            orders=tuple(o for o in orders if o.no > case["orders_before"]),
            tried=frozenset(unit for o in orders if o.state is not OrderState.RECALLED for unit in (o.unit_id, known.present(o.unit_id))),
            needs_check=case["needs_check"],
            solved=case["solved"],
            score=case["score"],
            order=next((o for o in orders if o.no == order_no), None),
            extension=self._extension_facts(extension_no),
            supervision=self._supervision_facts(supervision_seq),
            request=self._request_facts(request_no),
            **(self._beside(affair_seq, part_no) if self.affairs else {}),
            asks=self.asks(),
            rights=self.catalogue.routing.rights(case["level"], case["category"]),
            hops=case["hops"],
            reporters=self.reporter_ids(),
            rated=case["solved"] is not None,
            rechecks=case["rechecks"],
            upstream=case["upstream_no"] is not None and case["upstream_replied_at"] is None,
            sensed=case["source"] == SENSOR,
            **(self._restricted() if case["sensitive"] else {}),
        )

    def _beside(self, affair_seq: int | None, part_no: int | None) -> Row:
        """The affair that a move is about, or the part with its affair."""
        part = self.parts.get(part_no) if part_no is not None else None
        affair = self.affair_facts(part["seq"] if part is not None else affair_seq)
        return {"affair": affair, "part": next((p for p in affair.parts if p.no == part_no), None) if affair is not None else None}

    def affair_facts(self, seq: int | None) -> AffairFacts | None:
        """What guards may know of an affair and its parts; None where there is no such affair."""
        row = self.affairs.get(seq) if seq is not None else None
        if row is None:
            return None
        return AffairFacts(
            row["seq"],
            Thing(row["thing"]),
            row["state"],
            row["unit_id"],
            row["asker_id"],
            row["opened_by"],
            row["quantity"],
            tuple(_part_facts(p) for p in self.parts_of(row["seq"])),
            row["data"],
            row["staff_id"],
        )

    def parts_of(self, seq: int, thing: Thing | None = None) -> list[Row]:
        """The parts of an affair in the order in which they were added; of one kind, if that is given."""
        return [p for _, p in sorted(self.parts.items()) if p["seq"] == seq and thing in (None, p["thing"])]

    def _restricted(self) -> Row:
        """What guards know of a sensitive case besides."""
        case = self.case
        kind = self.catalogue.sensitive[case["sensitive"]]
        return {
            "sensitive": case["sensitive"],
            "readers": frozenset(case["readers"]),
            "statutory": kind.report_to is not None and case["statutory_at"] is None,
        }

    def asks(self) -> tuple[RequestFacts, ...]:
        """Requests that wait for a decision."""
        return tuple(
            RequestFacts(no, RequestKind(kind), RequestState.ASKED, order_no, unit_id, by)
            for no, kind, order_no, unit_id, by in self.case["asks"]
        )

    def reporter_ids(self) -> frozenset[int]:
        """The residents who may speak for the case: the first reporter, and those whose cases were merged into it."""
        also = [r["requester_id"] for r in self.co_reporters if r["until"] is None]
        first = self.case["requester_id"]
        return frozenset(also if first is None else (first, *also))

    def change(self, **values: object) -> None:
        """Change columns of the case that few moves change; they are written by a statement of their own."""
        self.case.update(values)
        self.changed_rarely = True

    def _request_facts(self, no: int | None) -> RequestFacts | None:
        row = self.requests.get(no) if no is not None else None
        if row is None:
            return None
        kind, state = RequestKind(row["kind"]), RequestState(row["state"])
        return RequestFacts(row["no"], kind, state, row["order_no"], row["unit_id"], row["asked_by"])

    def _extension_facts(self, no: int | None) -> ExtensionFacts | None:
        row = self.extensions.get(no) if no is not None else None
        if row is None:
            return None
        return ExtensionFacts(ExtensionState(row["state"]), row["order_no"], self.orders[row["order_no"]]["unit_id"])

    def _supervision_facts(self, seq: int | None) -> SupervisionFacts | None:
        row = self.supervision.get(seq) if seq is not None else None
        return None if row is None else SupervisionFacts(SupervisionState(row["state"]), row["unit_id"], row["rank"] == "listed")

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
        state = self.state
        if state in (State.DISPATCHED, State.HANDLING):
            return self._working_unit()
        if state is State.REPORTING:
            return int(self.case["holder_unit_id"])
        if state is State.BESIDE:
            return next((a["unit_id"] for a in self.affairs.values() if a["ended_at"] is None), None)
        if state in _WITH_DESK:
            return self.catalogue.desk_id
        return self.check_unit() if state is State.HANDLED else None

    def _working_unit(self) -> int | None:
        """Whose work everybody waits for, the lead's first; the centre's where it has to rule whose matter it is, or nobody works."""
        ruled = {no for _, kind, no, *_ in self.case["asks"] if kind == RequestKind.RETURN}
        if any(self.orders[no]["lead"] for no in ruled):
            return self.catalogue.desk_id  # nobody goes on before that
        waiting = [o for o in self.present() if o["state"] in OPEN_ORDER and o["no"] not in ruled]
        waiting.sort(key=lambda o: not o["lead"])
        return waiting[0]["unit_id"] if waiting else self.catalogue.desk_id

    def check_unit(self) -> int | None:
        """The unit expected to verify: the nearest 网格中心 over the place that did not handle the case itself or work under who did."""
        present = self.catalogue.present
        tried = {u for o in self.orders.values() if o["state"] != OrderState.RECALLED for u in (o["unit_id"], present(o["unit_id"]))}
        for place in self.area_line:
            for centre in self.catalogue.grid_centres:
                if centre.parent_id == place and tried.isdisjoint(self.catalogue.line(centre.id)):
                    return centre.id
        return self.catalogue.district_id  # the duty leader: the district itself never handles a case


def _part_facts(row: Row) -> PartFacts:
    who = (row["unit_id"], row["staff_id"], row["requester_id"])
    return PartFacts(row["no"], Thing(row["thing"]), row["state"], *who, row["quantity"], row["done"], row["data"])


#: Nobody but the desk goes on: on hold it is looked at again there, and lifted.
_WITH_DESK = frozenset({State.NOTED, State.SUBMITTED, State.ACCEPTED, State.FILED, State.ON_HOLD, State.VERIFIED, State.EVALUATED})
EMPTY_ORDER: Row = {
    "assigned_unit_id": None,
    "acknowledged_at": None,
    "deemed": False,
    "contacted_at": None,
    "controlled_at": None,
    "finished_at": None,
    "result": None,
    "stages": [],
    "extension_no": None,
    "handler_id": None,
    "returnable": True,
    "tries": 0,
}


_ENCODED: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def entry_hash(entry: Row) -> str:
    """Hash of a journal entry and the hash before it; `doctor` recomputes it to show that nothing was altered."""
    parts = (
        entry["previous"],
        entry["case_id"],
        entry["seq"],
        entry["at"].astimezone(UTC).isoformat(timespec="microseconds"),
        entry["thing"],
        entry["thing_no"],
        entry["action"],
        entry["before"],
        entry["after"],
        entry["actor"],
        entry["ball_unit_id"],
    )
    text = "|".join(map(str, parts)) + _ENCODED(entry["data"])
    return hashlib.sha256(text.encode()).hexdigest()
