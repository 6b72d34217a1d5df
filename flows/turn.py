"""One turn of the engine: ready cases, then due clocks; and the post: messages and events. Live and in replay the same."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flows.closed_loop import closed_loop
from flows.deliver_messages import deliver_messages
from flows.watch_clocks import watch_clocks
from services.logs import about
from tasks import claiming
from tasks.claiming import ReadyCase
from tasks.context import here, log
from tasks.recording import tagged


@dataclass(slots=True)
class Turn:
    """What one turn did."""

    moves: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    sent: int = 0

    @property
    def idle(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.moves or self.fired or self.sent)


def turn(now: datetime) -> Turn:
    """Let every ready case go on, then fire every due rung; moves come before rungs of the same instant."""
    return Turn(moves=let_go_on(now), fired=fire_due(now))


def let_go_on(now: datetime) -> int:
    """Take every ready case as far as it goes without a person.

    Returns:
        How many moves were made.
    """
    moves = 0
    while ready := claiming.ready_cases(now):
        for group in _groups(ready):
            moves += _advance(group, now)
    return moves


def fire_due(now: datetime) -> Counter[str]:
    """Fire every rung that is due.

    Returns:
        How often each rung fired.
    """
    fired: Counter[str] = Counter()
    while due := claiming.due_clocks(now):
        label = f"clocks × {len(due)} · {now:%m-%d %H:%M} UTC"
        try:
            fired += watch_clocks(due, label, now)
        finally:
            claiming.release_clocks(due, now)
    return fired


def _groups(ready: Sequence[ReadyCase]) -> list[Sequence[ReadyCase]]:
    """Few ready: a run each, so that every leg has a name of its own. Many: one run for all."""
    return [[case] for case in ready] if len(ready) <= here().small else [ready]


def _advance(group: Sequence[ReadyCase], now: datetime) -> int:
    if len(group) == 1:
        label, tags = f"{group[0].no} · {group[0].step}", (f"case:{group[0].no}",)
    else:
        label, tags = f"closed loop × {len(group)} · {group[0].no} … {group[-1].no}", ("batch",)
    try:
        with tagged(*tags), about(group[0].no if len(group) == 1 else f"{group[0].no} +{len(group) - 1}"):
            moves = closed_loop([case.id for case in group], label, now)
            log.info("%d moves from step %s", moves, group[0].step)
            return moves
    finally:
        claiming.release_cases([case.id for case in group], now)


def post(now: datetime) -> int:
    """Send queued messages until none is left for now.

    Returns:
        How many their channels took.
    """
    sent = 0
    while messages := claiming.queued_messages(now):
        sent += deliver_messages(messages, f"messages × {len(messages)}", now)
    return sent
