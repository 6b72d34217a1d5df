"""Finding topics: what comes up again and again in one place, and what was solved and has come back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from models import Affair, Case, CaseLink, Unit, begin_write, connection_of, table
from rules.facts import SYSTEM, State, Thing
from services.affairs import Plan, begin
from services.catalogue import catalogue
from services.duplicates.candidates import RECURRENCE
from services.duplicates.proposing import CONFIRMED
from services.mechanisms import is_on
from services.moves import Intent, Setting, make_moves, one
from services.routing.finding import route_of
from services.topics.policy import CODE, policy

ADDRESS: Final = 5  #: characters from which on a place in words is an address; “小区门口” is everywhere
_NEAR: Final = ("GRID", "COMMUNITY")  #: kinds of unit whose area is one place
#: Cases that say nothing about a place: not ours, not meant so, or part of another that counts.
_STATES: Final = (State.NOTED, State.BESIDE, State.DECLINED, State.DIVERTED, State.MERGED, State.WITHDRAWN, State.VOIDED)
NOTHING_SAID: Final = sorted(s.value for s in _STATES)
_case, _affair, _unit, _link = table(Case), table(Affair), table(Unit), table(CaseLink)
_Key = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Spot:
    """What makes cases one matter: a category and a place, the address in words where there is one, else the grid or community.

    Attributes:
        place: The address; empty: the area says where.
        area_unit_id: The smallest unit whose area it is; None: the address says where.
    """

    category: str
    place: str
    area_unit_id: int | None


@dataclass(frozen=True, slots=True)
class Known:
    """A topic that there is: not closed, or closed not long ago."""

    no: str
    case_id: int
    seq: int
    closed: bool


def detect(session: Session, now: datetime, times: int | None = None) -> list[str]:
    """Find what comes up again and again: a topic for each, new cases to the topics that are not closed, closed ones opened again.

    Safe to run again: a case belongs to one topic at most, and a topic that is there is not opened twice. Does nothing while the
    mechanism is switched off.

    Args:
        session: The unit of work; committed by the caller. Nothing is locked while there is nothing new.
        now: The instant, aware UTC.
        times: How many cases are a topic, instead of what seeds/topics.toml says.

    Returns:
        Numbers of the topics that were opened, or opened again.
    """
    if not is_on(session, CODE):
        return []
    if not any(_at(session, now, times, by_place=by_place) for by_place in (True, False)) and not _returned(session):
        return []
    begin_write(session)
    opened = []
    for by_place in (True, False):  # addresses first: they say more than an area
        for spot, topic, ids in _at(session, now, times, by_place=by_place):
            opened += _put(session, spot, topic, ids, now)
    for spot, topic, ids in _returned(session):
        opened += _put(session, spot, topic, ids, now)
    return opened


def _at(session: Session, now: datetime, times: int | None, *, by_place: bool) -> list[tuple[Spot, Known | None, Sequence[int]]]:
    """What there is to do: the spot, its topic if there is one, and the cases without a topic there, oldest first."""
    run = connection_of(session).execute
    where: ColumnElement[Any] = func.trim(_case.c.place) if by_place else _case.c.area_unit_id
    free = (
        *(_case.c.topic_id.is_(None), _case.c.submitted_at > now - policy().within, _case.c.category.is_not(None)),
        *(_case.c.state.not_in(NOTHING_SAID), _case.c.sensitive.is_(None)),
        func.length(where) >= ADDRESS if by_place else _case.c.area_unit_id.in_(select(_unit.c.id).where(_unit.c.kind.in_(_NEAR))),
    )
    known = _known(session, now, by_place=by_place)
    found: list[tuple[Spot, Known | None, Sequence[int]]] = []
    groups = run(select(_case.c.category, where.label("where"), func.count().label("n")).where(*free).group_by(_case.c.category, where))
    for group in sorted(groups, key=lambda g: (g.category, str(g.where))):
        topic = known.get((group.category, group.where))
        if (topic is None or topic.closed) and group.n < (times or policy().needed(group.category)):
            continue
        spot = Spot(group.category, group.where if by_place else "", None if by_place else group.where)
        ids = run(select(_case.c.id).where(*free, _case.c.category == group.category, where == group.where).order_by(_case.c.id))
        found.append((spot, topic, [row.id for row in ids]))
    return found


def _known(session: Session, now: datetime, *, by_place: bool) -> dict[_Key, Known]:
    """Topics by their spot: the one that is not closed, else the newest that may still come back."""
    lasting = or_(_affair.c.ended_at.is_(None), _affair.c.ended_at > now - policy().returns)
    wanted = select(_affair).where(
        _affair.c.thing == Thing.TOPIC.value, lasting, _affair.c.place != "" if by_place else _affair.c.place == ""
    )
    found: dict[_Key, Known] = {}
    for row in connection_of(session).execute(wanted.order_by(_affair.c.ended_at.is_(None).desc(), _affair.c.opened_at.desc())):
        key = (row.form, row.place if by_place else row.area_unit_id)
        found.setdefault(key, Known(row.no, row.case_id, row.seq, row.ended_at is not None))
    return found


def _returned(session: Session) -> list[tuple[Spot, Known | None, Sequence[int]]]:
    """Cases of which somebody has said that a closed problem has come back in them (复发), and that are in no topic."""
    later, earlier = aliased(Case), aliased(Case)
    wanted = (
        select(later.id, later.category, later.place, later.area_unit_id, earlier.id.label("earlier"), earlier.topic_id)
        .join(_link, _link.c.case_id == later.id)
        .join(earlier, earlier.id == _link.c.other_id)
        .where(_link.c.kind == RECURRENCE, _link.c.state == CONFIRMED, later.topic_id.is_(None), later.category.is_not(None))
        .where(later.sensitive.is_(None), earlier.sensitive.is_(None), later.state.not_in(NOTHING_SAID))
        .order_by(later.id)
    )
    return [_of_link(session, row) for row in connection_of(session).execute(wanted)]


def _of_link(session: Session, row: Any) -> tuple[Spot, Known | None, Sequence[int]]:  # noqa: ANN401 - a result row
    place = row.place.strip()
    spot = Spot(row.category, place, None) if len(place) >= ADDRESS else Spot(row.category, "", row.area_unit_id)
    if row.topic_id is None:
        return spot, None, (row.earlier, row.id)
    return spot, _kept_with(session, row.topic_id), (row.id,)


def _put(session: Session, spot: Spot, topic: Known | None, ids: Sequence[int], now: datetime) -> list[str]:
    """Put cases with their topic; the number of one that was opened, or opened again.

    Several links may speak of one case, and of one spot: what was put before is asked for again.
    """
    free = select(_case.c.id).where(_case.c.id.in_(ids), _case.c.topic_id.is_(None)).order_by(_case.c.id)
    left = tuple(connection_of(session).execute(free).scalars())
    if not left:
        return []
    topic = _by_now(session, spot, topic, ids, now)
    if topic is None:
        return [_open(session, spot, left, now)]
    action = "reopen_topic" if topic.closed else "join_topic"
    intent = Intent(topic.case_id, action, SYSTEM, Thing.TOPIC, topic.seq, {"cases": left})
    one(make_moves(session, [intent], Setting(now)))
    return [topic.no] if topic.closed else []


def _by_now(session: Session, spot: Spot, topic: Known | None, ids: Sequence[int], now: datetime) -> Known | None:
    """The topic as it is by now: that of any of the cases, else the one that is known for the spot."""
    if topic is None:
        first = select(_case.c.topic_id).where(_case.c.id.in_(ids), _case.c.topic_id.is_not(None)).order_by(_case.c.id).limit(1)
        home = connection_of(session).execute(first).scalar()
    else:
        home = topic.case_id
    if home is None:
        key = (spot.category, spot.place or spot.area_unit_id)
        return _known(session, now, by_place=bool(spot.place)).get(key)
    return _kept_with(session, home)


def _kept_with(session: Session, home_id: int) -> Known | None:
    """The topic that is kept with this case file."""
    wanted = select(_affair).where(_affair.c.case_id == home_id, _affair.c.thing == Thing.TOPIC.value)
    row = connection_of(session).execute(wanted).first()
    return None if row is None else Known(row.no, row.case_id, row.seq, row.ended_at is not None)


def _open(session: Session, spot: Spot, ids: tuple[int, ...], now: datetime) -> str:
    """A new topic; one of an address lies in the area of its newest case. The unit that the catalogue names has to say how."""
    known = catalogue(session)
    newest = select(_case.c.area_unit_id).where(_case.c.id == ids[-1])
    area = spot.area_unit_id or connection_of(session).execute(newest).scalar_one()
    lead = route_of(known, spot.category, area).lead
    category = known.categories[spot.category].name.zh
    args = {
        "title": f"{spot.place or known.names[area].zh} {category}"[:120],
        "place": spot.place,
        "category": spot.category,
        "by": "place" if spot.place else "area",
        "unit": lead if lead is not None else known.desk_id,
        "cases": ids,
        "count": len(ids),
    }
    return begin(session, Plan("open_topic", args), SYSTEM, Setting(now), known.units[area].code).no
