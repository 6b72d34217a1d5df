"""Which affairs somebody sees: one condition for every list and page of affairs, as `services.visibility` has one for cases.

- Whoever works for a place sees the affairs of that place; administrators those of the whole district.
- Whoever works for a unit sees those of the unit, and those of which it or somebody of it has a part; so does whoever opened one.
- The board of open orders is everybody's; a record of an organisation is seen by that organisation, which may object.
- One kept with a sensitive case is seen by whoever may open the case; one that is hidden by whoever may know of it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select, true
from sqlalchemy.orm import Session

from models import Affair, AffairPart, Case, Clock, connection_of, table
from rules.facts import Actor, Refused, Thing
from rules.handling.claims import PoolState
from services.affairs.reading import find, may_know
from services.catalogue import Catalogue, catalogue
from services.moves import Row
from services.privacy.seeing import may_open
from services.visibility import is_visible, places_of, units_of

_affair, _part, _case, _clock = table(Affair), table(AffairPart), table(Case), table(Clock)
_OPEN: Final = and_(_clock.c.case_id == _affair.c.case_id, _clock.c.affair_seq == _affair.c.seq, _clock.c.stopped_at.is_(None))
_COLUMNS: Final = (_affair, _case.c.no.label("case_no"))
_FACTS: Final = (*(_case.c[name] for name in ("sensitive", "readers", "requester_id")), _case.c.area_unit_id.label("case_area_id"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which affairs are asked for.

    Attributes:
        thing: Only of this kind.
        open_only: Only those that have not ended.
        mine: Only those in which something waits for the viewer, or for his unit.
        words: Only those with these words in title, place or number.
        after: Number of the last one that was shown; the list goes on behind it.
    """

    thing: Thing | None = None
    open_only: bool = True
    mine: bool = False
    words: str = ""
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Found:
    """Affairs, newest first, each with the open clock that is due first; `next` is what `Wanted.after` takes to go on."""

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
    known = catalogue(session)
    query = select(*_COLUMNS, *_FACTS).join(_case, _case.c.id == _affair.c.case_id).where(_visible(viewer, known), *_asked(session, wanted))
    if wanted.mine:
        query = query.where(_waits_for(viewer))
    order = (_affair.c.opened_at.desc(), _affair.c.no.desc())
    rows = [dict(row) for row in connection_of(session).execute(query.order_by(*order).limit(wanted.limit + 1)).mappings()]
    shown = [row for row in rows[: wanted.limit] if _known_to(row, viewer, known)]
    after = str(rows[wanted.limit - 1]["no"]) if len(rows) > wanted.limit else ""
    return Found(shown, _clocks(session, shown), after)


def check_seen(session: Session, viewer: Actor, no: str) -> None:
    """See to it that somebody sees the affair with this number.

    Raises:
        Refused: `unknown_affair`: whether there is one that he does not see is not told either.
    """
    known, ref = catalogue(session), find(session, no)
    query = select(*_COLUMNS, *_FACTS, _visible(viewer, known).label("theirs")).join(_case, _case.c.id == _affair.c.case_id)
    row = dict(connection_of(session).execute(query.where(_affair.c.no == ref.no)).mappings().one())
    inspects = viewer.user_id in row["data"].get("inspectors", ())
    seen = row["theirs"] or inspects or (not row["hidden"] and is_visible(session, viewer, row["case_no"]))
    if not seen or not _known_to(row, viewer, known):
        raise Refused("unknown_affair", affair=no)


def _visible(viewer: Actor, known: Catalogue) -> ColumnElement[bool]:
    if "admin" in viewer.roles:
        return true()
    units, places = sorted(units_of(viewer, known)), sorted(places_of(viewer, known))
    theirs = or_(_part.c.unit_id.in_(units), _part.c.staff_id == viewer.user_id, _along(units))
    part = exists().where(_part.c.case_id == _affair.c.case_id, _part.c.seq == _affair.c.seq, theirs)
    board = and_(_affair.c.thing == Thing.POOL.value, _affair.c.state == PoolState.OPEN.value)
    about = case((_affair.c.thing == Thing.RECORD.value, _affair.c.data["unit"].as_integer())).in_(units)
    mine = or_(_affair.c.unit_id.in_(units), _affair.c.staff_id == viewer.user_id, _affair.c.opened_by == viewer.name, part, board, about)
    named = or_(mine, _affair.c.hidden.is_(True))  # who may know of a hidden one is looked at row by row
    return or_(named, _affair.c.area_unit_id.in_(places)) if places else named


def _along(units: list[int]) -> ColumnElement[bool]:
    """Whether one of these units handles a part along with another: its numbers stand in a list of the part, on both databases as text."""
    text = _part.c.data["with"].as_string()
    listed = func.replace(func.replace(func.replace(text, " ", ""), "[", ","), "]", ",")
    return or_(false(), *(listed.contains(f",{unit},") for unit in units))


def _known_to(row: Row, viewer: Actor, known: Catalogue) -> bool:
    return may_know(row, viewer) and may_open({**row, "area_unit_id": row["case_area_id"]}, viewer, known)


def _asked(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.thing is not None:
        asked.append(_affair.c.thing == wanted.thing.value)
    if wanted.open_only:
        asked.append(_affair.c.ended_at.is_(None))
    if wanted.words:
        texts = (_affair.c.no, _affair.c.title, _affair.c.place)
        asked.append(or_(*(text.contains(wanted.words, autoescape=True) for text in texts)))
    if wanted.after:
        asked.append(_behind(session, wanted.after))
    return asked


def _behind(session: Session, no: str) -> ColumnElement[bool]:
    opened: datetime | None = connection_of(session).execute(select(_affair.c.opened_at).where(_affair.c.no == no)).scalar_one_or_none()
    if opened is None:
        raise Refused("unknown_affair", affair=no)
    return or_(_affair.c.opened_at < opened, and_(_affair.c.opened_at == opened, _affair.c.no < no))


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
