"""Reading what waits: one question for all open clocks of a person's unit, then one row a thing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from models import Affair, AffairPart, Case, Clock, SupervisionOrder, WorkOrder, connection_of, table
from rules.facts import OPEN_SUPERVISION, Actor, State
from services.catalogue import Catalogue, catalogue
from services.due_list import NOBODYS
from services.listing import light_of
from services.privacy.masking import masked
from services.privacy.seeing import PATROL
from services.visibility import places_of, units_of, visible_cases
from services.worklist.sorting import ORDER, burns
from services.worklist.tasks import Row, Task, next_of, role_of, thing_of, waits_ack

MOST: Final = 3000  #: open clocks looked at, the soonest due first
_case, _clock, _order, _supervision = table(Case), table(Clock), table(WorkOrder), table(SupervisionOrder)
_affair, _part = table(Affair), table(AffairPart)
_OF_CASE: Final = ("no", "version", "state", "subject", "place", "category", "urgency", "area_unit_id", "source", "sensitive", "reporters")
_OF_ORDER: Final = ("lead", "deemed", "handler_id", "assigned_unit_id", "extension_no")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a unit; `cut`: only of the `MOST` clocks that are due first, there are more."""

    tasks: list[Task]
    cut: bool


def worklist(session: Session, viewer: Actor, now: datetime) -> list[Task]:
    """What waits for the viewer's unit, what burns first on top: late, due soon, on time, on hold; then by due moment.

    That is: its work orders, what it holds in step ③, what it has to verify, what its desk decides, supervision orders that it
    has to answer, and its parts of affairs. A desk of a street sees what waits at the district's desk about places of its own.

    Args:
        session: The unit of work; nothing is changed.
        viewer: Somebody of the staff; others have no inbox, and find it empty.
        now: The instant, aware UTC.
    """
    return waiting(session, viewer, now).tasks


def waiting(session: Session, viewer: Actor, now: datetime) -> Waiting:
    """The same, and whether there is more of it than is looked at."""
    if viewer.unit_id is None:
        return Waiting([], cut=False)
    known = catalogue(session)
    units = units_of(viewer, known)
    things: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    rows = _open_clocks(session, viewer, units, known)
    for row in rows[:MOST]:
        things[row["case_id"], *thing_of(row)].append(row)
    supervised = _supervised(session, units)
    return Waiting(sorted((_task(found, supervised, known, now) for found in things.values()), key=burns), cut=len(rows) > MOST)


def _open_clocks(session: Session, viewer: Actor, units: frozenset[int], known: Catalogue) -> list[Row]:
    visible = or_(visible_cases(session, viewer), (_case.c.state == State.BESIDE.value) & _case.c.sensitive.is_(None))
    query = _joined().where(_clock.c.stopped_at.is_(None), _clock.c.kind.not_in(NOBODYS), _theirs(viewer, units, known), visible)
    found = connection_of(session).execute(query.order_by(_clock.c.due_at, _clock.c.id).limit(MOST + 1))
    return [dict(row) for row in found.mappings()]


def _theirs(viewer: Actor, units: frozenset[int], known: Catalogue) -> ColumnElement[bool]:
    own = _clock.c.unit_id.in_(sorted(units))
    if "dispatcher" not in viewer.roles or known.desk_id is None or known.desk_id in units:
        return own
    theirs = _clock.c.unit_id.in_(sorted(units | {known.desk_id}))
    return theirs & or_(own, _case.c.area_unit_id.in_(sorted(places_of(viewer, known))))


def _joined() -> Select[Any]:
    """Clocks with what they are about; an affair's file has its own title."""
    order = (_order.c.case_id == _clock.c.case_id) & (_order.c.no == _clock.c.order_no)
    supervision = (_supervision.c.case_id == _clock.c.case_id) & (_supervision.c.seq == _clock.c.supervision_seq)
    affair = (_affair.c.case_id == _clock.c.case_id) & (_affair.c.seq == _clock.c.affair_seq)
    part = (_part.c.case_id == _clock.c.case_id) & (_part.c.no == _clock.c.part_no)
    columns = (
        *(_case.c[name].label(f"case_{name}") for name in _OF_CASE),
        *(_order.c[name] for name in _OF_ORDER),
        _order.c.state.label("order_state"),
        _supervision.c.state.label("supervision_state"),
        _affair.c.thing.label("affair_thing"),
        _affair.c.title.label("affair_title"),
        _part.c.title.label("part_title"),
    )
    tables = _clock.join(_case, _case.c.id == _clock.c.case_id).outerjoin(_order, order).outerjoin(_supervision, supervision)
    return select(_clock, *columns).select_from(tables.outerjoin(_affair, affair).outerjoin(_part, part))


def _supervised(session: Session, units: frozenset[int]) -> frozenset[int]:
    """Cases about which a supervision order lies with one of these units."""
    states = sorted(state.value for state in OPEN_SUPERVISION)
    wanted = select(_supervision.c.case_id).where(_supervision.c.unit_id.in_(sorted(units)), _supervision.c.state.in_(states))
    return frozenset(connection_of(session).scalars(wanted))


def _task(rows: Sequence[Row], supervised: frozenset[int], known: Catalogue, now: datetime) -> Task:
    lights = ((light_of(row, known, now), row) for row in rows)
    light, clock = min(lights, key=lambda each: (ORDER.index(each[0]), each[1]["due_at"]))
    thing, no = thing_of(clock)
    return Task(
        _case_of(clock, known),
        thing,
        no,
        role_of(clock),
        clock,
        light,
        next_of(clock),
        handler_id=clock["handler_id"],
        waits_ack=waits_ack(clock),
        supervised=clock["case_id"] in supervised,
    )


def _case_of(row: Row, known: Catalogue) -> Row:
    """Columns of the case as anybody in the unit may read them: of the sources that handlers may not learn, none shows."""
    case = {name: row[f"case_{name}"] for name in _OF_CASE}
    source = PATROL if known.source_facts[case["source"]].concealed else case["source"]
    title = row["part_title"] or row["affair_title"] or case["subject"]
    return case | {"id": row["case_id"], "source": source, "subject": masked(title), "place": masked(case["place"])}
