"""Which messages speak of one event: groups in which all are alike on average, so that a chain of half-like pairs joins nothing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from rules.likeness import COARSE, WITHIN, Likeness, Marks, Neighbours, likeness
from services.duplicates.marks import Message, marks_of

#: A pair of characters in more messages than this tells nothing; this many rarer ones in common make two messages worth comparing.
RARE: Final = 12
SHARED_GRAMS: Final = 4
#: A message that names more places than this is a report about many, not about where they meet.
NEIGHBOURLY: Final = 5
#: A message that does not say where, or what the trouble comes from, joins the event that most others report, if those are so many, its
#: evidence is no worse than this, and no other event that it might speak of is reported by more than this share of them.
EVENT_OF: Final = 3
STRAY: Final = -0.7
#: One that names the very place which this share of the event's reporters name, and a trouble that as many of them have, and no source:
#: its evidence may be worse.
NAMED_SHARE: Final = 0.3
STRAY_NAMED: Final = -1.6
RIVAL: Final = 0.5


@dataclass(frozen=True, slots=True)
class Pair:
    """Two messages that were compared, by their places in the list, and the evidence."""

    one: int
    other: int
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Found:
    """What was found among messages.

    Attributes:
        clusters: Places in the list of messages that speak of one event, the earliest first; two or more each.
        pairs: All pairs within a cluster.
    """

    clusters: list[list[int]]
    pairs: list[Pair]


def find_clusters(messages: Sequence[Message]) -> Found:
    """Group the messages that speak of one event; whatever is alone stays alone.

    Works by text and time, and by place, area, category and author where they are known. The order of the messages makes no
    difference to what is grouped.
    """
    comparing = _Comparing(marks_of(messages))
    likely = [p for p in sorted(_worth_comparing(comparing.marks)) if comparing.evidence(*p) > 0]
    groups = [group for component in _components(likely) for group in _grouped(component, comparing) if len(group) > 1]
    groups = _released(groups, comparing)
    _join_strays(groups, comparing)
    by_time = [sorted(group, key=lambda i: (messages[i].at, i)) for group in groups]
    clusters = sorted(by_time, key=lambda group: (messages[group[0]].at, group[0]))
    return Found(clusters, [Pair(a, b, comparing.likeness(a, b)) for group in clusters for a, b in combinations(group, 2)])


class _Comparing:
    """Compares each pair once."""

    def __init__(self, marks: Sequence[Marks]) -> None:
        self.marks = marks
        self.neighbours = neighbours_in(marks)
        self._known: dict[tuple[int, int], float] = {}

    def likeness(self, one: int, other: int) -> Likeness:
        return likeness(self.marks[one], self.marks[other], self.neighbours)

    def evidence(self, one: int, other: int) -> float:
        key = (one, other) if one < other else (other, one)
        if key not in self._known:
            self._known[key] = self.likeness(*key).evidence
        return self._known[key]

    def mean(self, one: int, others: Sequence[int]) -> float:
        return sum(self.evidence(one, other) for other in others) / len(others)

    def akin(self, one: int, other: int) -> bool:
        """Whether the trouble may come from the same source."""
        mine, theirs = self.marks[one].sources, self.marks[other].sources
        return not mine or not theirs or not mine.keys().isdisjoint(theirs)

    def told_there(self, one: int, event: Sequence[int]) -> bool:
        """Whether it tells a trouble of the event at the place of the event, and only leaves out what the trouble comes from."""
        marks, enough = self.marks[one], max(2.0, NAMED_SHARE * len(event))
        if marks.sources or len(event) < EVENT_OF:
            return False
        keys = {name.key for name in marks.names if name.kind not in COARSE and not name.common}
        there = [i for i in event if any(name.key in keys for name in self.marks[i].names)]
        alike = [i for i in event if not marks.harms.keys().isdisjoint(self.marks[i].harms)]
        return min(len(there), len(alike)) >= enough

    def possible(self, one: int, event: Sequence[int]) -> bool:
        """Whether it may speak of an event that others tell more fully."""
        least = STRAY_NAMED if self.told_there(one, event) else STRAY
        return self.akin(one, event[0]) and self.mean(one, event) > least

    def vague(self, one: int) -> bool:
        """Whether it leaves out where, or what the trouble comes from."""
        marks = self.marks[one]
        return (marks.point is None and not marks.names) or not marks.sources


def neighbours_in(marks: Iterable[Marks]) -> Neighbours:
    """Pairs of names that some message uses together."""
    found: set[frozenset[str]] = set()
    for each in marks:
        keys = {n.key for n in each.names if n.kind != "district"}
        if len(keys) <= NEIGHBOURLY:
            found.update(map(frozenset, combinations(keys, 2)))
    return found


def _worth_comparing(marks: Sequence[Marks]) -> set[tuple[int, int]]:
    """Pairs that have a name, a source of trouble or some rare wording in common and lie near enough in time."""
    by_key: defaultdict[str, list[int]] = defaultdict(list)
    by_gram: defaultdict[str, list[int]] = defaultdict(list)
    for i, each in enumerate(marks):
        for key in (*(f"name {n.core}" for n in each.names), *(f"source {s}" for s in each.sources)):
            by_key[key].append(i)
        for gram in each.grams:
            by_gram[gram].append(i)
    shared: defaultdict[tuple[int, int], int] = defaultdict(int)
    for found in by_gram.values():
        if len(found) <= RARE:
            for pair in combinations(found, 2):
                shared[pair] += 1
    wanted = {pair for pair, count in shared.items() if count >= SHARED_GRAMS}
    wanted |= {pair for found in by_key.values() for pair in combinations(dict.fromkeys(found), 2)}
    return {(a, b) for a, b in wanted if abs(marks[a].at - marks[b].at) <= WITHIN}


def _components(pairs: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """Everything that hangs together by some chain of likely pairs."""
    beside: defaultdict[int, set[int]] = defaultdict(set)
    for a, b in pairs:
        beside[a].add(b)
        beside[b].add(a)
    seen: set[int] = set()
    for start in sorted(beside):
        if start not in seen:
            reached, waiting = {start}, [start]
            while waiting:
                new = beside[waiting.pop()] - reached
                reached |= new
                waiting += new
            seen |= reached
            yield sorted(reached)


def _grouped(members: Sequence[int], comparing: _Comparing) -> list[list[int]]:
    """Join the two groups that are most alike on average, again and again, while the average still speaks for it."""
    groups = {i: [i] for i in members}
    between = {(a, b): comparing.evidence(a, b) for a, b in combinations(members, 2)}
    while between:
        (a, b), total = max(between.items(), key=lambda e: (e[1] / (len(groups[e[0][0]]) * len(groups[e[0][1]])), -e[0][0], -e[0][1]))
        if total <= 0:
            break
        del between[a, b]
        groups[a] += groups.pop(b)
        for c in groups:
            if c != a:
                total_b = between.pop((b, c) if b < c else (c, b))
                key = (a, c) if a < c else (c, a)
                between[key] += total_b
    return list(groups.values())


def _released(groups: Sequence[list[int]], comparing: _Comparing) -> list[list[int]]:
    """Let go of a small group whoever tells what many others tell of the same place, and does not say what it comes from."""
    kept = []
    for group in groups:
        larger = [event for event in groups if len(event) >= EVENT_OF and len(group) <= RIVAL * len(event)]
        kept.append([i for i in group if not any(comparing.told_there(i, event) for event in larger)])
    return [group for group in kept if len(group) > 1]


def _join_strays(groups: list[list[int]], comparing: _Comparing) -> None:
    """Where all know which market is meant, some do not name it: these go to the event that is on everybody's lips."""
    large = [group for group in groups if len(group) >= EVENT_OF]
    if not large:
        return
    inside = {i for group in groups for i in group}
    alone = [i for i in range(len(comparing.marks)) if i not in inside]
    events = [list(group) for group in groups] + [[i] for i in alone if not comparing.vague(i)]
    for i in (i for i in alone if comparing.vague(i)):
        possible = [event for event in events if comparing.possible(i, event)]
        possible.sort(key=len, reverse=True)
        if possible and len(possible[0]) >= EVENT_OF and all(len(other) <= RIVAL * len(possible[0]) for other in possible[1:]):
            groups[events.index(possible[0])].append(i)
