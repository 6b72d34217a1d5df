"""Who is away, who stands in, who is on duty: what `services.recipients` looks at. Each change makes all processes read anew."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Final

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from models import Absence, DutyRoster, Staff, System, begin_write, table
from rules.facts import Refused
from services.catalogue import Catalogue, Person, catalogue
from services.tables import Reject, Table, TableRow

REQUIRED: Final = ("unit", "user", "from", "to")
LONGEST_REASON: Final = 60
_absence, _roster, _staff, _system = table(Absence), table(DutyRoster), table(Staff), table(System)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row of a roster that cannot be used, with the column in which it is wrong (empty: the row as a whole)."""

    column: str
    reject: Reject


@dataclass(slots=True)
class Reading:
    """A roster that was read: rows for the table of rosters, or what is wrong; and how many were there before."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)
    known: int = 0


def moment_of(text: str, zone: tzinfo, *, ends: bool = False) -> datetime:
    """Read an instant as people write it: a date or a date with a time, local unless it names its zone.

    Args:
        text: What was written, e.g. 2026-12-01 or 2026-12-01T08:30.
        zone: The local zone.
        ends: A date alone means the end of that day instead of its beginning.

    Raises:
        ValueError: it is neither.
    """
    if len(text) <= len("2026-12-01"):
        day = date.fromisoformat(text)
        return datetime.combine(day + timedelta(days=1) if ends else day, time(), zone)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _person(known: Catalogue, user: str) -> Person:
    person = known.people.get(user)
    if person is None:
        raise Refused("unknown_user", user=user)
    if person.left_at is not None:
        raise Refused("left", user=user)
    return person


def _at_work(person: Person) -> Person:
    """The person, if he or she has not left."""
    if person.left_at is not None:
        raise KeyError(person.name)
    return person


def _changed(session: Session) -> None:
    session.connection().execute(update(_system).values(revision=_system.c.revision + 1))


# absences -------------------------------------------------------------------------------------------------------------


def set_away(session: Session, user: str, since: datetime, until: datetime | None, reason: str, now: datetime) -> bool:
    """Note that somebody is away from `since` to `until` (None: until further notice), both aware.

    May run twice: the same absence is noted once.

    Returns:
        Whether it was new.

    Raises:
        Refused: `unknown_user`, `left`, `ends_before`, `over_already`, `began_before_today`, `reason_too_long`.
    """
    begin_write(session)
    known = catalogue(session)
    person = _person(known, user)
    if until is not None and until <= since:
        raise Refused("ends_before", since=since.isoformat(), until=until.isoformat())
    if until is not None and until <= now:
        raise Refused("over_already", until=until.isoformat())
    if since < datetime.combine(now.astimezone(known.zone).date(), time(), known.zone):
        raise Refused("began_before_today", since=since.isoformat())
    if len(reason) > LONGEST_REASON:
        raise Refused("reason_too_long", most=LONGEST_REASON)
    same = (_absence.c.staff_id == person.id, _absence.c.since == since, _absence.c.until.is_not_distinct_from(until))
    if session.connection().execute(select(_absence.c.id).where(*same)).first() is not None:
        return False
    session.connection().execute(insert(_absence).values(staff_id=person.id, since=since, until=until, reason=reason))
    _changed(session)
    return True


def set_back(session: Session, user: str, now: datetime) -> None:
    """Note that somebody is back: an absence under way ends now, one that was to come is taken out.

    Raises:
        Refused: `unknown_user`, `left`, `not_away`.
    """
    begin_write(session)
    person = _person(catalogue(session), user)
    run, theirs = session.connection().execute, _absence.c.staff_id == person.id
    still = or_(_absence.c.until.is_(None), _absence.c.until > now)
    ended = run(update(_absence).where(theirs, still, _absence.c.since < now).values(until=now)).rowcount
    dropped = run(delete(_absence).where(theirs, _absence.c.since >= now)).rowcount
    if not ended + dropped:
        raise Refused("not_away", user=user)
    _changed(session)


def set_deputy(session: Session, user: str, deputy: str | None) -> None:
    """Name the deputy who hears while somebody is away (A/B 角); None takes the deputy away. May run twice.

    Raises:
        Refused: `unknown_user`, `left`, `own_deputy`.
    """
    begin_write(session)
    known = catalogue(session)
    person = _person(known, user)
    other = _person(known, deputy) if deputy is not None else None
    if other is person:
        raise Refused("own_deputy", user=user)
    session.connection().execute(update(_staff).where(_staff.c.id == person.id).values(deputy_id=other.id if other else None))
    _changed(session)


# rosters --------------------------------------------------------------------------------------------------------------


def load_roster(session: Session, roster: Table) -> Reading:
    """Add the rows of a duty roster; if any row is wrong, nothing is added. May run twice: a row that is there is not added again.

    Args:
        session: The unit of work.
        roster: A table with the columns `REQUIRED`.
    """
    begin_write(session)
    known = catalogue(session)
    reading = Reading(wrong=[Wrong("", reject) for reject in roster.rejects])
    first: dict[tuple[Any, ...], int] = {}
    for row in roster.rows:
        _read_row(row, roster, known, reading, first)
    reading.wrong.sort(key=lambda wrong: wrong.reject.line)
    if reading.wrong:
        return reading
    there = {_key(row) for row in session.connection().execute(select(_roster)).mappings()}
    new = [row for row in reading.rows if _key(row) not in there]
    reading.known = len(reading.rows) - len(new)
    if new:
        session.connection().execute(insert(_roster), new)
        _changed(session)
    return reading


def _key(row: Mapping[Any, Any]) -> tuple[Any, ...]:
    return row["unit_id"], row["staff_id"], row["since"], row["until"]


def _read_row(row: TableRow, roster: Table, known: Catalogue, reading: Reading, first: dict[tuple[Any, ...], int]) -> None:
    values: dict[str, Any] = {}
    for column, code, name, read in _COLUMNS:
        try:
            values[name] = read(row.values[column], known)
        except (ValueError, KeyError):
            reading.wrong.append(Wrong(column, roster.reject(row, code, row.values[column])))
            return
    if values["until"] <= values["since"]:
        reading.wrong.append(Wrong("to", roster.reject(row, "ends_before", f"{row.values['from']}–{row.values['to']}")))
    elif (before := first.setdefault(_key(values), row.line)) != row.line:
        reading.wrong.append(Wrong("", roster.reject(row, "twice", str(before))))
    else:
        reading.rows.append(values)


#: Columns of a roster: heading, what is wrong when it cannot be read, column of ours, how it is read.
_COLUMNS: Final[tuple[tuple[str, str, str, Callable[[str, Catalogue], Any]], ...]] = (
    ("unit", "unknown_unit", "unit_id", lambda text, known: known.present(known.unit_ids[text])),
    ("user", "unknown_user", "staff_id", lambda text, known: _at_work(known.people[text]).id),
    ("from", "bad_moment", "since", lambda text, known: moment_of(text, known.zone)),
    ("to", "bad_moment", "until", lambda text, known: moment_of(text, known.zone, ends=True)),
)


# looking --------------------------------------------------------------------------------------------------------------


def on_roster(session: Session, unit: str, now: datetime) -> list[dict[str, Any]]:
    """Who is on duty for a unit now or later, in order: user, since, until (aware).

    Raises:
        Refused: `unknown_unit`.
    """
    known = catalogue(session)
    if unit not in known.unit_ids:
        raise Refused("unknown_unit", unit=unit)
    wanted = select(_roster).where(_roster.c.unit_id == known.unit_ids[unit], _roster.c.until > now).order_by(_roster.c.since, _roster.c.id)
    rows = session.connection().execute(wanted)
    return [{"user": known.by_id[row.staff_id].name, "since": row.since, "until": row.until} for row in rows]


def away(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Who is or will be away, in order: user, since, until, reason, deputy."""
    known = catalogue(session)
    still = or_(_absence.c.until.is_(None), _absence.c.until > now)
    rows = session.connection().execute(select(_absence).where(still).order_by(_absence.c.since, _absence.c.id))
    return [
        {
            "user": known.by_id[row.staff_id].name,
            "since": row.since,
            "until": row.until,
            "reason": row.reason or None,
            "deputy": _deputy(known, known.by_id[row.staff_id]),
        }
        for row in rows
    ]


def deputies(known: Catalogue) -> Iterator[dict[str, Any]]:
    """Everybody who has a deputy: user, deputy."""
    for person in sorted(known.people.values(), key=lambda p: p.name):
        if (deputy := _deputy(known, person)) is not None:
            yield {"user": person.name, "deputy": deputy}


def _deputy(known: Catalogue, person: Person) -> str | None:
    deputy = known.by_id.get(person.deputy_id) if person.deputy_id is not None else None
    return deputy.name if deputy else None
