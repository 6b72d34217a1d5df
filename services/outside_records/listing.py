"""Reading records about organisations outside: a list, one organisation's, and how many count now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from models import Affair, connection_of, table
from rules.facts import Thing
from rules.handling.outside_records import FORMS, RecordState

_affair = table(Affair)


@dataclass(frozen=True, slots=True)
class Line:
    """One record: its number, form, state; whether it counts now: neither lifted nor past its last day."""

    no: str
    form: str
    state: str
    organisation: str
    unit_id: int | None
    reason: str
    basis: str
    by_unit_id: int
    at: datetime
    until: datetime | None
    counts: bool
    objection: str | None = None
    answer: str | None = None


def records(
    session: Session,
    now: datetime,
    *,
    form: str | None = None,
    counting: bool = False,
    among: Collection[str] | None = None,
    limit: int = 100,
) -> list[Line]:
    """Records, newest first; `counting`: only those that count now; `among`: only those with these numbers."""
    wanted = select(_affair).where(_affair.c.thing == Thing.RECORD.value)
    if among is not None:
        wanted = wanted.where(_affair.c.no.in_(among))
    if form is not None:
        wanted = wanted.where(_affair.c.form == form)
    if counting:
        wanted = wanted.where(*_counting(now))
    rows = connection_of(session).execute(wanted.order_by(_affair.c.at.desc(), _affair.c.no.desc()).limit(limit))
    return [_line(row, now) for row in rows]


def records_of(session: Session, organisation: str, now: datetime) -> list[Line]:
    """All records about one organisation, by its name, newest first."""
    wanted = select(_affair).where(_affair.c.thing == Thing.RECORD.value, _affair.c.title == organisation.strip())
    return [_line(row, now) for row in connection_of(session).execute(wanted.order_by(_affair.c.at.desc(), _affair.c.no.desc()))]


def figures(session: Session, now: datetime, since: datetime | None = None) -> Mapping[str, Mapping[str, int]]:
    """By form: how many were made (`made`; since a moment, if one is given), how many of those count now, and were lifted."""
    given = () if since is None else (_affair.c.at >= since,)
    lifted = func.count().filter(_affair.c.state == RecordState.LIFTED.value)
    counts = func.count().filter(*_counting(now))
    columns = (_affair.c.form, func.count().label("made"), counts.label("counts"), lifted.label("lifted"))
    rows = connection_of(session).execute(select(*columns).where(_affair.c.thing == Thing.RECORD.value, *given).group_by(_affair.c.form))
    found = {row.form: {"made": row.made, "counts": row.counts, "lifted": row.lifted} for row in rows}
    return {form: found.get(form, {"made": 0, "counts": 0, "lifted": 0}) for form in FORMS}


def _counting(now: datetime) -> tuple[Any, ...]:
    return (_affair.c.state != RecordState.LIFTED.value, or_(_affair.c.until.is_(None), _affair.c.until > now))


def _line(row: Any, now: datetime) -> Line:  # noqa: ANN401 - a result row
    counts = row.state != RecordState.LIFTED and (row.until is None or row.until > now)
    said = (row.data.get("objection"), row.data.get("answer") or row.result)
    named = (row.no, row.form, row.state, row.title, row.data["unit"], row.body, row.data["basis"], row.unit_id)
    return Line(*named, row.at, row.until, counts, *said)
