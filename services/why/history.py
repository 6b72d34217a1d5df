"""A case's journal read as the life of its clocks: which clock was demanded from which entry to which, and what was known then.

The same table that starts the clocks (`rules.clocks`) is asked after every entry, of a picture made from the entries alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rules.clocks import ClockKind, Demand
from services.catalogue import Catalogue
from services.why.entries import read
from services.why.picture import Entry, Key, Picture, Standing

#: Entries that come before the case's own entry of the same move; clocks are looked at after that one.
_PRELUDES: Final = frozenset({("order", "redo"), ("order", "recall")})
#: Entries at which an open demand may get a limit that it had none of before.
_NEW_LIMITS: Final = frozenset({"refile", "policy_changed"})


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


def span_of_affair(clock: Mapping[str, Any], journal: Sequence[Entry]) -> Span | None:
    """The span of a clock of an affair: from the entry at which it began to the one at which it ended.

    States of parts are not read back from the journal, where a part begins with its affair; the clock's own moments say when it ran.
    None: the journal knows of nothing at the moment at which it began.
    """
    moves = [e for e in journal if e["thing"] != "clock"]
    starts = [e for e in moves if e["at"] == clock["started_at"] and e["seq"] >= clock["affair_seq"]]
    if not starts:
        return None
    seq, part = clock["affair_seq"], clock["part_no"]
    own = [e for e in starts if e["seq"] == seq or e["thing_no"] in (seq, part)] or starts
    ends = [e["seq"] for e in journal if clock["stopped_at"] is not None and e["at"] > clock["stopped_at"]]
    demand = Demand(ClockKind(clock["kind"]), None, clock["unit_id"], affair_seq=seq, part_no=part)
    return Span(key_of_clock(clock), demand, [own[-1]], end=min(ends, default=None))


def read_history(journal: Iterable[Entry], case: Mapping[str, Any], known: Catalogue, opened: Collection[int]) -> History:
    """Read the journal of one case.

    Args:
        journal: Its entries, in order.
        case: Its row: of it only what never changes is used (source, place, special group, text).
        known: The reference data.
        opened: Numbers of the entries that opened supervision orders.
    """
    picture, history = Picture(case, known, opened), History([], {})
    for entry in journal:
        read(picture, entry)
        history.standings[entry["seq"]] = picture.standing
        if (entry["thing"], entry["action"]) not in _PRELUDES:
            _follow(history, picture, entry)
    return history


def _follow(history: History, picture: Picture, entry: Entry) -> None:
    """End, turn and begin spans so that exactly those are open that the picture demands."""
    wanted = picture.demands()
    for span in history.spans:
        if span.end is not None:
            continue
        if entry["action"] == "unit_succeeded" and span.demand.kind is ClockKind.DECIDE:
            span.key = (*span.key[:2], picture.holder, *span.key[3:])  # the same clock, whoever decides now
        demand = wanted.get(span.key)
        if demand is None or _begins_anew(span, entry):
            span.end = entry["seq"]
            continue
        del wanted[span.key]
        if entry["action"] in _NEW_LIMITS:
            span.starts.append(entry)
        if demand.running != span.demand.running:
            span.demand, span.turns[entry["seq"]] = demand, demand.running
    history.spans += [Span(key, demand, [entry], held=not demand.running) for key, demand in wanted.items()]


def _begins_anew(span: Span, entry: Entry) -> bool:
    """Whether a clock ends with an entry although one like it is demanded still: a hold was reviewed."""
    return entry["action"] == "review_hold" and span.demand.kind is ClockKind.HOLD_REVIEW
