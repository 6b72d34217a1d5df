"""Topics (未诉先办): the same category in the same place again and again is dealt with at the root, not case by case."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from models import Case, Topic, Unit, begin_write, connection_of, table
from rules.facts import STEP_OF, SYSTEM, Actor, Refused, State
from services.catalogue import Catalogue, catalogue
from services.moves import Row, read_drafts, write_drafts
from services.moves.messages import tell
from services.moves.proof import legible
from services.ratings import records

OPEN, TAKEN, CLOSED = "open", "taken", "closed"
STATES: Final = (OPEN, TAKEN, CLOSED)
TIMES: Final = 3  #: so many cases …
WITHIN: Final = timedelta(days=30)  #: … within this time are a topic
LONGEST: Final = 1000  #: characters of a plan or result
ADDRESS: Final = 5  #: characters from which on a place in words is an address; “小区门口” is everywhere
_NEAR: Final = ("GRID", "COMMUNITY")  #: kinds of unit whose area is one place
#: Cases that say nothing about a place: not ours, not meant so, or part of another that counts.
_EXCEPT: Final = sorted(s.value for s in (State.NOTED, State.DECLINED, State.DIVERTED, State.MERGED, State.WITHDRAWN, State.VOIDED))
_case, _topic, _unit = table(Case), table(Topic), table(Unit)


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


def detect(session: Session, now: datetime, times: int = TIMES) -> list[int]:
    """Find what comes up again and again, open a topic for each, and put new cases with the topics that are not closed.

    Safe to run again: a case belongs to one topic at most, and a topic that is there is not opened twice.

    Args:
        session: The unit of work; committed by the caller. Nothing is locked while there is nothing new.
        now: The instant, aware UTC.
        times: How many cases within 30 days are a topic.

    Returns:
        Ids of the topics that were opened.
    """
    if not any(any(_at(session, now, times, by_place=by_place)) for by_place in (True, False)):
        return []
    begin_write(session)
    opened = []
    for by_place in (True, False):  # addresses first: they say more than an area
        for spot, topic, ids in list(_at(session, now, times, by_place=by_place)):
            topic_id = topic if topic is not None else _open(session, spot, ids[-1], now)
            _join(session, ids, topic_id, now, new=topic is None)
            opened += [topic_id] if topic is None else []
    return opened


def _at(session: Session, now: datetime, times: int, *, by_place: bool) -> Iterator[tuple[Spot, int | None, Sequence[int]]]:
    """What there is to do: the spot, its topic if one is not closed, and the cases without a topic there, oldest first."""
    run = connection_of(session).execute
    where: ColumnElement[Any] = func.trim(_case.c.place) if by_place else _case.c.area_unit_id
    free = (
        *(_case.c.topic_id.is_(None), _case.c.submitted_at > now - WITHIN, _case.c.category.is_not(None)),
        *(_case.c.state.not_in(_EXCEPT), _case.c.sensitive.is_(None)),
        func.length(where) >= ADDRESS if by_place else _case.c.area_unit_id.in_(select(_unit.c.id).where(_unit.c.kind.in_(_NEAR))),
    )
    live = _live(session, by_place=by_place)
    groups = run(select(_case.c.category, where.label("where"), func.count().label("n")).where(*free).group_by(_case.c.category, where))
    for group in sorted(groups, key=lambda g: (g.category, str(g.where))):
        topic = live.get((group.category, group.where))
        if topic is None and group.n < times:
            continue
        spot = Spot(group.category, group.where if by_place else "", None if by_place else group.where)
        ids = run(select(_case.c.id).where(*free, _case.c.category == group.category, where == group.where).order_by(_case.c.id))
        yield spot, topic, [row.id for row in ids]


def _live(session: Session, *, by_place: bool) -> dict[tuple[str, Any], int]:
    wanted = select(_topic).where(_topic.c.state != CLOSED, _topic.c.place != "" if by_place else _topic.c.place == "")
    rows = connection_of(session).execute(wanted.order_by(_topic.c.id.desc()))
    return {(row.category, row.place if by_place else row.area_unit_id): row.id for row in rows}


def _open(session: Session, spot: Spot, newest: int, now: datetime) -> int:
    """A new topic; one of an address lies in the area of its newest case."""
    run = connection_of(session).execute
    area = spot.area_unit_id or run(select(_case.c.area_unit_id).where(_case.c.id == newest)).scalar_one()
    values = {"category": spot.category, "area_unit_id": area, "place": spot.place, "state": OPEN, "opened_at": now, "plan": ""}
    return int(run(insert(_topic).values(values).returning(_topic.c.id)).scalar_one())


def _join(session: Session, ids: Sequence[int], topic_id: int, now: datetime, *, new: bool) -> None:
    drafts = read_drafts(session, ids)
    for draft in drafts.values():
        draft.change(topic_id=topic_id)
        draft.enter(now, SYSTEM, step=STEP_OF[draft.state].value, thing="case", action="topic", data={"topic": topic_id})
    if new:
        newest = drafts[ids[-1]]
        tell(newest, "topic_found", now, unit_id=newest.catalogue.desk_id, count=len(ids))
    write_drafts(session, drafts.values())


# what people do with them ---------------------------------------------------------------------------------------------


def topics(session: Session, state: str | None = None) -> list[Row]:
    """Topics in this state, or all that are not closed, with how many cases each has; the newest first.

    Raises:
        Refused: `unknown_topic_state`.
    """
    if state is not None and state not in STATES:
        raise Refused("unknown_topic_state", given=state, known=", ".join(STATES))
    cases = select(func.count()).where(_case.c.topic_id == _topic.c.id).scalar_subquery()
    wanted = select(_topic, cases.label("cases")).where(_topic.c.state == state if state else _topic.c.state != CLOSED)
    return [dict(row) for row in connection_of(session).execute(wanted.order_by(_topic.c.id.desc())).mappings()]


def topic_of(session: Session, topic_id: int) -> tuple[Row, list[Row]]:
    """A topic and its cases (no, subject, state, submitted_at), the oldest first.

    Raises:
        Refused: `unknown_topic`.
    """
    run = connection_of(session).execute
    found = run(select(_topic).where(_topic.c.id == topic_id)).mappings().first()
    if found is None:
        raise Refused("unknown_topic", given=topic_id)
    wanted = select(*(_case.c[n] for n in ("no", "subject", "state", "submitted_at"))).where(
        _case.c.topic_id == topic_id, _case.c.sensitive.is_(None)
    )
    return dict(found), [dict(row) for row in run(wanted.order_by(_case.c.id)).mappings()]


def take(session: Session, topic_id: int, unit: str, plan: str, actor: Actor, now: datetime) -> None:
    """Say which unit deals with a topic at its root, and how; said again, the newest holds.

    Raises:
        Refused: `unknown_topic`, `topic_closed`, `unknown_unit`, `not_for_topics`, `plan_missing`, `text_too_long`,
            `text_unprintable`.
    """
    known = catalogue(session)
    unit_id = known.unit_ids.get(unit)
    if unit_id is None:
        raise Refused("unknown_unit", unit=unit)
    written = legible("plan", plan, LONGEST)
    if not written:
        raise Refused("plan_missing")
    _decide(session, topic_id, actor, now, known, state=TAKEN, unit_id=unit_id, plan=written)


def close(session: Session, topic_id: int, result: str, actor: Actor, now: datetime) -> None:
    """Say what came of a topic; what comes up afterwards is a new one.

    Raises:
        Refused: `unknown_topic`, `topic_closed`, `not_for_topics`, `result_missing`, `text_too_long`, `text_unprintable`.
    """
    written = legible("result", result, LONGEST)
    if not written:
        raise Refused("result_missing")
    values = {"closed_at": now, "closed_by": actor.name, "result": written}
    _decide(session, topic_id, actor, now, catalogue(session), state=CLOSED, **values)


def _decide(session: Session, topic_id: int, actor: Actor, now: datetime, known: Catalogue, **values: Any) -> None:  # noqa: ANN401 - columns
    begin_write(session)
    row, _ = topic_of(session, topic_id)
    if row["state"] == CLOSED:
        raise Refused("topic_closed", given=topic_id)
    area = known.line(row["area_unit_id"])
    if actor.covers not in area and "duty_leader" not in actor.roles and row["unit_id"] not in actor.unit_line:
        raise Refused("not_for_topics")
    connection_of(session).execute(update(_topic).where(_topic.c.id == topic_id).values(values))
    said = {name: values[name] for name in ("state", "unit_id", "plan", "result") if name in values}
    records.keep(session, now, actor.name, records.TOPIC, str(topic_id), **said)
