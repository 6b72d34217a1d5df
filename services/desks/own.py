"""One's own figures (我的业绩): what somebody handled himself, how much of it was on time, sent back, rated. Nobody is compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models import Case, Clock, Extension, Journal, Request, SupervisionOrder, WorkOrder, connection_of, table
from rules.clocks import ClockKind
from rules.facts import OPEN_ORDER, Actor, ExtensionState, OrderState, RequestKind, RequestState, State
from services.privacy.masking import masked
from services.visibility import visible_cases

_case, _clock, _order, _journal = table(Case), table(Clock), table(WorkOrder), table(Journal)
_extension, _request, _supervision = table(Extension), table(Request), table(SupervisionOrder)
SHOWN: Final = 20  #: finished work orders told one by one
MOST: Final = 2000  #: finished work orders looked at, the newest first
_OPEN: Final = sorted(state.value for state in OPEN_ORDER)
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rated:
    """What residents answered about closed cases that one led: how many answered at all, and how."""

    asked: int
    solved: int
    unsolved: int
    scores: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Own:
    """The figures of one person since a moment.

    Attributes:
        open, open_late: Work orders in hand now, and how many of them are past their limit.
        done: Those finished since then, the newest first, each with `late` and `longer` (its limit was lengthened).
        redone: How often the result did not pass a check.
        returned, kept: Returns that the person asked for, by how they were ruled.
        rated: Of closed cases; what is not closed is not told before its window has ended.
        ruled, signed: Requests decided and supervision orders signed by the person.
    """

    open: int
    open_late: int
    done: Sequence[Row]
    redone: int
    returned: int
    kept: int
    rated: Rated
    ruled: int
    signed: int

    @property
    def on_time(self) -> int:
        """Finished within the limit, a lengthened one counting."""
        return sum(not row["late"] for row in self.done)

    @property
    def longer(self) -> int:
        """Finished within a limit that had been lengthened."""
        return sum(row["longer"] and not row["late"] for row in self.done)


def own(session: Session, viewer: Actor, since: datetime, now: datetime) -> Own:
    """The figures of the person who asks; of nobody else.

    Args:
        session: The unit of work; nothing is changed.
        viewer: Who asks.
        since: What was finished, ruled, signed from then on counts.
        now: The instant, aware UTC.
    """
    done = _done(session, viewer, since)
    ruled = _count(session, _request, viewer, since, "decided") + _count(session, _extension, viewer, since, "decided")
    asked = (_request.c.asked_by == viewer.name, _request.c.kind == RequestKind.RETURN.value, _request.c.decided_at >= since)
    returns = _grouped(session, select(_request.c.state, func.count()).where(*asked).group_by(_request.c.state))
    return Own(
        *_open(session, viewer, now),
        done,
        _redone(session, done, since),
        returns.get(RequestState.GRANTED.value, 0),
        returns.get(RequestState.REFUSED.value, 0),
        _rated(done),
        ruled,
        _count(session, _supervision, viewer, since, "signed"),
    )


def _open(session: Session, viewer: Actor, now: datetime) -> tuple[int, int]:
    """Work orders in hand, and those of them whose limit is over."""
    mine = (_order.c.handler_id == viewer.user_id, _order.c.state.in_(_OPEN))
    late = (
        _clock.c.kind == ClockKind.HANDLE.value,
        _clock.c.stopped_at.is_(None),
        _clock.c.running_since.is_not(None),
        _clock.c.due_at < now,
    )
    joined = _order.join(_clock, (_clock.c.case_id == _order.c.case_id) & (_clock.c.order_no == _order.c.no))
    run = connection_of(session).execute
    count = run(select(func.count()).select_from(_order).where(*mine)).scalar_one()
    return int(count), int(run(select(func.count()).select_from(joined).where(*mine, *late)).scalar_one())


def _done(session: Session, viewer: Actor, since: datetime) -> list[Row]:
    """Finished work orders, each with its case and whether it was late."""
    names = ("no", "subject", "category", "area_unit_id", "state", "solved", "score")
    joined = _order.join(_case, _case.c.id == _order.c.case_id)
    mine = (_order.c.handler_id == viewer.user_id, _order.c.state == OrderState.DONE.value, _order.c.finished_at >= since)
    columns = (_order.c.case_id, _order.c.no.label("order_no"), _order.c.lead, _order.c.finished_at, *(_case.c[n] for n in names))
    wanted = select(*columns).select_from(joined).where(*mine, visible_cases(session, viewer)).order_by(_order.c.finished_at.desc())
    rows = [dict(row) for row in connection_of(session).execute(wanted.limit(MOST)).mappings()]
    late = _pairs(session, _clock, rows, _clock.c.kind == ClockKind.HANDLE.value, _clock.c.stopped_at > _clock.c.due_at)
    longer = _pairs(session, _extension, rows, _extension.c.state == ExtensionState.GRANTED.value)
    return [
        row
        | {
            "subject": masked(row["subject"]),
            "late": (row["case_id"], row["order_no"]) in late,
            "longer": (row["case_id"], row["order_no"]) in longer,
        }
        for row in rows
    ]


def _pairs(session: Session, rows_of: Any, rows: Sequence[Row], *conditions: ColumnElement[bool]) -> set[tuple[int, int]]:  # noqa: ANN401 - a Table
    """Case and work order of the rows of a table that meet the conditions."""
    ids = sorted({row["case_id"] for row in rows})
    wanted = select(rows_of.c.case_id, rows_of.c.order_no).where(rows_of.c.case_id.in_(ids), rows_of.c.order_no.is_not(None), *conditions)
    return {(row[0], row[1]) for row in connection_of(session).execute(wanted)} if ids else set()


def _redone(session: Session, rows: Sequence[Row], since: datetime) -> int:
    """How often one of these work orders had to be done again."""
    ids, mine = sorted({row["case_id"] for row in rows}), {(row["case_id"], row["order_no"]) for row in rows}
    wanted = select(_journal.c.case_id, _journal.c.thing_no).where(
        _journal.c.case_id.in_(ids), _journal.c.action == "redo", _journal.c.at >= since
    )
    return sum((row[0], row[1]) in mine for row in connection_of(session).execute(wanted)) if ids else 0


def _rated(rows: Sequence[Row]) -> Rated:
    closed = {row["case_id"]: row for row in rows if row["lead"] and row["state"] == State.CLOSED.value}.values()
    told = [row["solved"] for row in closed if row["solved"] is not None]
    return Rated(len(closed), sum(told), len(told) - sum(told), tuple(row["score"] for row in closed if row["score"] is not None))


def _count(session: Session, rows_of: Any, viewer: Actor, since: datetime, what: str) -> int:  # noqa: ANN401 - a Table
    theirs = (rows_of.c[f"{what}_by"] == viewer.name, rows_of.c[f"{what}_at"] >= since)
    return int(connection_of(session).execute(select(func.count()).select_from(rows_of).where(*theirs)).scalar_one())


def _grouped(session: Session, wanted: Any) -> dict[str, int]:  # noqa: ANN401 - a Select
    return {row[0]: int(row[1]) for row in connection_of(session).execute(wanted)}
