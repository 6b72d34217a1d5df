"""Clocks of affairs follow the states of the affair and of its parts, as those of a case follow its state."""

from datetime import UTC, datetime
from functools import cache
from typing import Final

from rules.clocks import ClockKind, Demand
from rules.facts import Thing
from rules.handling import AFFAIRS
from rules.handling.demands import demanded_by
from rules.sla import NONE
from rules.worktime import LONGEST, Limit, Unit
from seeds import read
from services.moves.affairs.base import moment_of
from services.moves.clockwork import SUGGESTED, Allowance, allowance_of, start, stop
from services.moves.draft import Draft, Row

_MINUTE_S: Final = 60


@cache
def suggested_limits() -> dict[str, str]:
    """The limits of seeds/handling.toml: they hold where nobody has said otherwise."""
    return dict(read("handling.toml")["limits"])


def demands_of(draft: Draft, seq: int) -> list[Demand]:
    """The clocks that an affair demands and that have a limit."""
    facts = draft.affair_facts(seq)
    if facts is None:
        return []
    wanted = demanded_by(AFFAIRS[Thing(facts.thing)], facts, draft.catalogue.desk_id)
    return [d for d in wanted if _has_limit(draft, d)]


def follow_affairs(draft: Draft, now: datetime) -> None:
    """Make the clocks of all affairs that were changed what their states demand; safe to call again."""
    changed = draft.new_affairs | draft.touched_affairs
    changed |= {draft.parts[no]["seq"] for no in draft.new_parts | draft.touched_parts}
    for seq in sorted(changed):
        follow_affair(draft, seq, now)


def follow_affair(draft: Draft, seq: int, now: datetime) -> None:
    """Make the clocks of an affair and its parts what their states demand."""
    wanted = {(d.kind.value, d.part_no, d.unit_id): d for d in demands_of(draft, seq)}
    for clock in draft.clocks:
        if clock["affair_seq"] == seq and wanted.pop((clock["kind"], clock["part_no"], clock["unit_id"]), None) is None:
            stop(draft, clock, now)
    draft.clocks = [c for c in draft.clocks if c["stopped_at"] is None]
    for demand in wanted.values():
        given = _given(draft, demand, now)
        if given is not None:
            start(draft, demand, given, now)


def begin_anew(draft: Draft, seq: int, kind: ClockKind, now: datetime, part_no: int | None = None) -> None:
    """Stop an open clock of an affair, so that a new one with the limit of today begins when the clocks follow."""
    for clock in draft.clocks:
        if (clock["affair_seq"], clock["part_no"], clock["kind"]) == (seq, part_no, kind.value):
            stop(draft, clock, now)
    draft.clocks = [c for c in draft.clocks if c["stopped_at"] is None]
    draft.touched_affairs.add(seq)


def _own(draft: Draft, demand: Demand) -> str | None:
    """The limit that somebody gave to this part, or to this affair."""
    rows: list[Row] = [draft.affairs[demand.affair_seq]] if demand.affair_seq is not None else []
    if demand.part_no is not None:
        rows.insert(0, draft.parts[demand.part_no])
    return next((row["limits"][demand.kind.value] for row in rows if demand.kind.value in row["limits"]), None)


def _rest(draft: Draft, demand: Demand) -> int | None:
    """The seconds that were left of a clock when it had to stop for a while, where its row keeps them."""
    row = draft.parts[demand.part_no] if demand.part_no is not None else draft.affairs.get(demand.affair_seq or 0, {})
    found: int | None = row.get("data", {}).get("rest", {}).get(demand.kind.value)
    return found


def _has_limit(draft: Draft, demand: Demand) -> bool:
    own = _own(draft, demand)
    if own is not None:
        return own != NONE
    return demand.kind.value in suggested_limits() or allowance_of(draft, demand) is not None


def usual(draft: Draft, demand: Demand) -> Allowance:
    """The limit of a clock to which nobody has given one: what the policy says; else what is suggested.

    Raises:
        KeyError: neither of them says anything of such a clock (`demands_of` leaves it out).
    """
    return allowance_of(draft, demand) or Allowance(Limit.parse(suggested_limits()[demand.kind.value]), SUGGESTED)


def _given(draft: Draft, demand: Demand, now: datetime) -> Allowance | None:
    """What was given to it; else what the policy says; else what is suggested."""
    own = _own(draft, demand)
    if own is None:
        return usual(draft, demand)
    moment = moment_of(own)
    if moment is None:
        return Allowance(Limit.parse(own), None, rest=_rest(draft, demand))
    minutes = min(max(1, -int((now - moment).total_seconds() // _MINUTE_S)), LONGEST[Unit.MINUTE])
    return Allowance(Limit.parse(f"{minutes}m"), None, moment.astimezone(UTC))
