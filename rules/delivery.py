"""When a message goes out: now, later, together with others, by another way, or, for a lawful reason, not at all. Nothing vanishes.

`decide` is asked before each attempt; whoever asks carries out what it says. What it looks at is in rules/delivery_facts.py, what becomes
of an attempt in rules/delivery_tries.py, the numbers in rules/delivery_numbers.py; their names may be imported from here.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta, tzinfo
from typing import Final

from rules.delivery_facts import NOW, RINGING, SOON, WORKING, Decision, Drop, Elsewhere, Facts, Go, Merge, Reason, Spent, Wait
from rules.delivery_numbers import NAMES, BadNumber, Numbers
from rules.delivery_tries import (
    FINAL_STATES,
    LOST,
    TAKEN_STATES,
    Breaker,
    Retry,
    State,
    after_failure,
    ask_again,
    back_off,
    pause,
    tripped,
)

__all__ = [
    "FINAL_STATES",
    "LOST",
    "NAMES",
    "NOW",
    "RINGING",
    "SOON",
    "TAKEN_STATES",
    "WORKING",
    "BadNumber",
    "Breaker",
    "Decision",
    "Drop",
    "Elsewhere",
    "Facts",
    "Go",
    "Merge",
    "Numbers",
    "Reason",
    "Retry",
    "Spent",
    "State",
    "Wait",
    "after_failure",
    "ask_again",
    "back_off",
    "channel_free",
    "decide",
    "next_token",
    "pause",
    "quiet_until",
    "tripped",
]

_SECOND, _MINUTE, _QUARTER, _DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=15), timedelta(days=1)


def decide(facts: Facts, numbers: Numbers, now: datetime) -> Decision:
    """What to do with a message that is due; the same facts give the same answer.

    Args:
        facts: What is known of it.
        numbers: The numbers in force.
        now: The instant, aware UTC.
    """
    for check in _CHECKS:
        found = check(facts, numbers, now)
        if found is not None:
            return _in_time(facts, found)
    return Go()


def _in_time(facts: Facts, found: Decision) -> Decision:
    """What would mislead by the end of its wait goes another way instead of waiting; what has none waits, and expires."""
    too_late = isinstance(found, Wait) and not found.elsewhere and _too_late(facts, found.until)
    return Elsewhere(found.reason) if isinstance(found, Wait) and too_late and facts.other_way else found


def quiet_until(now: datetime, zone: tzinfo, numbers: Numbers) -> datetime | None:
    """When the quiet hours end that it is now, in the zone of `now`; None: it is not quiet.

    Args:
        now: The instant, aware.
        zone: The zone of the quiet hours.
        numbers: They begin with `quiet_from` and end before `quiet_until`.
    """
    begins, ends, local = numbers.quiet_from, numbers.quiet_until, now.astimezone(zone)
    if not _between(begins, local.time(), ends):
        return None
    day = local.date() if local.time() < ends else local.date() + timedelta(days=1)
    return datetime.combine(day, ends, zone).astimezone(now.tzinfo)


def next_token(spent: Spent, numbers: Numbers, now: datetime) -> datetime:
    """The moment from which on the recipient may be sent another ordinary one: now, or later."""
    limits = ((numbers.per_minute, _MINUTE), (numbers.per_quarter_hour, _QUARTER), (numbers.per_day, _DAY))
    return max(_free_at(spent.moments, limit, window, now) for limit, window in limits)


def channel_free(moments: Sequence[datetime], per_second: int | None, per_minute: int | None, now: datetime) -> datetime:
    """The moment from which on a channel takes another ordinary message: now, or later.

    Args:
        moments: When it was handed one in the last minute, newest first.
        per_second: What it takes in any second; None: no limit.
        per_minute: What it takes in any 60 seconds; None: no limit.
        now: The instant, aware UTC.
    """
    limits = ((per_second, _SECOND), (per_minute, _MINUTE))
    return max((_free_at(moments, limit, window, now) for limit, window in limits if limit is not None), default=now)


def _between(begins: time, moment: time, ends: time) -> bool:
    return begins <= moment < ends if begins <= ends else moment >= begins or moment < ends


def _free_at(moments: Sequence[datetime], limit: int, window: timedelta, now: datetime) -> datetime:
    recent = [moment for moment in moments if moment > now - window]
    return now if len(recent) < limit else recent[limit - 1] + window


def _expired(facts: Facts, _: Numbers, now: datetime) -> Decision | None:
    over = facts.useful_until is not None and facts.useful_until <= now
    return Drop(State.EXPIRED, Reason.EXPIRED) if over else None


def _unsubscribed(facts: Facts, _: Numbers, _now: datetime) -> Decision | None:
    return Drop(State.SUPPRESSED, Reason.UNSUBSCRIBED) if facts.unsubscribed and facts.resident else None


def _obstructed(facts: Facts, _: Numbers, _now: datetime) -> Decision | None:
    return None if facts.obstacle is None else Elsewhere(facts.obstacle)


def _superseded(facts: Facts, _: Numbers, _now: datetime) -> Decision | None:
    return Drop(State.SUPPRESSED, Reason.SUPERSEDED) if facts.superseded and (facts.reminder or facts.resident) else None


def _over(facts: Facts, _: Numbers, _now: datetime) -> Decision | None:
    return Drop(State.SUPPRESSED, Reason.OVER) if facts.over and facts.reminder else None


def _channel_down(facts: Facts, numbers: Numbers, now: datetime) -> Decision | None:
    if facts.down_until is None or facts.down_until <= now:
        return None
    if facts.haste == NOW:
        return Wait(facts.down_until, Reason.CHANNEL_DOWN, elsewhere=facts.other_way)
    patience, since = timedelta(minutes=numbers.down_patience_minutes), max(facts.queued_at, facts.down_since or facts.queued_at)
    tired = now - since >= patience
    return Elsewhere(Reason.CHANNEL_DOWN) if tired and facts.other_way else Wait(facts.down_until, Reason.CHANNEL_DOWN)


def _quiet(facts: Facts, numbers: Numbers, now: datetime) -> Decision | None:
    if facts.haste == NOW or facts.medium not in RINGING:
        return None
    ends = quiet_until(now, facts.zone, numbers)
    return None if ends is None else Wait(ends, Reason.QUIET_HOURS)


def _off_work(facts: Facts, _: Numbers, now: datetime) -> Decision | None:
    if facts.haste != WORKING or facts.works_from is None or facts.works_from <= now:
        return None
    return None if _disturbs_nobody(facts, facts.works_from) else Wait(facts.works_from, Reason.WORKING_TIME)


def _too_soon(facts: Facts, numbers: Numbers, now: datetime) -> Decision | None:
    if facts.haste == NOW or not facts.reminder or facts.reminded_at is None:
        return None
    again = facts.reminded_at + timedelta(minutes=numbers.reminder_gap_minutes)
    return Wait(again, Reason.REMINDER_GAP) if again > now and not _disturbs_nobody(facts, again) else None


def _notice_spent(facts: Facts, numbers: Numbers, now: datetime) -> Decision | None:
    """What the provider takes of one notice in a day holds for all; an urgent one must not wait for the next day."""
    if facts.medium not in RINGING or facts.spent.notices.get(facts.notice, 0) < numbers.per_notice_day:
        return None
    if facts.other_way or facts.haste == NOW:
        return Elsewhere(Reason.NOTICE_BUDGET)
    oldest = min(facts.spent.moments, default=now)
    return Wait(max(oldest + _DAY, now + _MINUTE), Reason.NOTICE_BUDGET)


def _channel_full(facts: Facts, _: Numbers, now: datetime) -> Decision | None:
    if facts.haste == NOW or facts.channel_free is None or facts.channel_free <= now:
        return None
    return Wait(facts.channel_free, Reason.CHANNEL_BUDGET)


def _budget(facts: Facts, numbers: Numbers, now: datetime) -> Decision | None:
    if facts.haste == NOW or facts.medium not in RINGING:
        return None
    tomorrow = _free_at(facts.spent.moments, numbers.per_day, _DAY, now)
    if tomorrow > now and facts.other_way:
        return Elsewhere(Reason.DAY_BUDGET)
    token = next_token(facts.spent, numbers, now)
    if facts.mergeable and not _too_late(facts, token) and _many(facts, numbers, spent=token > now):
        return Merge()
    if token <= now:
        return None
    return Wait(token, Reason.DAY_BUDGET if tomorrow > now else Reason.BUDGET)


def _many(facts: Facts, numbers: Numbers, *, spent: bool) -> bool:
    return facts.carrier or facts.waiting >= (min(2, numbers.digest_from) if spent else numbers.digest_from)


def _disturbs_nobody(facts: Facts, moment: datetime) -> bool:
    """Whether it would be too late then, and may as well go out now: it rings nobody."""
    return facts.medium not in RINGING and _too_late(facts, moment)


def _too_late(facts: Facts, moment: datetime) -> bool:
    return facts.useful_until is not None and facts.useful_until <= moment


_CHECKS: Final[tuple[Callable[[Facts, Numbers, datetime], Decision | None], ...]] = (
    _expired,
    _unsubscribed,
    _over,
    _obstructed,
    _superseded,
    _channel_down,
    _quiet,
    _off_work,
    _too_soon,
    _notice_spent,
    _budget,
    _channel_full,
)
