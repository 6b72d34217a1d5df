"""Booking points beside the loop: from cases that reached an outcome which somebody else has verified; the same event counts once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import FromClause, Select, String, cast, exists, func, literal, select
from sqlalchemy.orm import Session

from models import Case, PointAccount, PointEntry, connection_of, table
from rules.facts import State
from services.catalogue import catalogue
from services.mechanisms import is_on
from services.patrols.fates import fates, is_solved
from services.patrols.residents import staff_among
from services.points import ledger
from services.points.reversing import BATCH, expire, expiring, take_back
from services.points.scheme import MECHANISM, SOLVED, VERIFIED, Rule, Scheme, in_force, schemes

_account, _entry, _case = table(PointAccount), table(PointEntry), table(Case)
#: Verified: put right, looked at by somebody else, and told to who reported it.
_VERIFIED: Final = sorted(s.value for s in (State.FED_BACK, State.EVALUATED, State.CLOSED))
_SYSTEM: Final = "system"


def look(session: Session, now: datetime) -> int:
    """Book what was earned, take back what proved false, let expire what the rules say; the engine's patrol looks every few minutes.

    Safe to run again: what is booked is not booked twice. Nothing is locked while there is nothing to do, and nothing is done while
    the mechanism is off: what was reported meanwhile is booked when it is on again.

    Args:
        session: The unit of work; committed by the caller.
        now: The instant, aware UTC.

    Returns:
        How many entries were added.
    """
    if not is_on(session, MECHANISM):
        return 0
    versions = schemes(session)
    if not any(there_is(session, versions, now) for there_is in (_earned, take_back, expiring)):
        return 0
    ledger.alone(session)
    added = 0
    for find in (_earned, take_back, expire):
        rows = find(session, versions, now)[:BATCH]
        ledger.write(session, rows)
        added += len(rows)
    return added


def _earned(session: Session, versions: Sequence[Scheme], now: datetime) -> list[dict[str, Any]]:
    """What is to be booked, the oldest report first."""
    found = [(outcome, row) for outcome in (VERIFIED, SOLVED) for row in _candidates(session, outcome, versions, now)]
    if not found:
        return []
    staff = staff_among(session, {i for _, row in found for i in (row.requester_id, row.guardian_id) if i is not None})
    caps = Caps.of(session, {row.account_id for _, row in found})
    zone, rows = catalogue(session).zone, dict[str, dict[str, Any]]()
    for outcome, row in sorted(found, key=lambda each: (each[1].case_id != each[1].last_id, each[1].case_id)):
        key, scheme = f"{outcome}:{row.last_id}:{row.account_id}", in_force(versions, row.submitted_at)
        reporter = "first" if row.case_id == row.last_id else "later"
        rule = scheme.rule_for(outcome, reporter, {"source": row.source, "category": row.category, "urgency": row.urgency})
        ours = row.requester_id in staff or row.guardian_id in staff
        if rule is None or ours or key in rows or row.submitted_at <= now - scheme.within:
            continue
        day = row.submitted_at.astimezone(zone).date()
        points, note = caps.take(row.account_id, day, rule, scheme)
        about = {"board": rule.board, "case_id": row.case_id, "rule": rule.code, "scheme": scheme.version, "day": day, "note": note}
        rows[key] = ledger.entry(session, row.account_id, key, outcome, points, now, _SYSTEM, **about)
    return list(rows.values())


def _candidates(session: Session, outcome: str, versions: Iterable[Scheme], now: datetime) -> Sequence[Any]:
    """Cases of account holders that have reached an outcome and for which nothing is booked; never sensitive ones."""
    own, last, horizon = _case.alias("own"), _case.alias("last"), now - max(each.within for each in versions)
    held = _account.join(own, own.c.requester_id == _account.c.requester_id)
    mine = select(own.c.id).select_from(held).where(_account.c.closed_at.is_(None), own.c.submitted_at >= _account.c.opened_at)
    fate = fates(mine.where(own.c.submitted_at > horizon))
    joined = fate.join(own, own.c.id == fate.c.case_id).join(last, last.c.id == fate.c.at_id)
    joined = joined.join(_account, _account.c.requester_id == own.c.requester_id)
    columns = (own.c.id.label("case_id"), last.c.id.label("last_id"), own.c.submitted_at, own.c.source, last.c.category, last.c.urgency)
    wanted = select(*columns, _account.c.id.label("account_id"), _account.c.requester_id, _account.c.guardian_id).select_from(joined)
    open_to_all = (last.c.merged_into_id.is_(None), own.c.sensitive.is_(None), last.c.sensitive.is_(None))
    return connection_of(session).execute(_unbooked(wanted.where(*open_to_all), outcome, own, last)).all()


def _unbooked(wanted: Select[Any], outcome: str, own: FromClause, last: FromClause) -> Select[Any]:
    """Those that have reached the outcome, without an entry for it: neither for this report nor for this matter and account."""
    reached = last.c.state.in_(_VERIFIED) if outcome == VERIFIED else (last.c.state == State.CLOSED.value) & is_solved(last)
    key = literal(f"{outcome}:") + cast(last.c.id, String) + literal(":") + cast(_account.c.id, String)
    by_matter = exists().where(_entry.c.key == key)
    by_report = exists().where(_entry.c.case_id == own.c.id, _entry.c.kind == outcome, _entry.c.account_id == _account.c.id)
    return wanted.where(reached, ~by_matter, ~by_report)


@dataclass(slots=True)
class Caps:
    """What has been earned by day, while more is being booked."""

    points: dict[tuple[int, date], int] = field(default_factory=lambda: defaultdict(int))
    times: dict[tuple[int, date, str], int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    def of(cls, session: Session, accounts: Iterable[int]) -> "Caps":
        """What these accounts have earned so far."""
        found, sums = cls(), (func.count(), func.sum(_entry.c.points))
        earned = (_entry.c.account_id.in_(sorted(accounts)), _entry.c.kind.in_(ledger.EARNED), _entry.c.points > 0)
        by = (_entry.c.account_id, _entry.c.day, _entry.c.rule)
        for account_id, day, rule, times, points in connection_of(session).execute(select(*by, *sums).where(*earned).group_by(*by)):
            found.times[account_id, day, rule] += times
            found.points[account_id, day] += int(points)
        return found

    def take(self, account_id: int, day: date, rule: Rule, scheme: Scheme) -> tuple[int, str]:
        """The points that the caps leave of a rule's, with a note where they leave less."""
        often = rule.per_day and self.times[account_id, day, rule.code] >= rule.per_day
        left = 0 if often else max(0, min(rule.points, scheme.cap_per_day - self.points[account_id, day]))
        self.points[account_id, day] += left
        self.times[account_id, day, rule.code] += left > 0
        return left, "" if left == rule.points else ledger.CAPPED
