"""The list of a day (每日一清单) or of a week (周调度): made once, frozen, read by everybody as far as he or she may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from models import Case, DutyLine, DutyList, connection_of, table
from rules.facts import STAFF, Actor, Refused
from services.catalogue import Catalogue, catalogue
from services.mechanisms import is_on, require
from services.moves import Row
from services.privacy.masking import masked
from services.privacy.seeing import may_open
from services.reading import unit_id_of
from services.rhythm import sending, settled
from services.rhythm.alone import alone
from services.rhythm.lines import PARTS, Moment, counts, lines_at
from services.rhythm.periods import DAY, DAYS, FIRST, WEEK, begin, label_of, local_day

_list, _line, _case = table(DutyList), table(DutyLine), table(Case)
#: The mechanism that makes the list of each span: the day's by itself, the week's for task forces (日碰头周调度).
MECHANISM: Final[Mapping[str, str]] = {DAY: "daily", WEEK: "task_forces"}
NOTICE: Final = "duty_list"
NAMED: Final = 5  #: cases that a message names
_SHOWN: Final = ("no", "subject", "sensitive", "readers", "area_unit_id", "requester_id")


@dataclass(frozen=True, slots=True)
class Made:
    """A list that is there: its row, and whether it was there before."""

    row: Row
    known: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A list as somebody sees it.

    Attributes:
        row: The list.
        lines: Its lines with the number and subject of the case (None where the viewer may not open it), in order.
        counts: Of these lines, by part.
    """

    row: Row
    lines: Sequence[Row]
    counts: Mapping[str, int]


def make(session: Session, span: str, by: str, now: datetime) -> Made:
    """Make the list of the day or week that `now` lies in, and tell whom the rules name; once, however often it is asked for.

    Args:
        session: The unit of work; committed by the caller.
        span: `day` or `week`.
        by: User name of who makes it, or `system`.
        now: The instant that it shows, aware UTC.

    Raises:
        Refused: `mechanism_off`.
    """
    require(session, MECHANISM[span])
    alone(session)
    known = catalogue(session)
    day = FIRST[span](local_day(now, known.zone))
    there = _find(session, span, day)
    if there is not None:
        return Made(there, known=True)
    at = _moment(session, span, day, known, now)
    values = {"span": span, "day": day.isoformat(), "made_at": now, "since": at.since, "until": at.until, "made_by": by}
    run = connection_of(session).execute
    row = dict(run(insert(_list).values(values).returning(*_list.c)).mappings().one())
    lines = lines_at(session, at, known.desk_id)
    if lines:
        run(insert(_line), [{"list_id": row["id"], **line} for line in lines])
    _tell(session, row, lines, known, now)
    run(update(_list).where(_list.c.id == row["id"]).values(told_at=now))
    return Made(row | {"told_at": now}, known=False)


def _moment(session: Session, span: str, day: date, known: Catalogue, now: datetime) -> Moment:
    """What is new is new since the list before, of at most one span ago."""
    length = timedelta(days=DAYS[span])
    newest = select(_list.c.made_at).where(_list.c.span == span, _list.c.made_at < now).order_by(_list.c.made_at.desc()).limit(1)
    before = connection_of(session).execute(newest).scalar()
    return Moment(now, begin(day + length, known.zone), max(now - length, before or now - length))


def make_what_is_due(session: Session, now: datetime) -> list[Row]:
    """Make the lists whose hour has come and that are not there yet; for whoever looks again and again, and safe to run again.

    Returns:
        The lists that were made.
    """
    spans = [span for span in DAYS if is_on(session, MECHANISM[span])]
    if not spans:
        return []
    known = catalogue(session)
    local = now.astimezone(known.zone)
    if local.timetz().replace(tzinfo=None) < settled.in_force(session).at:
        return []
    missing = [span for span in spans if _find(session, span, FIRST[span](local.date())) is None]
    made = (make(session, span, "system", now) for span in missing)
    return [each.row for each in made if not each.known]


def _find(session: Session, span: str, day: date) -> Row | None:
    wanted = select(_list).where(_list.c.span == span, _list.c.day == day.isoformat())
    found = connection_of(session).execute(wanted).mappings().first()
    return None if found is None else dict(found)


def _tell(session: Session, row: Row, lines: Sequence[Row], known: Catalogue, now: datetime) -> None:
    """One message a recipient, about the widest part of the list that is his or hers."""
    by_scope: dict[tuple[str, int | None], list[Row]] = {("district", None): list(lines)}
    for line in lines:
        by_scope.setdefault(("unit", line["unit_id"]), []).append(line)
        street = next((u for u in known.line(line["area_unit_id"]) if known.units[u].kind == "SUBDISTRICT"), None)
        if street is not None:
            by_scope.setdefault(("street", street), []).append(line)
    nos = _numbers(session, row["id"])
    said = {scope: _said(found, nos) for scope, found in by_scope.items()}
    sending.send(
        session, NOTICE, f"{row['span']}:{row['day']}", settled.in_force(session).daily_to, said, now, no=label_of(row["span"], row["day"])
    )


def _numbers(session: Session, list_id: int) -> dict[int, str]:
    wanted = select(_case.c.id, _case.c.no).where(_case.c.id.in_(select(_line.c.case_id).where(_line.c.list_id == list_id)))
    return {found.id: found.no for found in connection_of(session).execute(wanted)}


def _said(lines: Sequence[Row], nos: Mapping[int, str]) -> dict[str, str]:
    """How many of each part, and the first few cases by number; nothing of what is in them."""
    found, first = counts(lines), list(dict.fromkeys(nos[line["case_id"]] for line in lines))[:NAMED]
    return {"count": str(len(lines)), "reason": " · ".join((*(f"{sending.part(part)} {found[part]}" for part in PARTS), *first))}


# reading --------------------------------------------------------------------------------------------------------------


def read_list(session: Session, span: str, day: date, viewer: Actor | None, of: str | None = None) -> Seen:
    """A list, or what of it belongs to one unit or area; of a sensitive case that the viewer may not see only the number is there.

    Args:
        session: The unit of work.
        span: `day` or `week`.
        day: The day; of a week any of its days.
        viewer: Who looks; None: the administrator of the machine.
        of: Code of a unit (with its sections) or of an area (with what lies in it); None: the whole list.

    Raises:
        Refused: `mechanism_off`, `no_such_list`, `unknown_unit`, `list_for_staff`.
    """
    require(session, MECHANISM[span])
    if viewer is not None and not viewer.roles & STAFF:
        raise Refused("list_for_staff")
    known, first = catalogue(session), FIRST[span](day)
    row = _find(session, span, first)
    if row is None:
        raise Refused("no_such_list", day=first.isoformat())
    joined = _line.join(_case, _case.c.id == _line.c.case_id)
    columns = (*_line.c, *(_case.c[name].label(f"case_{name}") for name in _SHOWN))
    wanted = select(*columns).select_from(joined).where(_line.c.list_id == row["id"]).order_by(_line.c.no)
    lines = [dict(line) for line in connection_of(session).execute(wanted).mappings()]
    if of is not None:
        mine = unit_id_of(known, of)
        lines = [line for line in lines if _belongs(line, mine, known)]
    lines = [_as_seen(line, viewer, known) for line in lines]
    return Seen(row, lines, counts(lines))


def _belongs(line: Row, of: int, known: Catalogue) -> bool:
    unit = line["unit_id"]
    return of in known.line(line["area_unit_id"]) or (unit is not None and of in known.line(unit))


def _as_seen(line: Row, viewer: Actor | None, known: Catalogue) -> Row:
    case = {name: line.pop(f"case_{name}") for name in _SHOWN}
    opened = may_open(case, viewer, known)
    about = {"case": case["no"], "sensitive": case["sensitive"] is not None, "subject": masked(case["subject"]) if opened else None}
    hidden = {} if opened else {"why": "", "state": "", "due_at": None, "urgency": "", "unit_id": None}
    return line | about | hidden


def lists(session: Session, span: str, limit: int = 31) -> list[Row]:
    """Lists that are there, the newest first.

    Raises:
        Refused: `mechanism_off`.
    """
    require(session, MECHANISM[span])
    wanted = select(_list).where(_list.c.span == span).order_by(_list.c.day.desc()).limit(limit)
    return [dict(row) for row in connection_of(session).execute(wanted).mappings()]
