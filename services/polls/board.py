"""What residents are asked just now, as everybody may read it, and how somebody has answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from models import Affair, AffairPart, Case, connection_of, table
from rules.facts import Thing
from rules.handling.polls import PollState
from services.catalogue import catalogue
from services.mechanisms import require

_affair, _part, _case = table(Affair), table(AffairPart), table(Case)
_IN_IT: Final = and_(_part.c.case_id == _affair.c.case_id, _part.c.seq == _affair.c.seq, _part.c.thing == Thing.ANSWER.value)


@dataclass(frozen=True, slots=True)
class Asked:
    """A poll that may be answered.

    Attributes:
        options: What may be chosen, as it was written.
        closes: Until when.
        n: Households that answered, of `households`.
        area: Code of the area it is kept with.
    """

    no: str
    title: str
    body: str
    place: str
    area: str
    options: tuple[str, ...]
    closes: datetime
    n: int
    households: int


def open_polls(session: Session, now: datetime, no: str | None = None) -> list[Asked]:
    """Every poll that is open, the one that closes first in front; none that belongs to a sensitive case.

    Args:
        session: The unit of work; nothing is changed.
        now: The instant, aware UTC.
        no: Only the one with this number.

    Raises:
        Refused: `mechanism_off`.
    """
    require(session, "polls")
    units = catalogue(session).units
    query = _query(now) if no is None else _query(now).where(_affair.c.no == no)
    return [
        Asked(
            **{name: row[name] for name in ("no", "title", "body", "place", "n")},
            area=units[row["area_unit_id"]].code,
            options=tuple(row["data"]["options"]),
            closes=row["until"],
            households=row["quantity"],
        )
        for row in connection_of(session).execute(query).mappings()
    ]


def _query(now: datetime) -> Select[tuple[object, ...]]:
    answered = select(func.coalesce(func.sum(_part.c.quantity), 0)).where(_IN_IT).correlate(_affair).scalar_subquery()
    names = ("no", "title", "body", "place", "area_unit_id", "data", "until", "quantity")
    joined = _affair.join(_case, _case.c.id == _affair.c.case_id)
    query = select(*(_affair.c[name] for name in names), answered.label("n")).select_from(joined)
    open_now = (_affair.c.thing == Thing.POLL.value, _affair.c.state == PollState.OPEN.value, _affair.c.until > now)
    return query.where(*open_now, _affair.c.hidden.is_(False), _case.c.sensitive.is_(None)).order_by(_affair.c.until, _affair.c.no)


def chosen_by(session: Session, resident_id: int) -> dict[str, str]:
    """What a resident has answered, by number of the poll.

    Args:
        session: The unit of work; nothing is changed.
        resident_id: Whose answers.
    """
    rows = connection_of(session).execute(
        select(_affair.c.no, _part.c.data).select_from(_affair.join(_part, _IN_IT)).where(_part.c.requester_id == resident_id)
    )
    return {row.no: row.data["choice"] for row in rows}


def lives_in(session: Session, resident_id: int, area: str) -> bool:
    """Whether a resident has reported something within an area: the nearest to knowing where somebody lives that is on record.

    Args:
        session: The unit of work; nothing is changed.
        resident_id: Who.
        area: Code of a unit.
    """
    known = catalogue(session)
    top = known.unit_ids[area]
    rows = connection_of(session).execute(select(_case.c.area_unit_id).where(_case.c.requester_id == resident_id).distinct()).scalars()
    return any(top in known.line(unit) for unit in rows)
