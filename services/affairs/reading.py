"""Finding and reading affairs: a list, one whole, and by its number where it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from models import Affair, AffairCase, AffairPart, Case, Clock, Journal, connection_of, table
from rules.facts import Actor, Refused, Thing
from rules.handling import AFFAIRS
from services.catalogue import catalogue
from services.moves import Row
from services.privacy.masking import masked
from services.privacy.seeing import may_open

_affair, _part, _linked, _case = table(Affair), table(AffairPart), table(AffairCase), table(Case)
_clock, _journal = table(Clock), table(Journal)
_OPEN: Final = and_(_clock.c.case_id == _affair.c.case_id, _clock.c.affair_seq == _affair.c.seq, _clock.c.stopped_at.is_(None))


@dataclass(frozen=True, slots=True)
class Ref:
    """Where an affair is kept."""

    no: str
    case_id: int
    seq: int
    thing: Thing


@dataclass(frozen=True, slots=True)
class AffairLine:
    """One line of a list of affairs; `due` is the next moment of any of its clocks."""

    no: str
    thing: str
    form: str
    state: str
    title: str
    place: str
    area_unit_id: int
    unit_id: int | None
    opened_at: datetime
    ended_at: datetime | None
    case_no: str
    due: datetime | None


@dataclass(frozen=True, slots=True)
class AffairSheet:
    """One affair whole.

    Attributes:
        affair: Its row, with the number of the case file it is kept with as `case_no`.
        parts: Its parts, by number.
        cases: Numbers of the further cases that it is about.
        clocks: Its open clocks.
        journal: What happened to it, oldest first.
    """

    affair: Row
    parts: list[Row]
    cases: list[str] = field(default_factory=list)
    clocks: list[Row] = field(default_factory=list)
    journal: list[Row] = field(default_factory=list)


def find(session: Session, no: str, *things: Thing) -> Ref:
    """Where the affair with this number is kept.

    Args:
        session: The unit of work.
        no: Its number, in small letters too.
        things: Kinds that it must be of; none: any.

    Raises:
        Refused: `unknown_affair`.
    """
    row = connection_of(session).execute(select(_affair).where(_affair.c.no == no.strip().upper())).one_or_none()
    if row is None or (things and Thing(row.thing) not in things):
        raise Refused("unknown_affair", affair=no)
    return Ref(row.no, row.case_id, row.seq, Thing(row.thing))


def affairs(
    session: Session,
    things: Sequence[Thing] = (),
    *,
    open_only: bool = False,
    area_unit_id: int | None = None,
    unit_id: int | None = None,
    mine: Actor | None = None,
    limit: int = 50,
) -> list[AffairLine]:
    """A list of affairs, newest first; those of sensitive cases and hidden ones are never on it.

    Args:
        session: The unit of work.
        things: Kinds; none: all.
        open_only: Only those that have not ended.
        area_unit_id: Only of this area.
        unit_id: Only of this unit.
        mine: Only those in which something waits for this person, or for the unit he or she works in.
        limit: The longest list.
    """
    wanted: list[ColumnElement[bool]] = [_case.c.sensitive.is_(None), _affair.c.hidden.is_(False)]
    if things:
        wanted.append(_affair.c.thing.in_([thing.value for thing in things]))
    if open_only:
        wanted.append(_affair.c.ended_at.is_(None))
    if area_unit_id is not None:
        wanted.append(_affair.c.area_unit_id == area_unit_id)
    if unit_id is not None:
        wanted.append(_affair.c.unit_id == unit_id)
    if mine is not None:
        wanted.append(_waits_for(mine))
    due = select(func.min(_clock.c.due_at)).where(_OPEN).correlate(_affair).scalar_subquery()
    query = (
        select(_affair, _case.c.no.label("case_no"), due.label("due"))
        .join(_case, _case.c.id == _affair.c.case_id)
        .where(*wanted)
        .order_by(_affair.c.opened_at.desc(), _affair.c.case_id.desc(), _affair.c.seq.desc())
        .limit(limit)
    )
    names = [each.name for each in fields(AffairLine)]
    return [AffairLine(**{name: row[name] for name in names}) for row in connection_of(session).execute(query).mappings()]


def _waits_for(actor: Actor) -> ColumnElement[bool]:
    """Whether a clock of the affair runs for a person: for the unit, for the person whose part it is, or who is in charge of it."""
    part = and_(_part.c.case_id == _clock.c.case_id, _part.c.no == _clock.c.part_no)
    theirs = and_(_clock.c.part_no.is_(None), _affair.c.staff_id.is_not(None), _affair.c.staff_id == actor.user_id)
    resident = and_(_part.c.requester_id.is_not(None), _part.c.requester_id == actor.resident_id)
    person = or_(and_(_part.c.staff_id.is_not(None), _part.c.staff_id == actor.user_id), resident)
    whose = exists().where(part, person)
    return exists().where(_OPEN, or_(_clock.c.unit_id.in_(actor.body), theirs, whose)).correlate(_affair)


def sheet(session: Session, no: str, reader: Actor | None = None) -> AffairSheet:
    """One affair whole.

    Args:
        session: The unit of work.
        no: Its number.
        reader: Who looks; None: the program itself. Hidden ones are shown to the unit whose affair it is and to the centre.

    Raises:
        Refused: `unknown_affair`, `restricted`.
    """
    ref, run = find(session, no), connection_of(session).execute
    row = (
        run(
            select(
                _affair,
                _case.c.no.label("case_no"),
                _case.c.area_unit_id.label("case_area_id"),
                *(_case.c[n] for n in ("sensitive", "readers", "requester_id")),
            )
            .join(_case, _case.c.id == _affair.c.case_id)
            .where(_affair.c.case_id == ref.case_id, _affair.c.seq == ref.seq)
        )
        .mappings()
        .one()
    )
    parts = run(select(_part).where(_part.c.case_id == ref.case_id, _part.c.seq == ref.seq).order_by(_part.c.no)).mappings()
    found = [dict(part) for part in parts]
    if reader is not None:
        _check_seen(session, dict(row), found, reader)
    cases = run(
        select(_case.c.no).join(_linked, _linked.c.case_id == _case.c.id).where(_linked.c.home_id == ref.case_id, _linked.c.seq == ref.seq)
    )
    clocks = run(
        select(_clock)
        .where(_clock.c.case_id == ref.case_id, _clock.c.affair_seq == ref.seq, _clock.c.stopped_at.is_(None))
        .order_by(_clock.c.due_at)
    ).mappings()
    return AffairSheet(
        dict(row), found, list(cases.scalars()), [dict(c) for c in clocks], _journal_of(session, ref, {p["no"] for p in found})
    )


def _journal_of(session: Session, ref: Ref, parts: set[int]) -> list[Row]:
    """Entries of the case file's journal that are about this affair: the one that opened it, its moves, those of its parts, its clocks."""
    rows = connection_of(session).execute(select(_journal).where(_journal.c.case_id == ref.case_id).order_by(_journal.c.seq)).mappings()
    things = {part.thing.value for part in AFFAIRS[ref.thing].parts}

    def about(row: Row) -> bool:
        if row["seq"] == ref.seq or (row["thing"] == ref.thing.value and row["thing_no"] == ref.seq):
            return True
        return (row["thing"] in things and row["thing_no"] in parts) or (row["thing"] == "clock" and row["data"].get("affair") == ref.seq)

    return [dict(row) for row in rows if about(dict(row))]


def opened_affair(session: Session, no: str, reader: Actor | None) -> AffairSheet:
    """One affair whole for whoever looks from outside the program.

    Args:
        session: The unit of work.
        no: Its number.
        reader: Who looks; None: whoever sits at the machine, for whom neither sensitive cases nor hidden affairs are.

    Raises:
        Refused: `unknown_affair`, `restricted`.
    """
    found = sheet(session, no, reader)
    if reader is None and found.affair["sensitive"] is not None:
        raise Refused("restricted")
    if reader is None and found.affair["hidden"]:
        raise Refused("unknown_affair", affair=no)
    return _blotted(found) if masks(found.affair, reader) else found


def masks(row: Mapping[str, Any], reader: Actor | None) -> bool:
    """Whether numbers that somebody wrote into an affair are blotted out: for all but its unit, who opened it, and who asked for it."""
    if reader is None:
        return True
    own = reader.name == row["opened_by"] or (reader.resident_id is not None and reader.resident_id == row["asker_id"])
    return not own and row["unit_id"] not in reader.body


def _blotted(found: AffairSheet) -> AffairSheet:
    return replace(found, affair=_blot(found.affair), parts=_blot(found.parts), journal=_blot(found.journal))


def _blot(value: Any) -> Any:  # noqa: ANN401 - whatever a row holds
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {key: _blot(each) for key, each in value.items()}
    return [_blot(each) for each in value] if isinstance(value, list | tuple) else value


def _check_seen(session: Session, row: Row, parts: Sequence[Row], reader: Actor) -> None:
    """Residents see what they asked for or take part in; hidden ones are seen by their owner and the centre.

    Raises:
        Refused: `restricted`, `unknown_affair`.
    """
    known = catalogue(session)
    takes_part = reader.resident_id is not None and reader.resident_id in (row["asker_id"], *(p["requester_id"] for p in parts))
    if not takes_part and not may_open({**row, "area_unit_id": row["case_area_id"]}, reader, known):
        raise Refused("restricted")
    if (reader.resident_id is not None and not takes_part) or not may_know(row, reader):
        raise Refused("unknown_affair", affair=row["no"])


def may_know(row: Mapping[str, Any], reader: Actor) -> bool:
    """Whether somebody may know of an affair: of a hidden one its owner, whoever is named in it, and a duty leader.

    Never anybody of a unit that it looks at, whatever the post.
    """
    if not row["hidden"]:
        return True
    data = row["data"]
    if set(data.get("units", ())) & {*reader.unit_line, reader.covers}:
        return False
    return reader.user_id in data.get("inspectors", ()) or row["unit_id"] in reader.body or "duty_leader" in reader.roles
