"""The lists behind the figures of a month: one statement a family, which the database writes where it reads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from models import BulletinCase, Case, Clock, Evaluation, Extension, Journal, Request, WorkOrder, connection_of, table
from rules.clocks import ClockKind
from rules.facts import ExtensionState, RequestKind, RequestState, State
from rules.indicators import Fact, Family
from services.moves.rating import SATISFIED
from services.rhythm.lines import leads

_case, _clock, _order, _journal = table(Case), table(Clock), table(WorkOrder), table(Journal)
_request, _rating, _extension, _member = table(Request), table(Evaluation), table(Extension), table(BulletinCase)
#: What is no case: notes and files beside the loop, and what was filed in error.
NO_CASES: Final = sorted(state.value for state in (State.NOTED, State.BESIDE, State.VOIDED))
#: What ends each limit that is counted, as an entry of the work order.
_DONE_BY: Final[Mapping[Family, tuple[ClockKind, str]]] = {
    Family.ACKNOWLEDGE: (ClockKind.ACKNOWLEDGE, "acknowledge"),
    Family.CONTACT: (ClockKind.CONTACT, "contact"),
    Family.HANDLE: (ClockKind.HANDLE, "finish"),
}
_OF_RESULTS: Final[Mapping[Fact, tuple[str, ...]]] = {
    Fact.HANDLED: ("finish", "self_handle"),
    Fact.SELF: ("self_handle",),
    Fact.BACK: ("fail_check", "rework"),
    Fact.SILENT: ("close_unrated",),
}


@dataclass(frozen=True, slots=True)
class Month:
    """From when to when (not in it), and as of when: what happens later is not looked at."""

    since: datetime
    until: datetime
    as_of: datetime

    def covers(self, at: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether an instant lies in it."""
        return and_(at >= self.since, at < self.until)


def gather(session: Session, bulletin_id: int, month: Month) -> None:
    """Write the lists of all families; to be called once for a bulletin, in the commit that drafts it."""
    columns = ("bulletin_id", "family", "case_id", "item", "unit_id", "category", "sensitive", "facts")
    for family, question in FAMILIES.items():
        connection_of(session).execute(insert(_member).from_select(columns, _stamped(bulletin_id, family, question(month))))


def gathered(session: Session, month: Month) -> set[tuple[str, int, int, str]]:
    """The same lists as they come out now, without writing them: family, case, item, facts."""
    return {
        (family.value, row.case_id, row.item, row.facts)
        for family, question in FAMILIES.items()
        for row in connection_of(session).execute(question(month))
    }


def _stamped(bulletin_id: int, family: Family, question: Select[Any]) -> Select[Any]:
    found = question.subquery()
    rest = (found.c[name] for name in ("case_id", "item", "unit_id", "category", "sensitive", "facts"))
    return select(literal(bulletin_id, Integer).label("bulletin_id"), literal(family.value, String).label("family"), *rest)


def _facts(given: Sequence[tuple[Fact, ColumnElement[bool]]]) -> ColumnElement[Any]:
    """The facts that hold, separated by blanks, as text."""
    found: ColumnElement[Any] = literal("", String)
    for fact, condition in given:
        found = found + case((condition, literal(f"{fact.value} ", String)), else_=literal("", String))
    return func.rtrim(found)


def _of(item: ColumnElement[Any], unit: ColumnElement[Any], facts: ColumnElement[Any]) -> Select[Any]:
    """One line of a list; cases that are none are left out."""
    about = (_case.c.id.label("case_id"), item.label("item"), unit.label("unit_id"), _case.c.category)
    asked = select(*about, _case.c.sensitive.is_not(None).label("sensitive"), facts.label("facts"))
    return asked.where(_case.c.state.not_in(NO_CASES))


def _received(month: Month) -> Select[Any]:
    wanted = _of(literal(0, Integer), cast(null(), Integer), literal("", String)).select_from(_case)
    return wanted.where(month.covers(_case.c.submitted_at))


#: The first contact is the lead's, where there is somebody to contact.
_FIRST: Final = (_order.c.lead, _case.c.requester_id.is_not(None), _case.c.contact_allowed)


# work orders whose limit was up ---------------------------------------------------------------------------------------


def _limits(family: Family) -> Callable[[Month], Select[Any]]:
    """Clocks of work orders that were due in the month; those that were taken from their unit before that are none of its business."""
    kind, action = _DONE_BY[family]

    def question(month: Month) -> Select[Any]:
        done = exists().where(
            _journal.c.case_id == _clock.c.case_id,
            _journal.c.thing == "order",
            _journal.c.thing_no == _clock.c.order_no,
            _journal.c.action == action,
            _journal.c.at == _clock.c.stopped_at,
        )
        met = and_(_clock.c.stopped_at <= _clock.c.due_at, done)
        taken_away = and_(_clock.c.stopped_at.is_not(None), _clock.c.stopped_at <= _clock.c.due_at, ~done)
        facts = _facts(((Fact.MET, met), (Fact.HELD, _held(month)), (Fact.EXTENDED, _clock.c.round > 1)))
        order = and_(_order.c.case_id == _clock.c.case_id, _order.c.no == _clock.c.order_no)
        joined = _clock.join(_case, _case.c.id == _clock.c.case_id).join(_order, order)
        due = (
            _clock.c.kind == kind.value,
            _clock.c.order_no.is_not(None),
            month.covers(_clock.c.due_at),
            _clock.c.started_at <= month.as_of,
        )
        wanted = _of(_clock.c.id, _clock.c.unit_id, facts).select_from(joined).where(*due, ~taken_away)
        return wanted.where(*_FIRST) if family is Family.CONTACT else wanted

    return question


def _held(month: Month) -> ColumnElement[bool]:
    """The case was put on hold while the limit ran: a hold that comes when it was up hides nothing."""
    return exists().where(
        _request.c.case_id == _clock.c.case_id,
        _request.c.kind == RequestKind.HOLD.value,
        _request.c.state == RequestState.GRANTED.value,
        _request.c.decided_at >= _clock.c.started_at,
        _request.c.decided_at <= _clock.c.due_at,
        _request.c.decided_at <= month.as_of,
    )


# what came of cases ---------------------------------------------------------------------------------------------------


def _results(month: Month) -> Select[Any]:
    """Cases that were finished, sent back, or left unrated; each with who leads it, or led it last."""
    marks = [func.max(case((_journal.c.action.in_(actions), 1), else_=0)).label(fact.value) for fact, actions in _OF_RESULTS.items()]
    of = (_journal.c.thing == "case", _journal.c.action.in_({a for actions in _OF_RESULTS.values() for a in actions}))
    within = (month.covers(_journal.c.at), _journal.c.at <= month.as_of)
    found = select(_journal.c.case_id, *marks).where(*of, *within).group_by(_journal.c.case_id).subquery()
    lead = leads()
    joined = found.join(_case, _case.c.id == found.c.case_id).outerjoin(lead, lead.c.case_id == _case.c.id)
    facts = _facts([(fact, found.c[fact.value] == 1) for fact in _OF_RESULTS])
    return _of(literal(0, Integer), lead.c.unit_id, facts).select_from(joined)


def _ratings(month: Month) -> Select[Any]:
    """Ratings that count; silence is none."""
    lead = leads()
    joined = _rating.join(_case, _case.c.id == _rating.c.case_id).outerjoin(lead, lead.c.case_id == _case.c.id)
    scored = _rating.c.score.is_not(None)
    facts = _facts(((Fact.SOLVED, _rating.c.solved == true()), (Fact.SCORED, scored), (Fact.SATISFIED, _rating.c.score >= SATISFIED)))
    counts = (_rating.c.counted != false(), month.covers(_rating.c.at), _rating.c.at <= month.as_of)
    return _of(_rating.c.no, lead.c.unit_id, facts).select_from(joined).where(*counts)


def _requests(kind: RequestKind, *states: RequestState) -> Callable[[Month], Select[Any]]:
    """Requests of a kind that were decided in the month; of a hold that the centre ordered itself the leading unit is named."""

    def question(month: Month) -> Select[Any]:
        lead = leads()
        joined = _request.join(_case, _case.c.id == _request.c.case_id).outerjoin(lead, lead.c.case_id == _case.c.id)
        of = (_request.c.kind == kind.value, _request.c.state.in_([state.value for state in states]), month.covers(_request.c.decided_at))
        granted = _request.c.state == RequestState.GRANTED.value
        facts = _facts(((Fact.GRANTED, granted), (Fact.REFUSED, ~granted)))
        unit = func.coalesce(_request.c.unit_id, lead.c.unit_id)
        return _of(_request.c.no, unit, facts).select_from(joined).where(*of, _request.c.decided_at <= month.as_of)

    return question


def _extensions(month: Month) -> Select[Any]:
    """Requests for more time that were made in the month, and what was decided of them by then."""
    order = and_(_order.c.case_id == _extension.c.case_id, _order.c.no == _extension.c.order_no)
    joined = _extension.join(_case, _case.c.id == _extension.c.case_id).join(_order, order)
    decided = or_(_extension.c.decided_at.is_(None), _extension.c.decided_at <= month.as_of)
    facts = _facts(
        (
            (Fact.GRANTED, and_(_extension.c.state == ExtensionState.GRANTED.value, decided)),
            (Fact.REFUSED, and_(_extension.c.state == ExtensionState.REFUSED.value, decided)),
        )
    )
    wanted = _of(_extension.c.no, _order.c.unit_id, facts).select_from(joined)
    return wanted.where(month.covers(_extension.c.asked_at), _extension.c.asked_at <= month.as_of)


FAMILIES: Final[Mapping[Family, Callable[[Month], Select[Any]]]] = {
    Family.RECEIVED: _received,
    Family.ACKNOWLEDGE: _limits(Family.ACKNOWLEDGE),
    Family.CONTACT: _limits(Family.CONTACT),
    Family.HANDLE: _limits(Family.HANDLE),
    Family.RESULT: _results,
    Family.RETURN: _requests(RequestKind.RETURN, RequestState.GRANTED, RequestState.REFUSED),
    Family.RATING: _ratings,
    Family.HOLD: _requests(RequestKind.HOLD, RequestState.GRANTED),
    Family.EXTENSION: _extensions,
}
