"""自管会·红管家 (row 15): residents who see to it themselves first, without penalties, and pass on what they cannot settle."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models import Clock, Journal, RungFiring, WorkOrder, connection_of, table
from rules.facts import OrderState, Refused, Thing
from services.catalogue import Catalogue, catalogue
from services.mechanisms import require

_order, _journal, _clock, _firing = table(WorkOrder), table(Journal), table(Clock), table(RungFiring)
KINDS: Final = ("SELF_GOV", "VOLUNTEER")  #: residents themselves: nobody employs them, nobody is late
_HARD: Final = ("yellow", "red", "escalate_1", "escalate_2")  #: rungs that a unit without penalties never meets


@dataclass(frozen=True, slots=True)
class Record:
    """What a group of residents has done.

    Attributes:
        members: People in it.
        taken: Work orders it was given first.
        settled: Of these, done by itself.
        passed_on: Given up, so that the case moved up a level.
        open: Still with it.
        penalties: Yellow and red lights and escalations against it: none, ever.
    """

    unit_id: int
    members: int
    taken: int
    settled: int
    passed_on: int
    open: int
    penalties: int


def groups(known: Catalogue) -> list[int]:
    """The groups of residents of the district, by code."""
    found = [unit for unit in known.units.values() if unit.kind in KINDS and not unit.retired]
    return [unit.id for unit in sorted(found, key=lambda unit: unit.code)]


def record_of(session: Session, code: str, now: datetime, since: datetime | None = None) -> Record:
    """What a group of residents has done with the matters that came to it first.

    Args:
        session: The unit of work; nothing is changed.
        code: Code of the group.
        now: The moment, aware UTC.
        since: Only work orders sent from then on; None: all.

    Raises:
        Refused: `mechanism_off`; `unknown_unit`; `not_self_governing`.
    """
    require(session, "self_governance")
    known = catalogue(session)
    if code not in known.unit_ids:
        raise Refused("unknown_unit", unit=code)
    unit_id = known.present(known.unit_ids[code])
    if known.units[unit_id].kind not in KINDS:
        raise Refused("not_self_governing", unit=code)
    mine = [_order.c.unit_id == unit_id, _order.c.sent_at <= now, *([_order.c.sent_at >= since] if since is not None else [])]
    rows = connection_of(session).execute(select(_order.c.state, func.count().label("n")).where(*mine).group_by(_order.c.state))
    states = {row.state: int(row.n) for row in rows}
    there = sum(states.get(state, 0) for state in (OrderState.SENT.value, OrderState.WORKING.value))
    own = select(_order.c.case_id, _order.c.no).where(*mine).subquery()
    given_up = (
        select(func.count())
        .select_from(_journal.join(own, (own.c.case_id == _journal.c.case_id) & (own.c.no == _journal.c.thing_no)))
        .where(_journal.c.thing == Thing.ORDER.value, _journal.c.action == "give_up")
    )
    members = len(known.by_unit.get(unit_id, ()))
    done = states.get(OrderState.DONE.value, 0)
    return Record(unit_id, members, sum(states.values()), done, _one(session, given_up), there, _penalties(session, unit_id))


def _penalties(session: Session, unit_id: int) -> int:
    hard = select(func.count()).select_from(_firing.join(_clock, _clock.c.id == _firing.c.clock_id))
    return _one(session, hard.where(_clock.c.unit_id == unit_id, _firing.c.rung.in_(_HARD)))


def _one(session: Session, wanted: Select[Any]) -> int:
    return int(connection_of(session).execute(wanted).scalar_one())
