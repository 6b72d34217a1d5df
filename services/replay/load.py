"""The load of a replay: how much reaches each unit on each local day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import accumulate
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from models import Clock, Message, Staff, Unit, table
from services.hearing import TAKEN

_clock, _message, _staff, _unit = table(Clock), table(Message), table(Staff), table(Unit)
_DAY: Final = 86400
_EPOCH: Final = date(1970, 1, 1)
#: What is counted per unit and day: messages that its people received, work orders open at any moment of the day, limits that end on
#: the day and had not been met before it.
MEASURES: Final = ("messages", "open_orders", "due")


@dataclass(frozen=True, slots=True)
class Span:
    """The local days of a replay; when policies are compared, the same days for all of them.

    Attributes:
        first: The first moment of the replay, aware.
        last: The last one, on the same day or later.
        zone: Where a day begins. Its offset at `first` holds for the whole: the demonstration district's has not changed since 1991.
    """

    first: datetime
    last: datetime
    zone: tzinfo

    @property
    def offset(self) -> timedelta:
        """How far local time is ahead of UTC."""
        return self.first.astimezone(self.zone).utcoffset() or timedelta()

    @property
    def begins(self) -> date:
        """The first day."""
        return self.first.astimezone(self.zone).date()

    @property
    def days(self) -> int:
        """How many days, the first and the last among them."""
        return (self.last.astimezone(self.zone).date() - self.begins).days + 1


@dataclass(frozen=True, slots=True)
class Amount:
    """One measure over the days of a span.

    Attributes:
        mean: On an average day, weekends and holidays among them; to three places.
        most: On the busiest day.
        on: That day, e.g. 2026-03-02, the earliest of several; None when there was nothing at all.
    """

    mean: float
    most: int
    on: str | None


@dataclass(frozen=True, slots=True)
class Load:
    """Load by measure: of all units together and of each unit that had any, by its code; over so many local days from the first."""

    first: str
    days: int
    together: dict[str, Amount]
    by_unit: dict[str, dict[str, Amount]]


def load(session: Session, span: Span) -> Load:
    """Count what reached the units.

    Args:
        session: A unit of work on the replay's database (SQLite).
        span: Its days.
    """
    run = session.connection().execute
    codes: dict[int, str] = {row.id: row.code for row in run(select(_unit.c.id, _unit.c.code))}
    counts = {name: _by_day(run(statement(span)), span.days) for name, statement in _STATEMENTS.items()}
    counts["open_orders"] = {unit: list(accumulate(changes)) for unit, changes in counts["open_orders"].items()}
    units = sorted({unit for by_unit in counts.values() for unit in by_unit}, key=codes.__getitem__)
    nothing = [0] * span.days
    return Load(
        first=f"{span.begins:%Y-%m-%d}",
        days=span.days,
        together={name: _amount(_sum(counts[name].values(), span.days), span) for name in MEASURES},
        by_unit={codes[unit]: {name: _amount(counts[name].get(unit, nothing), span) for name in MEASURES} for unit in units},
    )


def _by_day(rows: Iterable[Any], days: int) -> dict[int, list[int]]:
    """Rows (unit, number of the day, amount) laid out by unit, one number a day; what ends after the last day leaves no trace."""
    found: dict[int, list[int]] = {}
    for unit, day, amount in rows:
        if day < days:
            found.setdefault(unit, [0] * days)[day] += amount
    return found


def _sum(each: Iterable[Sequence[int]], days: int) -> list[int]:
    return [sum(amounts) for amounts in zip(*each, strict=True)] or [0] * days


def _amount(by_day: Sequence[int], span: Span) -> Amount:
    most = max(by_day)
    on = span.begins + timedelta(days=by_day.index(most))
    return Amount(round(sum(by_day) / span.days, 3), most, f"{on:%Y-%m-%d}" if most else None)


def _day(moment: ColumnElement[Any], span: Span) -> ColumnElement[int]:
    """The number of a moment's local day, 0 for the first of the span."""
    local = cast(func.strftime("%s", moment), Integer) + int(span.offset.total_seconds())
    return local // _DAY - (span.begins - _EPOCH).days


def _messages(span: Span) -> Select[Any]:
    day = _day(_message.c.sent_at, span).label("day")
    sent = select(_staff.c.unit_id, day, func.count()).join(_staff, _staff.c.id == _message.c.staff_id)
    return sent.where(_message.c.state.in_(TAKEN)).group_by(_staff.c.unit_id, day)


def _open_orders(span: Span) -> Select[Any]:
    """By how much the number of open work orders changes: each has exactly one handling clock, from dispatch until it leaves the unit."""
    handling = (_clock.c.kind == "handle", _clock.c.unit_id.is_not(None))
    opened = select(_clock.c.unit_id, _day(_clock.c.started_at, span).label("day"), literal(1).label("change")).where(*handling)
    left = select(_clock.c.unit_id, (_day(_clock.c.stopped_at, span) + 1).label("day"), literal(-1).label("change"))
    changes = union_all(opened, left.where(*handling, _clock.c.stopped_at.is_not(None))).subquery()
    return select(changes.c.unit_id, changes.c.day, func.sum(changes.c.change)).group_by(changes.c.unit_id, changes.c.day)


def _due(span: Span) -> Select[Any]:
    day = _day(_clock.c.due_at, span).label("day")
    unmet = _clock.c.stopped_at.is_(None) | (_day(_clock.c.stopped_at, span) >= day)
    ends = select(_clock.c.unit_id, day, func.count()).where(_clock.c.unit_id.is_not(None), _clock.c.supervision_seq.is_(None), unmet)
    return ends.group_by(_clock.c.unit_id, day)


_STATEMENTS: Final[Mapping[str, Any]] = {"messages": _messages, "open_orders": _open_orders, "due": _due}
