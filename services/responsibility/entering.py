"""Entering what is responsible for what: whole tables, all rows or none, nothing overwritten: what begins later follows what was there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models import begin_write, connection_of, table
from rules.facts import Actor, Refused
from services.catalogue import Catalogue, catalogue
from services.duty import Wrong
from services.intake import Report
from services.intake.importing import is_phone
from services.intake.people import requesters_of
from services.mechanisms import require
from services.people.rights import on_record
from services.responsibility.duties import ends
from services.responsibility.sheets import CellError, Kind, Reader, kind_of
from services.tables import Table, TableRow

#: Roles that may enter what lies in their own area, of their own people; an administrator may enter anything.
_KEEPERS: Final = frozenset({"head", "dispatcher", "duty_leader"})
_UNSEEN: Final = frozenset({"id", "entered_at", "entered_by", "ended_at", "ended_by"})


class SheetRefused(Refused):
    """A table with rows that cannot be used: nothing of it was entered.

    Attributes:
        wrong: What is wrong, by line and column.
    """

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__("responsibility_refused", rows=len(wrong))
        self.wrong = tuple(wrong)


@dataclass(slots=True)
class Entered:
    """What became of a table: rows that are new, rows that were there, and new ones that follow an older one."""

    new: int = 0
    known: int = 0
    following: int = 0


@dataclass(slots=True)
class _Sheet:
    """A table while it is read."""

    kind: Kind
    table: Table
    reader: Reader
    actor: Actor
    rows: list[tuple[TableRow, dict[str, Any]]] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)

    def complain(self, row: TableRow, column: str, code: str, detail: str) -> None:
        """Set a row aside."""
        self.wrong.append(Wrong(column, self.table.reject(row, code, detail)))


def enter(session: Session, code: str, given: Table, actor: Actor, now: datetime) -> Entered:
    """Enter a whole table. May run twice: what is there already is not entered again.

    Args:
        session: The unit of work; to be given up when this raises.
        code: Kind of table: `matrix`, `lines`, `posts`, `offices`, `stations` or `profiles`.
        given: The table, read with the columns that `KINDS[code].required` names.
        actor: Who enters it: an administrator; or a head, dispatcher or duty leader, of the own area and of people of the own unit
            or below it only.
        now: The moment, aware UTC; rows may begin later.

    Raises:
        SheetRefused: rows cannot be used; it says which, and nothing was entered.
        Refused: `unknown_sheet`; `mechanism_off`; `not_for_responsibility`.
    """
    kind = kind_of(code)
    require(session, kind.mechanism)
    if not actor.roles & (_KEEPERS | {"admin"}):
        raise Refused("not_for_responsibility")
    begin_write(session)
    sheet = _Sheet(kind, given, Reader(catalogue(session), _residents(session, given)), actor)
    sheet.wrong = [Wrong("", reject) for reject in given.rejects]
    for row in given.rows:
        _read(row, sheet)
    entered = _compare(session, sheet, now)
    if sheet.wrong:
        raise SheetRefused(sorted(sheet.wrong, key=lambda wrong: wrong.reject.line))
    if entered.new:
        on_record(session, actor.name, "responsibility_entered", code, {"rows": entered.new, "following": entered.following}, now)
    return entered


def _residents(session: Session, given: Table) -> Mapping[str, int]:
    """Ids of the residents whom a table names by their number; those not known yet are written down."""
    numbers = {row.values.get("holder", "") for row in given.rows}
    return requesters_of(session, [Report("", "", requester=text, phone=text) for text in sorted(numbers) if is_phone(text)])


def _read(row: TableRow, sheet: _Sheet) -> None:
    values: dict[str, Any] = {}
    for column in sheet.kind.columns:
        text = row.values.get(column.name, "")
        try:
            if column.wanted and not text:
                raise CellError("cell_missing")
            values |= column.read(text, sheet.reader)
        except CellError as wrong:
            sheet.complain(row, column.name, wrong.code, text)
            return
    _whole(row, values, sheet)


def _whole(row: TableRow, values: dict[str, Any], sheet: _Sheet) -> None:
    """What a row says as a whole: it has a unit, ends after it begins, and is this person's to enter."""
    known = sheet.reader.known
    if "unit_id" in values and values["unit_id"] is None and values["staff_id"] is not None:
        values["unit_id"] = known.by_id[values["staff_id"]].unit_id
    if "unit_id" in values and values["unit_id"] is None:
        sheet.complain(row, "unit", "unit_or_user_missing", "")
    elif values["until"] is not None and values["until"] <= values["since"]:
        sheet.complain(row, "to", "ends_before", f"{row.values['from']}–{row.values['to']}")
    elif (foreign := _foreign(sheet.actor, known, sheet.kind, values)) is not None:
        sheet.complain(row, *foreign)
    else:
        sheet.rows.append((row, values))


def _foreign(actor: Actor, known: Catalogue, kind: Kind, row: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """What of a row is not this person's to say, as column, code and detail; None: all of it is, as it always is an administrator's.

    Place, unit and people must all lie in or below the own unit, or the area that it covers: nobody binds other units' people.
    """
    if "admin" in actor.roles:
        return None
    own = {actor.unit_id, actor.covers} - {None}
    for name in (kind.area, "unit_id"):
        if row.get(name) is not None and not own & set(known.line(row[name])):
            return "", "not_your_area", known.units[row[name]].code
    for name, column in (("staff_id", "user"), ("deputy_id", "deputy")):
        person = known.by_id[row[name]] if row.get(name) is not None else None
        if person is not None and not own & set(known.line(person.unit_id)):
            return column, "not_your_person", person.name
    return None


def may_end(actor: Actor, known: Catalogue, kind: Kind, row: Mapping[str, Any]) -> bool:
    """Whether somebody may end a row: whoever might have entered it, and of what is shown in public whoever it shows."""
    keeps = bool(actor.roles & (_KEEPERS | {"admin"})) and _foreign(actor, known, kind, row) is None
    return keeps or ("shown_name" in row and row["staff_id"] is not None and row["staff_id"] == actor.user_id)


def _compare(session: Session, sheet: _Sheet, now: datetime) -> Entered:
    """Tell what is new from what is there, and enter it; what says otherwise of the same moment is a mistake."""
    kind, run = sheet.kind, connection_of(session).execute
    of, first = table(kind.model), dict[tuple[Any, ...], int]()
    areas = {values[kind.area] for _, values in sheet.rows}
    there = [dict(r) for r in run(select(of).where(of.c[kind.area].in_(sorted(areas)))).mappings()] if areas else []
    by_key = {_key(row, kind.same): row for row in there}
    older = {_key(row, _apart(kind)) for row in there}
    entered, new = Entered(), []
    for row, values in sheet.rows:
        key = _key(values, kind.same)
        if (before := first.setdefault(key, row.line)) != row.line:
            sheet.complain(row, "", "twice", str(before))
        elif key not in by_key:
            new.append(values)
            entered.following += _key(values, _apart(kind)) in older
        elif difference := next(_differing(values, by_key[key]), None):
            sheet.complain(row, "", "already_otherwise", difference)
        else:
            entered.known += 1
    entered.new = len(new)
    if new and not sheet.wrong:
        run(insert(of), [{**values, "entered_at": now, "entered_by": sheet.actor.name} for values in new])
    return entered


def _apart(kind: Kind) -> tuple[str, ...]:
    """What versions of one row have in common."""
    return tuple(name for name in kind.same if name != "since")


def _key(row: Mapping[str, Any], names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def _differing(values: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    """Columns that say otherwise than what is there; what was ended before its time is the same row all the same."""
    ended = there["until"] is not None and (values["until"] is None or there["until"] < values["until"])
    unseen = _UNSEEN | ({"until"} if ended else set())
    return (name for name, value in values.items() if name not in unseen and there[name] != value)


def end(session: Session, code: str, row_id: int, at: datetime, actor: Actor, now: datetime) -> None:
    """End a row of a table before its time, or take it back; it stays on record with who did it. Safe to repeat with the same moment.

    Also while the mechanism is off: what was promised or shown can be taken back at any time.

    Args:
        session: The unit of work.
        code: Kind of table.
        row_id: Its number.
        at: From when on it holds no more, aware UTC.
        actor: Who ends it: whoever might have entered it; a profile also the person that it shows.
        now: The moment, aware UTC.

    Raises:
        Refused: `unknown_sheet`; `unknown_responsibility`; `not_for_responsibility`; `ends_before`; `already_ended`.
    """
    kind = kind_of(code)
    begin_write(session)
    run, of = connection_of(session).execute, table(kind.model)
    row = run(select(of).where(of.c.id == row_id)).mappings().one_or_none()
    if row is None:
        raise Refused("unknown_responsibility", given=row_id)
    if not may_end(actor, catalogue(session), kind, dict(row)):
        raise Refused("not_for_responsibility")
    if at <= row["since"]:
        raise Refused("ends_before", since=row["since"].isoformat(), until=at.isoformat())
    before = ends(dict(row))
    if before == at:
        return
    if before is not None and before <= now:
        raise Refused("already_ended", given=row_id)
    run(update(of).where(of.c.id == row_id).values({"ended_at": at, "ended_by": actor.name} if "ended_at" in of.c else {"until": at}))
    said = {"kind": code, "at": at.isoformat(), "before": before.isoformat() if before else None}
    on_record(session, actor.name, "responsibility_ended", str(row_id), said, now)
