"""Whether something was reported already, asked before it is handed in: open cases near in place, time and words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Case, CaseReporter, connection_of, table
from rules.geo import Point, distance_m
from services.catalogue import catalogue
from services.duplicates.candidates import find_beforehand
from services.duplicates.marks import Message
from services.privacy.masking import masked

_case, _reporter = table(Case), table(CaseReporter)


@dataclass(frozen=True, slots=True)
class Alike:
    """A case that may be about what somebody is about to report, as anybody may read it.

    Attributes:
        subject: Without phone and identity numbers.
        metres: How far away; None: one of the two has no point.
        reporters: How many have reported it.
    """

    no: str
    subject: str
    state: str
    submitted_at: datetime
    metres: int | None
    reporters: int


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody is about to report.

    Attributes:
        area: Code of the unit in whose area it lies; None: not known.
        point: WGS84 degrees.
    """

    words: str
    place: str = ""
    area: str | None = None
    point: Point | None = None


def alike(session: Session, told: Told, now: datetime) -> list[Alike]:
    """Open cases that may be about the same, the likeliest first, at most three; sensitive ones never. Changes nothing.

    Args:
        session: The unit of work.
        told: What is about to be reported.
        now: The instant, aware UTC.
    """
    known = catalogue(session)
    area = known.unit_ids[told.area] if told.area in known.areas else known.district_id
    at = (told.point.lat, told.point.lon) if told.point else None
    message = Message("", now, "", told.words, told.place, point=at)
    return _shown(session, find_beforehand(session, message, area, now), told.point)


def _shown(session: Session, case_ids: list[int], point: Point | None) -> list[Alike]:
    run = connection_of(session).execute
    rows = {row.id: row for row in run(select(_case).where(_case.c.id.in_(case_ids), _case.c.sensitive.is_(None)))}
    joined = select(_reporter.c.case_id, func.count()).where(_reporter.c.case_id.in_(case_ids), _reporter.c.until.is_(None))
    also: Mapping[int, int] = {row[0]: row[1] for row in run(joined.group_by(_reporter.c.case_id))}
    return [_alike(rows[i], also.get(i, 0), point) for i in case_ids if i in rows]


def _alike(row: Any, also: int, point: Point | None) -> Alike:  # noqa: ANN401 - a row
    there = Point(row.lat, row.lon) if row.lat is not None and row.lon is not None else None
    metres = round(distance_m(point, there)) if point and there else None
    return Alike(row.no, masked(row.subject), row.state, row.submitted_at, metres, 1 + also)
