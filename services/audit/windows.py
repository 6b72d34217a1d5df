"""Going through all cases, some at a time and each window at the same small cost, however many have ended."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import Session

from models import Affair, Case, Clock, SupervisionOrder, connection_of, table
from rules.facts import FINAL, OPEN_SUPERVISION, State
from services.audit.findings import Finding, of_clock

_case, _clock, _order, _affair = table(Case), table(Clock), table(SupervisionOrder), table(Affair)
SPAN: Final = 20  #: for each case to be audited so many may be passed over because they have ended
#: States in which nothing has to be under a clock but what is beside the loop: supervision orders and affairs.
_SETTLED: Final = frozenset(state.value for state in (*FINAL, State.BESIDE))
_ROWS: Final = select(_case.c.id, _case.c.state).where(_case.c.id > bindparam("after")).order_by(_case.c.id).limit(bindparam("span"))
_THERE: Final = select(_case.c.id).where(_case.c.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of case numbers.

    Attributes:
        ids: Cases in it that must be looked at: those not at an end, and those that still have a clock, a supervision order or an
            affair.
        upto: Last id in it; None: it reaches to the end.
        orphans: Open clocks in it whose case does not exist.
    """

    ids: Sequence[int]
    upto: int | None
    orphans: Sequence[Finding]


def next_window(session: Session, after: int, count: int) -> Window:
    """The stretch after a case, with about `count` cases to look at.

    Args:
        session: The unit of work.
        after: Id of the last case looked at; 0 at the beginning.
        count: How many cases not at an end it holds at most.
    """
    run = connection_of(session).execute
    rows = run(_ROWS, {"after": after, "span": count * SPAN}).all()
    going = [row.id for row in rows if row.state not in _SETTLED][:count]
    upto = going[-1] if len(going) == count else rows[-1].id if len(rows) == count * SPAN else None
    held = set(run(_within(select(_clock.c.case_id).where(_clock.c.stopped_at.is_(None)), _clock.c.case_id, after, upto)).scalars())
    watched = select(_order.c.case_id).where(_order.c.state.in_([s.value for s in OPEN_SUPERVISION]), _order.c.seq >= 0)
    held |= set(run(_within(watched, _order.c.case_id, after, upto)).scalars())
    held |= set(run(_within(select(_affair.c.case_id).where(_affair.c.ended_at.is_(None)), _affair.c.case_id, after, upto)).scalars())
    missing = held - {row.id for row in rows}
    there = set(run(_THERE, {"ids": sorted(missing)}).scalars()) if missing else set()
    lost = sorted(missing - there)
    return Window(sorted({*going, *(held.difference(lost))}), upto, list(_orphans(session, lost)))


def _within(wanted: Select[Any], column: ColumnElement[int], after: int, upto: int | None) -> Select[Any]:
    until = () if upto is None else (column <= upto,)
    return wanted.where(column > after, *until).distinct()


def _orphans(session: Session, lost: Collection[int]) -> Iterator[Finding]:
    wanted = select(_clock).where(_clock.c.stopped_at.is_(None), _clock.c.case_id.in_(lost)).order_by(_clock.c.id)
    for clock in connection_of(session).execute(wanted).mappings() if lost else ():
        yield of_clock("clock_orphan", f"#{clock['case_id']}", dict(clock))
