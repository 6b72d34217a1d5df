"""Which open cases a new one may belong to: the same event told by somebody else, or the same matter by the same resident.

What is read follows what is new: cases of the last fortnight in the same area or within 300 m, and the same resident's own. The text of
a case is taken apart once in the life of a process.
"""

import math
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import mean
from types import SimpleNamespace
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from models import Case, CaseLink, connection_of, table
from rules.facts import FINAL, State
from rules.likeness import NEAR_M, WITHIN, Likeness, Marks, distance, likeness, score_of
from services.catalogue import Catalogue, catalogue
from services.duplicates.clusters import neighbours_in
from services.duplicates.marks import READ, Message, marks_of

DUPLICATE, SAME_MATTER, RECURRENCE = "duplicate", "same_matter", "recurrence"
#: How far back the same resident's earlier cases are looked at.
RECURS_WITHIN: Final = timedelta(days=180)
#: What the same resident adds to the evidence: people seldom report two like matters in the same words.
SAME_RESIDENT: Final = 1.0
#: The newest cases that are compared at most, and the most events that are proposed for one case.
POOL, MOST = 2000, 3
REMEMBERED: Final = 20_000  #: cases whose marks a process keeps
_NOT_YET: Final = 2**62  #: stands for the id of a case that is not there yet
_METRES_A_DEGREE: Final = 111_000.0
_NO_CASES: Final = (State.NOTED.value, State.BESIDE.value)
#: Cases that nothing is to be joined to; a merged one speaks for the case it was merged into.
_OVER: Final = [*sorted(state.value for state in FINAL - {State.MERGED}), *_NO_CASES]

_case, _link = table(Case), table(CaseLink)
_head = aliased(Case, name="head")
_COLUMNS: Final = (
    *(_case.c[n] for n in ("id", "state", "submitted_at", "area_unit_id", "category", "lat", "lon", "requester_id", "merged_into_id")),
    func.coalesce(_head.state, _case.c.state).label("head_state"),
)
_READ_ROWS = select(*_COLUMNS).select_from(_case.outerjoin(_head, _head.id == _case.c.merged_into_id)).where(_case.c.sensitive.is_(None))
_TEXTS = select(_case.c.id, _case.c.submitted_at, _case.c.subject, func.substr(_case.c.body, 1, READ).label("body"), _case.c.place)
_remembered: "WeakKeyDictionary[Engine, OrderedDict[int, Marks]]" = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One case seems to be about what another is about.

    Attributes:
        case_id: The later one.
        other_id: The earlier one; of cases that were merged or linked, the one they lead to.
        score: 0 to 1.
        reasons: What speaks for and against it (`rules.likeness`), the weightiest first.
        kind: `duplicate`, `same_matter` (same resident, the earlier one open) or `recurrence` (复发: it has ended).
    """

    case_id: int
    other_id: int
    score: float
    reasons: tuple[str, ...]
    kind: str = DUPLICATE


def find(session: Session, case_ids: Collection[int], now: datetime) -> list[Candidate]:
    """Open cases of the last fortnight that tell the same event as one of these; at most three for each, the likeliest first.

    A case is held against all that were merged into a case or linked with it: it joins only what it is like on average.

    Args:
        session: The unit of work; nothing is written.
        case_ids: Cases that have just come in. Sensitive ones, and those that have ended, are passed over.
        now: The instant, aware UTC.
    """
    fresh = _rows(session, [_case.c.id.in_(case_ids), _case.c.state.not_in([*_OVER, State.MERGED.value])])
    if not fresh:
        return []
    known = catalogue(session)
    pool = _pool(session, fresh, known, now)
    marks = _marks(session, {row.id: row for row in (*fresh, *pool)}, known)
    heads, refused = _heads(session, {row.id: row for row in (*fresh, *pool)})
    neighbours = neighbours_in(marks.values())
    found: list[Candidate] = []
    for row in fresh:
        around = _around(row.area_unit_id, known)
        earlier = [other for other in pool if other.id < row.id and _comparable(row, other, marks, around)]
        events: defaultdict[int, list[Likeness]] = defaultdict(list)
        for other in earlier:
            events[_end(other.id, heads)].append(likeness(marks[row.id], marks[other.id], neighbours))
        best = _likeliest(row.id, {head: all_ for head, all_ in events.items() if (row.id, head) not in refused})
        if best:
            heads.setdefault(row.id, best[0].other_id)
        found += best
    return found


def find_beforehand(session: Session, message: Message, area_id: int, now: datetime) -> list[int]:
    """Ids of the open cases that tell the same event as a message that nobody has handed in yet, the likeliest first, at most three.

    Args:
        session: The unit of work; nothing is written.
        message: What somebody is about to hand in.
        area_id: The unit in whose area it lies; the district where that is not known.
        now: The instant, aware UTC.
    """
    lat, lon = message.point or (None, None)
    row: Any = SimpleNamespace(id=_NOT_YET, area_unit_id=area_id, lat=lat, lon=lon, submitted_at=now)
    known = catalogue(session)
    rows = {other.id: other for other in _pool(session, [row], known, now)}
    marks = _marks(session, rows, known)
    marks[_NOT_YET] = marks_of([replace(message, area=_community(area_id, known))])[0]
    heads, _ = _heads(session, rows)
    around, neighbours = _around(area_id, known), neighbours_in(marks.values())
    events: defaultdict[int, list[Likeness]] = defaultdict(list)
    for other in rows.values():
        if _comparable(row, other, marks, around):
            events[_end(other.id, heads)].append(likeness(marks[_NOT_YET], marks[other.id], neighbours))
    return [each.other_id for each in _likeliest(_NOT_YET, events)]


def _likeliest(case_id: int, events: Mapping[int, Sequence[Likeness]]) -> list[Candidate]:
    means = {head: mean(each.evidence for each in found) for head, found in events.items()}
    order = sorted((head for head, evidence in means.items() if evidence > 0), key=lambda head: (-means[head], head))
    most = {head: max(events[head], key=lambda each: each.evidence) for head in order[:MOST]}
    return [Candidate(case_id, head, score_of(means[head]), best.reasons) for head, best in most.items()]


def same_matter(session: Session, case_ids: Collection[int], now: datetime) -> list[Candidate]:
    """The same resident's earlier case of the same matter: linked while that is open, a recurrence (复发) once it has ended.

    Args:
        session: The unit of work; nothing is written.
        case_ids: Cases that have just come in.
        now: The instant, aware UTC.

    Returns:
        At most one for each case: an open one before one that has ended, the newest before older ones.
    """
    fresh = _rows(session, [_case.c.id.in_(case_ids), _case.c.requester_id.is_not(None), _case.c.state.not_in(_OVER)])
    if not fresh:
        return []
    who = {row.requester_id for row in fresh}
    since = min(row.submitted_at for row in fresh) - RECURS_WITHIN
    own = _rows(session, [_case.c.requester_id.in_(who), _case.c.submitted_at.between(since, now), _case.c.state.not_in(_NO_CASES)])
    marks = _marks(session, {row.id: row for row in (*fresh, *own)}, catalogue(session))
    found = []
    for row in fresh:
        alike = [(other, again) for other in own if other.requester_id == row.requester_id and (again := _again(row, other, marks))]
        if alike:
            found.append(max(alike, key=lambda each: (each[0].head_state not in _OVER, each[0].id))[1])
    return found


def _again(row: Any, other: Any, marks: Mapping[int, Marks]) -> Candidate | None:  # noqa: ANN401 - result rows
    """The same matter whenever it was: time says nothing here."""
    if other.id >= row.id or other.merged_into_id == row.id:
        return None
    mine = marks[row.id]
    found = likeness(mine, replace(marks[other.id], at=mine.at))
    if found.evidence + SAME_RESIDENT <= 0:
        return None
    kind = RECURRENCE if other.head_state in _OVER else SAME_MATTER
    return Candidate(row.id, other.merged_into_id or other.id, score_of(found.evidence + SAME_RESIDENT), found.reasons, kind)


# what is compared -----------------------------------------------------------------------------------------------------


def _rows(session: Session, conditions: Iterable[ColumnElement[bool]], most: int | None = None) -> list[Any]:
    wanted = _READ_ROWS.where(*conditions)
    if most is not None:
        wanted = wanted.order_by(_case.c.submitted_at.desc()).limit(most)
    return sorted(connection_of(session).execute(wanted), key=lambda row: row.id)


def _pool(session: Session, fresh: Sequence[Any], known: Catalogue, now: datetime) -> list[Any]:
    """Cases of the last fortnight in the areas of the new ones, or near their points, whose matter is still open."""
    areas = {unit for row in fresh for unit in _around(row.area_unit_id, known)}
    near = [_box(row) for row in fresh if row.lat is not None and row.lon is not None]
    since = min(row.submitted_at for row in fresh) - WITHIN
    open_ones = func.coalesce(_head.state, _case.c.state).not_in(_OVER)
    where = or_(_case.c.area_unit_id.in_(areas), *near)
    return _rows(session, [_case.c.submitted_at.between(since, now), open_ones, where], POOL)


def _around(area_id: int, known: Catalogue) -> set[int]:
    """The area, all that it lies in, and all that lies in it."""
    return {*known.line(area_id), *(unit for unit in known.units if area_id in known.line(unit))}


def _box(row: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a result row
    """A little more than 300 m around a point."""
    high = NEAR_M / _METRES_A_DEGREE * 1.01
    wide = high / max(0.01, math.cos(math.radians(row.lat)))
    return and_(_case.c.lat.between(row.lat - high, row.lat + high), _case.c.lon.between(row.lon - wide, row.lon + wide))


def _comparable(row: Any, other: Any, marks: Mapping[int, Marks], around: Collection[int]) -> bool:  # noqa: ANN401 - result rows
    """Near enough in time and place, with a name or a source of trouble in common."""
    if abs(row.submitted_at - other.submitted_at) > WITHIN:
        return False
    mine, theirs = marks[row.id], marks[other.id]
    near = mine.point is not None and theirs.point is not None and distance(mine.point, theirs.point) <= NEAR_M
    if not near and other.area_unit_id not in around:
        return False
    cores = {name.core for name in mine.names}
    return near or not mine.sources.keys().isdisjoint(theirs.sources) or not cores.isdisjoint(theirs.pairs)


def _marks(session: Session, rows: Mapping[int, Any], known: Catalogue) -> dict[int, Marks]:
    """The marks of these cases, each with the category it has now; the text is read of those that this process has not seen."""
    kept = _remembered.setdefault(session.get_bind().engine, OrderedDict())
    missing = [case_id for case_id in rows if case_id not in kept]
    if missing:
        for text in connection_of(session).execute(_TEXTS.where(_case.c.id.in_(missing))):
            row = rows[text.id]
            point = (row.lat, row.lon) if row.lat is not None and row.lon is not None else None
            area = _community(row.area_unit_id, known)
            kept[text.id] = marks_of([Message("", text.submitted_at, text.subject, text.body, text.place, area=area, point=point)])[0]
    found = {case_id: replace(kept[case_id], category=row.category or "") for case_id, row in rows.items()}
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)
    return found


def _community(area_id: int, known: Catalogue) -> str:
    """Code of the community that the area is or lies in; empty for what is larger."""
    return next((known.units[unit].code for unit in known.line(area_id) if known.units[unit].kind == "COMMUNITY"), "")


def _heads(session: Session, rows: Mapping[int, Any]) -> tuple[dict[int, int], set[tuple[int, int]]]:
    """To which case a case leads, merged or by a link that nobody has refused; and the pairs that somebody has refused."""
    wanted = select(_link.c.case_id, _link.c.other_id, _link.c.state).where(_link.c.kind == DUPLICATE, _link.c.case_id.in_(rows))
    heads: dict[int, int] = {}
    refused: set[tuple[int, int]] = set()
    for row in connection_of(session).execute(wanted.order_by(_link.c.score)):
        if row.state == "refused":
            refused.add((row.case_id, row.other_id))
        else:
            heads[row.case_id] = row.other_id
    heads |= {row.id: row.merged_into_id for row in rows.values() if row.merged_into_id is not None}
    return heads, refused


def _end(case_id: int, heads: Mapping[int, int]) -> int:
    """Where the links of a case lead in the end; they always lead to an earlier one or, by a merge, to the one that goes on."""
    seen = {case_id}
    while (after := heads.get(case_id)) is not None and after not in seen:
        seen.add(after)
        case_id = after
    return case_id
