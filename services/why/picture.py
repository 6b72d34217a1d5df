"""The case as the entries of its journal so far describe it: all that decides which clocks run, and with which limits."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from rules.clocks import Demand, demanded, of_supervision
from rules.facts import (
    OPEN_ORDER,
    Facts,
    OrderFacts,
    OrderState,
    RequestFacts,
    RequestKind,
    RequestState,
    State,
    SupervisionState,
    Thing,
)
from rules.lifecycle import TABLE
from rules.sla import Matter
from rules.triage import urgency_of
from services.catalogue import Catalogue
from services.units.names import line_at

Entry = Mapping[str, Any]
Key = tuple[Any, ...]
_ORDINARY: Final = "P2"  #: urgency of a report in which no word says otherwise
#: The case's own move that a request is about: where the table has none from the present state, it has been overtaken.
_ABOUT: Final[Mapping[RequestKind, str]] = {RequestKind.HOLD: "hold", RequestKind.VOID: "void", RequestKind.TERMINATE: "terminate"}


@dataclass(frozen=True, slots=True)
class Outside:
    """A limit given from outside: until when, by whom (`upstream`, `note`), and the entry that brought it."""

    due: datetime
    by: str
    entry: Entry


def brought(entry: Entry) -> Outside | None:
    """The limit from outside that holds after a case was merged into this one, or split off again; None: none does."""
    given = entry["data"]["outside"]
    return None if given is None else Outside(datetime.fromisoformat(given["due_at"]), given["by"], entry)


@dataclass(frozen=True, slots=True)
class Standing:
    """What was known of the case after an entry: all that decides which limit a clock is given.

    Attributes:
        round: 1, then one more for every rework.
        version: Version of the policy stamped on the case.
        lead_no: Work order of the lead.
        outside: The limit from outside that holds.
    """

    category: str | None = None
    urgency: str = _ORDINARY
    round: int = 1
    version: int = 0
    lead_no: int | None = None
    outside: Outside | None = None


class Picture:
    """The case as the entries so far describe it."""

    def __init__(self, case: Mapping[str, Any], known: Catalogue, opened: Collection[int]) -> None:
        self.case, self.known, self.opened = case, known, opened
        self.state, self.holder = State.SUBMITTED, None
        self.at: datetime = case["submitted_at"]
        said, _ = urgency_of(f"{case['subject']}\n{case['body']}", known.urgent_rules)
        self.standing = Standing(urgency=said or _ORDINARY)
        self.orders: dict[int, OrderFacts] = {}
        self.reached: set[tuple[int, str]] = set()
        self.requests: list[int] = []
        self.supervision: dict[int, SupervisionState] = {}
        self.asked, self.asks, self.ever = 0, dict[int, RequestFacts](), dict[int, RequestFacts]()
        self.ruled: int | None = None
        self.before = 0
        self.sensitive: str | None = None
        self.reported, self.rechecks = False, 0

    def apply(self, entry: Entry) -> None:
        """Let the picture follow one entry, after what its action alone changes (`services.why.entries`)."""
        if entry["thing"] == "case" and entry["after"] is not None:
            self.state = State(entry["after"])
            self.holder = entry["ball_unit_id"] if self.state is State.REPORTING else None
        elif entry["thing"] == "order" and entry["thing_no"] in self.orders and entry["after"] is not None:
            self.order(entry["thing_no"], state=OrderState(entry["after"]))
        elif entry["thing"] == "supervision" and entry["after"] is not None:
            self.supervision[entry["thing_no"]] = SupervisionState(entry["after"])
        if entry["seq"] in self.opened:
            self.supervision[entry["seq"]] = SupervisionState.PROPOSED
        self.asks = {no: request for no, request in self.asks.items() if self._waits(request)}

    def _waits(self, request: RequestFacts) -> bool:
        """Whether a request can still be granted as the case stands; else it lapses."""
        if request.kind is RequestKind.RETURN and request.order_no is not None:
            return self.orders[request.order_no].state in OPEN_ORDER and self.state in (State.DISPATCHED, State.HANDLING)
        action = _ABOUT.get(request.kind)
        return action is None or (Thing.CASE, action, self.state.value) in TABLE

    def now(self, **values: Any) -> None:  # noqa: ANN401 - fields of the standing
        """Change what is known of the case."""
        self.standing = replace(self.standing, **values)

    def order(self, no: int, **values: Any) -> None:  # noqa: ANN401 - fields of the order
        """Change what is known of a work order."""
        self.orders[no] = replace(self.orders[no], **values)

    def send(self, unit_ids: Iterable[int], state: OrderState) -> None:
        """New work orders, the lead's first."""
        for i, unit_id in enumerate(dict.fromkeys(unit_ids)):
            self.add(unit_id, state, lead=i == 0)

    def add(self, unit_id: int, state: OrderState, *, lead: bool) -> None:
        """A new work order."""
        no = max(self.orders, default=0) + 1
        self.orders[no] = OrderFacts(no, unit_id, None, lead, state)
        if lead:
            self.now(lead_no=no)

    def ask(self, kind: RequestKind, order_no: int | None = None) -> None:
        """A request that somebody else decides; they are numbered in the order in which they come."""
        self.asked += 1
        self.ever[self.asked] = self.asks[self.asked] = RequestFacts(self.asked, kind, RequestState.ASKED, order_no, None, "")

    def handles(self, unit_id: int) -> bool:
        """Whether a unit has a work order of the present run."""
        return any(o.unit_id == unit_id and o.state is not OrderState.RECALLED for o in self.orders.values() if o.no > self.before)

    def _statutory(self) -> bool:
        kind = self.known.sensitive.get(self.sensitive) if self.sensitive is not None else None
        return kind is not None and kind.report_to is not None and not self.reported

    def matter(self) -> Matter:
        """What the rows of a policy look at."""
        return matter_of(self.standing, self.case, self.known, self.at)

    def demands(self) -> dict[Key, Demand]:
        """The clocks that the picture demands, by the key of their span."""
        stages = [s.code for s in self.known.policies[self.standing.version].stages(self.matter())] if self.orders else []
        orders = tuple(
            replace(o, stages_left=tuple(s for s in stages if (o.no, s) not in self.reached) if o.lead else ())
            for o in self.orders.values()
        )
        facts = Facts(
            self.state,
            self.standing.urgency,
            holder_unit_id=self.holder,
            orders=orders,
            asks=tuple(self.asks.values()),
            rechecks=self.rechecks,
            statutory=self._statutory(),
        )
        found: dict[Key, Demand] = {(*demand.key, None): demand for demand in demanded(facts, None, None)}
        for seq, state in self.supervision.items():
            demand = of_supervision(state, seq, 0, None, None)
            if demand is not None:
                found[*demand.key, seq] = demand
        return found


def matter_of(standing: Standing, case: Mapping[str, Any], known: Catalogue, at: datetime) -> Matter:
    """What the rows of a policy looked at when the case stood so; the units over its place as they lay then."""
    codes = tuple(known.units[unit].code for unit in line_at(known, case["area_unit_id"], at))
    return Matter(standing.category, standing.urgency, case["source"], codes, case["special_group"])
