"""A draft of one case while moves are decided: what was read, what changes, and what is written along with it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rules.facts import Actor, Facts, Level, OrderFacts, OrderState, State, SupervisionState
from services.catalogue import Catalogue

Row = dict[str, Any]


@dataclass(slots=True)
class Draft:
    """One case in the making.

    Attributes:
        case: The case's row, changed in place.
        orders: All its work orders, by number.
        clocks: Its open clocks; new ones have no id.
        supervision: Supervision orders that the batch speaks of, by id.
        others: All cases of the batch, this one among them: a merge looks at its target.
        seq: The journal count that was read: the writer's lock.
        locked: Read while this unit of work held the write lock, so that nobody can have been faster.
    """

    case: Row
    orders: dict[int, Row]
    clocks: list[Row]
    catalogue: Catalogue
    supervision: dict[int, Row] = field(default_factory=dict)
    others: Mapping[int, "Draft"] = field(default_factory=dict, repr=False)
    seq: int = 0
    locked: bool = False
    entries: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    proposals: list[Row] = field(default_factory=list)
    firings: list[Row] = field(default_factory=list)
    new_orders: set[int] = field(default_factory=set)
    touched_orders: set[int] = field(default_factory=set)
    touched_clocks: list[Row] = field(default_factory=list)
    touched_supervision: set[int] = field(default_factory=set)
    run_id: str | None = None

    @property
    def area_line(self) -> tuple[int, ...]:
        """The units over the case's place, nearest first."""
        return self.catalogue.line(self.case["area_unit_id"])

    @property
    def state(self) -> State:
        """Present state of the case."""
        return State(self.case["state"])

    def order_facts(self) -> tuple[OrderFacts, ...]:
        """What guards may know of the work orders."""
        return tuple(
            OrderFacts(
                no,
                o["unit_id"],
                o["assigned_unit_id"],
                o["lead"],
                OrderState(o["state"]),
                o["contacted_at"] is not None,
                o["controlled_at"] is not None,
            )
            for no, o in self.orders.items()
        )

    def facts(self, order_no: int | None = None, supervision_id: int | None = None) -> Facts:
        """A frozen picture of the case as it stands in this draft."""
        case = self.case
        orders = self.order_facts()
        signed = self.supervision.get(supervision_id) if supervision_id is not None else None
        return Facts(
            state=State(case["state"]),
            urgency=case["urgency"],
            category=case["category"],
            level=Level(case["level"]) if case["level"] else None,
            authority=Level(case["authority"]) if case["authority"] else None,
            holder_unit_id=case["holder_unit_id"],
            area_line=self.area_line,
            reporter_id=case["requester_id"],
            orders=orders,
            tried=frozenset(o.unit_id for o in orders if o.state is not OrderState.RECALLED),
            needs_check=case["needs_check"],
            solved=case["solved"],
            score=case["score"],
            order=next((o for o in orders if o.no == order_no), None),
            supervision=SupervisionState(signed["state"]) if signed else None,
        )

    def lead(self) -> Row | None:
        """The lead's work order of the present dispatch."""
        leads = [o for o in self.orders.values() if o["lead"] and o["state"] != OrderState.RECALLED]
        return leads[-1] if leads else None

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

    def ball(self) -> int | None:
        """The unit that holds the ball as the draft stands: whose next act everybody waits for; None: the resident's, or nobody's."""
        state = self.state
        if state in (State.DISPATCHED, State.HANDLING, State.ON_HOLD):
            waiting = [o for o in self.orders.values() if o["state"] in (OrderState.SENT, OrderState.WORKING)]
            waiting.sort(key=lambda o: not o["lead"])
            return waiting[0]["unit_id"] if waiting else self.catalogue.desk_id
        if state is State.REPORTING:
            return int(self.case["holder_unit_id"])
        if state in (State.SUBMITTED, State.ACCEPTED, State.FILED, State.VERIFIED, State.EVALUATED):
            return self.catalogue.desk_id
        return self.check_unit() if state is State.HANDLED else None

    def check_unit(self) -> int | None:
        """The unit expected to verify: the nearest 网格中心 over the place that did not handle the case itself or work under who did."""
        tried = {o["unit_id"] for o in self.orders.values() if o["state"] != OrderState.RECALLED}
        units = self.catalogue.units
        for place in self.area_line:
            for unit in units.values():
                if unit.kind == "GRID_CENTRE" and unit.parent_id == place and not tried & set(self.catalogue.line(unit.id)):
                    return unit.id
        return self.catalogue.district_id  # the duty leader: the district itself never handles a case


EMPTY_ORDER: Row = {
    "assigned_unit_id": None,
    "acknowledged_at": None,
    "deemed": False,
    "contacted_at": None,
    "controlled_at": None,
    "finished_at": None,
    "result": None,
}


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
    text = "|".join(map(str, parts)) + json.dumps(entry["data"], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
