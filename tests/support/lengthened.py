"""A second opinion on requests for more time: each where its journal leads, under the clock of its state; rounds are counted."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rules.facts import Thing
from rules.lifecycle import TABLE


def extension_complaints(journal: Sequence[Any], orders: Sequence[Any], clocks: Sequence[Any], rows: Sequence[Any]) -> Iterator[str]:
    """Everything about the requests of one case that is not as it should be."""
    asked = [e for e in journal if e.thing == "order" and e.action == "ask_extension"]
    if [r.no for r in rows] != list(range(1, len(asked) + 1)):
        yield f"more time was asked for {len(asked)} times, on record are {[r.no for r in rows]}"
    for row, entry in zip(rows, asked, strict=False):
        state = _state(row.no, entry, journal)
        if (row.state, row.order_no, row.reason) != (state, entry.thing_no, entry.data["reason"]):
            yield f"extension {row.no} of order {row.order_no} is {row.state}, its journal says {state} of order {entry.thing_no}"
        if (row.decided_at is None) != (state == "asked"):
            yield f"extension {row.no} is {row.state}, decided {row.decided_at}"
    waiting = {r.order_no: r.no for r in rows if r.state == "asked"}
    if {o.no: o.extension_no for o in orders if o.extension_no is not None} != waiting:
        yield f"work orders do not know of the requests {waiting}"
    if sorted(c.order_no for c in clocks if c.kind == "extend" and c.stopped_at is None) != sorted(waiting):
        yield f"the requests {waiting} do not wait under one clock each"
    yield from _rounds(journal, clocks)


def _state(no: int, asked: Any, journal: Iterable[Any]) -> str:
    """Asked; decided by an entry of its own; or lapsed, when the work order came to its end before."""
    state = "asked"
    for entry in journal:
        if entry.seq <= asked.seq or state != "asked":
            continue
        if entry.thing == "extension" and entry.thing_no == no:
            move = TABLE.get((Thing.EXTENSION, entry.action, state))
            state = move.to.value if move else f"nonsense after {entry.action}"
        elif entry.thing == "order" and entry.thing_no == asked.thing_no and entry.action in ("finish", "recall", "give_up"):
            state = "lapsed"
    return state


def _rounds(journal: Iterable[Any], clocks: Iterable[Any]) -> Iterator[str]:
    """A clock that was lengthened n times is in round n + 1, and nothing that was granted made it end earlier."""
    lengthened: dict[tuple[str, int | None], list[Any]] = defaultdict(list)
    for entry in journal:
        if entry.thing == "clock" and entry.action == "extended":
            lengthened[entry.data["clock"], entry.thing_no].append(entry)
            if entry.data["to"] < entry.data["from"]:
                yield f"{entry.seq}: more time made it earlier"
    every = sorted(clocks, key=lambda c: c.id)
    for clock in every:
        same = [c for c in every if (c.kind, c.order_no, c.stage) == (clock.kind, clock.order_no, clock.stage)]
        own = [e for e in lengthened[clock.kind, clock.order_no] if [c for c in same if c.started_at <= e.at][-1:] == [clock]]
        if clock.round != 1 + len(own):
            yield f"clock {clock.id} ({clock.kind}) is in round {clock.round} after {len(own)} extensions"
