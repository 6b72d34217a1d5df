"""The triage desk (研判台): which cases wait for a person in ②, and what is known of one of them. Changes nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from models import Case, CaseLink, TriageSuggestion, connection_of, table
from rules.clocks import ClockKind
from rules.facts import Actor, State
from rules.likeness import distance
from rules.worktime import after, budget_of, seconds
from services.catalogue import Catalogue, catalogue
from services.duplicates.candidates import DUPLICATE, find
from services.duplicates.proposing import PROPOSED
from services.moves import Row
from services.moves.clockwork import allowance_in
from services.privacy.masking import masked
from services.triage.suggesting import Option, Suggestion, consider
from services.visibility import places_of, visible_cases

_case, _link, _suggestion = table(Case), table(CaseLink), table(TriageSuggestion)
MOST: Final = 200  #: cases in the queue; the total is counted apart
RECENT: Final = timedelta(days=30)  #: how far back earlier cases of a place are told
_EARLIER: Final = 3
_COLUMNS: Final = ("id", "no", "version", "state", "subject", "urgency", "source", "place", "submitted_at", "area_unit_id")
#: The limits that are told before a case is dispatched.
_TOLD: Final = (ClockKind.ACKNOWLEDGE, ClockKind.CONTACT, ClockKind.CONTROL, ClockKind.HANDLE)


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits: the first cases, the most urgent on top and then the oldest, and how many there are in all."""

    cases: Sequence[Row]
    count: int


@dataclass(frozen=True, slots=True)
class Alike:
    """A case that may be the same.

    Attributes:
        score: 0 to 1.
        reasons: As `rules.likeness` puts them.
        metres: How far apart; None where a position is missing.
    """

    case: Row
    score: float
    reasons: Sequence[str]
    metres: int | None


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that would hold if the case was dispatched now: the kind of clock, as it is written (`3wd`), and when it would be up."""

    kind: str
    limit: str
    due_at: datetime


def waiting(session: Session, viewer: Actor, now: datetime) -> Queue:
    """What waits for triage in the viewer's area: handed in, accepted, or filed and left by the engine to a person.

    Args:
        session: The unit of work.
        viewer: Somebody of a 网格中心; for others nothing waits.
        now: The instant, aware UTC.
    """
    where = _waits(session, viewer, now)
    query = select(*(_case.c[name] for name in _COLUMNS)).where(*where).order_by(_case.c.urgency, _case.c.submitted_at, _case.c.id)
    rows = [dict(row) for row in connection_of(session).execute(query.limit(MOST)).mappings()]
    count = len(rows)
    if count == MOST:
        count = int(connection_of(session).execute(select(func.count()).select_from(_case).where(*where)).scalar_one())
    return Queue([row | {"subject": masked(row["subject"])} for row in rows], count)


def _waits(session: Session, viewer: Actor, now: datetime) -> list[ColumnElement[bool]]:
    left = or_(_case.c.attend_at.is_(None), _case.c.attend_at > now)
    states = or_(_case.c.state.in_([State.SUBMITTED.value, State.ACCEPTED.value]), and_(_case.c.state == State.FILED.value, left))
    return [states, _case.c.area_unit_id.in_(sorted(places_of(viewer, catalogue(session)))), visible_cases(session, viewer)]


def judged(session: Session, viewer: Actor, since: datetime) -> tuple[int, int]:
    """How many suggestions people judged since then in the viewer's area, and how many of these otherwise than was suggested."""
    areas = sorted(places_of(viewer, catalogue(session)))
    wanted = select(func.count(), func.count().filter(_suggestion.c.agreed.is_(False)))
    joined = _suggestion.join(_case, _case.c.id == _suggestion.c.case_id)
    wanted = wanted.select_from(joined).where(_suggestion.c.chosen_at >= since, _case.c.area_unit_id.in_(areas))
    found = connection_of(session).execute(wanted).one()
    return int(found[0]), int(found[1])


def on_record(session: Session, case_id: int) -> Suggestion | None:
    """What was suggested of a case last; None: nothing was."""
    newest = select(_suggestion).where(_suggestion.c.case_id == case_id).order_by(_suggestion.c.no.desc()).limit(1)
    row = connection_of(session).execute(newest).one_or_none()
    if row is None:
        return None
    top = tuple(Option(o["category"], o["probability"], tuple(o["words"]), tuple(o.get("cases", ()))) for o in row.top)
    return Suggestion(row.origin, row.model_id, top, row.urgency, row.abstained)


def suggestion(session: Session, case_id: int) -> Suggestion | None:
    """What is suggested of a case: as it is on record, else as it would be put there now; None where nothing is suggested.

    What was suggested before its category was retired is on record and not offered.
    """
    found = on_record(session, case_id) or consider(session, [case_id]).get(case_id)
    offered = catalogue(session).offered
    return found and replace(found, top=tuple(each for each in found.top if each.category in offered))


def alike(session: Session, case: Row, viewer: Actor, now: datetime) -> list[Alike]:
    """Cases that may be the same and that the viewer sees: as the engine proposed them, else as they are found now, the likeliest first."""
    wanted = select(_link.c.other_id, _link.c.score, _link.c.reasons)
    of = (_link.c.case_id == case["id"], _link.c.kind == DUPLICATE, _link.c.state == PROPOSED)
    found = {row.other_id: (row.score, row.reasons) for row in connection_of(session).execute(wanted.where(*of))}
    found = found or {c.other_id: (c.score, c.reasons) for c in find(session, [case["id"]], now) if c.kind == DUPLICATE}
    others = _seen(session, viewer, _case.c.id.in_(found))
    told = [Alike(other, *found[other["id"]], _apart(case, other)) for other in others]
    return sorted(told, key=lambda each: -each.score)


def before(session: Session, case: Row, viewer: Actor) -> list[Row]:
    """Earlier cases of the last 30 days at the very same place, the newest first; none where no place is named."""
    if not case["place"]:
        return []
    same = (_case.c.area_unit_id == case["area_unit_id"], _case.c.place == case["place"], _case.c.id != case["id"])
    within = (_case.c.submitted_at < case["submitted_at"], _case.c.submitted_at >= case["submitted_at"] - RECENT)
    return _seen(session, viewer, *same, *within)[:_EARLIER]


def _seen(session: Session, viewer: Actor, *conditions: ColumnElement[bool]) -> list[Row]:
    columns = [_case.c[name] for name in (*_COLUMNS, "lat", "lon")]
    query = select(*columns).where(visible_cases(session, viewer), *conditions).order_by(_case.c.submitted_at.desc())
    return [dict(row) | {"subject": masked(row["subject"])} for row in connection_of(session).execute(query).mappings()]


def _apart(one: Row, other: Row) -> int | None:
    points = [(each["lat"], each["lon"]) for each in (one, other)]
    return None if any(None in point for point in points) else round(distance(*points))


def urgency_of(found: Suggestion | None, category: str, case: Row, known: Catalogue) -> str:
    """The urgency that is suggested with a category: the highest of its own, what the words say, and what the case came with."""
    came = case["urgency"] if case["urgency"] in ("P0", "P1") else "P3"
    said = found.urgency if found is not None and found.urgency is not None else "P3"
    return min(said, came, known.categories[category].urgency)


def limits(case: Row, category: str, urgency: str, lead: int | None, known: Catalogue, now: datetime) -> list[Limit]:
    """The limits that would hold if the case was dispatched to this unit now; a limit from outside is not looked at.

    Args:
        case: Its row.
        category: Code of a category.
        urgency: `P0` to `P3`.
        lead: The unit; None: nobody, and no limit.
        known: The reference data.
        now: The instant, aware UTC.
    """
    if lead is None:
        return []
    policy = known.policies[known.policy_at(now)]
    matter = known.matter(category, urgency, case["source"], case["area_unit_id"], case["special_group"])
    given = {kind.value: allowance_in(policy, matter, kind.value, None, again=False) for kind in _TOLD}
    calendar, start = known.calendar_of(lead), seconds(now)
    found = []
    for kind, allowance in given.items():
        if allowance is not None:
            amount = budget_of(allowance.limit, start, calendar)
            end = after(start, amount, None if allowance.limit.natural else calendar)
            found.append(Limit(kind, str(allowance.limit), datetime.fromtimestamp(end, tz=now.tzinfo)))
    return found


def marked(text: str, words: Iterable[str]) -> list[tuple[str, bool]]:
    """A text in pieces, each with whether it is one of the words; words that overlap are one piece."""
    plain, hits = text.lower(), [False] * len(text)
    if len(plain) != len(text):
        return [(text, False)]
    for word in filter(None, (w.lower() for w in words)):
        at = plain.find(word)
        while at >= 0:
            hits[at : at + len(word)] = [True] * len(word)
            at = plain.find(word, at + 1)
    return _pieces(text, hits)


def _pieces(text: str, hits: Sequence[bool]) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    for letter, hit in zip(text, hits, strict=True):
        if found and found[-1][1] is hit:
            found[-1] = (found[-1][0] + letter, hit)
        else:
            found.append((letter, hit))
    return found
