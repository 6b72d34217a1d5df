"""What an explanation of a due moment is made of: plain data, every name in both languages, for screens, pages and programs."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime, tzinfo
from typing import Any

from services.catalogue import Named


@dataclass(frozen=True, slots=True)
class Party:
    """Who did something: a person of a unit, a resident, or the system.

    Attributes:
        user: User name; None where no person is to be named.
        post: The person's post, or the source that a report came from.
    """

    user: str | None
    post: Named | None
    unit: Named | None


@dataclass(frozen=True, slots=True)
class Start:
    """The journal entry of the case at which a clock began to run."""

    at: datetime
    entry: int
    action: str
    by: Party


@dataclass(frozen=True, slots=True)
class RowNamed:
    """A row of a policy: its line, and what it names, as (dimension, code, name)."""

    line: int
    names: tuple[tuple[str, str, Named | None], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a limit comes from: a row of a policy, or (given_by) a person.

    Attributes:
        limit: As the row says it, e.g. `5wd`.
        given: What the clock was given: in a rework it may be half of it.
        version: Version of the policy that the case was stamped with.
        row: The row that decides; None for a person's limit.
        beaten: The rows that hold as well, the most specific first.
        reason: Why this row (`rules.sla.Said.reason`).
        how: `row`, `half` (of a rework), `rework` (its own kind of limit), `stage`, `suggested`, `person`, or `moment` (a person gave
            a moment, not a length).
        suggested: Nobody has confirmed the numbers yet (建议值).
    """

    limit: str
    given: str
    version: int
    how: str
    row: RowNamed | None = None
    beaten: tuple[RowNamed, ...] = ()
    reason: str = ""
    basis: str = ""
    suggested: bool = False
    given_by: Party | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """One local day and what of it was counted.

    Attributes:
        counted: Whether it is a working day.
        stretches: Business hours that were counted.
        seconds: Their working seconds.
        reason: Why the day differs from its weekday, as its notice says; empty if it does not.
        source: Who said so.
        layer: national, area, stoppage or unit; empty if it does not differ.
        provisional: It still awaits the official notice.
    """

    day: date
    counted: bool
    stretches: tuple[tuple[datetime, datetime], ...]
    seconds: int
    reason: str = ""
    source: str = ""
    layer: str = ""
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch during which the clock ran and its limit was being used up; natural time has no days."""

    since: datetime
    until: datetime
    seconds: int
    days: tuple[Day, ...] = ()


@dataclass(frozen=True, slots=True)
class Pause:
    """A hold: the clock stood still; until None: it still does. `days` are those in it that differ from their weekday."""

    since: datetime
    until: datetime | None
    by: Party
    reason: str
    days: tuple[Day, ...] = ()


@dataclass(frozen=True, slots=True)
class Bound:
    """Another limit that ends earlier, or was looked at and does not.

    Attributes:
        by: `upstream`, `note`, `lead` or `handle`.
        due: When that limit ends.
        own_due: When this one would have ended.
        binds: Whether it ends earlier; None: the clock stands still, so they are compared when it runs on.
        at: When it became known to this clock.
        given_by: Who gave it; None where it is another clock's.
    """

    at: datetime
    by: str
    due: datetime
    own_due: datetime
    binds: bool | None
    given_by: Party | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Extended:
    """An extension that was granted: `by` whom and why; `asked_by` and `asked_for` are who asked for it and the reason given."""

    at: datetime
    by: Party
    amount: str
    before: datetime
    due: datetime
    reason: str
    asked_by: Party | None = None
    asked_for: str = ""


@dataclass(frozen=True, slots=True)
class Reprojected:
    """The limit was computed anew: calendar or policy had changed, a case was merged or split off. What was consumed stayed so.

    Attributes:
        why: `calendar`, `policy`, `merged` or `split`.
        limit_before: The limit before, where the policy changed it.
        consumed_s: Seconds consumed by then.
        left_s: Seconds left then.
        rule: The row of the new version of the policy.
        of: Number of the case that was merged into it or split off.
    """

    at: datetime
    by: Party
    why: str
    version: int
    before: datetime
    due: datetime
    limit_before: str
    limit: str
    consumed_s: int
    left_s: int
    rule: Rule | None = None
    of: str = ""


@dataclass(frozen=True, slots=True)
class Succeeded:
    """Another unit goes on with the work: whose clock it is changed then, and nothing else about it."""

    at: datetime
    before: Named | None
    after: Named | None


Event = Run | Pause | Bound | Extended | Reprojected | Succeeded


@dataclass(frozen=True, slots=True)
class RungMoment:
    """A rung of the ladder: when it is to fire, and when it did; `provisional`: on a day that awaits the official notice."""

    code: str
    at: datetime
    fired_at: datetime | None = None
    skipped: str | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a clock is due when it is, recomputed from journal, calendar and policy alone.

    Attributes:
        affair: Number of the affair that it belongs to; None: it is the case's own.
        start: The entry at which it began; None: the journal knows of none, so nothing below holds.
        rule: The limit at its start; None: the policy as stamped gives none.
        limit: The limit now.
        budget_s: The limit at its start in seconds of its own kind of time, before anything bound it.
        own_due_at: When that alone would have ended.
        events: What happened, in order.
        due_at: The result; None where it cannot be recomputed.
        stored_due_at: What the clock's row says.
        agrees: Whether they are the same second; None: the calendar has changed since the clock ended or was paused, and the
            journal does not say when it was due.
        witnessed: The calendar has changed since the limit was counted; the due moment is that of a journal entry of that time.
        problem: `no_start`, `no_limit` or `differs`; empty when it agrees.
        status: `running`, `paused` or `stopped`.
        left_s: Seconds left of a clock that is paused.
        provisional: Due on a day that still awaits the official notice.
        rungs: Those that fired and those to come.
        calendar_name: What people call its calendar.
        zone: Local zone of its days.
    """

    no: str
    clock_id: int
    kind: str
    order_no: int | None
    stage: str | None
    supervision_seq: int | None
    affair_seq: int | None
    part_no: int | None
    affair: str | None
    unit: Named | None
    natural: bool
    start: Start | None
    rule: Rule | None
    limit: str
    budget_s: int
    own_due_at: datetime | None
    events: tuple[Event, ...]
    rungs: tuple[RungMoment, ...]
    due_at: datetime | None
    stored_due_at: datetime
    agrees: bool | None
    witnessed: bool
    problem: str
    status: str
    left_s: int | None
    provisional: bool
    calendar: str
    calendar_version: int
    calendar_name: Named | None
    zone: tzinfo

    @property
    def off_by_s(self) -> int | None:
        """Seconds by which the stored due moment is later than the recomputed one; None where that is not known."""
        return None if self.due_at is None else int((self.stored_due_at - self.due_at).total_seconds())


def for_public(explanation: Explanation) -> Explanation:
    """The same without any person: units instead of user names and posts, and none of what people wrote."""
    return _without_persons(explanation)  # type: ignore[no-any-return]


def _without_persons(value: Any) -> Any:  # noqa: ANN401 - any part of an explanation
    if isinstance(value, Party):
        return Party(None, None if value.unit else value.post, value.unit)
    if isinstance(value, tuple):
        return tuple(_without_persons(each) for each in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed = {f.name: _without_persons(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Pause | Bound | Extended):
        changed["reason"] = ""
    if isinstance(value, Extended):
        changed |= {"asked_by": None, "asked_for": ""}
    return replace(value, **changed)


def as_json(explanations: Iterable[Explanation]) -> list[dict[str, Any]]:
    """As plain data; keys are stable, instants in ISO form (UTC), events with their kind under `event`."""
    return [{**_plain(each), "off_by_s": each.off_by_s} for each in explanations]


def _plain(value: Any) -> Any:  # noqa: ANN401 - any part of an explanation
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, tzinfo):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if not is_dataclass(value) or isinstance(value, type):
        return value
    kind = {"event": type(value).__name__.lower()} if isinstance(value, Event) else {}
    return kind | {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
