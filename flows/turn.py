"""One turn of the engine: ready cases, then due clocks; and the post: messages and events. Live and in replay the same."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from flows.closed_loop import closed_loop
from flows.deliver_messages import deliver_messages
from flows.watch_clocks import watch_clocks
from services.logs import about
from tasks import claiming, policies, units
from tasks.claiming import ReadyCase
from tasks.context import here, log
from tasks.recording import tagged

PORTION: Final = 100  #: messages in one plan
PATIENCE: Final = timedelta(seconds=2)  #: how long the messages of one plan are sent before what is urgent gets another chance


@dataclass(slots=True)
class Turn:
    """What one turn did."""

    moves: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    sent: int = 0


def turn(now: datetime) -> Turn:
    """Apply new limits and changes of units, let every ready case go on, fire every due rung; moves come before rungs of an instant."""
    apply_limits(now)
    apply_changes(now)
    return Turn(moves=let_go_on(now), fired=fire_due(now))


def live_turn(clock: Callable[[], datetime], stopped: Callable[[], bool]) -> Turn:
    """The same in real time, a claim of cases and a claim of clocks in turn: no clock waits behind a long queue of cases.

    Args:
        clock: Asked for the instant of each claim.
        stopped: Asked before each claim of cases: whether to leave the rest for later.
    """
    done = Turn()
    apply_changes(clock())
    while not stopped():
        if policies.is_due(now := clock()):
            policies.apply_limits(now)
        moves, fired = _some_cases(clock()), _some_clocks(clock())
        if moves is None and fired is None:
            break
        done.moves += moves or 0
        done.fired += fired or Counter()
    return done


def apply_limits(now: datetime) -> None:
    """Apply every published version whose moment has come to the cases that are open, as it was published."""
    while policies.is_due(now):
        policies.apply_limits(now)


def apply_changes(now: datetime) -> None:
    """Bring every change of units and people into force whose moment has come; what another engine is at is left to it."""
    while units.is_due(now) and units.apply_changes(now) is not None:
        pass


def let_go_on(now: datetime) -> int:
    """Take every ready case as far as it goes without a person.

    Returns:
        How many moves were made.
    """
    moves = 0
    while (made := _some_cases(now)) is not None:
        moves += made
    return moves


def fire_due(now: datetime) -> Counter[str]:
    """Fire every rung that is due.

    Returns:
        How often each rung fired.
    """
    fired: Counter[str] = Counter()
    while (some := _some_clocks(now)) is not None:
        fired += some
    return fired


def _some_cases(now: datetime) -> int | None:
    """One claim of ready cases: how many moves were made; None when no case is ready."""
    ready = claiming.ready_cases(now)
    return sum(_advance(group, now) for group in _groups(ready)) if ready else None


def _some_clocks(now: datetime) -> Counter[str] | None:
    """One claim of due clocks: how often each rung fired; None when none is due."""
    due = claiming.due_clocks(now)
    if not due:
        return None
    fired = watch_clocks(due, f"clocks × {len(due)} · {now:%m-%d %H:%M} UTC", now)
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
    with tagged(*tags), about(group[0].no if len(group) == 1 else f"{group[0].no} +{len(group) - 1}"):
        moves = closed_loop([case.id for case in group], label, now)
        log.info("%d moves from step %s", moves, group[0].step)
    claiming.release_cases([case.id for case in group], now)
    return moves


def post(clock: Callable[[], datetime], stopped: Callable[[], bool] = lambda: False) -> int:
    """Deliver until nothing is due for now, one channel after the other; the live engine has a thread for each instead.

    Args:
        clock: Asked for the instant; a fixed one in virtual time.
        stopped: Asked after each message: whether to leave the rest for later.

    Returns:
        How many their channels took.
    """
    sent = 0
    while not stopped() and (channels := claiming.channels_due(clock())):
        sent += sum(lane(channel, clock, stopped) for channel in channels)
    return sent


def lane(channel: str, clock: Callable[[], datetime], stopped: Callable[[], bool]) -> int:
    """Deliver by one channel until nothing is due, in portions that are short enough for what is urgent to wait behind none.

    Args:
        channel: Code of the channel.
        clock: Asked for the instant.
        stopped: Asked after each message: whether to leave the rest for later.

    Returns:
        How many the channel took.
    """
    sent = 0
    while not stopped():
        now = clock()
        plan = claiming.plan_messages(channel, now, PORTION)
        if not plan.looked_at:
            break
        if plan.ready:
            label = f"messages × {len(plan.ready)} · {channel}"
            sent += deliver_messages(plan, label, clock, _enough(clock, stopped, now + PATIENCE))
    return sent


def _enough(clock: Callable[[], datetime], stopped: Callable[[], bool], until: datetime) -> Callable[[], bool]:
    """Whether to give back the rest of a portion: on a stop, or because a slow channel has had its time."""
    return lambda: stopped() or clock() > until
