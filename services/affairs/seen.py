"""Which affairs somebody sees: one condition for every list and page of affairs, as `services.visibility` has one for cases.

- Whoever works for a place sees the affairs of that place; administrators those of the whole district.
- Whoever works for a unit sees those of the unit, and those of which it or somebody of it has a part; so does whoever opened one.
- The board of open orders is everybody's; a record of an organisation is seen by that organisation, which may object.
- One kept with a sensitive case is seen by whoever may open the case; one that is hidden by whoever may know of it.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal, or_, select, true, tuple_
from sqlalchemy.orm import Session

from models import Affair, AffairPart, Case, Clock, UtcDateTime, connection_of, table
from rules.facts import Actor, Refused, State, Thing
from rules.handling.claims import PoolState
from services.catalogue import Catalogue, catalogue
from services.desks.restricted import put_look
from services.moves import Row
from services.visibility import places_of, readable, units_of, visible_cases

_affair, _part, _case, _clock = table(Affair), table(AffairPart), table(Case), table(Clock)
_OPEN: Final = and_(_clock.c.case_id == _affair.c.case_id, _clock.c.affair_seq == _affair.c.seq, _clock.c.stopped_at.is_(None))
_KEY: Final = (_affair.c.case_id, _affair.c.seq)
_JOINED: Final = _affair.join(_case, _case.c.id == _affair.c.case_id)
#: Where no clock is open, it is due after all others.
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
_due: Final = func.coalesce(
    select(func.min(_clock.c.due_at)).where(_OPEN).correlate(_affair).scalar_subquery(), literal(_NEVER, UtcDateTime), type_=UtcDateTime
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which affairs are asked for.

    Attributes:
        thing: Only of this kind.
        open_only: Only those that have not ended.
        mine: Only those in which something waits for the viewer, or for his unit.
        words: Only those with these words in title, place or number.
        after: Number of the last one that was shown; the list goes on behind it.
        top: Not those that belong to another one of their kind that is in the list itself.
        by_due: What is due first comes first; what has no open clock, after that, the newest first.
    """

    thing: Thing | None = None
    open_only: bool = True
    mine: bool = False
    words: str = ""
    after: str = ""
    limit: int = 50
    top: bool = False
    by_due: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Affairs in the order that was asked for, each with the open clock that is due first; `next` is what `Wanted.after` takes to go on."""

    rows: list[Row]
    clocks: dict[tuple[int, int], Row]
    next: str


def seen_affairs(session: Session, viewer: Actor, wanted: Wanted) -> Found:
    """A list of what somebody sees; changes nothing.

    Args:
        session: The unit of work.
        viewer: Somebody of the staff.
        wanted: Which.
    """
    asked = _list(session, viewer, wanted, catalogue(session))
    if wanted.after:
        asked = asked.where(_behind(session, wanted))
    order = (*((_due,) if wanted.by_due else ()), _affair.c.opened_at.desc(), _affair.c.no.desc())
    rows = [dict(row) for row in connection_of(session).execute(asked.order_by(*order).limit(wanted.limit + 1)).mappings()]
    shown = rows[: wanted.limit]
    return Found(shown, _clocks(session, shown), str(shown[-1]["no"]) if len(rows) > wanted.limit else "")


def count_seen(session: Session, viewer: Actor, wanted: Wanted) -> int:
    """How many affairs `seen_affairs` lists in all, over all its pages."""
    found = _list(session, viewer, wanted, catalogue(session)).with_only_columns(_affair.c.no).subquery()
    return int(connection_of(session).execute(select(func.count()).select_from(found)).scalar_one())


def _list(session: Session, viewer: Actor, wanted: Wanted, known: Catalogue) -> Select[Any]:
    """What is asked for of what the viewer sees: every right stands in the statement, so that a page is full and a count is true."""
    rights = (_visible(viewer, known), *_rights(session, viewer, known))
    found = select(_affair, _case.c.no.label("case_no")).select_from(_JOINED).where(*rights, *_asked(wanted))
    if wanted.mine:
        found = found.where(_waits_for(viewer))
    if wanted.top:
        above = _list(session, viewer, replace(wanted, top=False), known).with_only_columns(*_KEY).correlate(None)
        parent = tuple_(_affair.c.parent_case_id, _affair.c.parent_seq)
        found = found.where(or_(_affair.c.parent_seq.is_(None), parent.not_in(above)))
    return found


def look_into(session: Session, viewer: Actor, no: str, now: datetime) -> None:
    """See to it that somebody sees the affair whose page is about to be shown; one of a sensitive case puts the look on record.

    Raises:
        Refused: `unknown_affair`, as `check_seen`.
    """
    (row,) = _checked(session, viewer, no)
    if row["sensitive"] is not None:
        put_look(session, row["no"] if row["state"] == State.BESIDE else row["case_no"], viewer, now)


def check_seen(session: Session, viewer: Actor, no: str) -> None:
    """See to it that somebody sees the affair with this number.

    Raises:
        Refused: `unknown_affair`: whether there is one that he does not see is not told either.
    """
    _checked(session, viewer, no)


def _checked(session: Session, viewer: Actor, no: str) -> list[Row]:
    found = _among(session, viewer, [no.strip().upper()])
    if not found:
        raise Refused("unknown_affair", affair=no)
    return found


def seen_among(session: Session, viewer: Actor, numbers: Collection[str]) -> frozenset[str]:
    """Those of these affairs whose page somebody may open, in one statement."""
    return frozenset(row["no"] for row in _among(session, viewer, numbers)) if numbers else frozenset()


def _among(session: Session, viewer: Actor, numbers: Collection[str]) -> list[Row]:
    """Whoever sees a case, or inspects, opens the pages of what belongs to it as well, though they are not on his list."""
    known = catalogue(session)
    inspects = _listed(_affair.c.data["inspectors"], [viewer.user_id])
    theirs = or_(_visible(viewer, known), inspects, and_(~_affair.c.hidden, visible_cases(session, viewer)))
    wanted = select(_affair.c.no, _case.c.no.label("case_no"), _case.c.sensitive, _case.c.state).select_from(_JOINED)
    rows = connection_of(session).execute(wanted.where(_affair.c.no.in_(numbers), theirs, *_rights(session, viewer, known)))
    return [dict(row) for row in rows.mappings()]


def _rights(session: Session, viewer: Actor, known: Catalogue) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What nobody gets around: of a sensitive case for whoever may open it (`seeing.may_open`), hidden for others (`reading.may_know`)."""
    files = readable(session, viewer, known, files=True)
    opened = or_(_case.c.sensitive.is_(None), _case.c.id.in_(files)) if files else _case.c.sensitive.is_(None)
    data = _affair.c.data
    looked_at = _listed(data["units"], [unit for unit in (*viewer.unit_line, viewer.covers) if unit is not None])
    owns = or_(_affair.c.unit_id.in_(viewer.body), _listed(data["inspectors"], [viewer.user_id]))
    known_to = true() if "duty_leader" in viewer.roles else owns
    return opened, or_(~_affair.c.hidden, and_(~looked_at, known_to))


def _visible(viewer: Actor, known: Catalogue) -> ColumnElement[bool]:
    if "admin" in viewer.roles:
        return true()
    units, places = sorted(units_of(viewer, known)), sorted(places_of(viewer, known))
    theirs = or_(_part.c.unit_id.in_(units), _part.c.staff_id == viewer.user_id, _listed(_part.c.data["with"], units))
    part = exists().where(_part.c.case_id == _affair.c.case_id, _part.c.seq == _affair.c.seq, theirs)
    board = and_(_affair.c.thing == Thing.POOL.value, _affair.c.state == PoolState.OPEN.value)
    about = case((_affair.c.thing == Thing.RECORD.value, _affair.c.data["unit"].as_integer())).in_(units)
    mine = or_(_affair.c.unit_id.in_(units), _affair.c.staff_id == viewer.user_id, _affair.c.opened_by == viewer.name, part, board, about)
    named = or_(mine, _affair.c.hidden.is_(True))  # who may know of a hidden one: `_rights`
    return or_(named, _affair.c.area_unit_id.in_(places)) if places else named


def _listed(column: Any, ids: Collection[int | None]) -> ColumnElement[bool]:  # noqa: ANN401 - a JSON column's element
    """Whether one of these ids stands in a list of the row's data, which both databases give as text; where there is no list, none does."""
    text = func.replace(func.replace(func.replace(func.coalesce(column.as_string(), ""), " ", ""), "[", ","), "]", ",")
    return or_(false(), *(text.contains(f",{each},") for each in ids if each is not None))


def _asked(wanted: Wanted) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.thing is not None:
        asked.append(_affair.c.thing == wanted.thing.value)
    if wanted.open_only:
        asked.append(_affair.c.ended_at.is_(None))
    if wanted.words:
        texts = (_affair.c.no, _affair.c.title, _affair.c.place)
        asked.append(or_(*(text.contains(wanted.words, autoescape=True) for text in texts)))
    return asked


def _behind(session: Session, wanted: Wanted) -> ColumnElement[bool]:
    last = connection_of(session).execute(select(_affair.c.opened_at, _due.label("due")).where(_affair.c.no == wanted.after)).one_or_none()
    if last is None:
        raise Refused("unknown_affair", affair=wanted.after)
    older = or_(_affair.c.opened_at < last.opened_at, and_(_affair.c.opened_at == last.opened_at, _affair.c.no < wanted.after))
    return or_(_due > last.due, and_(_due == last.due, older)) if wanted.by_due else older


def _waits_for(actor: Actor) -> ColumnElement[bool]:
    """Whether an open clock runs for the person: for the unit, for a part of his own, or because he is in charge of it."""
    part = and_(_part.c.case_id == _clock.c.case_id, _part.c.no == _clock.c.part_no, _part.c.staff_id == actor.user_id)
    theirs = and_(_clock.c.part_no.is_(None), _affair.c.staff_id == actor.user_id)
    return exists().where(_OPEN, or_(_clock.c.unit_id.in_(actor.body), theirs, exists().where(part))).correlate(_affair)


def _clocks(session: Session, rows: list[Row]) -> dict[tuple[int, int], Row]:
    """Of each affair the open clock that is due first."""
    ids = sorted({row["case_id"] for row in rows})
    wanted = select(_clock).where(_clock.c.case_id.in_(ids), _clock.c.affair_seq.is_not(None), _clock.c.stopped_at.is_(None))
    found: dict[tuple[int, int], Row] = {}
    for clock in connection_of(session).execute(wanted.order_by(_clock.c.due_at, _clock.c.id)).mappings():
        found.setdefault((clock["case_id"], clock["affair_seq"]), dict(clock))
    return found
