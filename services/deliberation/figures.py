"""Figures of standing meetings and hearings, counted from the database."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Affair, AffairPart, connection_of, table
from rules.facts import Refused, Thing
from rules.handling.deliberation import MatterState, MeetingState
from services.affairs import find

_affair, _part = table(Affair), table(AffairPart)
_HELD = frozenset(MeetingState) - {MeetingState.CALLED, MeetingState.CANCELLED, MeetingState.STANDING, MeetingState.STOPPED}


@dataclass(frozen=True, slots=True)
class SeriesFigures:
    """What came of a standing meeting.

    Attributes:
        meetings: Meetings called so far, the next one among them; `held` of them have taken place.
        visits: People who came with a matter (人次).
        matters: Matters registered; by state: `solved`, `filed` as cases, `agenda`, `waiting`, `dropped`.
        by_kind: Matters by kind (分类登记).
    """

    meetings: int
    held: int
    visits: int
    matters: int
    solved: int
    filed: int
    agenda: int
    waiting: int
    dropped: int
    by_kind: dict[str, int]


def series_figures(session: Session, no: str) -> SeriesFigures:
    """Count what came of a standing meeting.

    Raises:
        Refused: `unknown_affair`.
    """
    ref, run = find(session, no, Thing.MEETING), connection_of(session).execute
    of_series = (_part.c.case_id == ref.case_id, _part.c.seq == ref.seq, _part.c.thing == Thing.MATTER.value)
    counted = run(
        select(_part.c.role, _part.c.state, func.count().label("n"), func.sum(_part.c.quantity).label("people"))
        .where(*of_series)
        .group_by(_part.c.role, _part.c.state)
        .order_by(_part.c.role)
    ).all()
    of_meetings = (
        select(_affair.c.state, func.count().label("n"))
        .where(_affair.c.parent_case_id == ref.case_id, _affair.c.parent_seq == ref.seq)
        .group_by(_affair.c.state)
    )
    states = {str(row.state): int(row.n) for row in run(of_meetings)}
    by_state = {state: sum(row.n for row in counted if row.state == state) for state in MatterState}
    by_kind: dict[str, int] = {}
    for row in counted:
        by_kind[row.role] = by_kind.get(row.role, 0) + int(row.n)
    return SeriesFigures(
        meetings=sum(states.values()),
        held=sum(n for state, n in states.items() if state in _HELD),
        visits=sum(int(row.people) for row in counted),
        matters=sum(row.n for row in counted),
        solved=by_state[MatterState.SOLVED],
        filed=by_state[MatterState.FILED],
        agenda=by_state[MatterState.AGENDA],
        waiting=by_state[MatterState.RAISED],
        dropped=by_state[MatterState.DROPPED],
        by_kind=by_kind,
    )


def hearing_of(session: Session, no: str) -> dict[str, Any]:
    """What a hearing came to, as it was published: invited, n, scores, mean.

    Raises:
        Refused: `unknown_affair`; `hearing_unpublished`.
    """
    ref = find(session, no, Thing.MEETING)
    data = (
        connection_of(session)
        .execute(select(_affair.c.data).where(_affair.c.case_id == ref.case_id, _affair.c.seq == ref.seq))
        .scalar_one()
    )
    if not data.get("published"):
        raise Refused("hearing_unpublished", affair=ref.no)
    return dict(data["published"])
