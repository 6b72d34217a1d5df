"""A case's journal read as the life of its clocks: which clock was demanded from which entry to which, and what was known then.

The same table that starts the clocks (`rules.clocks`) is asked after every entry, of a picture made from the entries alone.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from rules.clocks import Demand, demanded, of_supervision
from rules.facts import Facts, OrderFacts, OrderState, State, SupervisionState
from rules.sla import Matter
from rules.triage import urgency_of
from services.catalogue import Catalogue

Entry = Mapping[str, Any]
Key = tuple[Any, ...]
_ORDINARY: Final = "P2"  #: urgency of a report in which no word says otherwise
#: Entries that come before the case's own entry of the same move; clocks are looked at after that one.
_PRELUDES: Final = frozenset({("order", "redo"), ("order", "recall")})
#: Entries at which an open demand may get a limit that it had none of before.
_NEW_LIMITS: Final = frozenset({"refile", "policy_changed"})


@dataclass(frozen=True, slots=True)
class Outside:
    """A limit given from outside: until when, by whom (`upstream`, `note`), and the entry that brought it."""

    due: datetime
    by: str
    entry: Entry


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


@dataclass(slots=True)
class Span:
    """One stretch of entries during which a clock was demanded without a break.

    Attributes:
        starts: The entry that began it, and those at which the clock may have been given its limit only later.
        turns: Entries at which it was paused (False) or ran on (True).
        end: Number of the entry at which it was no longer demanded; None: it still is.
    """

    key: Key
    demand: Demand
    starts: list[Entry]
    turns: dict[int, bool] = field(default_factory=dict)
    held: bool = False
    end: int | None = None

    def covers(self, seq: int) -> bool:
        """Whether the clock was demanded up to the entry of this number."""
        return self.starts[0]["seq"] <= seq and (self.end is None or seq < self.end)

    def held_at(self, seq: int) -> bool:
        """Whether the clock stood still after an entry."""
        turns = [runs for at, runs in self.turns.items() if at <= seq]
        return not turns[-1] if turns else self.held


@dataclass(slots=True)
class History:
    """What the journal says: the spans in order, and the standing after each entry."""

    spans: list[Span]
    standings: dict[int, Standing]


def key_of_clock(clock: Mapping[str, Any]) -> Key:
    """The key of the span that a clock's row belongs to."""
    about = clock["unit_id"] if clock["kind"] == "decide" else clock["stage"]
    return clock["kind"], clock["order_no"], about, clock["supervision_seq"]


def read_history(journal: Iterable[Entry], case: Mapping[str, Any], known: Catalogue, opened: Collection[int]) -> History:
    """Read the journal of one case.

    Args:
        journal: Its entries, in order.
        case: Its row: of it only what never changes is used (source, place, special group, text).
        known: The reference data.
        opened: Numbers of the entries that opened supervision orders.
    """
    picture, history = _Picture(case, known, opened), History([], {})
    for entry in journal:
        picture.apply(entry)
        history.standings[entry["seq"]] = picture.standing
        if (entry["thing"], entry["action"]) not in _PRELUDES:
            _follow(history, picture, entry)
    return history


def _follow(history: History, picture: "_Picture", entry: Entry) -> None:
    """End, turn and begin spans so that exactly those are open that the picture demands."""
    wanted = picture.demands()
    for span in history.spans:
        if span.end is not None:
            continue
        demand = wanted.pop(span.key, None)
        if demand is None:
            span.end = entry["seq"]
            continue
        if entry["action"] in _NEW_LIMITS:
            span.starts.append(entry)
        if demand.running != span.demand.running:
            span.demand, span.turns[entry["seq"]] = demand, demand.running
    history.spans += [Span(key, demand, [entry], held=not demand.running) for key, demand in wanted.items()]


class _Picture:
    """The case as the entries so far describe it."""

    def __init__(self, case: Mapping[str, Any], known: Catalogue, opened: Collection[int]) -> None:
        self.case, self.known, self.opened = case, known, opened
        self.state, self.holder = State.SUBMITTED, None
        said, _ = urgency_of(f"{case['subject']}\n{case['body']}", known.urgent_rules)
        self.standing = Standing(urgency=said or _ORDINARY)
        self.orders: dict[int, OrderFacts] = {}
        self.reached: set[tuple[int, str]] = set()
        self.requests: list[int] = []
        self.supervision: dict[int, SupervisionState] = {}

    def apply(self, entry: Entry) -> None:
        """Let the picture follow one entry."""
        effect = _EFFECTS.get((entry["thing"], entry["action"]))
        if effect is not None:
            effect(self, entry)
        if entry["thing"] == "case" and entry["after"] is not None:
            self.state = State(entry["after"])
            self.holder = entry["ball_unit_id"] if self.state is State.REPORTING else None
        elif entry["thing"] == "order" and entry["thing_no"] in self.orders and entry["after"] is not None:
            self.order(entry["thing_no"], state=OrderState(entry["after"]))
        elif entry["thing"] == "supervision" and entry["after"] is not None:
            self.supervision[entry["thing_no"]] = SupervisionState(entry["after"])
        if entry["seq"] in self.opened:
            self.supervision[entry["seq"]] = SupervisionState.PROPOSED

    def now(self, **values: Any) -> None:  # noqa: ANN401 - fields of the standing
        """Change what is known of the case."""
        self.standing = replace(self.standing, **values)

    def order(self, no: int, **values: Any) -> None:  # noqa: ANN401 - fields of the order
        """Change what is known of a work order."""
        self.orders[no] = replace(self.orders[no], **values)

    def send(self, unit_ids: Iterable[int], state: OrderState) -> None:
        """New work orders, the lead's first."""
        for i, unit_id in enumerate(dict.fromkeys(unit_ids)):
            no = max(self.orders, default=0) + 1
            self.orders[no] = OrderFacts(no, unit_id, None, i == 0, state)
            if i == 0:
                self.now(lead_no=no)

    def matter(self) -> Matter:
        """What the rows of a policy look at."""
        return matter_of(self.standing, self.case, self.known)

    def demands(self) -> dict[Key, Demand]:
        """The clocks that the picture demands, by the key of their span."""
        stages = [s.code for s in self.known.policies[self.standing.version].stages(self.matter())] if self.orders else []
        orders = tuple(
            replace(o, stages_left=tuple(s for s in stages if (o.no, s) not in self.reached) if o.lead else ())
            for o in self.orders.values()
        )
        facts = Facts(self.state, self.standing.urgency, holder_unit_id=self.holder, orders=orders)
        found: dict[Key, Demand] = {(*demand.key, None): demand for demand in demanded(facts, None, None)}
        for seq, state in self.supervision.items():
            demand = of_supervision(state, seq, 0, None, None)
            if demand is not None:
                found[*demand.key, seq] = demand
        return found


def matter_of(standing: Standing, case: Mapping[str, Any], known: Catalogue) -> Matter:
    """What the rows of a policy looked at when the case stood so."""
    return known.matter(standing.category, standing.urgency, case["source"], case["area_unit_id"], case["special_group"])


# what entries change --------------------------------------------------------------------------------------------------


def _submit(picture: _Picture, entry: Entry) -> None:
    data = entry["data"]
    picture.now(version=picture.known.policy_at(entry["at"]), urgency=data.get("urgency") or picture.standing.urgency)
    if data.get("due_at"):
        picture.now(outside=Outside(datetime.fromisoformat(data["due_at"]), "upstream", entry))


def _accept(picture: _Picture, entry: Entry) -> None:
    picture.now(urgency=entry["data"].get("urgency") or picture.standing.urgency)


def _file(picture: _Picture, entry: Entry) -> None:
    data = entry["data"]
    picture.now(category=data["category"], urgency=data["urgency"], version=picture.known.policy_at(entry["at"]))


def _again(picture: _Picture, _: Entry) -> None:
    picture.now(round=picture.standing.round + 1)


def _reopen(picture: _Picture, entry: Entry) -> None:
    _again(picture, entry)
    picture.now(outside=None)


def _bind(picture: _Picture, entry: Entry) -> None:
    data = entry["data"]
    picture.now(outside=Outside(datetime.fromisoformat(data["due_at"]), data["by"], entry))


def _ask(picture: _Picture, entry: Entry) -> None:
    picture.requests.append(entry["thing_no"])
    picture.order(entry["thing_no"], asks=True)


def _decided(picture: _Picture, entry: Entry) -> None:
    picture.order(picture.requests[entry["thing_no"] - 1], asks=False)


def _marks(**values: bool) -> Callable[[_Picture, Entry], None]:
    return lambda picture, entry: picture.order(entry["thing_no"], **values)


def _reach(picture: _Picture, entry: Entry) -> None:
    picture.reached.add((entry["thing_no"], entry["data"]["stage"]))


_EFFECTS: Final[Mapping[tuple[str, str], Callable[[_Picture, Entry], None]]] = {
    ("case", "submit"): _submit,
    ("case", "accept"): _accept,
    ("case", "file"): _file,
    ("case", "refile"): _file,
    ("case", "policy_changed"): lambda picture, entry: picture.now(version=entry["data"]["to"]),
    ("case", "dispatch"): lambda picture, entry: picture.send((entry["data"]["lead"], *(entry["data"].get("co") or ())), OrderState.SENT),
    ("case", "handle_here"): lambda picture, entry: picture.send((entry["ball_unit_id"],), OrderState.WORKING),
    ("case", "fail_check"): _again,
    ("case", "rework"): _again,
    ("case", "reopen"): _reopen,
    ("case", "bind"): _bind,
    ("order", "acknowledge"): _marks(deemed=False),
    ("order", "deem_acknowledged"): _marks(deemed=True),
    ("order", "contact"): _marks(contacted=True),
    ("order", "control"): _marks(controlled=True),
    ("order", "reach"): _reach,
    ("order", "ask_extension"): _ask,
    ("order", "finish"): _marks(asks=False),
    ("order", "recall"): _marks(asks=False),
    ("extension", "grant"): _decided,
    ("extension", "refuse"): _decided,
}
