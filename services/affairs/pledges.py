"""What somebody has taken on from the pool, with what is still to be delivered: a unit's, a volunteer's, a resident's own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from models import Affair, AffairPart, Case, Clock, connection_of, table
from rules.facts import Actor, Thing
from rules.handling.claims import PledgeState

_affair, _part, _case, _clock = table(Affair), table(AffairPart), table(Case), table(Clock)
_GONE: Final = PledgeState.RETURNED.value


@dataclass(frozen=True, slots=True)
class Pledged:
    """One thing that somebody has taken on.

    Attributes:
        no: Number of the order; `part` of the pledge within it.
        title: Of the order; `line`: of what was taken on.
        quantity: How much of it is taken on, `done` how much is there, says whoever took it on.
        due: By when; None: nothing of it is waited for.
        thanks: What whoever asked has said of it.
        version: Of the case file with which the order is kept.
    """

    no: str
    part: int
    title: str
    place: str
    line: str
    quantity: int
    done: int
    measure: str
    state: str
    due: datetime | None
    thanks: str
    version: int


def pledges_of(session: Session, actor: Actor, limit: int = 50) -> list[Pledged]:
    """What a person, the unit he works in, or a resident has taken on and not given back; what is due first comes first.

    Args:
        session: The unit of work; nothing is changed.
        actor: Whose.
        limit: The longest list.
    """
    if actor.resident_id is not None:
        whose = _part.c.requester_id == actor.resident_id
    else:
        whose = or_(_part.c.unit_id.in_(actor.body), and_(_part.c.staff_id.is_not(None), _part.c.staff_id == actor.user_id))
    same = and_(_affair.c.case_id == _part.c.case_id, _affair.c.seq == _part.c.seq)
    runs = and_(_clock.c.case_id == _part.c.case_id, _clock.c.part_no == _part.c.no, _clock.c.stopped_at.is_(None))
    columns = (_affair.c.no, _affair.c.title, _affair.c.place, _part.c.no.label("part"), _part.c.title.label("line"), _part.c.data)
    more = (_part.c.quantity, _part.c.done, _part.c.measure, _part.c.state, _clock.c.due_at, _case.c.version)
    query = (
        select(*columns, *more)
        .select_from(_part.join(_affair, same).join(_case, _case.c.id == _affair.c.case_id).outerjoin(_clock, runs))
        .where(_part.c.thing == Thing.PLEDGE.value, _part.c.state != _GONE, whose, _case.c.sensitive.is_(None))
        .order_by(_clock.c.due_at.is_(None), _clock.c.due_at, _affair.c.no.desc(), _part.c.no)
        .limit(limit)
    )
    return [
        Pledged(
            *(r.no, r.part, r.title, r.place or "", r.line, r.quantity, r.done or 0, r.measure, r.state, r.due_at),
            thanks=str(r.data.get("thanks") or ""),
            version=r.version,
        )
        for r in connection_of(session).execute(query)
    ]


def asked_by(session: Session, resident_id: int, limit: int = 50) -> list[Pledged]:
    """What others have taken on of a resident's own orders: to be confirmed, or there and to be thanked for; newest first.

    Args:
        session: The unit of work; nothing is changed.
        resident_id: Who asked.
        limit: The longest list.
    """
    same = and_(_affair.c.case_id == _part.c.case_id, _affair.c.seq == _part.c.seq)
    columns = (_affair.c.no, _affair.c.title, _affair.c.place, _part.c.no.label("part"), _part.c.title.label("line"), _part.c.data)
    more = (_part.c.quantity, _part.c.done, _part.c.measure, _part.c.state, _case.c.version)
    query = (
        select(*columns, *more)
        .select_from(_part.join(_affair, same).join(_case, _case.c.id == _affair.c.case_id))
        .where(_part.c.thing == Thing.PLEDGE.value, _part.c.state != _GONE, _affair.c.asker_id == resident_id)
        .order_by(_affair.c.no.desc(), _part.c.no)
        .limit(limit)
    )
    return [
        Pledged(
            *(r.no, r.part, r.title, r.place or "", r.line, r.quantity, r.done or 0, r.measure, r.state, None),
            thanks=str(r.data.get("thanks") or ""),
            version=r.version,
        )
        for r in connection_of(session).execute(query)
    ]


def version_of(session: Session, no: str) -> int:
    """The version of the case file with which an order is kept, as a form carries it; 0 where there is no such order."""
    query = select(_case.c.version).join(_affair, _affair.c.case_id == _case.c.id).where(_affair.c.no == no)
    return int(connection_of(session).execute(query).scalar() or 0)
